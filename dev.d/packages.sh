# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Debian packages that the project needs: to build and show it, what only
# its tests need, what only the benchmark does, and what builds and tests the
# core for another processor.
# shellcheck disable=SC2034  # used by the other parts of dev

BUILD_PACKAGES=(
  # compiler and tools
  gcc libc6-dev pkgconf meson ninja-build gettext
  protobuf-compiler protobuf-c-compiler
  # libraries of the core, the helper and the plug-in
  libglib2.0-dev libopenblas-pthread-dev libprotobuf-c-dev libvips-dev
  libgtk-3-dev libgimp-3.0-dev
  # the program itself, and what makes its window readable
  gimp fonts-dejavu-core fonts-wqy-microhei adwaita-icon-theme librsvg2-common
  dbus locales
)

TEST_PACKAGES=(
  python3-torch python3-onnxruntime python3-onnx python3-numpy python3-pil
  python3-gi gir1.2-atspi-2.0 gir1.2-gimp-3.0 gir1.2-gegl-0.4
  xvfb xauth openbox dbus-x11 at-spi2-core xdotool imagemagick x11-utils
  appstream desktop-file-utils shellcheck
  libxml2-utils gdb strace
  libonnx-testdata clang llvm libclang-rt-19-dev
  libopenmpi-dev openmpi-bin
)

BENCH_PACKAGES=(
  python3-opencv python3-matplotlib
)

CROSS_PACKAGES=(
  gcc libc6-dev meson ninja-build gettext locales
  protobuf-compiler protobuf-c-compiler
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user pkgconf:arm64
  libglib2.0-dev:arm64 libopenblas-pthread-dev:arm64 libprotobuf-c-dev:arm64
  libonnx-testdata
)

# Sets wanted to the packages of a set: build, test (which needs those of
# build), bench (which needs all), or cross, which has a root directory of its
# own.
packages_of() {
  if [ "$1" = cross ]; then
    wanted=("${CROSS_PACKAGES[@]}")
    return 0
  fi
  wanted=("${BUILD_PACKAGES[@]}")
  [ "$1" = build ] || wanted+=("${TEST_PACKAGES[@]}")
  [ "$1" != bench ] || wanted+=("${BENCH_PACKAGES[@]}")
}

# A short name for a list of packages: changes when the list does.
packages_key() { printf '%s\n' "$@" | sort | sha256sum | cut -c1-12; }
