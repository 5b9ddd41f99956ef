"""GoogleTest programs: BUILD/tests/unit/test_<room>, one outcome a TEST."""

import json
import re
import tempfile
from pathlib import Path

from . import common


def run_program(context, program):
    room = program.name.removeprefix("test_")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        env = {"SONDE_UPDATE": "1"} if context.arguments.update else {}
        finished = common.run([program, f"--gtest_output=json:{result}"], timeout=300, env=env)
        suites = json.loads(result.read_text())["testsuites"] if result.exists() else None
    if suites is None:
        problem = "did not finish" if finished.timed_out else f"ended with status {finished.status} before its end"
        return [context.outcome(f"unit/{room}", problem, (finished.stdout + finished.stderr)[-4000:], str(program))]
    reasons = skip_reasons(finished.stdout)
    outcomes = (outcome(context, program, room, test, reasons) for suite in suites for test in suite["testsuite"])
    return [one for one in outcomes if context.wants(one.name)]


def skip_reasons(stdout):
    """Test → what GTEST_SKIP said; the JSON of GoogleTest 1.12 does not have it."""
    return dict(re.findall(r"^\[ RUN +\] (\S+)\n[^\n]*: Skipped\n([^\n]+)\n", stdout, re.M))


def outcome(context, program, room, test, reasons):
    full = f"{test['classname']}.{test['name']}"
    name = f"unit/{room}/{full}"
    rerun = f"{program} --gtest_filter={full}"
    failures = [failure["failure"] for failure in test.get("failures", [])]
    if failures:
        return context.outcome(name, failures[0].split("\n")[0], "\n".join(failures), rerun)
    if test.get("result") == "SKIPPED":
        return common.Outcome(name, common.SKIP, reasons.get(full, "no reason given"))
    return context.outcome(name)


def collect(context):
    programs = sorted((context.build / "tests" / "unit").glob("test_*"))
    rooms = [program for program in programs if program.is_file() and program.stat().st_mode & 0o100]
    # A filter may name a room ("unit/base") or a test in it; only running tells which.
    head = context.arguments.filter.split("/")
    if len(head) > 1 and head[0] == "unit":
        rooms = [program for program in rooms if program.name.startswith(f"test_{head[1]}")]
    elif head[0] in ("cases", "generated", "coverage", "live", "links", "broken", "fuzz", "vm"):
        rooms = []
    return [lambda program=program: run_program(context, program) for program in rooms]
