#!/bin/sh
# Installs Gatelight for this user on a Mac, from the checkout that this script lies in: `sh installer/macos/install.sh`.
#   --no-autostart  without the start at log-in
#   --uninstall     removes it again; settings, history and log stay
#   --purge         removes those as well
# Not tried on a Mac; its tests run it on Linux, with stand-ins for what a Mac has.
set -eu

base="$HOME/Library/Application Support/gatelight"
logs="$HOME/Library/Logs/gatelight"
agent="$HOME/Library/LaunchAgents/gatelight.plist"
command="$HOME/.local/bin/gatelight"
here=$(cd "$(dirname "$0")/../.." && pwd -P)
new=""

say() { printf '%s\n' "$*"; }
fail() {
    say "$*" >&2
    exit 1
}

# The Python of a version that Gatelight runs on, newest first.
find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# The log-in entry and the command may be those of another installation, such as Gatelight.app.
starts_ours() { [ -f "$agent" ] && grep -q 'Application Support/gatelight/program\.' "$agent"; }
runs_ours() {
    case $(readlink "$command" 2>/dev/null) in "$base"/program.*) return 0 ;; *) return 1 ;; esac
}
is_there() { [ -e "$1" ] || [ -L "$1" ]; }

# End the agent of this installation, by its own command, which waits for the end; sets `ran`.
stop_agent() {
    ran=no
    if runs_ours; then
        status=0
        "$command" status >/dev/null 2>&1 || status=$?
        # 0: all is well; 1: it shows a problem; 3: there is none.
        case $status in 0 | 1) ran=yes ;; esac
    fi
    if [ "$ran" = yes ]; then "$command" stop >/dev/null 2>&1 || true; fi
    if starts_ours; then launchctl bootout "gui/$(id -u)/gatelight" 2>/dev/null || true; fi
}

remove_programs() {
    for folder in "$base"/program.*; do
        if [ -d "$folder" ] && [ "$folder" != "$new" ]; then rm -rf "$folder"; fi
    done
}

clean_up() {
    if [ -n "$new" ]; then rm -rf "$new"; fi
}

install() {
    python=$(find_python) || fail "Gatelight needs Python 3.11, 3.12, 3.13 or 3.14, from python.org or Homebrew."
    [ -f "$here/requirements.lock" ] || fail "This script installs the checkout that it lies in, and $here is none."
    if is_there "$command" && ! runs_ours; then
        fail "$command is there already and is not of this script: remove it first, with the Gatelight it starts."
    fi
    mkdir -p "$base" "$HOME/.local/bin"
    chmod 700 "$base"
    # In a folder of its own, beside the one in use: until all is there, nothing has changed.
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    new=$(mktemp -d "$base/program.XXXXXX")
    say "Installing Gatelight with $python …"
    "$python" -m venv "$new"
    set -- "$new/bin/python" -m pip --disable-pip-version-check --quiet install
    "$@" --require-hashes -r "$here/requirements.lock" -r "$here/installer/remote.lock"
    "$@" --no-deps --no-build-isolation "$here"
    "$new/bin/gatelight" try-own-files

    had_entry=no
    if starts_ours; then had_entry=yes; fi
    updates=no
    if runs_ours; then updates=yes; fi
    stop_agent
    ln -sfn "$new/bin/gatelight" "$command"
    remove_programs
    new=""
    say "Gatelight is installed as $command."
    case ":$PATH:" in
        *":$HOME/.local/bin:"*) ;;
        *) say "For the command alone: echo 'export PATH=\"\$HOME/.local/bin:\$PATH\"' >> ~/.zprofile, and a new terminal." ;;
    esac
    # An update leaves the start at log-in as the user has it.
    if [ "$autostart" = yes ] && { [ "$updates" = no ] || [ "$had_entry" = yes ]; }; then
        "$command" autostart on
        launchctl bootstrap "gui/$(id -u)" "$agent" || say "It starts at your next log-in, or now with: gatelight run"
    elif [ "$ran" = yes ]; then
        nohup "$command" run --autostart >/dev/null 2>&1 &
    else
        say "Start it with: gatelight run"
    fi
}

uninstall() {
    stop_agent
    # An update leaves relays alone, so that no program loses its connection.
    if runs_ours && "$command" relay status >/dev/null 2>&1; then "$command" relay stop --all || true; fi
    if starts_ours; then rm -f "$agent"; fi
    if runs_ours; then rm -f "$command"; fi
    remove_programs
    if [ "$purge" = yes ]; then
        rm -rf "$base" "$logs"
        say "Gatelight is removed, with its settings, history and log."
    else
        rmdir "$base" 2>/dev/null || true
        say "Gatelight is removed. Settings, history and log stay in $base and $logs; --purge removes them."
    fi
}

doing=install autostart=yes purge=no
for option in "$@"; do
    case $option in
        --no-autostart) autostart=no ;;
        --uninstall) doing=uninstall ;;
        --purge) doing=uninstall purge=yes ;;
        *)
            sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
            exit 2
            ;;
    esac
done
sw_vers -productVersion >/dev/null 2>&1 || fail "This installs Gatelight on a Mac; this is none."
[ "$(id -u)" -ne 0 ] || fail "Run this as yourself, without sudo: Gatelight is installed for one user."
"$doing"
