#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten steps of training, in PyTorch and by core/train, side by side.

usage: steps.py PROGRAM    (PROGRAM is built from steps.c)
"""
import math
import sys

from reference import report, run
import torch
import torch.nn.functional as F

STYLES, BATCH, STEPS = 3, 3, 10
CASES = [(a, s) for a in ("hinge", "lsgan", "bce", "wgan-gp") for s in ("gram", "covariance")]
NAMES = ("content", "style", "variation", "identity", "adversarial", "real",
         "fake", "norm", "penalty")


def picture(pixels):
    return pixels.permute(0, 3, 1, 2).contiguous()


class Generator:
    """The transform network with one residual block."""

    def __init__(self, tensors):
        self.w = {k.split(".", 1)[1]: v.clone().requires_grad_()
                  for k, v in tensors.items() if k.startswith("generator.")}
        self.gate = torch.zeros(STYLES, 1)
        self.gate[0] = 1

    def conv(self, i, x, stride=1):
        w = self.w[f"conv{i}.weight"]
        pad = w.shape[2] // 2
        x = F.pad(x, (pad,) * 4, mode="reflect")
        return F.conv2d(x, w, self.w.get(f"conv{i}.bias"), stride)

    def norm(self, i, x, style):
        x = F.instance_norm(x, eps=1e-5)
        return (x * (style @ self.w[f"norm{i}.gamma"])[:, :, None, None]
                + (style @ self.w[f"norm{i}.beta"])[:, :, None, None])

    def __call__(self, image, style):
        x = image * 2 - 1
        for i, stride in enumerate((1, 2, 2)):
            x = F.relu(self.norm(i, self.conv(i, x, stride), style))
        y = F.relu(self.norm(3, self.conv(3, x), style))
        x = x + self.norm(4, self.conv(4, y), style)
        for i in (5, 6):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(self.norm(i, self.conv(i, x), style))
        skip = torch.logit(image.clamp(0.02, 0.98)) * (style @ self.gate)[:, :, None, None]
        return torch.sigmoid(self.conv(7, x) + skip)


class Discriminator:
    """4x4 convolutions under spectral normalisation."""

    def __init__(self, tensors, index, strides, pool, gain):
        def pick(room):
            return {k.split(".", 1)[1]: v.clone() for k, v in tensors.items()
                    if k.startswith(f"{room}{index}.")}
        self.w = {k: v.requires_grad_() for k, v in pick("discriminator").items()}
        self.u, self.v = pick("left"), pick("right")
        self.strides, self.pool, self.gain = strides, pool, gain

    def weight(self, name):
        w = self.w[name]
        if name not in self.u:
            return w
        sigma = self.u[name] @ (w.flatten(1) @ self.v[name])
        return w / sigma

    def see(self, x):
        return F.avg_pool2d(x, self.pool) * 2 - 1

    def logits(self, x, columns):
        """One map for each sample: that of its style."""
        return self.judge(self.see(x), columns)

    def judge(self, x, columns):
        for i, stride in enumerate(self.strides):
            x = F.conv2d(x, self.weight(f"conv{i}.weight"), self.w[f"conv{i}.bias"], stride)
            if i + 1 < len(self.strides):
                x = F.leaky_relu(x, 0.2)
        return self.gain * x[torch.arange(len(columns)), columns]

    def penalty(self, x, columns):
        """Of the gradient by what the discriminator sees."""
        x = self.see(x).detach().requires_grad_()
        mean = self.judge(x, columns).mean((1, 2)).sum()
        gradient, = torch.autograd.grad(mean, x, create_graph=True)
        return (gradient.flatten(1).norm(dim=1) - 1) ** 2

    @torch.no_grad()
    def iterate(self):
        for name in self.u:
            w = self.w[name].flatten(1)
            self.u[name] = F.normalize(w @ self.v[name], dim=0)
            self.v[name] = F.normalize(w.t() @ self.u[name], dim=0)


def features(t, x):
    shallow = F.relu(F.conv2d(x, t["shallow.weight"], t["shallow.bias"], padding=1))
    deep = F.relu(F.conv2d(F.max_pool2d(shallow, 2), t["deep.weight"], t["deep.bias"], padding=1))
    return shallow, deep


def moments(form, f):
    n, c = f.shape[:2]
    f = f.reshape(n, c, -1)
    mean = f.mean(2)
    if form == "covariance":
        f = f - mean[:, :, None]
    return f @ f.transpose(1, 2) / f.shape[2], mean


def style_loss(form, f, target):
    second, first = moments(form, f)
    loss = ((second - target[0]) ** 2).sum((1, 2)) / (target[0] ** 2).sum((1, 2))
    if form == "covariance":
        loss = 0.5 * (loss + ((first - target[1]) ** 2).sum(1) / (target[1] ** 2).sum(1))
    return loss


def adversarial(form, d, sign):
    if form == "hinge":
        x = -d if sign is None else F.relu(1 - sign * d)
    elif form == "wgan-gp":
        x = -d if sign is None else -sign * d
    elif form == "lsgan":
        x = (d - 1) ** 2 if sign is None else (d - (sign + 1) / 2) ** 2
    else:
        x = F.softplus(-d if sign is None else -sign * d)
    return x.mean((1, 2))


def mean_of(loss, which):
    return float(loss[which].mean()) if which.any() else math.nan


def repeat(t, adversarial_form, style_form):
    """The same steps as steps.c; yields the losses of each."""
    g = Generator(t)
    ds = [Discriminator(t, 0, (2, 1, 1), 1, 4), Discriminator(t, 1, (2, 1), 2, 1.5)]
    adam = torch.optim.Adam(g.w.values(), 1e-3, betas=(0.5, 0.999))
    adams = [torch.optim.Adam(d.w.values(), 4e-4, betas=(0.5, 0.999)) for d in ds]
    layer_weights, style_factor = (1, 0.5), (0, 1, 0.7)
    with torch.no_grad():
        targets = [[moments(style_form, f) for f in features(t, picture(t[f"style{s}"][None]))]
                   for s in (0, 0, 1)]
    for number in range(STEPS):
        columns = torch.tensor([(i + number) % 3 for i in range(BATCH)])
        painted = columns > 0
        weight = painted.double()
        factor = torch.tensor([style_factor[c] for c in columns])
        style = F.one_hot(columns, STYLES).double()
        photo, real = picture(t[f"photo{number}"]), picture(t[f"real{number}"])
        out = g(photo, style)
        fo, fp = features(t, out), features(t, photo)
        content = (((fo[1] - fp[1]) ** 2).mean((1, 2, 3)) / ((fp[1] ** 2).mean((1, 2, 3)) + 1e-6))
        sty = sum(w * style_loss(style_form, fo[i],
                                 [torch.cat([targets[c][i][k] for c in columns]) for k in (0, 1)])
                  for i, w in enumerate(layer_weights))
        tv = ((out[:, :, 1:] - out[:, :, :-1]).abs().mean((1, 2, 3))
              + (out[:, :, :, 1:] - out[:, :, :, :-1]).abs().mean((1, 2, 3)))
        identity = (out - photo).abs().mean((1, 2, 3))
        adv = sum(adversarial(adversarial_form, d.logits(out, columns), None) for d in ds)
        total = (content + weight * (2 * factor * sty + 0.25 * adv + 0.05 * tv)
                 + (1 - weight) * 10 * identity).mean()
        adam.zero_grad()
        total.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(list(g.w.values()), 5))
        adam.step()
        fake = out.detach()
        reals = fakes = penalties = 0
        part = t[f"blend{number}"][:, None, None, None]
        between = part * real + (1 - part) * fake
        for d, optimiser in zip(ds, adams):
            a = adversarial(adversarial_form, d.logits(real, columns), 1)
            b = adversarial(adversarial_form, d.logits(fake, columns), -1)
            c = torch.zeros(BATCH)
            if adversarial_form == "wgan-gp":
                c = d.penalty(between, columns)
            optimiser.zero_grad()
            ((a + b + 10 * c) * weight).mean().backward()
            optimiser.step()
            d.iterate()
            reals, fakes, penalties = (reals + a.detach(), fakes + b.detach(),
                                       penalties + c.detach())
        yield (mean_of(content, painted), mean_of(sty, painted), mean_of(tv, painted),
               mean_of(identity, ~painted), mean_of(adv, painted), mean_of(reals, painted),
               mean_of(fakes, painted), norm,
               mean_of(penalties, painted) if adversarial_form == "wgan-gp" else math.nan)


def limit(step, name):
    """The first step pins the formulas. Later a sum may have crossed a
    ReLU's kink, which shows in the gradient's norm first; which step it is
    depends on the processor."""
    if step == 0:
        return 2e-5
    return (4e-3 if name == "norm" else 1e-3) * (1 + step)


def compare(forms):
    """The first loss that is too far off, or None."""
    text, tensors = run(*forms)
    ours = [[float(x) for x in line.split()] for line in text.splitlines()]
    theirs = list(repeat(tensors, *forms))
    assert len(ours) == len(theirs) == STEPS
    for step, (a, b) in enumerate(zip(ours, theirs)):
        for name, x, y in zip(NAMES, a, b):
            # With hinge the gradient of the last bias cancels out at first, and
            # Adam makes whole steps of what rounding leaves of it.
            size = max(abs(y), 1 if name in ("adversarial", "real", "fake") else 0.1)
            if math.isnan(x) and math.isnan(y):
                continue
            if not abs(x - y) <= limit(step, name) * size:
                return f"step {step}: {name} is {x:.7g}, in PyTorch {y:.7g}"
    return None


if __name__ == "__main__":
    sys.exit(report("ten steps", CASES, compare))
