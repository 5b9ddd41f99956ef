"""Random programs of tests/fuzz, from a fixed seed: some only compiled, some run in the kernel, where their output must be
what the evaluator says; and every script of the tests and what libFuzzer found beyond them, through the parser and the checker once more.
`./dev fuzz` makes more of both.
"""

import os
import sys
import tempfile

from . import common

sys.path.insert(0, str(common.TESTS))
ONE_AT_A_TIME = True
SEED = "test"
COMPILED, RUN = 60, 40


def check_programs(context, name, runs):
    from fuzz import programs
    from fuzz.constructs import Counts

    counts, indices = Counts(), range(RUN) if runs else range(RUN, RUN + COMPILED)
    with tempfile.TemporaryDirectory() as folder:
        runner = programs.Runner(context.sonde, folder, runs)
        problems = list(programs.check_many(runner, SEED, indices, counts, os.cpu_count()))
    # Of both runs together, which dwell on other constructs.
    rare = counts.rare(1)
    if rare and not problems:
        return [context.outcome(name, "constructs that did not occur", "\n".join(rare))]
    return [context.outcome(name, problems[0].split("\n")[0] if problems else "", "\n".join(problems))]


def replay(context, step):
    name = f"fuzz/corpus-{step}"
    program, corpus = context.build / "bin" / f"fuzz_{step}", common.TESTS / "fuzz" / "corpus" / step
    if not program.exists():
        return [context.outcome(name, f"{program} is not built")]
    scripts = sorted(common.TESTS.glob("**/*.bt"))
    finished = common.run([program, corpus, *scripts], timeout=120)
    problem = "did not end in time" if finished.timed_out else f"status {finished.status}" if finished.status else ""
    return [context.outcome(name, problem, finished.stderr[-4000:], f"{program} {corpus}")]


def run_here(context, name):
    if os.geteuid() != 0:
        return [common.Outcome(name, common.SKIP, "needs root")]
    return check_programs(context, name, True)


def collect(context):
    tests = [
        lambda step=step: replay(context, step) for step in ("parser", "checker") if context.wants(f"fuzz/corpus-{step}")
    ]
    if context.wants("fuzz/programs-compiled"):
        tests.append(lambda: check_programs(context, "fuzz/programs-compiled", False))
    if context.wants("fuzz/programs-run"):
        tests.append(lambda: run_here(context, "fuzz/programs-run"))
    return tests
