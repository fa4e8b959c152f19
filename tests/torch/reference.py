# SPDX-License-Identifier: GPL-3.0-or-later
"""What the comparisons with PyTorch share. Where there is none they are
skipped; it computes in float64, on one thread."""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

torch.set_num_threads(1)
# Rounding may carry a sum over a ReLU's kink, and Adam makes a whole step of
# that. In float64 the reference at least has none of it: PyTorch's own float32
# is at times further from it than core/train is (1.8e-2 against 1e-5).
torch.set_default_dtype(torch.float64)


def run(*words):
    """What the program named on the command line prints, and the tensors that
    it writes (output.c), called with a folder and @words."""
    with tempfile.TemporaryDirectory() as folder:
        text = subprocess.run([sys.argv[1], folder, *map(str, words)], check=True,
                              capture_output=True, text=True).stdout
        tensors = {}
        with open(os.path.join(folder, "manifest"), encoding="utf-8") as manifest:
            for line in manifest:
                name, *shape = line.split()
                data = np.fromfile(os.path.join(folder, name + ".f32"), "<f4")
                tensors[name] = torch.from_numpy(data.reshape([int(n) for n in shape])).double()
    return text, tensors


def report(what, cases, compare):
    """@compare tells of a case what is too far off, or None. Returns the exit
    status."""
    print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        wrong = compare(case)
        print(f"{'not ' if wrong else ''}ok {number} - {what}, {case}", flush=True)
        if wrong:
            failed += 1
            print(f"# {wrong}")
    return 1 if failed else 0
