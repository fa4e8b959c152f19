#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WGAN-GP's penalty and its gradient by the weights, in PyTorch (double
backward, float64) and by core/train, side by side.

usage: penalty.py PROGRAM    (PROGRAM is built from penalty.c)
"""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
LAMBDA, LIMIT = 10, 1e-4

# pool, gain, crop, channels, strides
CASES = (
    (1, 1, 32, (8, 16), (2, 1)),
    (1, 4, 41, (8, 12, 16), (2, 2, 1)),  # strides leave a row over
    (2, 1.5, 71, (6, 8), (2, 3)),        # and so does pooling
    (3, 4, 64, (16,), (1,)),
)


def read(folder):
    tensors = {}
    with open(os.path.join(folder, "manifest"), encoding="utf-8") as manifest:
        for line in manifest:
            name, *shape = line.split()
            data = np.fromfile(os.path.join(folder, name + ".f32"), "<f4")
            tensors[name] = torch.from_numpy(data.reshape([int(n) for n in shape])).double()
    return tensors


def penalties(t, weights, pool, gain, strides):
    x = F.avg_pool2d(t["picture"].permute(0, 3, 1, 2), pool) * 2 - 1
    x.requires_grad_()
    y = x
    for i, stride in enumerate((*strides, 1)):
        y = F.conv2d(y, weights[f"conv{i}.weight"], weights[f"conv{i}.bias"], stride)
        if i < len(strides):
            y = F.leaky_relu(y, 0.2)
    means = ((gain * y).mean((2, 3)) * t["style"]).sum()
    gradient, = torch.autograd.grad(means, x, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1) ** 2


def compare(program, case):
    """What is too far off, or None."""
    pool, gain, crop, channels, strides = case
    words = [str(pool), str(gain), str(crop), ";".join(map(str, channels)),
             ";".join(map(str, strides))]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder, *words], check=True)
        t = read(folder)
    weights = {k.split(".", 1)[1]: v.requires_grad_() for k, v in t.items()
               if k.startswith("weight.")}
    penalty = penalties(t, weights, pool, gain, strides)
    (LAMBDA * penalty.mean()).backward()
    pairs = [("penalty", t["penalty"], penalty.detach())]
    for name, weight in weights.items():
        wanted = torch.zeros_like(weight) if weight.grad is None else weight.grad
        pairs.append((name, t["gradient." + name], wanted))
    for name, a, b in pairs:
        error = float((a - b).abs().max() / b.abs().max().clamp(min=1e-12))
        if not a.equal(b) and not error <= LIMIT:
            return f"{name}: relative difference {error:.2g}"
    return None


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    for number, case in enumerate(CASES, 1):
        wrong = compare(sys.argv[1], case)
        print(f"{'not ' if wrong else ''}ok {number} - gradient penalty, {case}")
        if wrong:
            failed += 1
            print(f"# {wrong}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
