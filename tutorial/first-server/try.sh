#!/bin/bash
# try.sh RUNG SCRIPT [COMMAND...] - builds a rung of the ladder, plays a script against it, and prints only the verdict.
# COMMAND is put in front of the server's own.

cc -o "build/$1" "tutorial/first-server/$1.c" && make play SERVER="${*:3} build/$1 {port}" SCRIPT="$2" | grep '^FAILS\|^passes\|^stalls'
