#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche eval` from outside, on pictures and networks made up here.

usage: eval.py PASTICHE MAKE-TRAINING MIRROR-MODEL FOREIGN-MODEL
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

PASTICHE, MAKE, MIRROR, FOREIGN = map(os.path.abspath, sys.argv[1:5])
LIMIT = 120  # seconds
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", "PASTICHE_MODELS": "models"}
FIGURES = ["gram", "moments", "patches_1", "patches_2", "patches_4", "luminance", "features",
           "grid_2", "grid_4", "grid_8", "ratio", "similarity", "preservation"]
POOLED = ("patches_1", "patches_2", "patches_4", "grid_2", "grid_4", "grid_8")
LAYERS = ("--features", "net.onnx", "--style-layers", "shallow, deep", "--content-layers", "deep")

RECIPE = """[model]
title=Small
width=4
blocks=1
[photos]
paths=photos
min-size=16
[features]
network=net.onnx
content-layers=deep
style-layers=shallow;deep:0.5
style-form=covariance
[training]
steps=3
batch=2
crop=32
sample-every=0
[losses]
adversarial=0
[style one]
pictures=one.png
size=72
[style two]
pictures=photos/a.jpg
size=80
style=2
"""


class World:
    """A folder with photos, a feature network, and a model of two styles."""

    def __init__(self):
        self.keep = tempfile.TemporaryDirectory()
        self.folder = self.keep.name
        subprocess.run([MAKE, self.folder], check=True)
        with open(self.path("small.recipe"), "w") as file:
            file.write(RECIPE)
        self.run("train", "small.recipe", "--out", "small.onnx", "--threads", "1", status=0)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words, status=None):
        done = subprocess.run([PASTICHE, *words], cwd=self.folder, capture_output=True, text=True,
                              timeout=LIMIT, env=ENVIRONMENT)
        if status is not None:
            check(done.returncode == status, words, done)
        return done

    def events(self, *words):
        done = self.run("eval", *words, "--json", status=0)
        check(not done.stderr, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def styles(self, *words):
        """The figures of each style."""
        return {event["style"]: event for event in self.events(*words)
                if event["event"] == "style"}


def check(condition, *said):
    if not condition:
        raise AssertionError(" ".join(str(word) for word in said))


def near(a, b):
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b))


def test_whole(world):
    words = ("--model", "small.onnx", "--photos", "photos", *LAYERS, "--ratio", "1",
             "--evaluations", "20")
    found = world.events(*words)
    kinds = [event["event"] for event in found]
    photos = len(os.listdir(world.path("photos")))
    check(kinds == ["start"] + 2 * photos * ["photo"] + 2 * ["style"] + ["end"], kinds)
    check(found[0]["styles"] == ["one", "two"] and found[0]["photos"] == photos, found[0])
    for event in found[-3:-1]:
        mine = [one for one in found if one["event"] == "photo" and one["style"] == event["style"]]
        check(len(mine) == photos and event["photos"] == photos, event)
        check([name for name in event if name in FIGURES] == FIGURES, event)
        for name in FIGURES:
            values = [one[name] for one in mine if one[name] is not None]
            if name in POOLED:
                check(not values, name, values)
            else:
                check(near(event[name], sum(values) / len(values)), name, event, values)
                check(len(values) == (1 if name == "ratio" else photos), name, values)
        check(0 <= event["similarity"] <= 1 and 0 <= event["preservation"] <= 1, event)
        check(event["patches_1"] > 0 and event["ratio"] > 1, event)
    check(world.events(*words) == found, "it is not the same again")
    check(world.events(*words, "--threads", "2") == found, "nor with two threads")
    one = world.styles(*words, "--style", "two", "--seed", "2")
    check(list(one) == ["two"], one)
    same = [name for name in FIGURES if one["two"][name] == found[-2][name]]
    check([name for name in FIGURES if name not in same] == list(POOLED[:3]), same)


