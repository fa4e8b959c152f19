# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of `pastiche train` share: a folder to train in, and TAP.

The tests are called with the paths of the programs pastiche and make-training,
and of the sources where they read some.
"""
import json
import os
import subprocess
import sys
import tempfile
import traceback

PASTICHE, MAKE = sys.argv[1:3]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
LIMIT = 120  # seconds that one training may take

RECIPE = """[model]
title=Small
licence=CC0
width=4
blocks=1
[photos]
{paths}
min-size=16
{more}
[features]
network=net.onnx
content-layers=deep
style-layers=shallow;deep
[discriminator full]
channels=8;8
strides=2;1
[training]
steps={steps}
batch={batch}
crop=32
warm-up=0
sample-every={sample}
[style one]
pictures={style}
size=64
"""


def check(condition, *said):
    if not condition:
        raise AssertionError(" ".join(str(word) for word in said))


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def kinds(found):
    return [event["event"] for event in found]


def run(*words, environment=None, limit=LIMIT, before=None):
    """What a program says and how it ends."""
    return subprocess.run(words, capture_output=True, text=True, timeout=limit,
                          env=environment or ENVIRONMENT, preexec_fn=before)


class World:
    """A folder with all that a training needs; see make-training.c."""

    limit = LIMIT
    environment = ENVIRONMENT

    def __enter__(self):
        self.keep = tempfile.TemporaryDirectory()
        self.folder = self.keep.name
        subprocess.run([MAKE, self.folder], check=True)
        return self

    def __exit__(self, *_):
        self.keep.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def words(self, *more, photos="photos", steps=3, batch=2, sample=0, name="small",
              out="small.onnx", keys="", style="one.png"):
        """The command, and its recipe written. The keys belong to [photos], or to the groups
        that stand among them."""
        recipe = self.path(name + ".recipe")
        paths = f"paths={photos}" if photos else ""
        with open(recipe + ".new", "w", encoding="utf-8") as file:
            file.write(RECIPE.format(paths=paths, steps=steps, batch=batch, sample=sample,
                                     more=keys, style=style))
        os.rename(recipe + ".new", recipe)
        return [PASTICHE, "train", recipe, "--out", self.path(out), "--threads", "1", *more]

    def train(self, *more, before=None, environment=None, **keys):
        return run(*self.words(*more, **keys), before=before, limit=self.limit,
                   environment=environment or self.environment)

    def usable(self, name="small.onnx"):
        """The model, as the helper reads it."""
        done = run(PASTICHE, "info", self.path(name))
        check(done.returncode == 0 and "one" in done.stdout, done)


def main(tests, make=World):
    """Runs each of them, a function by its name, in a new world."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests.items(), 1):
        problem = ""
        try:
            with make() as world:
                test(world)
        except Exception:  # whatever it is, the other tests go on
            problem = traceback.format_exc()
        failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        for line in problem.splitlines():
            print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0
