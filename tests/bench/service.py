# SPDX-License-Identifier: GPL-3.0-or-later
"""What serve.c is, for engines in Python, and a command as such an engine:

    service.py COMMAND…     runs it at each "run"
"""

import json
import resource
import subprocess
import sys
import time


def status(key):
    """Bytes from /proc/self/status: VmRSS or VmHWM."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    return 0


def forget_peak():
    """Lets the peak of memory begin here; returns what there is now."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass
    return status("VmRSS")


def timed(work):
    begin = time.perf_counter()
    out = work()
    return time.perf_counter() - begin, out


def serve(work, memory, made, save=None):
    """Answers commands with a line of JSON each: `work()` does the work once,
    `memory()` tells bytes, `save(out, path)` writes what came of it."""
    def say(**what):
        print(json.dumps(what), flush=True)

    out = None
    say(**made)
    for line in sys.stdin:
        command, _, rest = line.rstrip("\n").partition(" ")
        if command == "run":
            out = None
            seconds, out = timed(work)
            say(seconds=seconds)
        elif command == "memory":
            say(**memory())
        elif command == "save" and save:
            save(out, rest)
            say()
        else:
            say(error="no such command")


def main():
    command = sys.argv[1:]

    def run():
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        if done.returncode:
            sys.exit(1)  # with the last words of the command

    def memory():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"before": 0, "peak": usage.ru_maxrss * 1024}

    serve(run, memory, {})


if __name__ == "__main__":
    main()
