# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, and how each engine is called."""

import os
import sys
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTO = (4000, 3000)
LARGE = (8660, 5773)  # 50 megapixels
STYLE = "starry-night"
PEERS = ("onnxruntime", "torch", "opencv")

# Rough most bytes a pixel of the picture that an engine takes for the
# classical network; the others take half.
TAKES = {"pastiche": 400, "pastiche-openblas": 400, "onnxruntime": 2400,
         "opencv": 2000, "torch": 1400}

AVX2 = {
    "pastiche": {"PASTICHE_ISA": "avx2", "OPENBLAS_CORETYPE": "Haswell"},
    "torch": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
}


@dataclass
class Case:
    """@kind: network, stylize, apply or training; @network: classical,
    half-width or bundled; @size: width and height; @budget: megabytes, 0 for
    any; @seconds: about how long the rounds may take; @rounds: fewest and
    most; @checked: whether errors are worked out."""

    name: str
    kind: str
    network: str = ""
    size: tuple = ()
    engines: tuple = ("pastiche",)
    budget: int = 0
    avx2: bool = False
    threads: int = 2
    seconds: float = 45
    rounds: tuple = (5, 15)
    checked: bool = False
    settings: dict = field(default_factory=dict)

    @property
    def size_text(self):
        return f"{self.size[0]}x{self.size[1]}"

    def takes(self, engine):
        """Bytes, roughly and rather too many."""
        if self.kind == "training":
            return 1 << 30
        pixels = self.size[0] * self.size[1]
        factor = 1 if self.network == "classical" else 0.5
        need = pixels * TAKES[engine] * factor
        if self.budget:
            need = min(need, self.budget * 1e6)
        return need + pixels * 40 + 300e6


def square(network, side, **more):
    return Case(f"{network}/{side}", "network", network, (side, side),
                ("pastiche", "pastiche-openblas", *PEERS), **more)


def masked(side, **more):
    return Case(f"avx2/classical/{side}", "network", "classical", (side, side),
                ("pastiche", "torch"), avx2=True, **more)


def photo(kind, network, budget):
    name = f"photo/{network}" if kind == "network" else f"photo/{kind}"
    return Case(name + (f"/{budget}" if budget else ""), kind, network, PHOTO,
                budget=budget, seconds=30, rounds=(3, 5))


def large(budget):
    return Case(f"photo/stylize50/{budget}", "stylize", "bundled", LARGE, budget=budget,
                seconds=60, rounds=(2, 3))


def full_cases():
    cases = []
    for network in ("classical", "half-width", "bundled"):
        cases.append(square(network, 512, seconds=30, checked=True))
        cases.append(square(network, 1024, checked=True))
        cases.append(square(network, 2048, seconds=90))
    cases += [masked(512, seconds=20), masked(1024, seconds=30)]
    cases += [photo("network", "classical", mb) for mb in (0, 2000, 1000)]
    cases += [photo("network", "bundled", mb) for mb in (0, 600)]
    cases += [photo("stylize", "bundled", mb) for mb in (0, 600)]
    cases.append(photo("apply", "bundled", 600))
    cases += [large(4000), large(2300)]
    for threads in (2, 1):
        cases.append(Case(f"training/{threads}", "training", threads=threads,
                          engines=("pastiche", "torch", "torch-channels-last"),
                          seconds=40, rounds=(5, 20)))
    return cases


def quick_cases():
    few = {"seconds": 6, "rounds": (3, 5)}
    return [
        square("classical", 512, checked=True, **few),
        square("half-width", 512, checked=True, **few),
        square("bundled", 512, checked=True, **few),
        square("classical", 1024, **few),
        square("bundled", 1024, **few),
    ]


def program(build, *path):
    return os.path.join(build, *path)


def script(name, *arguments):
    return [sys.executable, os.path.join(HERE, name), *arguments]


def engine_call(case, engine, files, build, way):
    """The command that serves @engine and its own environment. @files are the
    paths of model, fixed model, input and output; @way is torch's."""
    threads = str(case.threads)
    own = AVX2[engine] if case.avx2 else {}
    if engine == "pastiche-openblas":
        own = {"PASTICHE_GEMM": "openblas"}
    if case.kind == "training":
        if engine == "pastiche":
            return [program(build, "tests/bench/bench-train"), "serve", threads], own
        return script("train.py", "serve", threads, engine.partition("-")[2]), own
    if case.kind == "stylize":
        return [program(build, "tests/bench/run-stylize"), files["model"], case.size_text,
                files["input"], threads, str(case.budget)], own
    if case.kind == "apply":
        return script("service.py", program(build, "helper/pastiche"), "apply", "--quiet",
                      "--style", STYLE, "--threads", threads, "--memory", f"{case.budget}M", files["model"],
                      files["jpeg"], files["output"] + ".jpg"), own
    if engine.startswith("pastiche"):
        return [program(build, "tests/bench/run-network"), "--serve", "--threads", threads,
                "--budget", str(case.budget), "--input", files["input"], files["model"],
                case.size_text], own
    model = files["fixed"] if engine == "opencv" else files["model"]
    call = script("peer.py", engine, model, case.size_text, files["input"],
                  "--threads", threads)
    return call + (["--way", way] if engine == "torch" else []), own
