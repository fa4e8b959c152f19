#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of training as in train.c, in PyTorch, timed.

usage: train.py [STEPS [THREADS [channels-last]]]
       train.py serve [THREADS [channels-last]]

The second takes steps on command, see service.py.
"""
import itertools
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from service import forget_peak, serve, status

SERVE = sys.argv[1:2] == ["serve"]
STEPS = int(sys.argv[1]) if len(sys.argv) > 1 and not SERVE else 20
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
LAST = sys.argv[3:] == ["channels-last"]
FORMAT = torch.channels_last if LAST else torch.contiguous_format
STYLES, BATCH, CROP = 7, 4, 128
torch.set_num_threads(THREADS)
torch.manual_seed(1)
before = forget_peak()


def conv(i, o, k, stride=1, bias=False):
    return nn.Conv2d(i, o, k, stride, k // 2, padding_mode="reflect", bias=bias)


class Norm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(STYLES, c))
        self.beta = nn.Parameter(torch.zeros(STYLES, c))

    def forward(self, x, style):
        return (F.instance_norm(x) * (style @ self.gamma)[:, :, None, None]
                + (style @ self.beta)[:, :, None, None])


class Generator(nn.Module):
    def __init__(self, a=16, blocks=4):
        super().__init__()
        shapes = ([(3, a, 7, 1), (a, 2 * a, 3, 2), (2 * a, 4 * a, 3, 2)]
                  + [(4 * a, 4 * a, 3, 1)] * (2 * blocks)
                  + [(4 * a, 2 * a, 3, 1), (2 * a, a, 3, 1)])
        self.convs = nn.ModuleList(conv(*s) for s in shapes)
        self.norms = nn.ModuleList(Norm(s[1]) for s in shapes)
        self.last = conv(a, 3, 7, bias=True)
        self.blocks = blocks
        self.register_buffer("gate", torch.eye(STYLES)[:, :1])

    def forward(self, image, style):
        x, i = image * 2 - 1, 0
        for i in range(3):
            x = F.relu(self.norms[i](self.convs[i](x), style))
        for _ in range(self.blocks):
            y = F.relu(self.norms[i + 1](self.convs[i + 1](x), style))
            x = x + self.norms[i + 2](self.convs[i + 2](y), style)
            i += 2
        for _ in range(2):
            i += 1
            x = self.convs[i](F.interpolate(x, scale_factor=2))
            x = F.relu(self.norms[i](x, style))
        skip = torch.logit(image.clamp(0.02, 0.98)) * (style @ self.gate)[:, :, None, None]
        return torch.sigmoid(self.last(x) + skip)


class Discriminator(nn.Module):
    def __init__(self, strides, pool):
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        layers, i = [], 3
        for o, stride in zip((32, 64, 128), strides):
            layers += [norm(nn.Conv2d(i, o, 4, stride)), nn.LeakyReLU(0.2)]
            i = o
        self.net = nn.Sequential(*layers, norm(nn.Conv2d(i, STYLES, 4)))
        self.pool = pool

    def forward(self, x, columns):
        if self.pool > 1:
            x = F.avg_pool2d(x, self.pool)
        return 4 * self.net(2 * x - 1)[torch.arange(len(columns)), columns]


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        layout = [16, 16, 0, 32, 32, 0, 64, 64, 64, 64, 0, 128, 128, 128, 128, 0, 128]
        layers, i = [], 3
        self.taps = []
        for o in layout:
            if o == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            if not layers or isinstance(layers[-1], nn.MaxPool2d):
                self.taps.append(len(layers))
            layers.append(nn.Sequential(conv(i, o, 3, bias=True), nn.ReLU()))
            i = o
        self.layers = nn.ModuleList(layers)
        self.requires_grad_(False)

    def forward(self, x, last=99):
        maps = []
        for n, layer in enumerate(self.layers[:last]):
            x = layer(x)
            if n in self.taps:
                maps.append(x)
        return maps


def moments(f):
    f = f.flatten(2)
    mean = f.mean(2)
    f = f - mean[:, :, None]
    return f @ f.transpose(1, 2) / f.shape[2], mean


g, v = Generator(), Features()
ds = [Discriminator((2, 2, 1), 1), Discriminator((2, 2, 1), 2), Discriminator((2, 1, 1), 4)]
for network in (g, v, *ds):
    network.to(memory_format=FORMAT)
adam = torch.optim.Adam(g.parameters(), 1e-3, betas=(0.5, 0.999))
adam_d = torch.optim.Adam([p for d in ds for p in d.parameters()], 4e-4, betas=(0.5, 0.999))
with torch.no_grad():
    targets = [moments(f) for f in v(torch.rand(1, 3, CROP, CROP))]


def step(number):
    columns = torch.tensor([1 + (number + i) % 6 for i in range(BATCH)])
    style = F.one_hot(columns, STYLES).float()
    photo, real = (x.contiguous(memory_format=FORMAT)
                   for x in torch.rand(2, BATCH, 3, CROP, CROP))
    out = g(photo, style)
    fo = v(out)
    with torch.no_grad():
        fp = v(photo, 12)[3]
    loss = (((fo[3] - fp) ** 2).mean((1, 2, 3)) / ((fp ** 2).mean((1, 2, 3)) + 1e-6)).mean()
    for f, (c0, m0) in zip(fo, targets):
        c, m = moments(f)
        loss = loss + 0.5 * (((c - c0) ** 2).sum((1, 2)) / (c0 ** 2).sum()
                             + ((m - m0) ** 2).sum(1) / (m0 ** 2).sum()).mean()
    loss = loss + 0.05 * ((out[:, :, 1:] - out[:, :, :-1]).abs().mean()
                          + (out[..., 1:] - out[..., :-1]).abs().mean())
    for d in ds:
        d.requires_grad_(False)
        loss = loss - 0.02 * d(out, columns).mean()
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(g.parameters(), 5)
    adam.step()
    both = torch.cat([real, out.detach()])
    twice = torch.cat([columns, columns])
    sign = torch.tensor([1.0] * BATCH + [-1.0] * BATCH)[:, None, None]
    judged = 0
    for d in ds:
        d.requires_grad_(True)
        judged = judged + 2 * F.relu(1 - sign * d(both, twice)).mean()
    adam_d.zero_grad()
    judged.backward()
    adam_d.step()


def measure():
    step(0)
    wall, cpu = time.perf_counter(), time.process_time()
    for n in range(STEPS):
        step(n)
    wall = (time.perf_counter() - wall) / STEPS
    cpu = (time.process_time() - cpu) / STEPS
    print(f"PyTorch {torch.__version__}: {wall:.3f} s a step ({cpu:.3f} s of processor time), "
          f"{3600 / wall * BATCH:.0f} pictures an hour, {THREADS} threads")


if SERVE:
    numbers = itertools.count()
    serve(lambda: step(next(numbers)),
          lambda: {"before": before, "peak": status("VmHWM")}, {})
else:
    measure()
