#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WGAN-GP's penalty and its gradient by the weights, in PyTorch (double
backward, float64) and by core/train, side by side.

usage: penalty.py PROGRAM    (PROGRAM is built from penalty.c)
"""
import sys

from reference import report, run
import torch
import torch.nn.functional as F

LAMBDA, LIMIT = 10, 1e-4

# pool, gain, crop, channels, strides
CASES = (
    (1, 1, 32, (8, 16), (2, 1)),
    (1, 4, 41, (8, 12, 16), (2, 2, 1)),  # strides leave a row over
    (2, 1.5, 71, (6, 8), (2, 3)),        # and so does pooling
    (3, 4, 64, (16,), (1,)),
)


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


def compare(case):
    """What is too far off, or None."""
    pool, gain, crop, channels, strides = case
    _, t = run(pool, gain, crop, ";".join(map(str, channels)), ";".join(map(str, strides)))
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


if __name__ == "__main__":
    sys.exit(report("gradient penalty", CASES, compare))
