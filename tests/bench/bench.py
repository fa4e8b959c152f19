#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against its peers:
bench.py BUILD COMMIT [--quick] [--only NAMES | --again NAMES]

The engines of a case wait in processes of their own and are asked for one
pass in turn, so that all see the same noise.
"""

import argparse
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import time

import numpy

import cases
import machine
import report
from runner import Engine, Failed, Others, available

TOP = os.path.dirname(os.path.dirname(cases.HERE))
PAUSE = 0.05  # for threads that wait for more work to give up
BUSY = 0.08    # share of the processors
QUICK = 105    # seconds after which no case begins
SLOW = 5       # seconds; engines whose pass takes longer
FEW = 3        # get so many rounds
STARTS = 9     # of which reading, planning and taking memory are timed


def say(text):
    print(text, file=sys.stderr, flush=True)


def made_up(width, height):
    """A picture with smooth and rough parts, [H, W, 3] from 0 to 1."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    noise = numpy.random.default_rng(1)
    out = numpy.empty((height, width, 3), numpy.float32)
    for c in range(3):
        out[..., c] = 0.5 + 0.2 * numpy.sin(x / 37 + c) * numpy.cos(y / 53 - x / 91)
        out[..., c] += 0.15 * numpy.sin(y / 211 + c) * numpy.sin(x / 307)
    out += noise.random(out.shape, numpy.float32) * 0.1
    return out.clip(0, 1)


def beside(build):
    return os.path.join(os.path.dirname(os.path.abspath(build)), "bench")


