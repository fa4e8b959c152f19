#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Configures and builds: SOURCE BUILD MESON-ARGUMENT…
# Quiet when all is well; shows the end of the log when not.
set -euo pipefail

source=$1 build=$2
shift 2
log=$build.log
mkdir -p -- "$(dirname -- "$build")"

fail() {
  if grep -q 'No space left on device' "$log"; then
    echo "dev: The disk is full: $build could not be written." >&2
    exit 1
  fi
  if grep -qE 'FAILED:|error:|ERROR:' "$log"; then
    sed -nE '/FAILED:|error:|ERROR:/,$p' "$log" |
      grep -vE '^(cc|gcc) |^\[[0-9]+/' | head -n 60 >&2
  else
    tail -n 20 -- "$log" >&2
  fi
  echo "The whole log is $log." >&2
  exit 1
}

configure() {
  if [ ! -f "$build/build.ninja" ]; then
    rm -rf -- "$build"
    meson setup "$@" "$build" "$source" || return
  elif [ "$(cat -- "$build/.arguments" 2>/dev/null)" != "$*" ]; then
    meson setup --reconfigure "$@" "$build" "$source" || return
  else
    return 0
  fi
  printf '%s\n' "$*" >"$build/.arguments"
}

: >"$log"
configure "$@" >>"$log" 2>&1 || fail
ninja -C "$build" >>"$log" 2>&1 || fail
