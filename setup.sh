#!/bin/sh
# setup.sh - installs what io-models needs and this machine does not have. `./setup.sh -h` says how.
#
# A tool is there when it works, whoever installed it: a cc that compiles, a library that pkg-config finds. Where
# nothing is missing, nothing is done: no root, no network. What is missing is installed tool by tool, so that one
# package that cannot be had does not keep the others out.

set -u

parts='mistakes trace bench lint valgrind sanitize fuzz musl coverage page tutorial grade'

purpose() {
    case $1 in
    mistakes) echo 'patch: make mistake' ;;
    trace) echo 'strace: the system calls of a running server, make trace-05-select' ;;
    bench) echo 'gnuplot: the plots of make bench, which also needs trace to count calls' ;;
    lint) echo 'clang, clang-format, clang-tidy, cppcheck, shellcheck, pyflakes: make lint' ;;
    valgrind) echo 'valgrind: make check-valgrind' ;;
    sanitize) echo "the compiler's sanitizers: make check SANITIZE=address,undefined" ;;
    fuzz) echo "clang's libFuzzer: make fuzz" ;;
    musl) echo 'musl-gcc: a second C library, make check-musl' ;;
    coverage) echo 'gcovr: make coverage' ;;
    page) echo "Chromium, its driver, Selenium for Python: make check-page (on Ubuntu: snap install chromium)" ;;
    tutorial) echo 'cmark-gfm, Python, git, nc, patch, ss, ps: make check-tutorial, which also needs trace' ;;
    grade) echo 'bubblewrap, Python: make grade' ;;
    esac
}

# What each tool is called by each package manager: `,` between packages that belong together, `-` where none is known.
# The apt-get column was run, on Debian 12. The others were looked up and never run: tests/systems/test_setup.sh plays them with
# stand-ins for the package managers.
#
# part      tool          apt-get        dnf                 pacman      apk                zypper           brew
tools() {
    cat <<'END'
build     cc            gcc,libc6-dev  gcc                 gcc         gcc,musl-dev       gcc              -
build     make          make           make                make        make               make             -
build     pkg-config    pkg-config     pkgconf-pkg-config  pkgconf     pkgconf            pkg-config       pkg-config
build     libuv         libuv1-dev     libuv-devel         libuv       libuv-dev          libuv-devel      libuv
build     cmocka        libcmocka-dev  libcmocka-devel     cmocka      cmocka-dev         libcmocka-devel  cmocka
build     jansson       libjansson-dev  jansson-devel      jansson     jansson-dev        libjansson-devel  jansson
models    liburing      liburing-dev   liburing-devel      liburing    liburing-dev       liburing-devel   -
mistakes  patch         patch          patch               patch       patch              patch            -
trace     strace        strace         strace              strace      strace             strace           -
bench     gnuplot       gnuplot-nox    gnuplot             gnuplot     gnuplot            gnuplot          gnuplot
lint      clang         clang          clang               clang       clang              clang            -
lint      clang-format  clang-format   clang-tools-extra   clang       clang-extra-tools  clang-tools      clang-format
lint      clang-tidy    clang-tidy     clang-tools-extra   clang       clang-extra-tools  clang-tools      -
lint      cppcheck      cppcheck       cppcheck            cppcheck    cppcheck           cppcheck         cppcheck
lint      shellcheck    shellcheck     ShellCheck          shellcheck  shellcheck         ShellCheck       shellcheck
lint      pyflakes3     pyflakes3      -                   -           -                  -                -
valgrind  valgrind      valgrind       valgrind            valgrind    valgrind,musl-dbg  valgrind         -
sanitize  sanitizers    gcc            libasan,libubsan,libtsan  gcc   -                  gcc              -
fuzz      libfuzzer     clang,libclang-rt-dev  clang,compiler-rt  clang,compiler-rt  clang,compiler-rt  clang  -
musl      musl-gcc      musl-tools     musl-gcc            musl        -                  -                -
coverage  gcovr         gcovr          gcovr               gcovr       gcovr              gcovr            gcovr
page      chromium      chromium       chromium            chromium    chromium           chromium         -
page      chromedriver  chromium-driver  chromedriver      chromium    chromium-chromedriver  chromedriver -
page      selenium      python3-selenium  python3-selenium  python-selenium  -              python3-selenium  -
tutorial  cmark-gfm     cmark-gfm      -                   -           -                  -                cmark-gfm
tutorial  python3       python3        python3             python      python3            python3          python
tutorial  git           git            git                 git         git                git              git
tutorial  nc            netcat-openbsd  netcat             openbsd-netcat  netcat-openbsd  netcat-openbsd  -
tutorial  patch         patch          patch               patch       patch              patch            -
tutorial  ss            iproute2       iproute             iproute2    iproute2         iproute2         -
tutorial  ps            procps         procps-ng           procps-ng   procps           procps           -
grade     bwrap         bubblewrap     bubblewrap          bubblewrap  bubblewrap       bubblewrap       -
grade     python3       python3        python3             python      python3          python3          python
END
}

