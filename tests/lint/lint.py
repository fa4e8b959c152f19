#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the sources to the rules of docs and architecture; speaks TAP.

lint.py ROOT            checks the sources below ROOT
lint.py --self-test     checks that each rule finds its violation in fixtures/
"""

import os
import re
import shutil
import subprocess
import sys

# Which rooms a room may include. The arrows of the architecture, closed over
# what a room reaches through another:
#   base <- kernels <- graph <- ops; graph <- onnx; graph, onnx <- style;
#   graph, onnx <- train, eval; ui, plugin and helper see only core/pst.h
#   (plugin also ui).
ARROWS = {
    "core/base": {"core/base"},
    "core/kernels": {"core/base", "core/kernels"},
    "core/graph": {"core/base", "core/kernels", "core/graph"},
    "core/ops": {"core/base", "core/kernels", "core/graph", "core/ops"},
    "core/onnx": {"core/base", "core/kernels", "core/graph", "core/onnx"},
    "core/style": {"core/base", "core/kernels", "core/graph", "core/onnx",
                   "core/style"},
    "core/train": {"core/base", "core/kernels", "core/graph", "core/onnx",
                   "core/train", "core/style/metadata.h"},
    "core/eval": {"core/base", "core/kernels", "core/graph", "core/onnx",
                  "core/eval"},
    "core": {"core", "core/base", "core/kernels", "core/graph", "core/ops",
             "core/onnx", "core/style", "core/train", "core/eval"},
    "ui": {"core/pst.h", "ui"},
    "plugin/gimp": {"core/pst.h", "ui", "plugin/gimp"},
    "plugin/gegl": {"core/pst.h", "ui", "plugin/gegl"},
    "helper": {"core/pst.h", "helper"},
}

# Headers of libraries, and the only rooms that may include them.
LIBRARIES = {
    r"(cblas|openblas|f77blas)": {"core/base", "core/kernels"},
    r"protobuf-c/": {"core/onnx"},
    r"(gtk|gdk|gdk-pixbuf|cairo|pango)[/.-]": {"ui", "plugin/gimp"},
    r"(libgimp|libgimpwidgets|gegl)[/.-]": {"plugin/gimp", "plugin/gegl"},
    r"vips/": {"helper"},
}

GENERATED = re.compile(r"^(config\.h|op-list\.h|.*\.pb-c\.h|.*-generated\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
TEST_FILE = re.compile(r"(^|/)(test-[^/]*|[^/]*-test)\.[ch]$")
CODE = (".c", ".h", ".py", ".sh", ".scm", ".recipe", ".css")
CODE_NAMES = ("meson.build", "meson.options", "dev", ".ci/run")
BINARY = (".onnx", ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".mo",
          ".xcf", ".icc", ".gz", ".npy", ".npz", ".exr")
MACHINE_PATH = re.compile(
    "/wor" + r"k/(main|shared|\.)" + "|/hom" + r"e/[a-z]+/" + "|/tmp/ba" + "sh_")


def sources(root):
    """Every file of the project, as a path from its root."""
    found = []
    for folder, folders, files in os.walk(root):
        relative = os.path.relpath(folder, root)
        folders[:] = sorted(
            d for d in folders
            if not (relative == "." and (d.startswith("build")
                                         or d in (".git", "shared")))
            and d not in ("__pycache__", ".cache")
            and os.path.join(relative, d) != "tests/lint/fixtures"
            and not os.path.join(relative, d).endswith("lint/fixtures"))
        for name in sorted(files):
            path = os.path.normpath(os.path.join(relative, name))
            if os.path.isfile(os.path.join(root, path)) and path != ".git":
                found.append(path)
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def room(path):
    """The room that a path belongs to, the longest that fits; or None."""
    fitting = [r for r in ARROWS if path.startswith(r + "/")]
    return max(fitting, key=len) if fitting else None


def includes(root, path):
    for number, line in enumerate(read(root, path).splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def c_files(root):
    return [p for p in sources(root) if p.endswith((".c", ".h")) and room(p)]


def check_arrows(root):
    """An include goes only where the arrows point."""
    for path in c_files(root):
        here = room(path)
        in_test = bool(TEST_FILE.search(path))
        for number, quoted, target in includes(root, path):
            if not quoted or GENERATED.match(target):
                continue
            if in_test and (target.startswith("core/")
                            or target.startswith("tests/")):
                continue
            allowed = ARROWS[here]
            if target not in allowed and room(target) not in allowed:
                yield f"{path}:{number}: {here} may not include {target}"


def check_libraries(root):
    """Only its own rooms include a library's headers."""
    for path in c_files(root):
        if TEST_FILE.search(path):
            continue
        for number, _, target in includes(root, path):
            for pattern, rooms in LIBRARIES.items():
                if re.match(pattern, target) and room(path) not in rooms:
                    yield f"{path}:{number}: {target} is for {sorted(rooms)}"