class Bench:
    def __init__(self, build, quick, work=None):
        self.build = build
        self.quick = quick
        self.work = work or beside(build)
        os.makedirs(self.work, exist_ok=True)
        self.ways = {}
        self.made = set()

    def path(self, name):
        return os.path.join(self.work, name)

    def once(self, path, *command):
        """Makes a file anew the first time that it is asked for."""
        if path not in self.made:
            if os.path.exists(path):
                os.remove(path)
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            self.made.add(path)
        return path

    def files(self, case):
        if case.kind == "training":
            return {}
        if case.network == "bundled":
            model = os.path.join(TOP, "models", "brush.onnx")
        else:
            writer = cases.program(self.build, "tests/bench/write-network")
            model = self.once(self.path(case.network + ".onnx"), writer, case.network,
                              self.path(case.network + ".onnx"))
        files = {"model": model, "input": self.path(f"{case.size_text}.f32"),
                 "jpeg": self.path(f"{case.size_text}.jpg"),
                 "output": self.path("output")}
        if not os.path.exists(files["input"]):
            made_up(*case.size).tofile(files["input"])
        if case.kind == "apply":
            self.write_jpeg(case, files)
        if "opencv" in case.engines:
            files["fixed"] = self.path(f"{case.network}-{case.size_text}.onnx")
            self.once(files["fixed"],
                      *cases.script("fix.py", model, case.size_text, files["fixed"]))
        return files

    def write_jpeg(self, case, files):
        from PIL import Image
        picture = numpy.fromfile(files["input"], numpy.float32)
        picture = (picture.reshape(case.size[1], case.size[0], 3) * 255).astype("u1")
        Image.fromarray(picture).save(files["jpeg"], quality=92)

    def way(self, case, files):
        """Which of its ways torch is fastest in: tried up to 1024 pixels."""
        if self.quick:
            return "traced"
        side = min(1024, *case.size)
        key = (case.network, side, case.avx2)
        if key not in self.ways:
            size = f"{side}x{side}"
            small = cases.Case("", "network", case.network, (side, side))
            call = cases.script("peer.py", "torch", files["model"], size,
                                self.files(small)["input"], "--try")
            own = cases.AVX2["torch"] if case.avx2 else {}
            try:
                engine = Engine(call, own)
            except Failed:
                return "traced"
            engine.close()
            self.ways[key] = min(engine.made, key=engine.made.get)
        return self.ways[key]

    def measure(self, case):
        files = self.files(case)
        result = {"kind": case.kind, "network": case.network, "size": list(case.size),
                  "threads": case.threads, "budget": case.budget * 1000000,
                  "engines": {}}
        if case.name == "bundled/512":
            result["start"] = self.starts(case, files)
        way = self.way(case, files) if "torch" in case.engines and files else ""
        truth = self.truth(case, files)
        for group in self.groups(case, result):
            share = self.rounds(case, group, files, way, truth, result)
            result["others"] = round(max(share, result.get("others", 0)), 3)
        if way and "torch" in result["engines"]:
            result["engines"]["torch"]["way"] = way
        finish(result)
        for name in ("output", "output.jpg"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        return result

    def starts(self, case, files):
        """Median and quartiles of the seconds that fresh starts take."""
        call, own = cases.engine_call(case, "pastiche", files, self.build, "")
        seconds = []
        for _ in range(STARTS):
            engine = Engine(call, own)
            engine.close()
            seconds.append(sum(engine.made[k] for k in ("load", "plan", "allocate")))
        return rounded(quartiles(seconds))

    def groups(self, case, result):
        """Engines that fit into the memory side by side, ours in each."""
        room = 0.85 * available()
        ours = case.takes("pastiche")
        groups, left = [], list(case.engines[1:])
        for name in list(left):
            if ours + case.takes(name) > room:
                left.remove(name)
                why = (f"left out: it would need about {case.takes(name) / 1e9:.0f} GB "
                       f"of memory, and {available() / 1e9:.0f} GB are free")
                result["engines"][name] = {"failed": why}
                say(f"  {name} {why}")
        while left or not groups:
            group, need = ["pastiche"], ours
            for name in list(left):
                if need + case.takes(name) <= room:
                    group.append(name)
                    left.remove(name)
                    need += case.takes(name)
            groups.append(group)
        return groups

    def truth(self, case, files):
        """What double precision gives, where errors are to be worked out; kept
        for the next time."""
        if not case.checked:
            return None
        with open(files["model"], "rb") as file:
            key = hashlib.sha256(file.read()).hexdigest()[:12]
        path = self.path(f"{key}-{case.size_text}.f64")
        if not os.path.exists(path):
            try:
                engine = Engine(cases.script("peer.py", "float64", files["model"],
                                             case.size_text, files["input"]), patience=600)
                try:
                    engine.ask("run")
                    engine.ask("save " + path + ".part")
                finally:
                    engine.close()
            except Failed as failure:
                say(f"  no errors are worked out: {failure}")
                return None
            os.rename(path + ".part", path)
        return numpy.fromfile(path, numpy.float64)

    def start(self, case, name, files, way, result):
        call, own = cases.engine_call(case, name, files, self.build, way)
        try:
            return Engine(call, own)
        except Failed as failure:
            result["engines"][name] = {"failed": str(failure)}
            say(f"  {name}: {failure}")
            return None

    def rounds(self, case, group, files, way, truth, result):
        running = {}
        try:
            for name in group:
                engine = self.start(case, name, files, way, result)
                if engine:
                    running[name] = engine
            return self.go_round(case, running, files, truth, result)
        finally:
            for engine in running.values():
                engine.close()

    def go_round(self, case, running, files, truth, result):
        def ask(name, command):
            try:
                return running[name].ask(command)
            except Failed as failure:
                running.pop(name).close()
                result["engines"][name] = {"failed": str(failure)}
                say(f"  {name}: {failure}")
                return {}

        times = {name: [] for name in running}
        # The second pass is still slow where torch is traced.
        few = case.kind != "network" or self.quick or max(case.size) > 1024
        warm = 1 if few else 2
        begin = 0.0
        for i in range(-warm, case.rounds[1]):
            took = time.monotonic() - begin
            if i == 0:
                begin, took = time.monotonic(), 0
                others = Others(list(running.values()))
            if i >= case.rounds[0] and took * (i + 1) / i > case.seconds:
                break
            # The engine that begins changes, as its neighbours do.
            order = list(running)
            for name in order[i % len(order):] + order[:i % len(order)] if order else ():
                if i >= FEW and name != "pastiche" and min(times[name], default=0) > SLOW:
                    continue
                seconds = ask(name, "run").get("seconds")
                if i >= 0 and seconds:
                    times[name].append(seconds)
                time.sleep(PAUSE)
        share = others.share()
        for name in list(running):
            entry = result["engines"].setdefault(name, {})
            entry.setdefault("runs", []).extend(times[name])
            entry.setdefault("rounds", []).append((times[name], times.get("pastiche", [])))
            entry.update(running[name].made)
            entry.update(ask(name, "memory"))
            if truth is not None and "error" not in entry:
                entry["error"] = self.error(name, files, truth, ask)
        return share

    def error(self, name, files, truth, ask):
        """The largest error relative to the output's range."""
        ask(name, "save " + files["output"])
        out = numpy.fromfile(files["output"], numpy.float32)
        if out.shape != truth.shape:
            return None
        return float(abs(out - truth).max() / numpy.ptp(truth))


def quartiles(values):
    if len(values) < 2:
        return [values[0]] * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return [middle, low, high]


def rounded(values):
    return [float(f"{value:.4g}") for value in values]


def finish(result):
    """Runs become medians and quartiles; rounds become ratios."""
    for name, entry in result["engines"].items():
        if "failed" in entry or not entry.get("runs"):
            continue
        runs = entry.pop("runs")
        entry["n"] = len(runs)
        entry["seconds"] = rounded(quartiles(runs))
        ratios = [theirs / ours for a, b in entry.pop("rounds") for theirs, ours in zip(a, b)]
        if name != "pastiche" and ratios:
            entry["times"] = rounded(quartiles(ratios))
        if entry.get("peak"):
            entry["memory"] = entry["peak"] - entry["before"]


def warn_if_busy():
    others = Others()
    time.sleep(2)
    share = others.share()
    if share > BUSY:
        say(f"This machine is busy: other programs take {share:.0%} of its processors. "
            "The figures will be wrong; measure again when it is quiet.")


def choose(every, only):
    if not only:
        return every
    names = [name.strip() for name in only.split(",")]
    chosen = [case for case in every
              if any(case.name == n or case.name.startswith(n + "/") for n in names)]
    for name in names:
        if not any(c.name == name or c.name.startswith(name + "/") for c in every):
            sys.exit(f"bench: there is no '{name}'; --list tells the names.")
    return chosen


def in_order(results):
    """Cases measured again take their places among the others."""
    names = [case.name for case in cases.full_cases()]
    return dict(sorted(results.items(),
                       key=lambda item: names.index(item[0]) if item[0] in names else -1))


def save(results, folder):
    results["cases"] = in_order(results["cases"])
    text = json.dumps(results, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^][{}]*\]", lambda m: " ".join(m.group().split()), text)
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    report.write(results, folder)


