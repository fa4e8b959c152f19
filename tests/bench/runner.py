# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines in processes of their own, and what the machine does meanwhile."""

import json
import os
import re
import select
import subprocess
import tempfile

# What would change an engine's settings behind its back.
SETTINGS = ("PASTICHE_ISA", "PASTICHE_GEMM", "OPENBLAS_", "OMP_", "GOMP_", "KMP_",
            "MKL_", "ONEDNN_", "DNNL_", "ATEN_", "OPENCV_", "MALLOC_")


class Failed(Exception):
    """An engine that ended, with its last words."""


def environment(own):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    return {**kept, **own}


class Engine:
    """A process that answers commands (serve.h, service.py)."""

    def __init__(self, command, own=None, patience=300):
        self.words = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.patience = patience
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.words,
            text=True, bufsize=1, env=environment(own or {}))
        try:
            self.made = self.answer()
        except BaseException:
            self.close()
            raise

    def answer(self):
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], self.patience)
            if not ready:
                raise Failed(f"no answer within {self.patience} s")
            line = self.process.stdout.readline()
            if not line:
                raise Failed(self.last_words())
            if line.startswith("{"):
                return json.loads(line)

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except OSError:
            pass
        return self.answer()

    def last_words(self):
        status = self.process.wait()
        self.words.seek(0)
        lines = [line.strip() for line in self.words if line.strip(" >\n")]
        # OpenCV and Python put the reason into the last line but one or two.
        errors = [line for line in lines if "rror:" in line] or lines
        if status == -9:
            return "ended by the system: out of memory?"
        if not errors:
            return f"ended with status {status}"
        return re.sub(r"^(run-\w+|pastiche): ", "", errors[-1])

    def processor_time(self):
        """Seconds, also of children that have ended."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return 0
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        if self.process.stdin:
            try:
                self.process.stdin.close()
            except OSError:
                pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.words.close()


def processors():
    """Seconds that all processors were busy, and those that there were."""
    with open("/proc/stat", encoding="ascii") as file:
        times = [int(n) for n in file.readline().split()[1:9]]
    tick = os.sysconf("SC_CLK_TCK")
    return (sum(times) - times[3] - times[4]) / tick, sum(times) / tick


class Others:
    """What share of the processors others than these engines take."""

    def __init__(self, engines=()):
        self.engines = engines
        self.begin = self.now()

    def now(self):
        busy, every = processors()
        return busy - sum(e.processor_time() for e in self.engines), every

    def share(self):
        busy, every = (b - a for a, b in zip(self.begin, self.now()))
        return max(0.0, busy / every) if every > 0 else 0.0


def available():
    """Bytes of memory that may be taken, control groups included."""
    free = []
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                free.append(int(line.split()[1]) * 1024)
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            most = int(file.read())
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as file:
            free.append(most - int(file.read()))
    except (OSError, ValueError):
        pass
    return min(free)
