#!/bin/sh
# Makes the environment .venv in the folder of the project, or brings it up to date. `make` calls this; without make:
#
#     sh recipes/environment.sh play      what playing needs
#     sh recipes/environment.sh panel     that, and what the page in the browser and its scores need
#     sh recipes/environment.sh test      that, and what training and testing need
#     sh recipes/environment.sh docs      into build/docs-environment, what builds the site of the documentation
#
# With --choose after it, it only prints the Python that a new .venv would be made with, or "uv". PYTHON=/path/to/python
# in front of it names one. For any POSIX shell: dash, bash 3.2 (macOS) and busybox run this.

# shellcheck disable=SC2086 # lists of versions are words to be split
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
OLDEST=3.11
NEWEST=3.14
FOR_PLAYING="3.14 3.13 3.12 3.11"
WITH_TENSORFLOW="3.13 3.12 3.11"        # TensorFlow 2.21 has no wheels for 3.14
UV_FOR_PLAYING=">=3.11,<3.15"           # the same for uv, which takes the newest
UV_FOR_TESTING=">=3.11,<3.14"
TOO_OLD="python3.10 python3.9 python3.8"    # looked at only to say what was found

fail() {
    echo "$*" >&2
    exit 2
}

# ---- Which Python

# version_of COMMAND: print its version, such as 3.13, if it runs at all. A pyenv shim for a version that is not
# switched on is there and does not run.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null
}

# Debian has Python without these two.
can_make_environments() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null
}

# one_of WORD WORDS...: tell whether the first is among the others.
one_of() {
    one_of_wanted=$1
    shift
    for one_of_word in "$@"; do
        [ "$one_of_word" != "$one_of_wanted" ] || return 0
    done
    return 1
}

# look_at COMMAND: add a line "VERSION COMMAND" to `found` if it runs.
look_at() {
    if look_at_version=$(version_of "$1"); then
        found="$found$look_at_version $1
"
    fi
}

# choose VERSIONS...: set `chosen` and `chosen_version` to the first of the versions that is here and can make an
# environment. Of what cannot be taken, `incapable` and `unfit` name one, for the message.
choose() {
    found='' chosen='' chosen_version='' incapable='' unfit=''
    if [ -n "${PYTHON-}" ]; then
        look_at "$PYTHON"
        [ -n "$found" ] || fail "PYTHON=$PYTHON does not run: name a Python from $OLDEST to $NEWEST, or leave it out"
    else
        for choose_name in python3.14 python3.13 python3.12 python3.11 python3 python $TOO_OLD; do
            look_at "$choose_name"
        done
    fi
    for choose_wanted in "$@"; do
        while read -r choose_version choose_command; do
            [ "$choose_version" = "$choose_wanted" ] || continue
            if can_make_environments "$choose_command"; then
                chosen=$choose_command chosen_version=$choose_version
                return 0
            fi
            [ -n "$incapable" ] || incapable="$choose_version $choose_command"
        done <<END
$found
END
    done
    while read -r choose_version choose_command; do
        if [ -n "$choose_version" ] && ! one_of "$choose_version" $FOR_PLAYING; then
            unfit="Python $choose_version ($choose_command)"
            break
        fi
    done <<END
$found
END
    return 1
}

# ---- What to say where there is none

as_root() {
    if [ "$(id -u)" = 0 ]; then echo "$*"; else echo "sudo $*"; fi
}

# release KEY: print a value of /etc/os-release.
release() {
    sed -n "s/^$1=//p" "${OS_RELEASE-/etc/os-release}" 2>/dev/null | tr -d '"' | head -n 1
}

# The newest Python of apt's lists that all can be done with, the newest at all, or what apt calls python3.
apt_packages() {
    for apt_version in $WITH_TENSORFLOW $FOR_PLAYING; do
        if apt-cache show "python$apt_version-venv" >/dev/null 2>&1; then
            echo "python$apt_version python$apt_version-venv"
            return
        fi
    done
    [ -n "$unfit" ] || echo "python3 python3-venv"
}

