#!/bin/sh
# Gradescope runs this once, as root, when it builds the autograder's image. The project is in /autograder/source/io-models.
set -e
apt-get update
cd /autograder/source/io-models
./setup.sh grade sanitize
make
