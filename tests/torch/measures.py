#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures of core/eval, and the same in PyTorch from their formulas.

usage: measures.py PROGRAM    (PROGRAM is built from measures.c)
"""
import sys

from reference import run
import torch
import torch.nn.functional as F

torch.manual_seed(3)
# What is wanted of each: the distances of patches are of other directions.
LIMITS = {"gram": 1e-4, "moments": 1e-4, "features": 1e-5, "luminance": 1e-5,
          "preservation": 1e-4, "patches_1": 0.04, "patches_2": 0.04, "patches_4": 0.04}


def features(t, pixels):
    x = pixels.permute(0, 3, 1, 2)
    shallow = F.softplus(F.conv2d(x, t["weight0"], padding=1))
    deep = F.softplus(F.conv2d(F.avg_pool2d(shallow, 2), t["weight1"], padding=1))
    return shallow[0].flatten(1), deep[0].flatten(1)


def style(a, b):
    """Gatys et al. with means over places; covariances and means, relative."""
    gram = moments = 0
    for x, y in zip(a, b):
        c = len(x)
        gx, gy = x @ x.T / x.shape[1], y @ y.T / y.shape[1]
        gram += ((gx - gy) ** 2).sum() / (4 * c * c) / 2
        cx, cy = torch.cov(x, correction=0), torch.cov(y, correction=0)
        mx, my = x.mean(1), y.mean(1)
        moments += (((cx - cy) ** 2).sum() / (cy ** 2).sum()
                    + ((mx - my) ** 2).sum() / (my ** 2).sum()) / 4
    return gram, moments


def luminance(a, b):
    distance = correlation = 0
    for pool in (4, 8):
        maps = []
        for pixels in (a, b):
            y = pixels @ torch.tensor([0.2126, 0.7152, 0.0722])
            y = F.avg_pool2d(y[:, None], pool)

            def window(x):
                return F.avg_pool2d(x, 7, 1, 3, count_include_pad=False)
            mean = window(y)
            deviation = (window(y * y) - mean ** 2).clamp(min=0).sqrt()
            maps.append((y - mean) / (deviation + 0.02))
        p, q = maps
        distance += ((p - q) ** 2).mean() / 4
        correlation += ((p * q).sum() / ((p * p).sum() * (q * q).sum()).sqrt()).clamp(min=0) / 2
    return distance, correlation


def sliced(a, b):
    def normalised(x):
        x = x - x.mean((0, 1, 2))
        return (x / x.std((0, 1, 2), correction=0)).flatten(1)
    directions = F.normalize(torch.randn(2048, 147), dim=1)
    a, b = normalised(a) @ directions.T, normalised(b) @ directions.T
    return (a.sort(0).values - b.sort(0).values).abs().mean()


def repeat(t):
    a, b = features(t, t["a"]), features(t, t["b"])
    content = ((a[1] - b[1]) ** 2).mean() / ((b[1] ** 2).mean() + 1e-6)
    return [*style(a, b), content, *luminance(t["a"], t["b"]),
            *(sliced(t[f"patches_a{i}"], t[f"patches_b{i}"]) for i in range(3))]


def main():
    line, tensors = run()
    ours = [float(x) for x in line.split()]
    theirs = [float(x) for x in repeat(tensors)]
    print(f"1..{len(LIMITS)}")
    failed = 0
    for number, ((name, limit), x, y) in enumerate(zip(LIMITS.items(), ours, theirs), 1):
        good = abs(x - y) <= limit * abs(y)
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {name}")
        if not good:
            print(f"# {x:.9g}, in PyTorch {y:.9g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
