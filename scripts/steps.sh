# Sourced by the other scripts: words to the user, and where the time goes.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$(realpath -m "${EVALKIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evalkit}")

# die MESSAGE [HINT]: one line of what is wrong and one of the way out.
die() {
  printf 'error: %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf '  %s\n' "$2" >&2
  exit 1
}

# step NAME COMMAND...: run it, then print one line with the seconds it took.
# What the command sets in `note` stands behind them ("built", "cached").
step() {
  local name=$1 start=$EPOCHREALTIME
  shift
  note=
  "$@"
  local us=$((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}))
  printf '%-10s %7d.%d s  %s\n' "$name" $((us / 1000000)) $((us / 100000 % 10)) "$note"
}

# debian PACKAGE...: install with apt, as root or by a sudo that asks for no password; starts no service.
debian() {
  command -v apt-get >/dev/null ||
    die "$* missing, and this is no Debian" "install the like of $* with your system's tools, then try again"
  local as=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || die "$* missing" "as root: apt-get install --no-install-recommends $*"
    as=(sudo -n)
  fi
  local log=$cache/apt.log policy=/usr/sbin/policy-rc.d ours=
  mkdir -p "$cache"
  # dpkg asks this file whether a package may start its service: ours are started by hand
  [ -e $policy ] ||
    { ours=1 && "${as[@]}" sh -c 'printf "#!/bin/sh\nexit 101\n" >"$0" && chmod +x "$0"' $policy; }
  local ok=1
  { "${as[@]}" apt-get update -qq && "${as[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null || ok=
  [ -z "$ours" ] || "${as[@]}" rm -f $policy
  [ -n "$ok" ] || { tail -n 15 "$log" >&2 && die "apt could not install $*" "its whole output: $log"; }
}
