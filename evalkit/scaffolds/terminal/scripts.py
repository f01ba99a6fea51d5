"""What runs in the workspace to have a terminal: shell scripts that ask nothing of the image but /bin/sh."""

from __future__ import annotations

from collections.abc import Sequence

# A socket where the user may make one, best where nobody tidies up and nothing is part of the work's files;
# then tmux, which this shell becomes.
# The terminals' descriptions are the bundle's where the image has none. A `tmux` without its path is the
# image's: what is said where it has none stands in the error.
START = r"""
tmux=$1 name=$2; shift 2
for folder in /dev/shm /run /var/tmp /tmp "${HOME:-/}" /; do
    [ -d "$folder" ] && [ -w "$folder" ] && break
done
known=
for folder_of in /etc /lib /usr/lib /usr/share; do
    [ -e "$folder_of/terminfo/s/screen" ] && [ -e "$folder_of/terminfo/t/tmux-256color" ] && known=yes
done
own=${tmux%/*}/usr/lib/terminfo
if [ -z "$known" ] && [ -d "$own" ]; then export TERMINFO_DIRS=":$own"; fi
[ -n "$TERM" ] || export TERM=xterm-256color
socket=${folder%/}/.$name
echo "socket $socket"
exec "$tmux" -f /dev/null -u -S "$socket" -C "$@"
"""

# What a pane runs: the shell, and after it, where it was ended by us (USR1), nothing: but the terminal stays,
# since what the shell had started may print, and would be hung up with it.
HOLD = 'trap end=1 USR1; tmux=$1; shift; "$@"; s=$?; [ -z "$end" ] || exec "$tmux" wait-for held; exit $s'

# End the children of the processes that are named, which have been told. Each is looked at by what the
# kernel says of it; its name may hold anything, and stands in the last parentheses.
KILL = r"""
for holder in "$@"; do kill -USR1 "$holder"; done
for d in /proc/[0-9]*; do
    line=
    while IFS= read -r part || [ -n "$part" ]; do line="$line $part"; done <"$d/stat" || continue
    set -f
    words=${line##*) }
    for holder in "$@"; do
        case $words in ?" $holder "*) kill -KILL "${d#/proc/}";; esac
    done
    set +f
done 2>/dev/null
"""


def start(
    tmux: str, name: str, shell: Sequence[str], width: int, height: int, history: int
) -> tuple[str, ...]:
    """The command that starts a terminal, and becomes the client through which it is driven."""
    options = {
        "history-limit": str(history),
        "default-command": hold(tmux, shell),
        "automatic-rename": "off",
    }
    words = ["start-server", ";", "set-environment", "-gr", "LOCPATH", ";"]  # it is the bundle's
    for option, value in options.items():
        words += ["set-option", "-g", option, value, ";"]
    words += ["new-session", "-s", "terminal", "-x", str(width), "-y", str(height)]
    return ("/bin/sh", "-c", START, "sh", tmux, name, *words)


def hold(tmux: str, shell: Sequence[str]) -> str:
    """A line for the user's shell, which tmux runs it by. SHELL is what tmux says that it is."""
    inside = " ".join(map(shell_quoted, shell)) if shell else '"$SHELL" -l'
    return f"exec /bin/sh -c {shell_quoted(HOLD)} sh {shell_quoted(tmux)} {inside}"


def shell_quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
