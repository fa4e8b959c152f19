#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see of `pastiche train`.

usage: terminal.py PASTICHE MAKE-TRAINING
"""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios

from training import ENVIRONMENT, LIMIT, check, main


def on_terminal(words, columns):
    """What a program writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT)
    os.close(theirs)
    said = b""
    try:
        while True:
            try:
                said += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
    finally:
        process.kill()
        os.close(ours)
    check(process.wait() == 0, said)
    return said.decode()


def test_terminal(world):
    os.rename(world.path("odd/cut.jpg"), world.path("photos/cut.jpg"))
    for columns in (40, 80, 200):
        said = on_terminal(world.words("--restart", steps=400, sample=200), columns)
        check("step 400 of 400" in said and "100 % " in said, said)
        check(" left" in said or columns < 80, said)
        bars = [part for part in re.split(r"[\r\n]+|\x1b\[K", said) if part.startswith("[")]
        check(bars, said)
        check(max(len(bar) for bar in bars) < columns, columns, bars)
        check(("off the photo by" in bars[-1]) == (columns == 200), columns, bars[-1])
        check(("judges right" in bars[-1]) == (columns == 200), columns, bars[-1])
        for name in ("small.onnx", "small.checkpoint.onnx", "small.report.html"):
            check(f"{world.path(name)}: the " in said.split("Finished after 400 steps. Saved:")[1], said)


def test_log(world):
    """Without a terminal nothing is drawn over, and short trainings say little."""
    done = world.train(steps=30, sample=20)
    check(done.returncode == 0, done.stderr)
    check("\r" not in done.stdout and "\x1b" not in done.stdout, done.stdout)
    steps = [line for line in done.stdout.splitlines() if " · step " in line]
    check(len(steps) == 1 and steps[0].startswith("100 % · step 30 of 30 · off"), done.stdout)
    check(f"Samples: {world.path('small.step-000020.png')}" in done.stdout, done.stdout)


def test_interrupted(world):
    process = subprocess.Popen(world.words(steps=1000000, sample=2), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        for line in process.stdout:
            if "Samples" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    check(process.returncode == 0 and not err, process.returncode, err)
    said = re.search(r"Stopped after (\d+) steps. Saved:\n(.*)", out, re.DOTALL)
    check(said and int(said.group(1)) > 1, out)
    for name in ("small.onnx", "small.checkpoint.onnx", "small.report.html"):
        check(f"{world.path(name)}: the " in said.group(2) and os.path.isfile(world.path(name)), out)
    check("--resume" in said.group(2), out)


TESTS = {
    "the bar fits the terminal": test_terminal,
    "a log has few lines": test_log,
    "Ctrl-C says what was saved": test_interrupted,
}


if __name__ == "__main__":
    sys.exit(main(TESTS))
