# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev bench: the engine against its peers.

command_bench() {
  local commit
  local -a arguments=()
  if [ "${1:-}" = ranks ]; then
    shift
    prepare bench
    build release
    inside_at_last python3 "$TOP/tests/bench/ranks.py" "$BUILD/release" "$@"
  fi
  while [ $# -gt 0 ]; do
    case $1 in
      --quick | --list) arguments+=("$1") ;;
      --only | --again)
        [ $# -gt 1 ] || die "Say what $1 shall measure: ./dev bench --list tells the names."
        arguments+=("$1" "$2")
        shift
        ;;
      *) die "./dev bench knows --quick, --only NAMES, --again NAMES and --list, not '$1'." ;;
    esac
    shift
  done
  prepare bench
  commit=$(bench_commit)
  build release
  inside_at_last python3 "$TOP/tests/bench/bench.py" \
    "$BUILD/release" "$commit" "${arguments[@]}"
}

# What is measured; "+" where the sources are not those of a commit.
bench_commit() {
  local commit
  commit=$(as_user git -C "$TOP" rev-parse --short=10 HEAD 2>/dev/null) ||
    { echo unknown; return; }
  as_user git -C "$TOP" diff --quiet HEAD -- core helper 2>/dev/null || commit+=+
  echo "$commit"
}
