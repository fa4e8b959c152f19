# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who calls, on what system, and how to say that something is missing.

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The user for whom things are built: never root when somebody else stands
# behind the call (sudo, or a checkout that belongs to an ordinary user).
find_user() {
  local id
  if [ "$(id -u)" -ne 0 ]; then
    id=$(id -u)
  elif [ -n "${SUDO_UID:-}" ]; then
    id=$SUDO_UID
  else
    id=$(stat -c %u -- "$TOP")
  fi
  USER_ID=$id
  local entry
  if entry=$(getent passwd "$id"); then
    IFS=: read -r USER_NAME _ _ GROUP_ID _ USER_HOME _ <<<"$entry"
    GROUP_IDS=$(id -G "$USER_NAME" | tr ' ' ,)
  else
    USER_NAME=user$id GROUP_ID=$(stat -c %g -- "$TOP") USER_HOME=/tmp
    GROUP_IDS=$GROUP_ID
  fi
  if [ "$(id -u)" -eq "$id" ]; then
    GROUP_ID=$(id -g)
    GROUP_IDS=$(id -G | tr ' ' ,)
    USER_HOME=${HOME:-$USER_HOME}
  fi
}

# Runs a command as root; asks sudo when the caller is not root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

require_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  have sudo ||
    die "$1 needs root: run this command as root, or install sudo."
  sudo -n true 2>/dev/null && return 0
  [ -t 0 ] ||
    die "$1 needs root, and sudo cannot ask for a password here: run ./dev in a terminal or as root."
  say "$1 needs root; sudo may ask for your password."
  sudo -v || die "$1 needs root, and sudo did not allow it."
}

# Runs a command as the calling user on the system itself.
as_user() {
  if [ "$(id -u)" -eq "$USER_ID" ]; then
    "$@"
  else
    setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --groups "$GROUP_IDS" \
      env HOME="$USER_HOME" USER="$USER_NAME" LOGNAME="$USER_NAME" "$@"
  fi
}

# Sets KIND to native or trixie: where the project is built and run.
find_kind() {
  KIND=${PASTICHE_KIND:-}
  [ -z "$KIND" ] || return 0
  local ID='' VERSION_ID=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    . /etc/os-release
  fi
  KIND=trixie
  case $ID in
    debian) [ "${VERSION_ID%%.*}" = 12 ] || ! newer "${VERSION_ID:-99}" 13 || KIND=native ;;
    ubuntu) ! newer "$VERSION_ID" 25.04 || KIND=native ;;
  esac
  if have pkg-config && pkg-config --exists gimp-3.0; then
    KIND=native
  fi
  if [ "$KIND" = trixie ] && ! have apt-get; then
    die "This system has neither GIMP 3 development files nor apt; use Debian 12 or later, or install GIMP 3 with its headers first."
  fi
}

# True when version $1 is $2 or later.
newer() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_machine() {
  [ "$(uname -s)" = Linux ] || die "Pastiche is built on Linux; this is $(uname -s)."
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "Pastiche is built on amd64 and arm64; this machine is $(uname -m)." ;;
  esac
}

# Free megabytes on the file system that holds (or would hold) the path.
free_megabytes() {
  local path=$1
  while [ ! -e "$path" ]; do path=$(dirname -- "$path"); done
  df -Pm -- "$path" | awk 'NR == 2 { print $4 }'
}

require_space() {
  local path=$1 need=$2 free
  free=$(free_megabytes "$path")
  [ "$free" -ge "$need" ] ||
    die "The disk is full: $path needs $need MB, and only $free MB are free."
}

# Turns a package manager's log into one sentence and leaves.
explain_failure() {
  local log=$1 what=$2
  if grep -qiE 'No space left on device|not enough free (disk )?space' "$log"; then
    die "$what failed: the disk is full. The log is $log."
  elif grep -qiE 'Could not resolve|Temporary failure|Unable to connect|Could not connect|Network is unreachable|Failed to fetch|timed out' "$log"; then
    die "$what failed: Debian's packages could not be reached (is there a network?). The log is $log."
  elif grep -qiE 'Operation not permitted|cannot.*mount|unshare' "$log"; then
    die "$what failed: this machine does not allow it (a container without privileges?). The log is $log."
  fi
  tail -n 15 -- "$log" >&2
  die "$what failed. The log is $log."
}
