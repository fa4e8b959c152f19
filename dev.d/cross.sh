# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev cross: the core built for arm64, its unit suites run under QEMU.

command_cross() {
  local status=0
  cross_prepare
  cross_test "$@" || status=1
  # shellcheck disable=SC2154  # test.sh has test_logs
  inside python3 "$TOP/tests/summary.py" "${test_logs[@]}" || status=1
  return "$status"
}

cross_prepare() {
  [ "$(uname -m)" = x86_64 ] ||
    die "This machine is $(uname -m): ./dev test tests the same without QEMU."
  have apt-get || die "./dev cross needs a system with apt, such as Debian."
  PASTICHE_KIND=cross prepare cross
}

# All unit suites, or the tests named.
cross_test() {
  local -a arguments=(--timeout-multiplier 10)
  say "Building for arm64…"
  build release --cross-file="$TOP/dev.d/aarch64.ini" \
    -Dplugin=disabled -Dui=disabled -Dhelper=disabled
  if [ $# -eq 0 ]; then
    arguments+=(--suite unit)
  else
    test_select release "$@"
  fi
  test_run release "${arguments[@]}"
}
