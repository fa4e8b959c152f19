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
import tempfile

# Which rooms a room may include. The arrows of the architecture, closed over
# what a room reaches through another:
#   base <- kernels <- graph <- ops; graph <- onnx; graph, onnx <- style;
#   graph, onnx <- train; train <- eval, which measures by the same losses;
#   ui, plugin and helper see only core/pst.h (plugin also ui).
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
                  "core/train", "core/eval"},
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
    r"mpi\.h$": {"helper"},
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

# What marks words for translators: the keywords of meson's preset "glib",
# which po/meson.build takes.
MARKERS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "g_dcgettext:2",
           "g_dngettext:2,3", "g_dpgettext2:2c,3"]
GETTEXT = ("xgettext", "msgmerge", "msgattrib", "msgfmt")
# Parts of C in which a bracket or a marker means nothing, or a marker's call.
TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|^[ \t]*#[ \t]*define\b|(?P<marker>\b(?:"
    + "|".join(m.split(":")[0] for m in MARKERS)
    + r")\s*\()|(?P<format>\bG_\w+_FORMAT\b)|[()]", re.DOTALL | re.MULTILINE)


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


def words(root, path):
    """Each marked text: its line, and the format macros within it."""
    text = read(root, path)
    depth = 0
    marked = []
    defined = -1
    for match in TOKEN.finditer(text):
        token = match.group()
        if token.lstrip().startswith("#"):
            defined = match.end()
        elif match["marker"]:
            depth += 1
            if "\n" in text[defined:match.start()] or defined < 0:
                marked.append((depth, text.count("\n", 0, match.start()) + 1))
                yield marked[-1][1], None
        elif match["format"]:
            if marked:
                yield marked[-1][1], token
        elif token == "(":
            depth += 1
        elif token == ")":
            if marked and marked[-1][0] == depth:
                marked.pop()
            depth -= 1


def lines(root, path):
    """The lines of a file of po/ that say something; none where it lacks."""
    if not os.path.isfile(os.path.join(root, path)):
        return []
    return [line for line in read(root, path).splitlines()
            if line and not line.startswith("#")]


def check_potfiles(root):
    """po/POTFILES.in names every C file with words for people."""
    listed = lines(root, "po/POTFILES.in")
    for path in c_files(root):
        if path not in listed and any(words(root, path)):
            yield f"{path}: not in po/POTFILES.in"
    for path in listed:
        if not os.path.isfile(os.path.join(root, path)):
            yield f"po/POTFILES.in: there is no {path}"


def check_formats(root):
    """xgettext ends a text at a macro, and its translation is never found."""
    for path in c_files(root):
        for number, macro in words(root, path):
            if macro:
                yield f"{path}:{number}: {macro} within words to translate"


def check_translations(root):
    """Against a fresh extraction, every entry is translated, none fuzzy."""
    def run(*command):
        return subprocess.run(command, cwd=root, text=True, encoding="utf-8",
                              env={**os.environ, "LC_ALL": "C.UTF-8"},
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)

    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, "pastiche.pot")
        merged = os.path.join(folder, "merged.po")
        done = run("xgettext", "--from-code=UTF-8", "--force-po",
                   *(f"--keyword={marker}" for marker in MARKERS),
                   "-o", template,
                   *(path for path in lines(root, "po/POTFILES.in")
                     if os.path.isfile(os.path.join(root, path))))
        if done.returncode:
            yield f"po/POTFILES.in: {done.stdout}"
            return
        for language in " ".join(lines(root, "po/LINGUAS")).split():
            path = f"po/{language}.po"
            for command in (
                    ["msgfmt", "--check", "-o", os.devnull, path],
                    ["msgmerge", "--quiet", "--no-fuzzy-matching", "-o",
                     merged, path, template]):
                done = run(*command)
                if done.returncode:
                    yield f"{path}: {done.stdout}"
                    break
            else:
                for state in ("untranslated", "only-fuzzy"):
                    done = run("msgattrib", f"--{state}", "--no-obsolete",
                               "--no-wrap", merged)
                    for text in re.findall(r'^msgid (.+(?:\n".*)*)',
                                           done.stdout, re.MULTILINE):
                        if text != '""':
                            yield f"{path}: {state.split('-')[-1]}: {text}"


CHECKS = {
    "includes follow the arrows": check_arrows,
    "libraries stay in their rooms": check_libraries,
    "includes are written from the root": check_rooted,
    "every source has an SPDX line": check_spdx,
    "no paths of one machine": check_machine_paths,
    "headers use #pragma once": check_pragma,
    "only base/parallel starts threads": check_threads,
    "po/POTFILES.in is complete": check_potfiles,
    "words hold no format macros": check_formats,
    "every word is translated": check_translations,
}
# Programs that a check needs; it is left out where one is not there.
NEEDS = {"every word is translated": GETTEXT}


def missing(name):
    """Why a check cannot be made here, or None."""
    lacking = [p for p in NEEDS.get(name, ()) if not shutil.which(p)]
    return f"{', '.join(lacking)}: not installed" if lacking else None


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def report(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems:
            print("# " + problem.strip().replace("\n", "\n# "))

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
        if missing(name):
            tap.skip(name, missing(name))
        else:
            tap.report(name, list(check(root)))
    lint_shell(root, tap)
    return tap.finish()


def self_test():
    """Each "BAD: rule" comment in fixtures/ must be found, and no more."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
    tap = Tap()
    for name, check in CHECKS.items():
        if missing(name):
            tap.skip(f"finds a violation: {name}", missing(name))
            continue
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
