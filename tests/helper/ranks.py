#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`mpirun pastiche train` from outside, with tiny networks.

usage: ranks.py PASTICHE MAKE-TRAINING
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import training
from training import ENVIRONMENT, PASTICHE, check, run

MODULE = os.path.join(os.path.dirname(PASTICHE), "pastiche-mpi.so")
LIMIT = 240  # seconds that one training may take


def events(text):
    """mpirun may say something between them."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class World(training.World):
    """Trainings by so many processes; 0 is without mpirun."""

    limit = LIMIT
    # One machine, more processes than cores, no network, maybe as root.
    environment = {**ENVIRONMENT, "OMPI_MCA_btl": "self,sm", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

    def words(self, n, *more, steps=20, batch=4, keys="", **others):
        words = super().words("--events", *more, steps=steps, batch=batch,
                              keys="[training]\n" + keys, **others)
        return ["mpirun", "--oversubscribe", "-n", str(n), *words] if n else words


def finished(done):
    found = events(done.stdout)
    check(done.returncode == 0, done)
    check(found[-1]["event"] == "end" and found[-1]["text"] == "finished", done.stdout)
    return found


def told(found, word):
    return [event["text"] for event in found
            if event["event"] == "note" and word in event["text"]]


def test_equal(world):
    """The same model to the bit after 20 steps, and so the same losses; also
    with four processes on two cores, and parts that are not even."""
    hard = "adversarial-form=wgan-gp\nbalance=scale\nbalance-target=0.5\nreplay=2"
    for keys in ({}, {"keys": hard, "batch": 5}):
        alone = finished(world.train(0, "--restart", out="alone.onnx", **keys))
        for n in (2, 4):
            found = finished(world.train(n, "--restart", **keys))
            check(told(found, f"{n} processes train together"), found)
            check(world.read("small.onnx") == world.read("alone.onnx"), "the models differ", n)
            a, b = ([e for e in events_ if e["event"] == "step"] for events_ in (alone, found))
            check(a[-1]["step"] == b[-1]["step"] == 20, a, b)
            for name in ("content", "style", "real", "fake") if len(a) == len(b) == 1 else ():
                check(abs(a[0][name] - b[0][name]) <= 1e-5 * abs(a[0][name]), name, a, b)


def test_one_speaks(world):
    """Events, files and what is said of odd photos come from one process."""
    found = finished(world.train(3, sample=10, photos=".", steps=30))
    for kind, n in (("start", 1), ("checkpoint", 1), ("sample", 3), ("end", 1)):
        check([event["event"] for event in found].count(kind) == n, kind, found)
    check(told(found, "3 processes train together"), found)
    for name in ("small.png", "text.png", "empty.jpg", "cut.jpg", "cut.png", "huge.ppm"):
        check(len(told(found, name)) == 1, name, found)
    world.usable()


def test_alone(world):
    """Without mpirun, or with it for one process, nothing of MPI is there."""
    done = run("strace", "-f", "-qq", "-e", "trace=openat", "-o", world.path("trace"),
               *world.words(0, steps=2), environment=world.environment)
    finished(done)
    check(not done.stderr, done.stderr)
    check(b"libmpi" not in world.read("trace"), "libmpi was loaded")
    found = finished(world.train(1, steps=2, out="one.onnx"))
    check(not told(found, "together"), found)
    check(world.read("one.onnx") == world.read("small.onnx"), "the models differ")


def test_resume(world):
    """As without a break, also where the number of processes changes."""
    finished(world.train(2, out="whole.onnx", steps=12, keys="replay=2"))
    check(world.train(2, "--steps", "5", steps=12, keys="replay=2").returncode == 0)
    check(world.read("small.onnx") != world.read("whole.onnx"))
    found = finished(world.train(2, "--resume", steps=12, keys="replay=2"))
    check(found[0]["event"] == "note" and found[1]["step"] == 5, found[:3])
    check(world.read("small.onnx") == world.read("whole.onnx"), "the models differ")
    check(world.train(4, "--restart", "--steps", "5", steps=12, keys="replay=2").returncode == 0)
    finished(world.train(0, "--resume", steps=12, keys="replay=2"))
    check(world.read("small.onnx") == world.read("whole.onnx"), "the models differ")
    world.usable()


def start(world, n):
    """A long training that has made some steps, and the lines read."""
    process = subprocess.Popen(world.words(n, steps=1000000, keys="save-seconds=1"),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=world.environment)
    kinds = set()
    while not kinds >= {"step", "checkpoint"}:
        line = process.stdout.readline()
        check(line, "it ended:", process.stderr.read() if process.poll() else "")
        kinds.add(json.loads(line)["event"])
    return process


def ranks_of(world, process):
    """Process ids of the trainings below mpirun, by rank."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == process.pid:
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                own = dict(part.split(b"=", 1) for part in file.read().split(b"\0") if b"=" in part)
            with open(f"/proc/{name}/cmdline", "rb") as file:
                command = file.read()
        except OSError:
            continue
        if world.folder.encode() in command and b"OMPI_COMM_WORLD_RANK" in own:
            found[int(own[b"OMPI_COMM_WORLD_RANK"])] = int(name)
    return found


