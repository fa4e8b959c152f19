# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Debian 13 root directory: made once, extended when the package list
# grows, entered in a private mount namespace.

ROOT_BASE=${PASTICHE_CACHE:-/var/cache/pastiche}
ROOT_RELEASE=trixie

root_arch() { dpkg --print-architecture; }
root_path() {
  local name
  name=$(root_arch)
  [ "${KIND:-}" != cross ] || name=cross
  printf '%s/%s-%s\n' "$ROOT_BASE" "$ROOT_RELEASE" "$name"
}
root_stamp() { printf '%s/.pastiche/%s\n' "$(root_path)" "$(packages_key "$@")"; }

# Makes sure that the root directory holds the packages of a set.
root_ensure() {
  local -a wanted
  packages_of "$1"
  [ ! -e "$(root_stamp "${wanted[@]}")" ] || return 0
  require_root "Setting up the Debian 13 root directory"
  as_root env PASTICHE_CACHE="$ROOT_BASE" "$BASH" "$DEV" _root_prepare "$1"
}

# As root: makes or extends the root directory under a lock.
root_prepare() {
  local -a wanted
  local root log first=build
  check_machine
  if [ "$1" = cross ]; then
    KIND=cross first=cross
  fi
  root=$(root_path)
  mkdir -p -- "$ROOT_BASE" || die "$ROOT_BASE cannot be made."
  exec 9>"$ROOT_BASE/lock"
  flock -n 9 || { say "Waiting for another set-up to finish…"; flock 9; }
  log=$ROOT_BASE/setup.log
  : >"$log" || die "The disk is full, or $log cannot be written."
  if [ ! -d "$root" ]; then
    packages_of "$first"
    root_make "$root" "$log"
  fi
  packages_of "$1"
  [ -e "$(root_stamp "${wanted[@]}")" ] || root_extend "$root" "$log" "$1"
}

root_make() {
  local root=$1 log=$2 part key begin=$SECONDS architectures
  architectures=$(root_arch)
  [ "${KIND:-}" != cross ] || architectures+=,arm64
  require_space "$ROOT_BASE" 3000
  say "Making a Debian 13 root directory in $root (once; some minutes)…"
  root_tools "$log"
  part=$root.part
  root_remove "$part"
  root_sources >"$ROOT_BASE/sources.list"
  root_apt_options >"$ROOT_BASE/apt.conf"
  nice -n 5 mmdebstrap --mode=root --variant=apt \
    --architectures="$architectures" \
    --aptopt="$ROOT_BASE/apt.conf" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='force-unsafe-io' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --include="$(IFS=,; printf '%s' "${wanted[*]}")" \
    "$ROOT_RELEASE" "$part" "$ROOT_BASE/sources.list" >>"$log" 2>&1 ||
    { root_remove "$part"; explain_failure "$log" "Making the Debian 13 root directory"; }
  printf '#!/bin/sh\nexit 101\n' >"$part/usr/sbin/policy-rc.d"
  chmod 755 "$part/usr/sbin/policy-rc.d"
  key=$(packages_key "${wanted[@]}")
  mkdir -p "$part/.pastiche"
  : >"$part/.pastiche/$key"
  mv -- "$part" "$root"
  say "Made it in $((SECONDS - begin)) s."
}

# The tool that makes root directories, from the system's own packages.
root_tools() {
  local log=$1
  local -a tools=()
  have mmdebstrap || tools+=(mmdebstrap)
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || tools+=(debian-archive-keyring)
  [ ${#tools[@]} -gt 0 ] || return 0
  say "Installing ${tools[*]} on this system…"
  host_install "$log" "${tools[@]}"
}

# As root: installs packages of the system itself.
host_install() {
  local log=$1
  shift
  {
    apt-get -o DPkg::Lock::Timeout=300 update &&
      DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "$@"
  } </dev/null >>"$log" 2>&1 || explain_failure "$log" "Installing $*"
}

# Debian's mirror as this system names it; the public one otherwise.
root_sources() {
  local main security key=/usr/share/keyrings/debian-archive-keyring.gpg
  main=$(host_mirror '/debian/?$')
  security=$(host_mirror '/debian-security/?$')
  : "${main:=http://deb.debian.org/debian}"
  printf 'deb [signed-by=%s] %s %s main\n' "$key" "$main" "$ROOT_RELEASE" \
    "$key" "$main" "$ROOT_RELEASE-updates"
  [ -z "$security" ] || printf 'deb [signed-by=%s] %s %s main\n' \
    "$key" "$security" "$ROOT_RELEASE-security"
}

host_mirror() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -E -m 1 "$1" || true
}

# How this system's apt reaches the mirror (proxy, certificates, dates).
root_apt_options() {
  apt-config dump | grep -E '^Acquire::(Check-|[Hh]ttps?::|ForceIPv|Retries)' || true
}

# As root: brings the packages of an existing root directory up to the list.
root_extend() {
  local root=$1 log=$2 begin=$SECONDS need=1500 set
  local -a sets=(build test bench)
  case $3 in
    test) need=3500 ;;
    bench) need=4500 ;;
    cross) sets=(cross) ;;
  esac
  require_space "$ROOT_BASE" "$need"
  say "Adding packages to the Debian 13 root directory ($3; once)…"
  # shellcheck disable=SC2016  # the inner shell expands these
  root_enter "$root" 0 0 0 / /root /usr/bin/env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    /bin/sh -c 'dpkg --configure -a && apt-get -y -f install && apt-get update && apt-get -y upgrade &&
      apt-get install -y --no-install-recommends "$@" && apt-get clean &&
      for language in en_US zh_CN; do
        localedef -i "$language" -f UTF-8 "$language.UTF-8" || exit
      done' sh "${wanted[@]}" \
    </dev/null >>"$log" 2>&1 || explain_failure "$log" "Adding packages to the root directory"
  mkdir -p "$root/.pastiche"
  for set in "${sets[@]}"; do
    packages_of "$set"
    : >"$root/.pastiche/$(packages_key "${wanted[@]}")"
    [ "$set" != "$3" ] || break
  done
  say "Added them in $((SECONDS - begin)) s."
}

