#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes two GIMP profiles that find the built plug-in: BUILD PROFILES
#   full   every plug-in of the system, for a person
#   batch  only what loading and saving pictures needs: starts at once
set -euo pipefail

build=$1 profiles=$2
system=$(pkg-config --variable=gimplibdir gimp-3.0)/plug-ins
version=$(pkg-config --modversion gimp-3.0)

# The folder must bear the name of the program in it.
link_plugin() {
  local folder=$profiles/plug-ins/pastiche-gimp
  mkdir -p -- "$folder"
  ln -sfn -- "$build/plugin/gimp/pastiche-gimp" "$folder/pastiche-gimp"
  if [ -d "$build/po" ]; then
    ln -sfn -- "$build/po" "$folder/locale"
  else
    mkdir -p -- "$folder/locale"
  fi
}

link_core_plugins() {
  local name
  mkdir -p -- "$profiles/core"
  for name in script-fu file-bmp file-exr file-gif-load file-heif file-jp2-load \
    file-jpeg file-jpegxl file-png file-pnm file-psd file-tga file-tiff file-webp; do
    [ ! -d "$system/$name" ] || ln -sfn -- "$system/$name" "$profiles/core/$name"
  done
}

escape() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

write_profile() {
  local profile=$profiles/$1 path
  path=$(escape "$2")
  mkdir -p -- "$profile"
  [ ! -e "$profile/gimprc" ] || ! grep -qF "(plug-in-path \"$path\")" "$profile/gimprc" || return 0
  cat >"$profile/gimprc" <<TEXT
(config-version "$version")
(plug-in-path "$path")
(show-welcome-dialog no)
(check-updates no)
TEXT
}

link_plugin
link_core_plugins
write_profile full "$profiles/plug-ins:$system"
write_profile batch "$profiles/plug-ins:$profiles/core"
