#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How training scales over processes and threads: ranks.py BUILD [STEPS [ROUNDS]]

The settings take turns, each with a training of its own in every round; the
table has medians, and how many times the first setting's speed that is, by
rounds. Speed is told by the last event, so starting does not count.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
BATCH = 4
SETTINGS = [(ranks, threads) for ranks in (1, 2, 4) for threads in (1, 2)
            if ranks * threads <= max(4, len(os.sched_getaffinity(0)))]

RECIPE = f"""[photos]
paths=synthetic
[discriminator full]
[discriminator half]
pool=2
[losses]
adversarial=0.1
[training]
steps={STEPS}
batch={BATCH}
crop=128
sample-every=0
[style one]
pictures=one.png
size=256
"""

ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "OMPI_MCA_btl": "self,sm",
               "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def train(folder, ranks, threads):
    """Steps a second."""
    words = [os.path.join(BUILD, "helper/pastiche"), "train", "--no-pretrained", "--restart",
             "--events", "--threads", str(threads), "--out", os.path.join(folder, "out.onnx"),
             os.path.join(folder, "bench.recipe")]
    if ranks > 1:
        words = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *words]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode:
        sys.exit(done.stderr)
    steps = [json.loads(line) for line in done.stdout.splitlines() if '"step"' in line
             and line.startswith('{"event":"step"')]
    return steps[-1]["speed"] / 3600 / BATCH


def main():
    if not shutil.which("mpirun"):
        sys.exit("bench: there is no mpirun here.")
    speeds = {setting: [] for setting in SETTINGS}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(BUILD, "tests/helper/make-training"), folder], check=True)
        with open(os.path.join(folder, "bench.recipe"), "w", encoding="utf-8") as file:
            file.write(RECIPE)
        for _ in range(ROUNDS):
            for setting in SETTINGS:
                speeds[setting].append(train(folder, *setting))
    first = speeds[SETTINGS[0]]
    print(f"{len(os.sched_getaffinity(0))} cores, batch {BATCH}, 128 pixels, {ROUNDS} rounds")
    print("| processes | threads of each | steps a second | times the first |\n| --- | --- | --- | --- |")
    for (ranks, threads), values in speeds.items():
        times = statistics.median(a / b for a, b in zip(values, first))
        print(f"| {ranks} | {threads} | {statistics.median(values):.2f} | {times:.2f} |")


if __name__ == "__main__":
    main()