def test_cancel(world):
    """A signal to one of them, or USR1 to mpirun, ends all with a checkpoint."""
    for whom in (1, None):
        process = start(world, 2)
        try:
            if whom is None:
                process.send_signal(signal.SIGUSR1)
            else:
                os.kill(ranks_of(world, process)[whom], signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        found = events(out)
        check(process.returncode == 0 and found[-1]["text"] == "cancelled", out, err)
        check([one["event"] for one in found[-3:]] == ["checkpoint", "report", "end"], found)
        world.usable()
        os.remove(world.path("small.checkpoint.onnx"))


def test_killed(world):
    """One that dies, or mpirun that is told to end, leaves the last checkpoint."""
    for whom in (0, 1, None):
        process = start(world, 2)
        try:
            if whom is None:
                process.send_signal(signal.SIGTERM)
            else:
                os.kill(ranks_of(world, process)[whom], signal.SIGKILL)
            process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        found = finished(world.train(2, "--resume", steps=10))
        check(found[1]["event"] == "start" and found[1]["step"] > 0, found)
        check(not [name for name in os.listdir(world.folder) if ".tmp" in name
                   or name.endswith(".part")], os.listdir(world.folder))
        os.remove(world.path("small.checkpoint.onnx"))
    time.sleep(1)
    check(not ranks_of(world, process), "some are left")


def test_refusals(world):
    """Each is said once, whichever process has found it."""
    finished(world.train(0, steps=2))
    os.makedirs(world.path("small.step-000003.png"))
    cases = [
        ((2,), {}, "--restart begins anew"),
        ((5, "--restart"), {}, "cannot be shared by 5 processes"),
        ((2, "--restart"), {"photos": "odd"}, "None of the 6 photos"),
        ((2, "--restart"), {"sample": 3}, "small.step-000003.png"),
    ]
    for words, keys, word in cases:
        done = world.train(*words, **keys)
        said = [line for line in done.stderr.splitlines() if line.startswith("pastiche")]
        check(done.returncode == 1 and len(said) == 1 and word in said[0], words, done)


def test_without_module(world):
    """A program without the module says so, once, and does not train."""
    os.mkdir(world.path("bin"))
    program = shutil.copy(PASTICHE, world.path("bin"))
    words = world.words(2)
    words[words.index(PASTICHE)] = program
    done = run(*words, environment=world.environment)
    said = [line for line in done.stderr.splitlines() if line.startswith("pastiche")]
    check(done.returncode == 1 and len(said) == 1 and "2 processes" in said[0], done)
    check(not os.path.exists(world.path("small.onnx")))


TESTS = {
    "the same to the bit": test_equal,
    "one process speaks": test_one_speaks,
    "alone there is no MPI": test_alone,
    "a training goes on": test_resume,
    "a signal ends all": test_cancel,
    "a death leaves the checkpoint": test_killed,
    "an error is said once": test_refusals,
    "without the module it says so": test_without_module,
}


if __name__ == "__main__":
    if not os.path.isfile(MODULE) or not shutil.which("mpirun"):
        print("1..0 # SKIP built without MPI, or there is no mpirun")
        sys.exit(0)
    sys.exit(training.main(TESTS, World))