# how_to_install: print what gives this system a Python that will do.
how_to_install() {
    how_anywhere="install Python 3.13 from python.org, or uv, which brings one"
    if [ "$(uname -s)" = Darwin ]; then
        if command -v brew >/dev/null 2>&1; then echo "brew install python@3.13"; else echo "$how_anywhere"; fi
        return
    fi
    case " $(release ID) $(release ID_LIKE) " in
    *" debian "* | *" ubuntu "*)
        how_packages=$(apt_packages)
        if [ -n "$how_packages" ]; then as_root "apt install $how_packages"; else echo "$how_anywhere"; fi
        ;;
    *" fedora "* | *" rhel "*)
        if [ "$(release ID)" = fedora ]; then as_root "dnf install python3.13"; else as_root "dnf install python3.12"; fi
        ;;
    *" arch "*) as_root "pacman -S python" ;;
    *" opensuse "* | *" suse "*)
        case "$(release VERSION_ID)" in
        15.*) as_root "zypper install python311" ;;
        *) as_root "zypper install python313" ;;
        esac
        ;;
    *) echo "$how_anywhere" ;;
    esac
}

# how_to_enable VERSION: print what lets a Python that is here make environments.
how_to_enable() {
    case " $(release ID) $(release ID_LIKE) " in
    *" debian "* | *" ubuntu "*) as_root "apt install python$1-venv" ;;
    *) how_to_install ;;
    esac
}

# nothing_found [WHY]: end with the one line that helps.
nothing_found() {
    if [ -n "$incapable" ]; then
        nothing_version=${incapable%% *} nothing_command=${incapable#* }
        fail "Python $nothing_version ($nothing_command) cannot make environments, venv or ensurepip is missing${1+ ($1)}:" \
            "$(how_to_enable "$nothing_version")"
    fi
    if [ -n "${PYTHON-}" ]; then
        fail "PYTHON=$PYTHON is ${unfit%% (*}: name a Python from $OLDEST to $NEWEST, or leave it out"
    fi
    fail "No Python from $OLDEST to $NEWEST found${unfit:+, only $unfit}${1+ ($1)}:" \
        "$(how_to_install), or name one with PYTHON=/path/to/python"
}

# ---- The environment

has_uv() {
    [ -z "${PYTHON-}" ] && command -v uv >/dev/null 2>&1
}

# make_with_uv VERSIONS: let uv find or bring a Python, and make the environment with it.
make_with_uv() {
    echo "No Python that will do is here; making $VENV with one that uv finds or brings ..."
    rm -rf "$VENV"
    if ! uv_said=$(uv venv --quiet --seed --python "$1" "$VENV" 2>&1 </dev/null); then
        rm -rf "$VENV"
        nothing_found "uv brings none either: $(printf '%s\n' "$uv_said" | head -n 1)"
    fi
}

# make_anew: make the environment with what `choose` has chosen.
make_anew() {
    echo "Making $VENV with Python $chosen_version ($chosen) ..."
    "$chosen" -m venv --clear "$VENV" || fail "$chosen could not make $VENV: its own lines above say why"
}

# Prints the version of the environment's Python, if it runs and has pip; an update of the system may have removed it,
# and an interrupted run leaves it without pip.
version_of_environment() {
    "$VENV/bin/python" -c 'import importlib.util; assert importlib.util.find_spec("pip")' >/dev/null 2>&1 </dev/null &&
        version_of "$VENV/bin/python"
}

# uv_has VERSIONS: tell whether uv has such a Python, or can fetch one.
uv_has() {
    uv python find --quiet --system "$1" >/dev/null 2>&1 || uv python install --quiet "$1" >/dev/null 2>&1
}

# make_environment VERSIONS VERSIONS_FOR_UV: make it unless there is one that will do.
make_environment() {
    if present=$(version_of_environment) && one_of "$present" $FOR_PLAYING; then
        [ "$purpose" = test ] && ! one_of "$present" $WITH_TENSORFLOW || return 0
        # Made by `play` with a Python that TensorFlow has no version for: is there another?
        remake_why="$VENV has Python $present, which TensorFlow has no version for yet: it is made anew."
        if choose $WITH_TENSORFLOW; then
            echo "$remake_why"
            make_anew
        elif has_uv && uv_has "$UV_FOR_TESTING"; then
            echo "$remake_why"
            make_with_uv "$UV_FOR_TESTING"
        fi
        return 0
    fi
    if choose $1; then
        make_anew
    elif has_uv; then
        make_with_uv "$2"
    else
        nothing_found
    fi
}

# is_older STAMP FILES...: tell whether a stamp is missing or older than one of the files.
is_older() {
    is_older_stamp=$1
    shift
    [ ! -e "$is_older_stamp" ] || [ -n "$(find "$@" -newer "$is_older_stamp")" ]
}

install() {
    "$VENV/bin/python" -m pip install --disable-pip-version-check -c constraints.txt -e "$1"
}

# The stamps are empty files whose dates say when the environment was last brought up to date.
install_for_playing() {
    if is_older "$VENV/can-play" pyproject.toml constraints.txt; then
        case "$(uname -s) $(uname -m)" in
        "Linux x86_64") playing_size="300 MB" ;;    # the onnxruntime that can use a GPU is 277 of them
        *) playing_size="30 MB" ;;
        esac
        echo "Installing what playing needs into $VENV (once; about $playing_size to download) ..."
        install .
        touch "$VENV/can-play"
    fi
}

