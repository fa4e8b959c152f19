#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche train` killed at random moments, again and again: nothing is lost.

usage: kills.py PASTICHE MAKE-TRAINING [SEED [KILLS]]

Chance is the seed's, but when a moment comes is the clock's.
"""
import contextlib
import glob
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import report
from training import ENVIRONMENT, LIMIT, check, events, kinds, main

SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 else 50
KEYS = {"steps": 1000000, "sample": 7,
        "keys": "sheet=photos/a.jpg\n[training]\nsave-seconds=0.01\nreplay=6\nbalance=scale\nguard-steps=10"}
KNOWN = re.compile(r"small\.(onnx|checkpoint\.onnx|report\.html|recipe|step-\d{6}\.png)")


class Lives:
    """A training that is killed, and what is known of it."""

    def __init__(self, world):
        self.world = world
        self.own = set(os.listdir(world.folder))
        self.chance = random.Random(SEED)
        self.reported = 0  # the step of the last checkpoint told of
        self.life = 2.0    # seconds until checkpoints are written, about
        self.times = {}    # of what was left behind
        self.before_start = self.amid = 0

    def strays(self):
        """Files that are neither the training's results nor its input."""
        return [name for name in os.listdir(self.world.folder)
                if name not in self.own and not KNOWN.fullmatch(name)]

    def wait(self, process):
        moment = time.monotonic() + self.chance.uniform(0, 2 * self.life)
        while time.monotonic() < moment and process.poll() is None:
            time.sleep(max(min(moment - time.monotonic(), 0.05), 0))

    def trap(self):
        """Words before a command that kill it at a call by which files are written."""
        call = self.chance.choice(("ftruncate", "fsync", "rename"))
        nth = self.chance.randint(1, 12 if call == "fsync" else 6)
        return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
                "-e", f"inject={call}:signal=KILL:when={nth}"]

    def live(self):
        """One life, every third of which ends amid a write; what it said."""
        resume = os.path.exists(self.world.path("small.checkpoint.onnx"))
        check(resume or not self.reported, "the checkpoint is gone")
        words = self.world.words("--events", *(["--resume"] if resume else []), **KEYS)
        trapped = self.chance.random() < 1 / 3
        words = self.trap() + words if trapped else words
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            begin = time.monotonic()
            process = subprocess.Popen(words, stdout=out, stderr=err, env=ENVIRONMENT,
                                       start_new_session=True)
            try:
                if trapped:
                    process.wait(5 * LIMIT)
                else:
                    self.wait(process)
                ended = process.poll()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            taken = time.monotonic() - begin
            out.seek(0)
            err.seek(0)
            lines = out.read()
            check(ended == (-signal.SIGKILL if trapped else None), "it ended by itself:", ended,
                  err.read(), lines[-500:])
        found = events(lines[:lines.rfind("\n") + 1])
        if not trapped and "checkpoint" not in kinds(found):
            self.life = max(self.life, taken)
        return found

    def judge(self, found):
        """Whether all is well after a kill."""
        world = self.world
        start = [event["step"] for event in found if event["event"] == "start"]
        check(not start or start[0] >= self.reported, "it went back from", self.reported, start)
        steps = [event["step"] for event in found if event["event"] == "checkpoint"]
        check(steps == sorted(steps), steps)
        self.reported = max(steps + start + [self.reported])
        self.before_start += not start
        strays = self.strays()
        times = {name: os.stat(world.path(name)).st_mtime_ns for name in strays}
        self.amid += bool(times) and times != self.times
        self.times = times
        check(len(strays) <= 1, "strays pile up:", strays)
        check(os.path.exists(world.path("small.onnx")) or not self.reported, "the model is gone")
        self.whole()

    def whole(self):
        """Every file is there whole, or not at all."""
        if os.path.exists(self.world.path("small.onnx")):
            self.world.usable()
        if os.path.exists(self.world.path("small.report.html")):
            report.page(self.world)
        for sheet in glob.glob(self.world.path("small.step-*.png")):
            with open(sheet, "rb") as file:
                check(file.read()[-12:-4] == b"\0\0\0\0IEND", sheet, "is cut off")


def finish(world, step, *more, out="small.onnx"):
    done = world.train("--events", "--steps", str(step), *more, out=out, **KEYS)
    check(done.returncode == 0, done.stderr)
    found = events(done.stdout)
    check(found[-1]["event"] == "end" and found[-1]["step"] == step, found[-1])


def test_kills(world):
    lives = Lives(world)
    for _ in range(KILLS):
        lives.judge(lives.live())
    last = lives.reported + 20
    finish(world, last, *(["--resume"] if lives.reported else ["--restart"]))
    check(not lives.strays(), lives.strays())
    print(f"# seed {SEED}: {KILLS} kills, {lives.before_start} before the start, {lives.amid} while "
          f"a file was written; {lives.reported} steps", flush=True)
    check(lives.amid >= KILLS // 10, "hardly a kill has hit a file being written")
    finish(world, last, out="whole.onnx")
    for begun in (last, last + 10):  # and so the checkpoints are the same
        check(world.read("small.onnx") == world.read("whole.onnx"), "the models differ at", begun)
        if begun == last:
            finish(world, last + 10, "--resume")
            finish(world, last + 10, "--resume", out="whole.onnx")
    for sheet in glob.glob(world.path("whole.step-*.png")):
        name = os.path.basename(sheet)
        check(world.read(name) == world.read(name.replace("whole", "small")), name, "differs")
    counts = [report.page(world, name).steps() for name in ("small", "whole")]
    check(counts[0] == counts[1], "the curves have", counts, "points")


if __name__ == "__main__":
    print(f"# seed {SEED}", flush=True)
    sys.exit(main({"nothing is lost": test_kills}))
