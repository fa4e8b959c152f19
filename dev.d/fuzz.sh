# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev fuzz: the fuzz targets of tests/fuzz under libFuzzer.

FUZZ_TARGETS=(reader engine)
# New memory is filled, and where it came from noted, only as far as is cheap.
FUZZ_ASAN=${ASAN_OPTIONS:-detect_stack_use_after_return=0:allocator_may_return_null=1:max_malloc_fill_size=256:malloc_context_size=4:quarantine_size_mb=4}
FUZZ_UBSAN=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
FUZZ_LSAN=${LSAN_OPTIONS:-suppressions=$TOP/tests/lsan.supp:print_suppressions=0}

command_fuzz() {
  local what=${1:-all}
  [ $# -eq 0 ] || shift
  prepare test
  case $what in
    reader | engine) fuzz_run "$what" "$@" ;;
    all) fuzz_run reader "$@" && fuzz_run engine "$@" ;;
    coverage) fuzz_coverage ;;
    minimise) fuzz_minimise "$@" ;;
    total) fuzz_total ;;
    *) die "./dev fuzz knows reader, engine, coverage, minimise and total, not '$what'." ;;
  esac
}

# Builds in build/KIND/NAME with clang; the tests of the rooms stay out.
fuzz_build() {
  local name=$1
  shift
  say "Building with clang…"
  CC=clang build "$name" -Dwerror=false -Dfuzz=enabled -Dtests=disabled \
    -Dplugin=disabled -Dui=disabled -Dhelper=disabled "$@"
}

fuzz_build_sanitized() {
  fuzz_build fuzz -Db_sanitize=address,undefined -Db_lundef=false \
    -Doptimization=1
}

fuzz_program() { printf '%s' "$BUILD/fuzz/tests/fuzz/fuzz-$1"; }

# Arguments that each target is run with. An input that takes long on a busy
# machine is no finding; one that takes a minute is.
fuzz_options() {
  options=(-timeout=60 -report_slow_units=60 -reload=0)
  case $1 in
    reader) options+=(-max_len=4096) ;;
    # small networks: keeping account of features costs more than running them
    engine) options+=(-max_len=12288 -entropic=0 -use_counters=0) ;;
  esac
}

fuzz_inside() {
  inside env ASAN_OPTIONS="$FUZZ_ASAN" UBSAN_OPTIONS="$FUZZ_UBSAN" \
    LSAN_OPTIONS="$FUZZ_LSAN" "$@"
}

# A minute, so many seconds, or whatever libFuzzer's options say.
fuzz_run() {
  local target=$1 status=0 log work argument
  local -a options
  shift
  fuzz_options "$target"
  case ${1:-} in
    '') options+=(-max_total_time=60) ;;
    *[!0-9]*) ;;
    *)
      options+=("-max_total_time=$1")
      shift
      ;;
  esac
  fuzz_build_sanitized
  for argument; do
    if [ -f "$argument" ]; then # that input alone, in full words
      fuzz_inside "$(fuzz_program "$target")" "${options[@]}" "$@"
      return
    fi
  done
  work=$BUILD/fuzz/state/$target
  log=$work.log
  as_user mkdir -p -- "$work" "$BUILD/fuzz/found"
  say "Fuzzing $target; what it finds is in $BUILD/fuzz/found."
  fuzz_inside "$(fuzz_program "$target")" "${options[@]}" "$@" \
    -print_final_stats=1 -artifact_prefix="$BUILD/fuzz/found/$target-" \
    "$work" "$TOP/tests/fuzz/corpus/$target" 2>&1 |
    as_user tee -- "$log" | grep -aE 'ERROR|runtime error|Test unit|SUMMARY|pulse' || true
  grep -aq '^stat::number_of_executed_units' "$log" ||
    die "The target did not run; its words are in $log."
  ! grep -aq 'Test unit written' "$log" || status=1
  fuzz_note "$target" "$log"
  return "$status"
}