def test_table(world):
    done = world.run("eval", "--model", "small.onnx", "photos/a.jpg", "photos/b.png", *LAYERS,
                     status=0)
    lines = done.stdout.splitlines()
    check(len(lines) == 4 and "2 photos" in lines[3], done.stdout)
    check(lines[0].split()[0] == "style" and "ratio" not in lines[0], lines[0])
    check([line.split()[0] for line in lines[1:3]] == ["one", "two"], lines)
    check(len({len(line) for line in lines[:3]}) == 1, lines)
    done = world.run("eval", "--model", "small.onnx", "--markdown", "photos/a.jpg", "--features",
                     "none", status=0)
    lines = done.stdout.splitlines()
    check(len({line.count("|") for line in lines}) == 1 and len(lines) == 4, done.stdout)
    check("Gram" not in lines[0] and "luminance" in lines[0], lines)
    check("--features" in done.stderr, done.stderr)


def test_default(world):
    """Without a word it is the network that comes with Pastiche, here a small one; where there is
    none, the other figures are still told."""
    words = ("--model", "small.onnx", "--style", "one", "--photos", "photos/a.jpg")
    found = world.styles(*words)["one"]
    check(found["gram"] > 0 and found["features"] > 0, found)
    check(found == world.styles(*words, "--features", "models/features.onnx")["one"], found)
    check(found["gram"] != world.styles(*words, *LAYERS)["one"]["gram"], found)
    none = world.events(*words, "--features", "none")
    check(none[-2]["gram"] is None and none[-2]["luminance"] == found["luminance"], none)
    os.rename(world.path("models"), world.path("elsewhere"))
    check(world.events(*words) == none, none)
    os.rename(world.path("elsewhere"), world.path("models"))


def test_ends(world):
    """Strength 0 is the photo, and so is what the mirror gives."""
    for words in (("--model", "small.onnx", "--strength", "0", "--style", "two"),
                  ("--model", MIRROR, "--style-picture", "one.png")):
        figures, = world.styles(*words, *LAYERS, "--photos", "photos").values()
        check(figures["similarity"] == 0 and figures["luminance"] == 0, figures)
        check(figures["features"] == 0 and figures["preservation"] == 1, figures)
        check(figures["gram"] > 0, figures)
    figures, = world.styles("--model", MIRROR, "--style-picture", "photos/a.jpg", *LAYERS,
                            "--photos", "photos/a.jpg").values()
    check(figures["gram"] == 0 and figures["patches_1"] < 0.1, figures)


def test_foreign(world):
    figures, = world.styles("--model", FOREIGN, "--channels", "rgb", *LAYERS, "--photos", "photos",
                            "--style-picture", "one.png", "--style-picture",
                            "photos/b.png").values()
    check(figures["gram"] > 0 and figures["features"] > 0, figures)


def test_results(world):
    """Finished pictures give what the model that made them gives."""
    os.mkdir(world.path("made"))
    for name in ("b.png", "grey.png"):
        world.run("apply", MIRROR, "photos/" + name, "made/" + name, status=0)
    shutil.copy(world.path("photos/b.png"), world.path("made/other.png"))
    found = world.events("--results", "made", "--photos", "photos/b.png", "photos/grey.png",
                         "--style-picture", "one.png", *LAYERS)
    check([event["style"] for event in found if event["event"] == "photo"] == 2 * ["results"],
          found)
    check(found[-2]["luminance"] < 1e-3 and found[-2]["gram"] > 0, found[-2])
    # by the order where names tell nothing
    figures = world.styles("--results", "made/other.png", "photos/b.png", *LAYERS)["results"]
    check(figures["luminance"] == 0, figures)


def test_paintings(world):
    """A painting that is not there is missed with a word."""
    found = world.events("--model", "small.onnx", "--data", "odd", "photos/a.jpg", *LAYERS,
                         "--style-picture", "two=one.png")
    notes = [event["text"] for event in found if event["event"] == "note"]
    check(len(notes) == 1 and "one" in notes[0] and "--style-picture" in notes[0], notes)
    check(found[-3]["gram"] is None and found[-3]["patches_1"] is None, found[-3])
    check(found[-3]["features"] > 0, found[-3])
    check(found[-2]["gram"] > 0, found[-2])


