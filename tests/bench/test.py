#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark itself, without timing anything: test.py BUILD; speaks TAP."""

import importlib.util
import json
import os
import sys
import tempfile
import traceback

BUILD = sys.argv[1]  # where meson builds
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def check(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r} instead of {wanted!r}")


def entry(seconds, memory, **more):
    return {"runs": list(seconds), "before": 100, "peak": 100 + memory, **more}


def result(**engines):
    ours = engines["pastiche"]["runs"]
    for each in engines.values():
        each.setdefault("rounds", [(each.get("runs", []), ours)])
    return {"kind": "network", "network": "classical", "size": [512, 512], "threads": 2,
            "budget": 0, "others": 0.0, "engines": engines}


def test_ratios():
    """Ratios are taken round by round, with quartiles."""
    import bench
    case = result(pastiche=entry([1, 2, 4, 2, 1], 1000),
                  torch=entry([3, 6, 12, 6, 3], 4000))
    bench.finish(case)
    check(case["engines"]["torch"]["times"], [3, 3, 3], "times")
    check(case["engines"]["torch"]["seconds"], [6, 3, 6], "seconds")
    check(case["engines"]["torch"]["memory"], 4000, "memory")
    check("times" in case["engines"]["pastiche"], False, "ours to ours")


def test_failures():
    """An engine that failed gives its words in the table and no ratio."""
    import bench
    import report
    case = result(pastiche=entry([1, 1, 1], 1000), opencv={"failed": "a | b"})
    bench.finish(case)
    check(report.cell(case, "opencv"), "a / b", "a failed engine")
    check(report.cell(case, "torch"), "–", "an engine that is not there")


def test_table():
    """The better of an engine's ways is the one that counts."""
    import bench
    import report
    case = result(pastiche=entry([1, 1, 1], 1_000_000),
                  torch=entry([4, 4, 4], 9_000_000),
                  **{"torch-channels-last": entry([3, 3, 3], 5_000_000)})
    bench.finish(case)
    check(report.cell(case, "torch"), "3.00 s ×3.00 (3.00–3.00), 5 MB ×5.0", "the cell")
    check(report.cell(case, "pastiche"), "1.00 s (+0% +0%), 1 MB", "our cell")


def test_again():
    """Cases measured again take their places; another machine's are not mixed in."""
    import bench
    import report
    mine = {"machine": {"cores": 2}, "versions": {"pastiche": "b", "torch": "1"},
            "quick": False, "minutes": 0, "cases": {}}
    with tempfile.TemporaryDirectory() as folder:
        bench.keep(mine, folder)
        check(mine["cases"], {}, "nothing was there")
        old = {**mine, "versions": {"pastiche": "a", "torch": "1"}, "minutes": 7,
               "cases": {"x": {"others": 0}, "y": {"others": 0}, "z": {"others": 0}}}
        with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
            json.dump(old, file)
        bench.keep(mine, folder)
        check(list(mine["cases"]), ["x", "y", "z"], "the cases")
        check(mine["minutes"], 7, "the time")
        check(list(bench.in_order({"photo/bundled": 1, "classical/512": 2})),
              ["classical/512", "photo/bundled"], "their order")
        mine["cases"]["y"] = {"commit": "b"}
        check(report.commits(mine), "a (b for y)", "the commits")
        try:
            bench.keep({**mine, "machine": {"cores": 4}}, folder)
        except SystemExit:
            return
        raise AssertionError("results of two machines were mixed")


def test_start():
    """What a fresh start takes is told in milliseconds."""
    import report
    case = {**result(pastiche=entry([1], 1000)), "start": [0.02, 0.015, 0.031]}
    text = report.notes({"quick": True, "minutes": 1, "cases": {"bundled/512": case}})
    check("took 20 ms (15–31)" in text, True, text)


def test_groups():
    """What does not fit into memory side by side is measured apart."""
    import bench
    import cases
    case = next(c for c in cases.full_cases() if c.name == "classical/2048")
    free = bench.available
    try:
        for room, wanted in ((64e9, 1), (16e9, 3), (8e9, 1)):
            bench.available = lambda room=room: room
            out = {"engines": {}}
            groups = bench.Bench.groups(None, case, out)
            check(len(groups), wanted, f"groups in {room / 1e9:.0f} GB")
            check({g[0] for g in groups}, {"pastiche"}, "who begins")
            measured = {n for g in groups for n in g} | set(out["engines"])
            check(measured, set(case.engines), "the engines")
        check("onnxruntime" in out["engines"], True, "left out for want of memory")
    finally:
        bench.available = free


def test_names():
    """--only takes whole names and what they begin with."""
    import bench
    import cases
    names = [c.name for c in bench.choose(cases.full_cases(), "classical/512, photo")]
    check(names[0], "classical/512", "the first")
    check(all(n.startswith("photo/") for n in names[1:]), True, "the others")
    check(len(cases.full_cases()), len({c.name for c in cases.full_cases()}), "names")


def test_nobody_is_named():
    """The machine is described without its name."""
    import platform
    import machine
    text = str(machine.describe()) + str(machine.versions("x"))
    check(platform.node() in text, False, f"{platform.node()} in {text}")


def test_engines_agree():
    """The same network gives the same picture in all engines."""
    import bench
    import cases
    with tempfile.TemporaryDirectory() as folder:
        b = bench.Bench(BUILD, quick=True, work=folder)
        known = [e for e in ("pastiche", "pastiche-openblas", "onnxruntime", "torch", "opencv")
                 if e in MODULES and importlib.util.find_spec(MODULES[e]) or e not in MODULES]
        for network in ("half-width", "bundled"):
            case = cases.Case("x", "network", network, (96, 64), tuple(known),
                              rounds=(1, 1), checked=True)
            engines = b.measure(case)["engines"]
            check(sorted(engines), sorted(known), "the engines")
            for name, got in engines.items():
                if "failed" in got or not got["error"] < 2e-3:
                    raise AssertionError(f"{name}, {network}: {got}")
                check(got["peak"] > 1e6 and got["seconds"][0] > 0, True, "figures")


MODULES = {"onnxruntime": "onnxruntime", "torch": "torch", "opencv": "cv2"}


def main():
    tests = [f for name, f in globals().items() if name.startswith("test_")]
    failed = 0
    for i, test in enumerate(tests, 1):
        name = f"{test.__name__[5:].replace('_', '-')} {test.__doc__}"
        if test is test_engines_agree and not importlib.util.find_spec("torch"):
            print(f"ok {i} - {name} # SKIP PyTorch is not installed")
            continue
        try:
            test()
            print(f"ok {i} - {name}")
        except Exception:  # any is a failed test
            failed += 1
            print(f"not ok {i} - {name}")
            print("# " + traceback.format_exc().replace("\n", "\n# "))
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