usage() {
    echo 'usage: ./setup.sh [-h] [--all | PART...]'
    echo
    echo 'Installs what is missing: a C compiler, make, pkg-config, libuv, cmocka, jansson, liburing where it can be had, and'
    echo 'the optional PARTs:'
    for part in $parts; do
        printf '  %-9s %s\n' "$part" "$(purpose "$part")"
    done
    printf '  %-9s %s\n' --all 'all of them that this system has'
    echo
    echo 'Exit status: 0 nothing is missing, 1 something is missing, 2 usage.'
}

wrong_usage() {
    echo "setup.sh: $1" >&2
    usage >&2
    exit 2
}

# --- What is there? ---

has() {
    command -v "$1" >/dev/null
}

is_in() { # WORD LIST
    case " $2 " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

compiles() { # COMPILER OPTION...
    printf '%s\n' '#include <pthread.h>' '#include <stdio.h>' 'int main(void) { return puts("") == EOF; }' \
        >"$scratch/try.c"
    "$@" -std=c11 -o "$scratch/try" "$scratch/try.c"
}

clang_has_libfuzzer() {
    echo 'int LLVMFuzzerTestOneInput(void *data, long size) { return data && size > 9; }' >"$scratch/try.c"
    clang -fsanitize=fuzzer,address,undefined -o "$scratch/try" "$scratch/try.c"
}

python_has_selenium() ( # any python3 in PATH: a distribution's package belongs to the distribution's own
    IFS=:
    for folder in $PATH; do
        "$folder/python3" -c 'import selenium' && return
    done
    return 1
)

works() { # TOOL
    case $1 in
    cc | clang | musl-gcc) compiles "$1" ;;
    libuv | cmocka | jansson | liburing) pkg-config --exists "$1" ;;
    make) case $(make --version) in 'GNU Make'*) ;; *) return 1 ;; esac ;;
    valgrind) valgrind ls / ;; # it runs, but can watch nothing, where the C library's symbols are missing
    sanitizers) compiles cc -fsanitize=address,undefined && compiles cc -fsanitize=thread ;;
    libfuzzer) clang_has_libfuzzer ;;
    selenium) python_has_selenium ;;
    chromium) has chromium || has chromium-browser || has google-chrome ;;
    nc) case $(nc -h 2>&1) in *-N*) ;; *) return 1 ;; esac ;; # the one of OpenBSD, which can half-close
    *) "$1" --version ;;
    esac >/dev/null 2>&1
}

version() { # TOOL: " 1.44.2", or nothing for a tool that does not say
    case $1 in
    libuv | cmocka | jansson | liburing) pkg-config --modversion "$1" ;;
    sanitizers | libfuzzer | chromium | selenium | nc) ;;
    *) "$1" --version ;;
    esac 2>/dev/null | sed -n 's/^/ /; s/^[^.]*[^0-9.]\([0-9][0-9]*\.[0-9.]*[0-9]\).*/ \1/p' | head -n 1
}

# --- Installing ---

choose_manager() { # sets manager, its column in tools(), and its commands
    # In this order, because openSUSE may have a stand-in for apt-get, and Debian has a game called pacman.
    for manager in zypper apt-get dnf apk pacman brew none; do
        has "$manager" && break
    done
    refresh='' install='' by_hand=''
    case $manager in
    apt-get) column=1 refresh='apt-get update' install='apt-get install -y --no-install-recommends' ;;
    dnf) column=2 install='dnf install -y' ;;
    # No refresh by itself on Arch, where that means to upgrade everything: for the person to decide.
    pacman) column=3 install='pacman -S --needed --noconfirm' by_hand='pacman -Syu --needed' ;;
    apk) column=4 refresh='apk update' install='apk add' ;;
    zypper) column=5 refresh='zypper --non-interactive refresh' install='zypper --non-interactive install' ;;
    brew) column=6 install='brew install' ;;
    none) column=1 by_hand='install what Debian calls' ;;
    esac
}

