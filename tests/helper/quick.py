#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche train --style`: a style without a recipe.

usage: quick.py PASTICHE MAKE-TRAINING
"""
import glob
import os
import sys

from training import ENVIRONMENT, PASTICHE, check, events, main, run


def models_in(world, folder="models"):
    return {**ENVIRONMENT, "PASTICHE_MODELS": world.path(folder)}


def quick(world, *more, minutes="0.03", models="models"):
    """Learns the style of a picture without a recipe, from a model as small as can be."""
    base = world.path("models/brush.onnx")
    if not os.path.exists(base):
        check(world.train().returncode == 0)
        os.rename(world.path("small.onnx"), base)
    words = [PASTICHE, "train", "--style", world.path("one.png"), "--data",
             world.path("photos"), "--minutes", minutes, "--out", world.path("mine.onnx"),
             "--threads", "1", *more]
    return run(*words, environment=models_in(world, models))


def info(world, *words):
    done = run(PASTICHE, "info", *words, environment=models_in(world))
    check(done.returncode == 0, done.stderr)
    return done.stdout


def test_quick(world):
    done = quick(world, "--title", "One; two", "--credit", "Me")
    check(done.returncode == 0 and not done.stderr, done)
    check("Finished" in done.stdout and world.path("models") in done.stdout, done.stdout)
    sheets = glob.glob(world.path("mine.step-*.png"))
    check(sheets, os.listdir(world.folder))
    told = info(world, world.path("mine.onnx"))
    check("one-two: One; two, Me" in told and "Styles: 1" in told, told)
    recipe = info(world, "--recipe", world.path("mine.onnx"))
    check("pictures=one.png" in recipe and world.folder not in recipe, recipe)
    painted = run(PASTICHE, "apply", "-q", world.path("mine.onnx"), world.path("photos/a.jpg"),
                  world.path("painted.png"))
    check(painted.returncode == 0 and os.path.isfile(world.path("painted.png")), painted)
    listed = info(world, "--list")
    check("one" in listed and "features" not in listed, listed)
    steps = max(int(sheet[-10:-4]) for sheet in sheets)
    check("--resume" in quick(world).stderr, "it was begun anew without a word")
    done = quick(world, "--resume", minutes="0.001")
    check(done.returncode == 0 and "had all its time" in done.stdout, done)
    done = quick(world, "--title", "One; two", "--credit", "Me", "--resume", "--events",
                 "--steps", str(steps + 4), minutes="9")
    check(done.returncode == 0, done.stderr)
    check(events(done.stdout)[-1]["step"] == steps + 4, done.stdout)


def test_quick_kept(world):
    """The model's styles stay as they are beside the new one."""
    done = quick(world, "--keep-styles", "--title", "New", "--from", "one")
    check(done.returncode == 0, done.stderr)
    told = info(world, world.path("mine.onnx"))
    check("Styles: 2" in told and "new: New" in told and "one: one" in told, told)
    check("begin=one" in info(world, "--recipe", world.path("mine.onnx")))
    made = []
    for name in ("mine.onnx", "models/brush.onnx"):
        made.append(world.path(f"{len(made)}.png"))
        done = run(PASTICHE, "apply", "-q", "--style", "one", world.path(name),
                   world.path("photos/a.jpg"), made[-1])
        check(done.returncode == 0, done.stderr)
    check(world.read(made[0]) == world.read(made[1]), "the kept style looks otherwise")


def test_quick_refusals(world):
    for words, models, word in (
            (("--from", "nobody"), "models", "nobody"),
            (("--from", world.path("net.onnx")), "models", "no style model of Pastiche's"),
            (("--from", world.path("gone.onnx")), "models", "gone.onnx"),
            (("--features", world.path("net.onnx")), "models", "relu2_1"),
            ((), "photos", "brush.onnx"),
            (("--from", world.path("models/brush.onnx")), "photos", "features.onnx")):
        done = quick(world, *words, models=models)
        check(done.returncode == 1, words, done)
        check(done.stderr.count("\n") == 1 and word in done.stderr, word, done.stderr)
        check(not os.path.exists(world.path("mine.onnx")), words)


TESTS = {
    "a style is learnt without a recipe": test_quick,
    "a model's styles are kept": test_quick_kept,
    "refusals without a recipe say why": test_quick_refusals,
}


if __name__ == "__main__":
    sys.exit(main(TESTS))