install_for_panel() {
    if is_older "$VENV/can-show" pyproject.toml constraints.txt "$VENV/can-play"; then
        echo "Adding what the page in the browser needs (once; about 20 MB to download) ..."
        install '.[panel,score]'
        touch "$VENV/can-show"
    fi
}

install_for_testing() {
    if is_older "$VENV/can-develop" pyproject.toml constraints.txt "$VENV/can-play"; then
        testing_size="830 MB to download"
        one_of "$(version_of "$VENV/bin/python")" $WITH_TENSORFLOW || testing_size="220 MB, for want of TensorFlow"
        echo "Adding what training and testing need (once; about $testing_size) ..."
        install '.[train,jack,link,osc,panel,score,dev,cluster]'
        touch "$VENV/can-develop"
    fi
}

# The site needs nothing of the program, so that it has an environment of its own.
install_for_docs() {
    if is_older "$VENV/can-document" recipes/docs_site/requirements.txt constraints.txt; then
        echo "Installing what the site of the documentation needs into $VENV (once; about 15 MB to download) ..."
        "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt \
            -r recipes/docs_site/requirements.txt
        touch "$VENV/can-document"
    fi
}

purpose=${1-}
case "$purpose" in
play | panel) versions=$FOR_PLAYING uv_versions=$UV_FOR_PLAYING ;;
test) versions="$WITH_TENSORFLOW $NEWEST" uv_versions=$UV_FOR_TESTING ;;
docs) versions=$FOR_PLAYING uv_versions=$UV_FOR_PLAYING VENV=build/docs-environment ;;
*) fail "usage: sh recipes/environment.sh play|panel|test|docs [--choose]" ;;
esac
if [ "${2-}" = --choose ]; then
    if choose $versions; then
        command -v "$chosen"
    elif has_uv; then
        echo uv
    else
        nothing_found
    fi
    exit
fi
make_environment "$versions" "$uv_versions"
if [ "$purpose" = docs ]; then
    install_for_docs
    exit
fi
install_for_playing
case "$purpose" in
panel) install_for_panel ;;
test) install_for_testing ;;
esac
if [ -z "${MAKELEVEL-}" ]; then
    echo "$VENV is up to date. To play: $VENV/bin/lstm-composer play --style chopin --sound"
fi
