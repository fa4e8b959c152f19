# SPDX-License-Identifier: GPL-3.0-or-later
"""A GIMP for tests: a profile of its own with the built plug-in, and TAP.

meson sets PASTICHE_PLUGIN (the built program), PASTICHE_LOCALE (the built
translations), PASTICHE_GIMP_PLUGINS (GIMP's own plug-ins) and
PASTICHE_MAKE_MODEL (a program that writes the test model).
"""

import os
import shutil
import subprocess
import sys
import tempfile

CORE_PLUGINS = ("script-fu", "python-eval", "file-jpeg", "file-png")
RC = """(config-version "{version}")
(plug-in-path "{path}")
(show-welcome-dialog no)
(check-updates no)
"""


class Tap:
    """Counts and prints; a case is a function that raises when it fails."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.count = 0
        self.failed = 0

    def say(self, text):
        for line in str(text).splitlines():
            print("# " + line, file=self.out, flush=True)

    def ok(self, name, good=True, why=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}",
              file=self.out, flush=True)
        if not good and why:
            self.say(why)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", file=self.out,
              flush=True)

    def run(self, name, function, *arguments):
        import traceback
        try:
            function(*arguments)
        except Exception:  # pylint: disable=broad-except
            self.ok(name, False, traceback.format_exc())
        else:
            self.ok(name)

    def take(self, text):
        """Passes on the TAP lines of another program."""
        for line in text.splitlines():
            if line.startswith(("ok ", "not ok ")):
                self.count += 1
                self.failed += line.startswith("not ok ")
                head, _, name = line.partition(" - ")
                verdict = "not ok" if head.startswith("not") else "ok"
                print(f"{verdict} {self.count} - {name}", file=self.out,
                      flush=True)
            elif line.startswith("#"):
                print(line, file=self.out, flush=True)

    def finish(self):
        print(f"1..{self.count}", file=self.out, flush=True)
        return 1 if self.failed else 0


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip_all(f"{program} is not installed")


class Host:
    """A profile in a temporary folder, removed by close()."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="pastiche-gimp-")
        self.env = dict(os.environ)
        self.env["GIMP3_DIRECTORY"] = self.path("profile")
        self.env["PASTICHE_MODELS"] = self.path("models")
        self.env.setdefault("LC_ALL", "C.UTF-8")
        self._link_plugins()
        os.mkdir(self.path("models"))
        subprocess.run([os.environ["PASTICHE_MAKE_MODEL"],
                        self.path("models/test.onnx")], check=True)
        os.mkdir(self.path("profile"))
        path = self.path("plug-ins") + ":" + self.path("core")
        version = subprocess.run(
            ["gimp-console-3.0", "--version"], text=True, check=True,
            stdout=subprocess.PIPE).stdout.split()[-1]
        with open(self.path("profile/gimprc"), "w", encoding="utf-8") as f:
            f.write(RC.format(path=path, version=version))

    def path(self, name):
        return os.path.join(self.folder, name)

    def _link_plugins(self):
        own = self.path("plug-ins/pastiche-gimp")
        os.makedirs(own)
        # A copy: a build that goes on meanwhile must not pull it away.
        shutil.copy2(os.environ["PASTICHE_PLUGIN"], own + "/pastiche-gimp")
        locale = os.environ.get("PASTICHE_LOCALE", "")
        if os.path.isdir(locale):
            os.symlink(locale, own + "/locale")
        else:
            os.mkdir(own + "/locale")
        os.mkdir(self.path("core"))
        for name in CORE_PLUGINS:
            there = os.path.join(os.environ["PASTICHE_GIMP_PLUGINS"], name)
            if os.path.isdir(there):
                os.symlink(there, self.path("core/" + name))

    def limit_memory(self, megabytes):
        """From now on the plug-in's address space is limited."""
        program = self.path("plug-ins/pastiche-gimp/pastiche-gimp")
        os.rename(program, self.path("pastiche-gimp"))
        with open(program, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nulimit -v {megabytes * 1024}\n"
                    f"exec {self.path('pastiche-gimp')} \"$@\"\n")
        os.chmod(program, 0o755)

    def batch(self, script, interpreter="plug-in-script-fu-eval", env=None,
              timeout=300):
        """Runs GIMP without a window; stdout and stderr come as one text."""
        environment = {**self.env, **(env or {})}
        environment.pop("DISPLAY", None)
        return subprocess.run(
            ["gimp-console-3.0", "-idf", "--batch-interpreter=" + interpreter,
             "-b", script, "--quit"],
            env=environment, cwd=self.folder, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=timeout, check=False)

    def python(self, path, env=None, timeout=300):
        """Runs a Python file within GIMP."""
        script = f"exec(compile(open({path!r}).read(), {path!r}, 'exec'))"
        return self.batch(script, "python-fu-eval", env, timeout)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
