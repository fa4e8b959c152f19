#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small training of real use, which must learn: about a minute of one core.

usage: learn.py PASTICHE MAKE-TRAINING SOURCE-ROOT
"""
import os
import sys

from training import PASTICHE, check, events, main, run

MODELS = os.path.join(sys.argv[3], "models")
FIRST, LAST, STEPS = 10, 100, 1200
LIMIT = 1500  # seconds, on a machine that does much else

RECIPE = f"""[model]
title=One minute
width=8
blocks=2
[photos]
paths=synthetic
[features]
network={MODELS}/features.onnx
content-layers=relu3_1
style-layers=relu1_1;relu2_1;relu3_1;relu4_1
style-form=covariance
[losses]
content=1
style=1
adversarial=0.1
[discriminator full]
channels=16;32
strides=2;2
[discriminator half]
pool=2
channels=16;32
strides=2;1
[training]
steps={STEPS}
batch=2
crop=64
rate=2e-3
warm-up=20
sample-every=0
[style sample]
pictures={MODELS}/sample/sample.jpg
size=160
"""


def train(world, until, *more):
    """Trains on to that step; the means of the losses over the steps of this run."""
    done = run(PASTICHE, "train", world.path("minute.recipe"), "--out", world.path("minute.onnx"),
               "--threads", "1", "--events", "--steps", str(until), *more, limit=LIMIT)
    check(done.returncode == 0, done.stderr)
    found = events(done.stdout)
    check(not [event for event in found if event["event"] == "rollback"], found)
    begin = last = next(event["step"] for event in found if event["event"] == "start")
    sums = dict.fromkeys(("content", "style", "fake", "real"), 0)
    for event in found:
        if event["event"] == "step":
            for name in sums:
                sums[name] += event[name] * (event["step"] - last)
            last = event["step"]
    check(last == until, last, until)
    return {name: value / (until - begin) for name, value in sums.items()}


def test_learns(world):
    """A generator that begins by chance shows nothing of the photo and nothing of the painting;
    after a minute it shows more of both."""
    with open(world.path("minute.recipe"), "w", encoding="utf-8") as file:
        file.write(RECIPE)
    first = train(world, FIRST)
    train(world, STEPS - LAST, "--resume")
    end = train(world, STEPS, "--resume")
    said = ", ".join(f"{name} {first[name]:.3g} to {end[name]:.3g}" for name in first)
    print(f"# over the first {FIRST} and the last {LAST} of {STEPS} steps: {said}", flush=True)
    check(end["content"] < 0.85 * first["content"], said)
    check(end["style"] < 0.5 * first["style"], said)


if __name__ == "__main__":
    sys.exit(main({"both losses fall": test_learns}))
