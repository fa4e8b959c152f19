#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliced Wasserstein distance of patches and its gradient by the picture,
in PyTorch (sorted, float64) and by core/train, side by side.

usage: patches.py PROGRAM    (PROGRAM is built from patches.c)
"""
import itertools
import sys

from reference import report, run
import torch
import torch.nn.functional as F

SIZE, ORIGIN = 5, (7, 5)
CASES = list(itertools.product(("squared", "absolute"), (0, 1), ((1, 1), (1, 3), (4, 1))))


def projections(x, directions, stride):
    """[N,3,H,W] -> [N,K,P]"""
    rows, columns = ((n - SIZE + 1) // stride for n in x.shape[2:])
    top, left = (o % stride for o in ORIGIN)
    kernels = directions.reshape(-1, SIZE, SIZE, 3).permute(0, 3, 1, 2)
    y = F.conv2d(x[:, :, top:, left:], kernels, stride=stride)
    return y[:, :, :rows, :columns].flatten(2)


def quantiles(lists, n):
    """The quantiles (i + 1/2) / n of each row, linear between its numbers."""
    lists = lists.sort(dim=1).values
    m = lists.shape[1]
    at = ((torch.arange(n) + 0.5) * m / n - 0.5).clamp(0, m - 1)
    low = at.floor().long()
    high = (low + 1).clamp(max=m - 1)
    return torch.lerp(lists[:, low], lists[:, high], (at - low).expand(len(lists), n))


def distances(t, x, form, together, shrink, stride):
    have = projections(F.avg_pool2d(x, shrink), t["directions"], stride)
    wish = t["directions"] @ t["wished"]
    batch = len(have)
    of_group = [0.0] * batch
    for group in ((0, 2), (1,)) if together else ((0,), (1,), (2,)):
        list_ = torch.cat([have[i] for i in group], 1)
        order = list_.argsort(dim=1)
        wanted = quantiles(torch.cat([wish[i] for i in group], 1), list_.shape[1])
        error = list_.gather(1, order) - wanted
        error = torch.zeros_like(list_).scatter(1, order, error)
        for i, part in zip(group, error.split(have.shape[2], 1)):
            variance = wish[i].var(dim=1, unbiased=False).mean() + 1e-4
            of_group[i] = (part.abs().mean() / variance.sqrt() if form == "absolute"
                           else (part ** 2).mean() / variance)
    return torch.stack(of_group)


def compare(case):
    """What is too far off, or None."""
    form, together, (shrink, stride) = case
    _, t = run(form, together, shrink, stride)
    x = t["picture"].permute(0, 3, 1, 2).clone().requires_grad_()
    loss = distances(t, x, form, together, shrink, stride)
    (loss / (1 + torch.arange(len(loss)))).sum().backward()
    lengths = t["directions"].norm(dim=1)
    if not (lengths - 1).abs().max() < 1e-6:
        return "directions are not of length 1"
    error = float(((t["loss"] - loss).abs() / loss).max())
    if not error < 1e-5:
        return f"loss: relative difference {error:.2g}"
    wanted = x.grad.permute(0, 2, 3, 1)
    error = float((t["gradient"] - wanted).norm() / wanted.norm())
    # two numbers that rounding makes equal may take each other's place
    if not error < 1e-4:
        return f"gradient: relative difference {error:.2g}"
    return None


if __name__ == "__main__":
    sys.exit(report("patches", CASES, compare))