def keep(results, folder):
    """What the folder's results say of other cases, on the same machine and
    against the same engines."""
    try:
        with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
            old = json.load(file)
    except OSError:
        return
    versions = [{k: v for k, v in r["versions"].items() if k != "pastiche"}
                for r in (old, results)]
    same = old["machine"] == results["machine"] and versions[0] == versions[1]
    if old["quick"] or not same:
        sys.exit("bench: the results that there are come from another machine or other "
                 "versions; measure all of it: ./dev bench")
    for name, case in old["cases"].items():
        results["cases"][name] = {"commit": old["versions"]["pastiche"], **case}
    results["minutes"] = old["minutes"]


def tell(name, result):
    parts = []
    for engine, entry in result["engines"].items():
        if "seconds" in entry:
            times = f" (x {entry['times'][0]:.2f})" if "times" in entry else ""
            parts.append(f"{engine} {entry['seconds'][0]:.3f} s{times}")
    say(f"  {name}: " + ", ".join(parts))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("build")
    parser.add_argument("commit")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", metavar="NAMES", default="")
    parser.add_argument("--again", metavar="NAMES", default="")
    parser.add_argument("--list", action="store_true")
    a = parser.parse_args()
    every = cases.quick_cases() if a.quick else cases.full_cases()
    if a.list:
        print("\n".join(case.name for case in every))
        return
    chosen = choose(every, a.only or a.again)
    official = not a.quick and not a.only
    folder = os.path.join(TOP, "docs", "bench") if official else \
        os.path.join(beside(a.build), "results")
    os.makedirs(folder, exist_ok=True)
    warn_if_busy()
    bench = Bench(a.build, a.quick)
    results = {"machine": machine.describe(), "versions": machine.versions(a.commit),
               "quick": a.quick, "minutes": 0, "cases": {}}
    if a.again:
        keep(results, folder)
    before = results["minutes"]
    begin = time.monotonic()
    for case in chosen:
        if a.quick and time.monotonic() - begin > QUICK:
            say(f"Two minutes are over: {case.name} is left out.")
            continue
        say(f"{case.name}…")
        results["cases"][case.name] = {"commit": a.commit, **bench.measure(case)}
        tell(case.name, results["cases"][case.name])
        results["minutes"] = round(before + (time.monotonic() - begin) / 60, 1)
        save(results, folder)  # what there is, should it be ended
    worst = max(results["cases"][case.name]["others"] for case in chosen
                if case.name in results["cases"])
    if worst > BUSY:
        say(f"Other programs took up to {worst:.0%} of the processors meanwhile: "
            "the figures are wrong; measure again when the machine is quiet.")
    say(f"It took {results['minutes']} minutes; the results are in "
        f"{os.path.relpath(folder, TOP)}.")


if __name__ == "__main__":
    main()
