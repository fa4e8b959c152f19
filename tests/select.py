#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests the words of ./dev test mean: select.py INTRO-TESTS.JSON WORD…

A word is a suite or a test, with * and ? for any letters. Prints arguments
for meson, one a line: meson runs what is in one of the suites *and* has one of
the names, so all chosen tests and all their suites are named. --self-test
speaks TAP.
"""

import json
import sys
from fnmatch import fnmatchcase


def suites_of(test):
    return [suite.rpartition(":")[2] for suite in test["suite"]]


def means(word, test):
    return any(fnmatchcase(name, word)
               for name in (test["name"], *suites_of(test)))


def select(tests, words):
    """Arguments for meson; a ValueError says which word means nothing."""
    for word in words:
        if not any(means(word, test) for test in tests):
            suites = sorted({suite for test in tests for suite in suites_of(test)})
            raise ValueError(f"There is no suite and no test '{word}'.\n"
                             f"Suites: {' '.join(suites)}\n"
                             f"Tests: {' '.join(test['name'] for test in tests)}")
    chosen = [test for test in tests if any(means(word, test) for word in words)]
    suites = dict.fromkeys(suite for test in chosen for suite in suites_of(test))
    return [f"--suite={suite}" for suite in suites] + [test["name"] for test in chosen]


def self_test():
    tests = [{"name": name, "suite": [f"pastiche:{suite}" for suite in suites.split()]}
             for name, suites in (("ops", "unit"), ("ops-avx2", "unit"), ("trainer", "unit"),
                                  ("slow", "soak"), ("ui", "unit"), ("dialog", "ui"),
                                  ("golden", "golden"), ("files", "unit golden"))]
    cases = (
        ("trainer", "--suite=unit trainer"),
        ("golden", "--suite=golden --suite=unit golden files"),
        ("golden trainer", "--suite=unit --suite=golden trainer golden files"),
        ("trainer golden trainer", "--suite=unit --suite=golden trainer golden files"),
        ("ui", "--suite=unit --suite=ui ui dialog"),
        ("slow", "--suite=soak slow"),
        ("ops*", "--suite=unit ops ops-avx2"),
        ("golden trainr", "There is no suite and no test 'trainr'."),
        ("op", "There is no suite and no test 'op'."),
    )
    print(f"1..{len(cases)}")
    failed = 0
    for number, (words, wanted) in enumerate(cases, 1):
        try:
            got = " ".join(select(tests, words.split()))
        except ValueError as error:
            got = str(error).splitlines()[0]
        failed += got != wanted
        print(f"{'ok' if got == wanted else 'not ok'} {number} {words}")
        if got != wanted:
            print(f"# {got}")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    with open(sys.argv[1], encoding="utf-8") as file:
        tests = json.load(file)
    try:
        print("\n".join(select(tests, sys.argv[2:])))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