def check_rooted(root):
    """Includes are written from the repository root and exist there."""
    for path in c_files(root):
        for number, quoted, target in includes(root, path):
            if not quoted or GENERATED.match(os.path.basename(target)):
                continue
            if not os.path.isfile(os.path.join(root, target)):
                yield f"{path}:{number}: {target} is not a path from the root"


def check_spdx(root):
    """Every source names its licence in its first lines."""
    for path in sources(root):
        if not path.endswith(CODE) and os.path.basename(path) not in CODE_NAMES \
                and path not in CODE_NAMES:
            continue
        head = read(root, path).split("\n")[:6]
        if not any("SPDX-License-Identifier:" in line for line in head):
            yield f"{path}: no SPDX-License-Identifier in its first lines"


def check_machine_paths(root):
    """No file names a place that only one machine has."""
    for path in sources(root):
        if path.endswith(BINARY):
            continue
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: a path of one machine"


def check_pragma(root):
    """Headers are guarded by #pragma once."""
    for path in c_files(root):
        if path.endswith(".h") and not re.search(
                r"^#pragma once$", read(root, path), re.MULTILINE):
            yield f"{path}: no #pragma once"


def check_threads(root):
    """Only core/base/parallel starts threads in the core."""
    for path in c_files(root):
        if not path.startswith("core/") or TEST_FILE.search(path) \
                or path.startswith("core/base/parallel"):
            continue
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if re.search(r"\b(g_thread_(try_)?new|pthread_create|"
                         r"g_thread_pool_new\w*)\s*\(", line):
                yield f"{path}:{number}: threads are core/base/parallel's"


CHECKS = {
    "includes follow the arrows": check_arrows,
    "libraries stay in their rooms": check_libraries,
    "includes are written from the root": check_rooted,
    "every source has an SPDX line": check_spdx,
    "no paths of one machine": check_machine_paths,
    "headers use #pragma once": check_pragma,
    "only base/parallel starts threads": check_threads,
}


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def report(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems:
            print(f"# {problem}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")

    def finish(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


def lint_shell(root, tap):
    name = "shell scripts pass shellcheck"
    if not shutil.which("shellcheck"):
        tap.skip(name, "shellcheck is not installed")
        return
    scripts = [p for p in sources(root)
               if p.endswith(".sh") or p in ("dev", ".ci/run")]
    done = subprocess.run(["shellcheck", "-x", *scripts], cwd=root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.report(name, done.stdout.splitlines() if done.returncode else [])


def lint(root):
    tap = Tap()
    for name, check in CHECKS.items():
        tap.report(name, list(check(root)))
    lint_shell(root, tap)
    return tap.finish()


def self_test():
    """Each "BAD: rule" comment in fixtures/ must be found, and no more."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
    tap = Tap()
    for name, check in CHECKS.items():
        expected = sorted(path for path in sources(root)
                          if f"BAD: {name}" in read(root, path))
        found = sorted({problem.split(":")[0] for problem in check(root)})
        problems = [f"{p}: not found" for p in expected if p not in found]
        problems += [f"{p}: wrongly found" for p in found if p not in expected]
        if not expected:
            problems.append("the fixtures hold no violation of this rule")
        tap.report(f"finds a violation: {name}", problems)
    return tap.finish()


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    return lint(os.path.abspath(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