choose_root() { # sets sudo, and obstacle to what is in the way of installing anything
    sudo='' obstacle=''
    if [ "$manager" = none ]; then
        obstacle='no package manager here that this script knows'
    elif [ "$(id -u)" = 0 ] || [ "$manager" = brew ]; then
        return
    elif has sudo; then
        sudo='sudo'
        [ -t 0 ] || sudo='sudo -n' # with nobody there to type a password, fail rather than wait for one
    else
        obstacle='only root can, and there is no sudo'
    fi
}

in_column() { # the columns of a line of tools() -> this manager's packages
    shift $((column - 1))
    echo "$1" | sed 's/^-$//; s/,/ /g'
}

quietly() { # COMMAND...: as root, without questions; what it says goes to the log
    # shellcheck disable=SC2086 # sudo is no word, one or two
    $sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" </dev/null >"$scratch/log" 2>&1
}

# shellcheck disable=SC2086 # refresh and install are lists of words
provide() { # TOOL PACKAGE...: installs them; on failure sets reason
    provided=$1
    shift
    reason=
    [ -z "$obstacle" ] || return 1
    if [ $# = 0 ]; then
        reason="$manager has no package for it that this script knows"
        return 1
    fi
    printf 'installing %s ... ' "$*"
    if [ -n "$refresh" ] && [ ! -e "$scratch/refreshed" ]; then
        quietly $refresh # if it cannot, the packages may be at hand all the same
        : >"$scratch/refreshed"
    fi
    if ! quietly $install "$@"; then
        reason=$(tail -n 1 "$scratch/log")
        return 1
    fi
    reason='installed, but it does not work'
    works "$provided"
}

command_by_hand() {
    as_root=${sudo:+sudo }
    echo "By hand: ${refresh:+$as_root$refresh && }$as_root${by_hand:-$install}$missing_packages"
}

# --- From here on in order ---

# Without a library of the part `models`, a model is left out, and all else works.
required=build optional=models
for argument; do
    case $argument in
    -h | --help)
        usage
        exit 0
        ;;
    --all) optional="models $parts" ;;
    *)
        is_in "$argument" "$parts" || wrong_usage "unknown option or part: $argument"
        required="$required $argument"
        ;;
    esac
done

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
choose_manager
choose_root

missing='' missing_packages='' not_asked_for='' status=0
while read -r part tool columns; do
    if ! is_in "$part" "$required $optional"; then
        works "$tool" || is_in "$part" "$not_asked_for" || not_asked_for="$not_asked_for $part"
        continue
    fi
    # shellcheck disable=SC2086 # a list of words
    packages=$(in_column $columns)
    if [ "$part" = models ] && [ -z "$packages" ]; then
        continue # no system with this manager has it
    fi
    printf '%s ... ' "$tool"
    # shellcheck disable=SC2086 # likewise
    if works "$tool" || provide "$tool" $packages; then
        echo "found$(version "$tool")"
        continue
    fi
    echo "missing${reason:+ ($reason)}"
    missing="$missing${missing:+, }$tool"
    missing_packages="$missing_packages${packages:+ $packages}"
    if is_in "$part" "$required"; then
        status=1
    fi
done <<END
$(tools)
END

if [ -n "$not_asked_for" ]; then
    echo 'Optional and not installed (./setup.sh PART, or --all):'
    for part in $not_asked_for; do
        printf '  %-9s %s\n' "$part" "$(purpose "$part")"
    done
fi
if [ -n "$missing" ]; then
    echo "setup.sh: could not install $missing${obstacle:+ ($obstacle)}.${missing_packages:+ $(command_by_hand)}" >&2
fi
case $missing in
*libuv* | *cmocka* | *jansson*) works cc && works make && echo 'Models 01 to 05 need none of these libraries: make builds them.' ;;
esac
if [ $status = 0 ]; then
    echo 'Ready. Next: make check'
fi
exit $status
