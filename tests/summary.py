#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums the subtests of meson's test logs: summary.py LOG-FOLDER…

Prints one line, "N passed, N failed, N skipped"; fails when a test failed or
none ran. A program that ended badly counts as one failure even when each of
its subtests passed.
"""

import json
import os
import sys
import xml.etree.ElementTree as ElementTree

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def subtests(folder):
    """Counts per program: name -> [passed, failed, skipped]."""
    counts = {}
    path = os.path.join(folder, "testlog.junit.xml")
    if not os.path.exists(path):
        return counts
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        for case in suite.findall("testcase"):
            # A TAP program is a suite of its own; others share one.
            own = suite.get("name", "")
            name = own if own.count(".") else case.get("name", "")
            count = counts.setdefault(name.split(".")[-1], [0, 0, 0])
            if case.find("failure") is not None or case.find("error") is not None:
                count[1] += 1
            elif case.find("skipped") is not None:
                count[2] += 1
            else:
                count[0] += 1
    return counts


def programs(folder):
    path = os.path.join(folder, "testlog.json")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as log:
        for line in log:
            record = json.loads(line)
            yield record["name"].split(" / ")[-1], record["result"]


def add_up(folder):
    counts = subtests(folder)
    failures = []
    for name, result in programs(folder):
        count = counts.setdefault(name, [0, 0, 0])
        if result in BAD:
            failures.append(f"{name} ({result.lower()})")
            count[1] = max(count[1], 1)
        elif sum(count) == 0:
            count[2 if result == "SKIP" else 0] += 1
    return [sum(column) for column in zip(*counts.values())] or [0, 0, 0], failures


def main():
    total = [0, 0, 0]
    for folder in sys.argv[1:]:
        sums, failures = add_up(folder)
        total = [a + b for a, b in zip(total, sums)]
        build = os.path.basename(os.path.dirname(folder))
        for failure in failures:
            print(f"Failed in {build}: {failure}")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
