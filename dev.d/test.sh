# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev test: every suite, then the unit suites with sanitizers, then a minute
# of each fuzz target; with --soak the unit suites for arm64, too; one sum.

command_test() {
  local soak='' sanitize='' fuzz='' status=0 begin
  local -a filters=()
  while [ $# -gt 0 ]; do
    case $1 in
      --soak) soak=yes ;;
      -*) die "./dev test knows --soak and names of suites and tests, not '$1'." ;;
      sanitize) sanitize=yes ;;
      fuzz) fuzz=yes filters+=("$1") ;;
      *) filters+=("$1") ;;
    esac
    shift
  done
  prepare test
  begin=$SECONDS
  export PASTICHE_MODELS="$TOP/models"
  if [ ${#filters[@]} -eq 0 ] && [ -z "$sanitize" ]; then
    test_plain || status=1
    test_sanitized || status=1
    test_fuzzed || status=1
    [ -z "$soak" ] || test_cross || status=1
  else
    [ ${#filters[@]} -eq 0 ] || test_plain "${filters[@]}" || status=1
    [ -z "$sanitize" ] || test_sanitized || status=1
    [ -z "$fuzz" ] || test_fuzzed || status=1
  fi
  say "The tests took $((SECONDS - begin)) s."
  inside python3 "$TOP/tests/summary.py" "${test_logs[@]}" || status=1
  return "$status"
}

test_logs=()

test_plain() {
  local -a arguments=()
  say "Building for the tests…"
  build release
  profiles
  [ -z "$soak" ] || arguments+=(--setup soak)
  [ $# -eq 0 ] || test_select release "$@"
  test_run release "${arguments[@]}"
}

# Unit suites once more, with the address and undefined-behaviour sanitizers.
test_sanitized() {
  local -a arguments=(--suite unit)
  say "Building with sanitizers…"
  build sanitize -Db_sanitize=address,undefined \
    -Doptimization=1 -Dplugin=disabled
  [ -z "$soak" ] || arguments+=(--setup soak)
  ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=0} \
    UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1} \
    LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$TOP/tests/lsan.supp:print_suppressions=0} \
    test_run sanitize "${arguments[@]}"
}

# A minute of each target, both at once.
test_fuzzed() {
  if ! inside sh -c 'command -v clang >/dev/null'; then
    say "There is no clang here; nothing is fuzzed."
    return 0
  fi
  fuzz_build_sanitized
  ASAN_OPTIONS=$FUZZ_ASAN UBSAN_OPTIONS=$FUZZ_UBSAN LSAN_OPTIONS=$FUZZ_LSAN \
    test_run fuzz --suite fuzz
}

# Unit suites once more for another processor; what is set up for it stays in
# the subshell.
test_cross() {
  local status=0
  [ "$(uname -m)" = x86_64 ] && have apt-get || return 0
  (cross_prepare && cross_test) || status=1
  test_logs+=("$TOP/build/cross/release/meson-logs")
  return "$status"
}

# Adds to arguments: a word may be that of a suite or of a single test.
test_select() {
  local folder=$1 words
  local -a lines=()
  shift
  words=$(inside python3 "$TOP/tests/select.py" \
    "$BUILD/$folder/meson-info/intro-tests.json" "$@") || exit 1
  mapfile -t lines <<<"$words"
  arguments+=("${lines[@]}")
}

test_run() {
  local name=$1 status=0
  shift
  rm -f -- "$BUILD/$name/meson-logs/testlog"*
  inside meson test -C "$BUILD/$name" --no-rebuild --print-errorlogs "$@" || status=$?
  test_logs+=("$BUILD/$name/meson-logs")
  return "$status"
}
