# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Getting ready, building, and running things where they were built.

# Makes everything ready for packages of the given set: build, test, bench or
# cross.
prepare() {
  check_machine
  find_user
  find_kind
  BUILD=$TOP/build/$KIND
  as_user test -w "$TOP" ||
    die "$USER_NAME may not write in $TOP; make the checkout yours first."
  if [ "$KIND" = native ]; then
    native_ensure "$1"
  else
    root_ensure "$1"
    require_root "Entering the Debian 13 root directory"
  fi
  require_space "$TOP" 300
}

# On a system with GIMP 3: installs what is missing, having said so.
native_ensure() {
  local -a missing=() wanted
  have apt-get || { native_check_tools; return; }
  packages_of "$1"
  native_missing "${wanted[@]}"
  [ ${#missing[@]} -gt 0 ] || return 0
  say "These packages are needed and will be installed: ${missing[*]}"
  require_root "Installing them"
  as_root "$BASH" "$DEV" _host_prepare "$1" "${missing[@]}"
}

native_missing() {
  local package
  for package; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || missing+=("$package")
  done
}

native_check_tools() {
  local tool
  for tool in gcc meson ninja pkg-config msgfmt protoc protoc-c gimp-console-3.0; do
    have "$tool" || die "$tool is missing; install it with this system's package manager."
  done
}

# As root, on a system with GIMP 3. Of the packages for tests and the
# benchmark, those that the system does not know are left out: what needs them
# is skipped then.
host_prepare() {
  local set=$1 log package
  local -a known=()
  shift
  mkdir -p -- "$ROOT_BASE"
  log=$ROOT_BASE/setup.log
  : >"$log"
  require_space / 3000
  apt-get -o DPkg::Lock::Timeout=300 update </dev/null >>"$log" 2>&1 ||
    explain_failure "$log" "Reading Debian's package lists"
  for package; do
    if [ "$set" = build ] || apt-cache show "$package" >/dev/null 2>&1; then
      known+=("$package")
    else
      say "This system has no package $package; what needs it is skipped."
    fi
  done
  [ ${#known[@]} -eq 0 ] || host_install "$log" "${known[@]}"
}

# What a program inside may see of the caller's environment.
collect_environment() {
  local name
  environment=(
    HOME="$USER_HOME" USER="$USER_NAME" LOGNAME="$USER_NAME" SHELL=/bin/bash
    PATH="$BUILD/release/helper:/usr/local/bin:/usr/bin:/bin:/usr/games"
    PASTICHE_MODELS="${PASTICHE_MODELS:-$TOP/models}"
    GIMP3_DIRECTORY="${GIMP3_DIRECTORY:-$BUILD/profile/full}"
    PASTICHE_BUILD="$BUILD/release" XDG_CACHE_HOME="$BUILD/cache"
  )
  for name in $(compgen -e); do
    case $name in
      PASTICHE_MODELS | PASTICHE_BUILD | GIMP3_DIRECTORY) ;;
      TERM | COLORTERM | NO_COLOR | LANG | LANGUAGE | LC_* | TZ | CI | \
        DISPLAY | WAYLAND_DISPLAY | XAUTHORITY | XDG_RUNTIME_DIR | XDG_SESSION_TYPE | \
        DBUS_SESSION_BUS_ADDRESS | GDK_* | GTK_THEME | GTK_IM_MODULE | G_* | GEGL_* | BABL_* | GIMP_* | \
        PASTICHE_* | PST_* | OPENBLAS_* | OMP_* | ASAN_* | UBSAN_* | LSAN_* | \
        MALLOC_* | MESON_* | NINJA_* | CC | CFLAGS | LDFLAGS)
        environment+=("$name=${!name}")
        ;;
    esac
  done
  if [ -z "${XDG_RUNTIME_DIR:-}" ] && [ -d "/run/user/$USER_ID" ]; then
    environment+=(XDG_RUNTIME_DIR="/run/user/$USER_ID")
  fi
  [ -n "${LANG:-}${LC_ALL:-}" ] || environment+=(LANG=C.UTF-8)
}

# The command line that runs something as the calling user in the place where
# things are built.
inside_line() {
  local -a environment
  collect_environment
  line=(env -i "${environment[@]}" "$@")
  if [ "$KIND" != native ]; then
    line=("$BASH" "$DEV" _root_enter "$(root_path)" "$USER_ID" "$GROUP_ID"
      "$GROUP_IDS" "$PWD" "$USER_HOME" "${line[@]}")
    # Leaving dev ends what it started; sudo passes signals on by itself.
    if [ "$(id -u)" -eq 0 ]; then
      line=(setpriv --pdeathsig TERM "${line[@]}")
    else
      line=(sudo -- "${line[@]}")
    fi
  elif [ "$(id -u)" -ne "$USER_ID" ]; then
    line=(setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --groups "$GROUP_IDS"
      "${line[@]}")
  fi
}

inside() {
  local -a line
  inside_line "$@"
  "${line[@]}"
}

# The same as the last thing that dev does.
inside_at_last() {
  local -a line
  inside_line "$@"
  exec "${line[@]}"
}

# Builds in build/KIND/NAME with the given meson arguments, quietly unless
# that fails.
build() {
  local name=$1
  shift
  inside bash "$TOP/dev.d/inside/build.sh" "$TOP" "$BUILD/$name" \
    "-Dwerror=${PASTICHE_WERROR:-false}" "-Dmpi=$(build_mpi)" "$@" ||
    die "The build failed."
}

# MPI comes with the packages for tests, maybe after the first build, which then
# has to be configured anew.
build_mpi() {
  local root=
  [ "$KIND" = native ] || root=$(root_path)
  if [ -e "$root/usr/bin/mpicc.openmpi" ]; then
    echo enabled
  else
    echo auto
  fi
}

# The GIMP profiles with the built plug-in; the user's own is never touched.
profiles() {
  inside bash "$TOP/dev.d/inside/profile.sh" "$BUILD/release" "$BUILD/profile"
}

command_shell() {
  prepare build
  inside_at_last bash "$@"
}

command_run() {
  [ $# -gt 0 ] || die "Say what to run: ./dev run COMMAND…"
  prepare build
  if [ -z "${PASTICHE_NO_BUILD:-}" ]; then
    build release
    profiles
  fi
  inside_at_last "$@"
}

command_gimp() {
  [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] ||
    die "There is no display here (DISPLAY and WAYLAND_DISPLAY are empty), so GIMP cannot open a window; ./dev demo works without one."
  prepare build
  build release
  profiles
  build_language
  inside_at_last gimp --new-instance "$@"
}

# Debian's small root directory speaks only English at first.
build_language() {
  local language=${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}
  [ "$KIND" = trixie ] && [[ $language =~ ^[a-z]+_ ]] || return 0
  ! inside locale -a | grep -qix -- "${language/UTF-8/utf8}" || return 0
  as_root "$BASH" "$DEV" _root_language "$(root_path)" "$language"
}

command_clean() {
  find_user
  as_user rm -rf -- "$TOP/build"
}
