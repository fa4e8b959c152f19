#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums the subtests of meson's test logs: summary.py LOG-FOLDER… | --self-test

Prints one line, "N passed, N failed, N skipped"; fails when a test failed or
none ran. A program that ended badly counts as one failure even when each of
its subtests passed.
"""

import glob
import json
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}
NOISE = re.compile(r"\s*(ok\b|1\.\.\d|TAP version"
                   r"|# (random seed|Start of|End of)|#\s*$)")


def logs(folder, ending):
    """With a setup, such as soak, meson adds its name to that of the logs."""
    return glob.glob(os.path.join(glob.escape(folder), "testlog*" + ending))


def subtests(folder):
    """Counts per program: name -> [passed, failed, skipped]."""
    counts = {}
    suites = [suite for path in logs(folder, ".junit.xml")
              for suite in ElementTree.parse(path).getroot().iter("testsuite")]
    for suite in suites:
        # A TAP program is a suite "PROJECT.NAME"; others share one suite.
        own = suite.get("name", "").partition(".")[2]
        for case in suite.findall("testcase"):
            count = counts.setdefault(own or case.get("name", ""), [0, 0, 0])
            if case.find("failure") is not None or case.find("error") is not None:
                count[1] += 1
            elif case.find("skipped") is not None:
                count[2] += 1
            else:
                count[0] += 1
    return counts


def programs(folder):
    for path in logs(folder, ".json"):
        with open(path, encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)


def show(record, build):
    """What meson leaves out of a failed TAP program: its own words."""
    print(f"\nFailed in {build}: {record['name']} ({record['result'].lower()})")
    words = []
    for line in (record.get("stdout") or "").splitlines():
        if NOISE.match(line):
            continue
        words.append(line)
    for line in words[:60]:
        print(f"  {line}")
    if len(words) > 60:
        print(f"  … {len(words) - 60} more lines in the log")


def add_up(folder):
    counts = subtests(folder)
    build = os.path.basename(os.path.dirname(os.path.normpath(folder)))
    for record in programs(folder):
        count = counts.setdefault(record["name"], [0, 0, 0])
        if record["result"] in BAD:
            show(record, build)
            count[1] = max(count[1], 1)
        elif sum(count) == 0:
            count[2 if record["result"] == "SKIP" else 0] += 1
    return [sum(column) for column in zip(*counts.values())] or [0, 0, 0]


def self_test():
    """As TAP: logs of a run with a setup count like others."""
    case = '<testsuite name="p.kills"><testcase name="%s"/></testsuite>'
    print("1..2")
    for number, name in enumerate(("testlog", "testlog-soak"), 1):
        with tempfile.TemporaryDirectory() as folder:
            base = os.path.join(folder, name)
            with open(base + ".junit.xml", "w", encoding="utf-8") as log:
                log.write(f"<testsuites>{case % 'a'}{case % 'b'}</testsuites>")
            with open(base + ".json", "w", encoding="utf-8") as log:
                log.write(json.dumps({"name": "kills", "result": "OK"}))
            good = add_up(folder) == [2, 0, 0]
        print(f"{'ok' if good else 'not ok'} {number} - {name}")


def main():
    total = [0, 0, 0]
    for folder in sys.argv[1:]:
        total = [a + b for a, b in zip(total, add_up(folder))]
    print(f"\n{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else main())