# As root: the language that the caller speaks, so that GIMP can, too.
root_language() {
  local root=$1 language=$2
  [[ $language =~ ^[a-z]{2,3}_[A-Z]{2}\.(UTF-8|utf8)$ ]] || return 0
  root_enter "$root" 0 0 0 / /root /usr/bin/env -i PATH=/usr/sbin:/usr/bin \
    localedef -i "${language%.*}" -f UTF-8 "$language" >/dev/null 2>&1 ||
    say "The language $language is not known in the root directory."
}

# Removes a root directory, but never through a mount that is still there.
root_remove() {
  [ -e "$1" ] || return 0
  ! grep -qF " $1/" /proc/self/mounts || die "Something is still mounted below $1; unmount it first."
  rm -rf --one-file-system -- "$1"
}

# As root: runs a command inside, in mount and process namespaces of its own,
# so that nothing stays mounted and nothing keeps running.
# Arguments: ROOT UID GID GROUPS DIRECTORY HOME COMMAND…
root_enter() {
  local status=0 child
  # In the background, so that this shell can hear that it shall end; with
  # the terminal, and Ctrl-C, as in the foreground.
  env --default-signal=INT,QUIT \
    unshare --mount --pid --fork --kill-child --propagation private \
    "$BASH" "$DEV" _root_inside "$@" <&0 &
  child=$!
  # shellcheck disable=SC2064  # the number as it is now
  trap "kill -KILL $child 2>/dev/null" TERM HUP
  trap : INT QUIT
  while kill -0 "$child" 2>/dev/null; do
    wait "$child" && status=0 || status=$?
  done
  trap - TERM HUP INT QUIT
  return "$status"
}

# The first process of those namespaces.
root_inside() {
  local root=$1 uid=$2 gid=$3 groups=$4 directory=$5 home=$6
  shift 6
  root_mounts "$root" "$directory" "$home" "$uid"
  root_accounts "$root" "$uid" "$gid" "$home"
  local status=0
  # shellcheck disable=SC2016  # the inner shell expands these
  chroot --userspec="$uid:$gid" --groups="$groups" "$root" \
    /bin/sh -c 'cd -- "$1" 2>/dev/null || {
        echo "dev: $1 is not visible inside the root directory; run this from another folder." >&2
        exit 1
      }
      shift
      exec "$@"' sh "$directory" "$@" || status=$?
  exit "$status"
}

root_mounts() {
  local root=$1 directory=$2 home=$3 uid=$4 path
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  for path in /*; do
    case $path in
      /bin | /boot | /dev | /etc | /lib* | /opt | /proc | /root | /run | /sbin | /sys | /usr | /var | /lost+found) ;;
      *) [ ! -d "$path" ] || [ -L "$path" ] || root_bind "$root" "$path" ;;
    esac
  done
  for path in /var/tmp "/run/user/$uid" /run/media /run/dbus "$home" "$directory" "$TOP"; do
    case $path in
      "$TOP") ;;
      / | /bin* | /boot* | /dev* | /etc* | /lib* | /proc* | /sbin* | /sys* | /usr* | /opt | /run | /var) continue ;;
    esac
    [ ! -d "$path" ] || [ "$path" -ef "$root$path" ] || root_bind "$root" "$path"
  done
  for path in /etc/resolv.conf /etc/hosts /etc/machine-id; do
    [ ! -e "$path" ] || root_bind_file "$root" "$path"
  done
}

root_bind() {
  [ "$2" != / ] || return 0
  mkdir -p -- "$1$2"
  mount --rbind -- "$2" "$1$2"
}

root_bind_file() {
  [ -e "$1$2" ] || : >"$1$2"
  mount --bind -- "$(readlink -f -- "$2")" "$1$2"
}

# The calling user's name must resolve inside: account files made for this run.
root_accounts() {
  local root=$1 uid=$2 gid=$3 home=$4 name
  # Root has a name there; and set-up must be able to change the real files.
  [ "$uid" -ne 0 ] || return 0
  mkdir -p "$root/run/pastiche"
  cp "$root/etc/passwd" "$root/etc/group" "$root/run/pastiche/"
  if ! cut -d: -f3 "$root/etc/passwd" | grep -qx "$uid"; then
    name=$(getent passwd "$uid" | cut -d: -f1) || true
    printf '%s:x:%s:%s::%s:/bin/bash\n' "${name:-user$uid}" "$uid" "$gid" "$home" \
      >>"$root/run/pastiche/passwd"
  fi
  if ! cut -d: -f3 "$root/etc/group" | grep -qx "$gid"; then
    name=$(getent group "$gid" | cut -d: -f1) || true
    printf '%s:x:%s:\n' "${name:-group$gid}" "$gid" >>"$root/run/pastiche/group"
  fi
  mount --bind "$root/run/pastiche/passwd" "$root/etc/passwd"
  mount --bind "$root/run/pastiche/group" "$root/etc/group"
}