# The line for tests/fuzz/LOG.md, where the counts are added up.
fuzz_note() {
  local target=$1 log=$2 runs seconds found commit
  runs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$log")
  seconds=$(awk '/^Done [0-9]+ runs in/ { print $5 }' "$log")
  found=$(grep -ac 'Test unit written' "$log") || true
  commit=$(git -C "$TOP" rev-parse --short HEAD 2>/dev/null) || commit='?'
  say "For tests/fuzz/LOG.md:"
  printf '| %s | %s | %s | %s | %s | %s |\n' "$(date -u +%F)" "$commit" \
    "$target" "$runs" "${seconds:-?}" "${found/#0/none}"
}

# What the log adds up to.
fuzz_total() {
  awk -F '|' '$4 ~ /reader|engine/ { sum[$4] += $5; time[$4] += $6 }
    END { for (k in sum) printf "%s %d executions in %d s\n", k, sum[k], time[k] }' \
    "$TOP/tests/fuzz/LOG.md"
}

# Lines of core/onnx and core/graph that the corpus reaches; at least 90 of
# 100 are asked for.
fuzz_coverage() {
  local target data source
  local -a objects=() sources=()
  fuzz_build coverage -Doptimization=1 -Dc_link_args=-fprofile-instr-generate \
    '-Dc_args=-fprofile-instr-generate -fcoverage-mapping'
  data=$BUILD/coverage/profile
  as_user rm -rf -- "$data"
  as_user mkdir -p -- "$data"
  for target in "${FUZZ_TARGETS[@]}"; do
    inside env LLVM_PROFILE_FILE="$data/$target.profraw" \
      "$BUILD/coverage/tests/fuzz/fuzz-$target" -runs=0 \
      "$TOP/tests/fuzz/corpus/$target" >"$data/$target.log" 2>&1 ||
      die "The corpus of $target does not run; see $data/$target.log."
    objects+=(${objects:+-object} "$BUILD/coverage/tests/fuzz/fuzz-$target")
  done
  inside llvm-profdata merge -o "$data/all" "$data"/*.profraw
  for source in "$TOP"/core/onnx/*.c "$TOP"/core/graph/*.c; do
    [[ $source == *-test.c ]] || sources+=("$source")
  done
  inside llvm-cov report "${objects[@]}" -instr-profile "$data/all" \
    -show-region-summary=false -show-branch-summary=false \
    "${sources[@]}" | as_user tee "$data/report" | fuzz_short
  inside llvm-cov show "${objects[@]}" -instr-profile "$data/all" \
    "${sources[@]}" >"$data/lines"
  say "Line by line: $data/lines"
  awk '/^TOTAL/ { sub ("%", "", $NF); exit $NF < 90 }' "$data/report" ||
    die "The corpus reaches less than 90 % of the lines."
}

# Of each row: the file, its lines, those not reached, the share reached.
fuzz_short() {
  awk '/\.c |^TOTAL/ { printf "%-36s %6d %6d %8s\n", $1, $(NF - 2), $(NF - 1), $NF }'
}

# Makes the corpus anew, as small as it can be, from itself, from what runs
# have found and from further folders: minimise TARGET FOLDER…
fuzz_minimise() {
  local target=${1:-} new folder
  case $target in
    reader | engine) shift ;;
    *) die "Say which: ./dev fuzz minimise reader|engine [FOLDER…]" ;;
  esac
  local -a options
  fuzz_options "$target"
  fuzz_build_sanitized
  folder=$TOP/tests/fuzz/corpus/$target
  new=$BUILD/fuzz/minimised-$target
  as_user rm -rf -- "$new" "$new.control"
  as_user mkdir -p -- "$new" "$folder" "$BUILD/fuzz/state/$target"
  fuzz_inside "$(fuzz_program "$target")" "${options[@]}" -set_cover_merge=1 \
    -use_counters=0 -merge_control_file="$new.control" "$new" \
    "$folder" "$BUILD/fuzz/state/$target" "$@" >"$new.log" 2>&1 ||
    die "Merging failed; see $new.log."
  # What has a name of its own (a finding) stays.
  as_user find "$folder" -type f -regextype posix-extended \
    -regex '.*/[0-9a-f]{40}' -delete
  as_user cp -n -- "$new"/* "$folder"
  say "$(find "$folder" -type f | wc -l) files, $(du -sh --apparent-size "$folder" | cut -f1)."
}
