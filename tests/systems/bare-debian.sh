#!/bin/sh
# bare-debian.sh [RELEASE] - do the README's commands work on an empty Debian, without a warning of its compiler? For
# maintainers, as root: makes one in a temporary folder, bookworm (12) unless another release is given, such as trixie
# (13). In it is a fresh clone of this repository (what is committed, not what lies about), and there the commands are
# run. Needs debootstrap, git and the network; MIRROR=... takes the packages from another mirror.

set -eu

release=${1:-bookworm}
repository=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
debian=$scratch/debian

clean_up() {
    if mountpoint -q "$debian/proc"; then
        umount "$debian/proc"
    fi
    rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

debootstrap --variant=minbase "$release" "$debian" ${MIRROR:+"$MIRROR"} >"$scratch/log" || {
    tail "$scratch/log"
    exit 1
}
cp /etc/resolv.conf "$debian/etc/"
mount -t proc proc "$debian/proc"
git clone -q "$repository" "$debian/root/io-models"

start=$(date +%s)
chroot "$debian" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin WERROR=1 \
    sh -c 'cd /root/io-models && ./setup.sh && make demo && make check' </dev/null
echo "bare Debian $release: set up and checked in $(($(date +%s) - start)) s"
