#!/bin/sh
# test_setup.sh [SHELL] - does setup.sh do the right thing on machines that we do not have? SHELL is what runs it,
# otherwise sh: tests/systems/test_setup.sh 'busybox sh'
#
# A machine is a folder here: first/ and bin/ are its whole PATH, lib/ its libraries. Its package manager is a stand-in that
# writes down how it is called, and puts what it installs from shelf/ into bin/. No root, no network.

set -u

setup=$(cd "$(dirname "$0")/../.." && pwd)/setup.sh
shell=${1:-sh}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
machine=$scratch/machine
apt_install='apt-get install -y --no-install-recommends'
passed=0 failed=0

# --- A machine ---

program() { # FILE, its text on standard input
    { echo '#!/bin/sh' && cat; } >"$machine/$1"
    chmod +x "$machine/$1"
}

bare_machine() { # UID MANAGER...
    rm -rf "$machine"
    mkdir -p "$machine/first" "$machine/bin" "$machine/lib" "$machine/shelf" "$machine/refuses"
    : >"$machine/calls"
    for name in "${shell%% *}" env cat sed head tail mktemp rm cp; do # what every system has
        ln -s "$(command -v "$name")" "$machine/bin/$name"
    done
    echo "echo $1" | program bin/id
    for name in cc make strace gnuplot cmark-gfm chromium chromedriver git patch ss ps; do
        echo 'echo "GNU Make and others, version 1.2.3"' | program "shelf/$name"
    done
    echo 'echo "usage: nc [-N] host port" >&2' | program shelf/nc
    program shelf/python3 <<END
case \$2 in
*selenium) [ -e "$machine/lib/selenium" ] ;;
*) echo Python 1.2.3 ;;
esac
END
    program shelf/pkg-config <<END
case \$1 in
--exists) [ -e "$machine/lib/\$2" ] ;;
*) echo 1.2.3 ;;
esac
END
    shift
    for name; do
        manager "$name"
    done
}

manager() { # NAME
    program "bin/$1" <<END
echo "\${via:-}$1 \$*" >>"$machine/calls"
[ "$1" = brew ] || [ "\${via:-}" ] || [ "\$(id)" = 0 ] || exit 1
for package; do
    [ ! -e "$machine/refuses/\$package" ] || { echo "E: no package \$package"; exit 1; }
    case \$package in
    gcc) tool=cc ;;
    *netcat*) tool=nc ;;
    iproute*) tool=ss ;;
    procps*) tool=ps ;;
    pkg*) tool=pkg-config ;;
    *libuv*) echo >"$machine/lib/libuv" ;;
    *cmocka*) echo >"$machine/lib/cmocka" ;;
    *jansson*) echo >"$machine/lib/jansson" ;;
    *liburing*) echo >"$machine/lib/liburing" ;;
    python3-selenium) tool=python3 && echo >"$machine/lib/selenium" ;;
    chromium-driver) tool=chromedriver ;;
    gnuplot-nox) tool=gnuplot ;;
    *) tool=\$package ;;
    esac
    [ ! -e "$machine/shelf/\${tool:-}" ] || cp "$machine/shelf/\$tool" "$machine/bin/"
done
END
}

has_sudo() {
    program bin/sudo <<'END'
[ "$1" = -n ] || exit 1 # nobody is there to type a password
shift
via='sudo ' exec "$@"
END
}

