#!/usr/bin/env python3
"""Runs every test of the project; `./dev test` builds first and then calls this.

Groups, in this order: unit (GoogleTest programs), links (rules between rooms), cases (tests/cases, unprivileged),
generated (pages made from the tables, examples), coverage (which functions have live tests, on which kernels),
broken (damaged scripts under the sanitizers), live (tests/live, as root on this kernel, one at a time), fuzz (random
programs, compiled and run), vm (tests/vm and more of the same, under QEMU on another kernel).
Last line: "N passed, N failed, N skipped".
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from harness import broken, cases, common, coverage, fuzz, generated, links, live, unit, vm

GROUPS = {"unit": unit, "links": links, "cases": cases, "generated": generated, "coverage": coverage, "broken": broken, "live": live, "fuzz": fuzz, "vm": vm}


def parse_arguments():
    parser = argparse.ArgumentParser(description="runs the tests of sonde")
    parser.add_argument("filter", nargs="?", default="", help="run only tests whose name holds this")
    parser.add_argument("--build", default="build/dev", help="the build to test")
    parser.add_argument("--asan", default="build/asan", help="a build with sanitizers, for the broken scripts")
    parser.add_argument("--update", action="store_true", help="rewrite what the tests in tests/cases expect")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every test")
    return parser.parse_args()


def report(outcome, verbose):
    """Prints what a reader needs: failures whole, skips with their reason."""
    if outcome.state == common.FAIL:
        print(f"rerun: {outcome.rerun}")
        print(f"FAIL {outcome.name}: {outcome.reason}")
        if outcome.detail:
            print("".join(f"    {line}\n" for line in outcome.detail.rstrip("\n").split("\n")), end="")
    elif outcome.state == common.SKIP:
        print(f"SKIP {outcome.name}: {outcome.reason}")
    elif verbose:
        print(f"PASS {outcome.name}")
    sys.stdout.flush()


def run_group(group, tests, verbose):
    """`tests` are functions that give lists of outcomes."""
    counts = Counter()
    workers = 1 if getattr(group, "ONE_AT_A_TIME", False) else os.cpu_count()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for outcomes in pool.map(lambda test: test(), tests):
            for outcome in outcomes:
                counts[outcome.state] += 1
                report(outcome, verbose)
    return counts


def main():
    arguments = parse_arguments()
    os.environ["SONDE_CACHE_DIR"] = ""  # what is tested is compiled
    context = common.Context(arguments)
    total = Counter()
    for name, group in GROUPS.items():
        tests = group.collect(context)
        if not tests:
            continue
        start = time.monotonic()
        counts = run_group(group, tests, arguments.verbose)
        total += counts
        print(f"{name}: {common.summary(counts)} ({time.monotonic() - start:.1f} s)", flush=True)
    print(common.summary(total))
    if not total:
        print(f"no test has {arguments.filter!r} in its name", file=sys.stderr)
    return 1 if total[common.FAIL] or not total else 0


if __name__ == "__main__":
    sys.exit(main())