def test_strengths(world):
    """A cross-fade is as far from the photo as what the network paints; all of one style is that
    style, whatever is mixed in."""
    words = ("--model", "small.onnx", "--photos", "photos", *LAYERS)
    found = world.styles(*words, "--strength", "5,100", "--style", "one", "--cross-fade")
    names = ["one 5 %", "one 5 % cross-fade", "one"]
    check(list(found) == names, list(found))
    part, faded, whole = (found[name] for name in names)
    check(part["features"] < whole["features"], part, whole)
    check(abs(faded["features"] - part["features"]) < 0.02 * part["features"], part, faded)
    check(faded["gram"] != part["gram"], part, faded)
    found = world.styles(*words, "--mix", "one+two:100", "--mix", "two+one", "--cross-fade")
    names = ["one", "two", "one, to two", "two, to one", "one + two, to one", "one + two, to two",
             "one + two cross-fade, to one", "one + two cross-fade, to two"]
    check(list(found)[:8] == names and len(found) == 12, list(found))
    for name in ("one + two, to two", "one + two cross-fade, to two"):
        check(found[name]["gram"] == found["two"]["gram"], name, found[name], found["two"])
    check(found["one + two, to one"]["gram"] == found["two, to one"]["gram"], found)
    check(found["two + one, to one"]["gram"] != found["two, to one"]["gram"], found)


def test_refusals(world):
    """Each is one line that names what is wrong."""
    model = ("--model", "small.onnx")
    photo = ("--photos", "photos/a.jpg")
    cases = [
        ((), 2, "--model"),
        (model, 2, "--photos"),
        ((*model, "--results", "made", *photo), 2, "not both"),
        ((*model, *photo, "--style", "three"), 1, "one, two"),
        ((*model, "--photos", "nowhere"), 1, "nowhere"),
        ((*model, *photo, "odd/text.png"), 1, "odd/text.png"),
        ((*model, *photo, "odd/small.png"), 2, "odd/small.png"),
        (("--model", "none.onnx", *photo), 1, "none.onnx"),
        (("--model", "no-such-style", *photo), 1, "PASTICHE_MODELS"),
        ((*model, *photo, "--size", "20"), 2, "64"),
        ((*model, *photo, "--strength", "300"), 2, "200"),
        ((*model, *photo, "--strength", "50,"), 2, "commas"),
        ((*model, *photo, "--mix", "one"), 2, "A+B"),
        ((*model, *photo, "--mix", "one+three"), 1, "one, two"),
        ((*model, *photo, "--mix", "one+two:x"), 2, "two:50"),
        ((*model, *photo, "--mix", "one+two", "--style", "one"), 2, "one+two"),
        (("--results", "photos/b.png", *photo, "--strength", "50"), 2, "--strength"),
        ((*model, *photo, "--ratio", "1", "--features", "none"), 2, "--features"),
        ((*model, *photo, "--features", "none.onnx"), 1, "none.onnx"),
        ((*model, *photo, "--features", "net.onnx"), 2, "shallow, deep"),
        ((*model, *photo, "--style-picture", "one.png"), 2, "--style-picture one=FILE"),
        ((*model, *photo, "--style-picture", "one=odd/small.png"), 2, "one: A picture"),
        ((*model, *photo, "--json", "--markdown"), 2, "Markdown"),
        ((*model, *photo, "--range", "7"), 2, "255"),
        (("--results", "photos/b.png", *photo, "--style", "one"), 2, "--style"),
        (("--results", "photos/b.png", *photo, "photos/grey.png"), 2, "2 photos and 1 results"),
        (("--results", "odd/small.png", *photo, "--style-picture", "one.png"), 2,
         "the same size"),
    ]
    for words, status, word in cases:
        done = world.run("eval", *words)
        said = done.stderr.splitlines()
        check(done.returncode == status, words, done)
        check(len(said) == 1 and word in said[0], words, said)


def test_help(world):
    done = world.run("eval", "--help", status=0)
    check("pastiche eval [OPTION" in done.stdout and "--style-picture" in done.stdout, done)


TESTS = {
    "a model's styles are measured": test_whole,
    "tables for people and for Markdown": test_table,
    "the network that comes with Pastiche": test_default,
    "the photo and the painting": test_ends,
    "a foreign model": test_foreign,
    "finished pictures": test_results,
    "paintings that are not there": test_paintings,
    "strengths, mixes and cross-fades": test_strengths,
    "refusals say why": test_refusals,
    "--help": test_help,
}


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    world = World()
    for number, (name, test) in enumerate(TESTS.items(), 1):
        try:
            test(world)
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # whatever it is, the other tests go on
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    world.keep.cleanup()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