has() { # TOOL or LIBRARY...
    for name; do
        case $name in
        lib*/*) : >"$machine/$name" ;;
        *) cp "$machine/shelf/$name" "$machine/bin/" ;;
        esac
    done
}

everything() {
    has cc make pkg-config lib/libuv lib/cmocka lib/jansson lib/liburing
}

# --- Asking ---

when() { # what the next checks are about
    question=$1
}

setup() { # ARGUMENT...
    # shellcheck disable=SC2086 # "busybox sh" is two words
    env -i PATH="$machine/first:$machine/bin" TMPDIR="$scratch" $shell "$setup" "$@" </dev/null >"$machine/said" 2>&1
    status=$?
}

verdict() { # STATUS WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "FAILED: $question: $2; it said:"
    sed 's/^/    /' "$machine/said"
}

exits() { # STATUS
    [ "$status" = "$1" ]
    verdict $? "exit status $status, not $1"
}

says() { # TEXT, all of it on one line
    grep -qF -- "$1" "$machine/said"
    verdict $? "it does not say '$1'"
}

calls() { # the calls of the package manager on standard input
    diff - "$machine/calls" >"$scratch/difference"
    verdict $? "other calls of the package manager than expected: $(cat "$scratch/difference")"
}

calls_nobody() {
    calls </dev/null
}

# --- The questions ---

every_distribution() {
    when 'a bare Debian or Ubuntu, as root'
    bare_machine 0 apt-get
    setup
    exits 0
    says 'libuv ... installing libuv1-dev ... found 1.2.3'
    calls <<END
apt-get update
$apt_install gcc libc6-dev
$apt_install make
$apt_install pkg-config
$apt_install libuv1-dev
$apt_install libcmocka-dev
$apt_install libjansson-dev
$apt_install liburing-dev
END

    when 'the second time'
    : >"$machine/calls"
    setup
    exits 0
    calls_nobody

    when 'a bare Fedora'
    bare_machine 0 dnf
    setup
    exits 0
    calls <<'END'
dnf install -y gcc
dnf install -y make
dnf install -y pkgconf-pkg-config
dnf install -y libuv-devel
dnf install -y libcmocka-devel
dnf install -y jansson-devel
dnf install -y liburing-devel
END

    when 'a bare Arch'
    bare_machine 0 pacman
    setup
    exits 0
    calls <<'END'
pacman -S --needed --noconfirm gcc
pacman -S --needed --noconfirm make
pacman -S --needed --noconfirm pkgconf
pacman -S --needed --noconfirm libuv
pacman -S --needed --noconfirm cmocka
pacman -S --needed --noconfirm jansson
pacman -S --needed --noconfirm liburing
END

    when 'a bare Alpine'
    bare_machine 0 apk
    setup
    exits 0
    calls <<'END'
apk update
apk add gcc musl-dev
apk add make
apk add pkgconf
apk add libuv-dev
apk add cmocka-dev
apk add jansson-dev
apk add liburing-dev
END

    when 'a bare openSUSE, with its stand-in for apt-get'
    bare_machine 0 zypper apt-get
    setup
    exits 0
    calls <<'END'
zypper --non-interactive refresh
zypper --non-interactive install gcc
zypper --non-interactive install make
zypper --non-interactive install pkg-config
zypper --non-interactive install libuv-devel
zypper --non-interactive install libcmocka-devel
zypper --non-interactive install libjansson-devel
zypper --non-interactive install liburing-devel
END

    when 'a Mac with the command line tools and brew, which wants no root'
    bare_machine 501 brew
    has cc make
    setup
    exits 0
    calls <<'END'
brew install pkg-config
brew install libuv
brew install cmocka
brew install jansson
END
    says 'Ready.' # liburing is Linux's
}

who_may_install() {
    when 'all is there, and there is neither root nor a package manager'
    bare_machine 1000
    everything
    setup
    exits 0
    says 'libuv ... found 1.2.3'
    says 'Ready.'

    when 'all is there, and so is sudo'
    bare_machine 1000 apt-get
    everything
    has_sudo
    setup
    exits 0
    calls_nobody

    when 'not root, but sudo'
    bare_machine 1000 apt-get
    everything
    has_sudo
    rm "$machine/lib/libuv"
    setup
    exits 0
    calls <<END
sudo apt-get update
sudo $apt_install libuv1-dev
END

    when 'neither root nor sudo'
    bare_machine 1000 apt-get
    setup
    exits 1
    says 'could not install cc, make, pkg-config, libuv, cmocka, jansson, liburing (only root can, and there is no sudo).'
    says "By hand: apt-get update && $apt_install gcc libc6-dev make pkg-config libuv1-dev libcmocka-dev libjansson-dev liburing-dev"
    calls_nobody

    when 'a package manager that nobody here knows'
    bare_machine 0
    has cc make pkg-config
    setup
    exits 1
    says 'could not install libuv, cmocka, jansson, liburing (no package manager here that this script knows).'
    says 'By hand: install what Debian calls libuv1-dev libcmocka-dev libjansson-dev liburing-dev'
}

what_cannot_be_had() {
    when 'one library cannot be had'
    bare_machine 1000 apt-get
    has_sudo
    : >"$machine/refuses/libuv1-dev"
    setup
    exits 1
    says 'libuv ... installing libuv1-dev ... missing (E: no package libuv1-dev)'
    says 'cmocka ... installing libcmocka-dev ... found 1.2.3'
    says "could not install libuv. By hand: sudo apt-get update && sudo $apt_install libuv1-dev"
    says 'Models 01 to 05 need none of these libraries'

    when 'the library of a model cannot be had, which is left out then'
    bare_machine 0 apt-get
    : >"$machine/refuses/liburing-dev"
    setup
    exits 0
    says 'liburing ... installing liburing-dev ... missing (E: no package liburing-dev)'
    says 'could not install liburing.'
    says 'Ready.'

    when 'the library of a model is missing, and there is neither root nor sudo'
    bare_machine 1000 apt-get
    everything
    rm "$machine/lib/liburing"
    setup
    exits 0
    says 'could not install liburing (only root can, and there is no sudo).'
    says 'Ready.'

    when 'the list of packages cannot be fetched, but the packages are at hand'
    bare_machine 0 apt-get
    : >"$machine/refuses/update"
    setup
    exits 0

    when 'Arch has the packages, but its list is old'
    bare_machine 0 pacman
    : >"$machine/refuses/cmocka"
    setup
    exits 1
    says 'By hand: pacman -Syu --needed cmocka'

    when 'no package is known'
    bare_machine 501 brew
    setup
    exits 1
    says 'cc ... missing (brew has no package for it that this script knows)'

    when 'what was installed does not work'
    bare_machine 0 apt-get
    echo 'exit 1' | program shelf/cc
    setup
    exits 1
    says 'cc ... installing gcc libc6-dev ... missing (installed, but it does not work)'
}

parts() {
    when 'a part is asked for by name'
    bare_machine 0 apt-get
    everything
    setup trace
    exits 0
    calls <<END
apt-get update
$apt_install strace
END

    when 'gnuplot, which Debian has in several packages'
    bare_machine 0 apt-get
    everything
    setup bench
    exits 0
    says 'gnuplot ... installing gnuplot-nox ... found 1.2.3'
    calls <<END
apt-get update
$apt_install gnuplot-nox
END

    when 'a part that was asked for by name cannot be had'
    bare_machine 0 apt-get
    everything
    : >"$machine/refuses/strace"
    setup trace
    exits 1
    says 'could not install strace.'

    when 'everything is asked for, and part of it cannot be had'
    bare_machine 0 apk
    everything
    setup --all
    exits 0
    says 'musl-gcc ... missing (apk has no package for it that this script knows)'

    when 'the tools of the page, and there is another python3, without selenium'
    bare_machine 0 apt-get
    everything
    echo 'exit 1' | program first/python3
    setup page
    exits 0
    calls <<END
apt-get update
$apt_install chromium
$apt_install chromium-driver
$apt_install python3-selenium
END

    when 'the tools of the page on an Alpine, which has no selenium'
    bare_machine 0 apk
    everything
    setup page
    exits 1
    says 'selenium ... missing (apk has no package for it that this script knows)'

    when 'the tools of the tutorial, and there is another nc'
    bare_machine 0 apt-get
    everything
    echo 'echo "usage: nc host port" >&2' | program bin/nc
    setup tutorial
    exits 0
    says 'cmark-gfm ... installing cmark-gfm ... found 1.2.3'
    calls <<END
apt-get update
$apt_install cmark-gfm
$apt_install python3
$apt_install git
$apt_install netcat-openbsd
$apt_install patch
$apt_install iproute2
$apt_install procps
END

    when 'the tools of the tutorial on a Fedora, which has no cmark-gfm'
    bare_machine 0 dnf
    everything
    setup tutorial
    exits 1
    says 'cmark-gfm ... missing (dnf has no package for it that this script knows)'
    says 'could not install cmark-gfm.'
    calls <<'END'
dnf install -y python3
dnf install -y git
dnf install -y netcat
dnf install -y patch
dnf install -y iproute
dnf install -y procps-ng
END

    when 'a part is not asked for'
    bare_machine 0 apt-get
    everything
    setup
    exits 0
    says '  trace     strace: the system calls of a running server, make trace-05-select'
    calls_nobody
}

usage() {
    when 'help is asked for'
    bare_machine 0 apt-get
    setup -h
    exits 0
    says 'usage: ./setup.sh'
    calls_nobody

    when 'an argument is wrong'
    for argument in --every -x libuv ''; do
        setup "$argument"
        exits 2
        says "unknown option or part: $argument"
    done
    calls_nobody
}

every_distribution
who_may_install
what_cannot_be_had
parts
usage
echo "test_setup: $passed passed, $failed failed"
[ $failed = 0 ]
