"""Damaged scripts: each must end with status 1 and an error message, without a report of a sanitizer.

tests/broken/generate.py makes the scripts; they run under the build with sanitizers against the fixture host.
"""

import re
import sys
import tempfile
from pathlib import Path

from . import common

sys.path.insert(0, str(common.TESTS))
TIMEOUT = 60  # seconds; none takes two on a quiet machine, and sanitizers on a busy one take ten times as long
ENVIRONMENT = {
    "SONDE_FIXTURE_HOST": str(common.TESTS / "fixtures" / "host"),
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


def run_broken(context, name, text):
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.bt"
        script.write_bytes(text)
        command = [context.asan_sonde, "--emit=elf", "-o", str(Path(folder) / "out"), str(script)]
        finished = common.run(command, TIMEOUT, ENVIRONMENT)
    rerun = f"./dev test {name}"
    problem = judge(finished)
    detail = ""
    if problem:
        head = text[:1000].decode("utf-8", errors="replace")
        detail = f"{head}\n-- status {finished.status}, standard error:\n{finished.stderr[-6000:]}"
    return [context.outcome(name, problem, detail, rerun)]


def judge(finished):
    if "Sanitizer" in finished.stderr or "runtime error:" in finished.stderr:
        return "a report of a sanitizer"
    if finished.timed_out:
        return f"did not end within {TIMEOUT} s"
    if finished.status != 1:
        return f"status {finished.status}, not 1"
    if not re.search(r"^\S.*\berror: ", finished.stderr, re.M):
        return "no line with an error"
    return ""


def collect(context):
    if context.arguments.filter and not context.arguments.filter.startswith("broken"):
        return []
    from broken import generate

    tests = []
    for name, text in generate.scripts():
        full = f"broken/{name}"
        if context.wants(full):
            tests.append(lambda full=full, text=text: run_broken(context, full, text))
    if tests and not context.asan_sonde.exists():
        outcome = context.outcome("broken", f"{context.asan_sonde} is not built; ./dev build asan")
        return [lambda: [outcome]]
    return tests
