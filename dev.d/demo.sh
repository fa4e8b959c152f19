# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev demo: a picture through real GIMP, without a window.

command_demo() {
  local photo=${1:-} style=${PASTICHE_STYLE:-} log
  prepare build
  : "${photo:=$TOP/models/sample/sample.jpg}"
  as_user test -f "$photo" || die "There is no picture $photo that $USER_NAME may see."
  as_user test -r "$photo" || die "$USER_NAME may not read $photo."
  say "Building…"
  build release
  profiles
  log=$BUILD/demo.log
  : "${style:=$(demo_first_style)}"
  [ -n "$style" ] || die "No style was found in $TOP/models."
  demo_stylise "$photo" "$style" "$log"
}

demo_first_style() {
  inside pastiche info --list 2>/dev/null | awk 'NR == 1 { print $1 }'
}

demo_stylise() {
  local photo=$1 style=$2 log=$3 folder=$TOP/build/demo copy name result script
  name=$(basename -- "$photo")
  copy=$folder/input/$name
  result=$folder/${name%.*}-$style.png
  # A copy of the picture, because not every place is visible to GIMP there.
  as_user mkdir -p -- "$folder/input"
  as_user rm -f -- "$copy" "$result"
  as_user cp -- "$photo" "$copy"
  script=$(demo_script "$copy" "$style" "$result")
  say "Stylising $name as '$style' in GIMP…"
  GIMP3_DIRECTORY=$BUILD/profile/batch inside gimp-console-3.0 -idf \
    --batch-interpreter=plug-in-script-fu-eval -b "$script" --quit 2>&1 |
    as_user tee -- "$log" >/dev/null || demo_failed "$log"
  as_user rm -rf -- "$folder/input"
  [ -s "$result" ] || demo_failed "$log"
  say "Done. The stylised picture is:"
  printf '%s\n' "$result"
}

demo_failed() {
  local words
  words=$(grep -aE '^Error: |^[A-Za-z0-9 ]+-Warning: ' "$1" | head -n 4) || true
  [ -z "$words" ] || printf '%s\n' "$words" >&2
  die "GIMP could not stylise the picture; what it said is in $1."
}

# The Script-Fu line that README.md shows too.
demo_script() {
  local input style output
  input=$(scheme_string "$1")
  style=$(scheme_string "$2")
  output=$(scheme_string "$3")
  cat <<TEXT
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE $input)))
       (layers (car (gimp-image-get-selected-layers image))))
  (plug-in-pastiche #:run-mode RUN-NONINTERACTIVE #:image image #:drawables layers
                    #:style $style #:strength 100.0)
  (gimp-file-save RUN-NONINTERACTIVE image $output))
TEXT
}

scheme_string() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }
