"""tests/live: whole runs, as root on this kernel, one at a time.

*.bt are scripts; in the file:
    // SCRIPT: ../seeds/x.bt        the script to run, when it is not this file
    // RUN: -c "cat /nonexistent"   options of sonde (also more than once); $TMP is a folder of this test
    // PARAMS: a b                  parameters after the file
    // ENV: SONDE_MAX_STRLEN=8      environment
    // STDIN: text                  what is written to standard input
    // EXPECT: line                 a whole line of standard output; all of them, in this order, others between
    // EXPECT_RE: regex             the same by a regular expression that matches the whole line
    // EXPECT_ERR: text             some line of standard error holds this (EXPECT_ERR_RE: matches somewhere)
    // NOT: text                    no line of standard output holds this (NOT_ERR: of standard error)
    // ONLY: yes                    standard output has no line besides the expected ones
    // STATUS: n                    exit status, 0 when not given
    // TIMEOUT: s                   seconds, 20 when not given
    // SKIP_UNLESS: root btf …      see REQUIREMENTS
    // VM: preempt=full             what harness/vm.py adds to the guest's kernel command line
Programs of tests/live/helpers are found by their names, by -c and in *.py.
*.py are programs that print lines "PASS name", "FAIL name: reason" and "SKIP name: reason" and find sonde in $SONDE.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from . import common
from .script import Script

ONE_AT_A_TIME = True
PROGRAM_TIMEOUT = 300
KNOWN_KEYS = (
    "SCRIPT RUN PARAMS ENV STDIN EXPECT EXPECT_RE EXPECT_ERR EXPECT_ERR_RE NOT NOT_ERR ONLY STATUS TIMEOUT SKIP_UNLESS VM".split()
)


def has_tracefs():
    return any(Path(place, "events").is_dir() for place in ("/sys/kernel/tracing", "/sys/kernel/debug/tracing"))


def has_kprobes():
    return Path("/sys/bus/event_source/devices/kprobe").exists()


def is_unlocked():
    """Lockdown keeps this file from root too."""
    try:
        Path("/sys/kernel/tracing/available_filter_functions").open("rb").close()
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def compat_calls(path):
    """Kernels without IA32 emulation end a program at its first `int $0x80`."""
    program = shutil.which("call32", path=path)
    if program is None:
        return "call32 is not built"
    works = common.run([program, "1"], 10).status == 0
    return "" if works else "the kernel takes no 32-bit calls (CONFIG_IA32_EMULATION)"


# What SKIP_UNLESS can ask for: whether it is there, and the reason when it is not.
REQUIREMENTS = {
    "root": (lambda: os.geteuid() == 0, "needs root"),
    "btf": (lambda: Path("/sys/kernel/btf/vmlinux").exists(), "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)"),
    "tracefs": (lambda: has_tracefs() or os.geteuid() == 0, "tracefs is not mounted"),
    "kprobes": (has_kprobes, "the kernel has no kprobes (CONFIG_KPROBE_EVENTS)"),
    "no-kprobes": (lambda: not has_kprobes(), "the kernel has kprobes"),
    "locked": (lambda: not is_unlocked(), "the kernel is not locked down"),
    "unlocked": (is_unlocked, "the kernel is locked down"),
    "cpus": (lambda: os.cpu_count() > 1, "needs two CPUs"),
}


def unmet(requirement, path=None):
    """The reason why a test that asks for this cannot run here, or nothing."""
    if requirement.startswith("program:"):
        program = requirement.removeprefix("program:")
        return "" if shutil.which(program, path=path) else f"{program} is not installed"
    if requirement == "compat-calls":
        return compat_calls(path)
    if requirement not in REQUIREMENTS:
        return f"unknown requirement {requirement}"
    is_there, reason = REQUIREMENTS[requirement]
    return "" if is_there() else reason


def run_script(context, path):
    name = name_of(path)
    script = Script(path)
    if unknown := script.unknown_keys(KNOWN_KEYS):
        return [context.outcome(name, f"unknown key {unknown[0]} in {path}")]
    for requirement in ["root", *script.words("SKIP_UNLESS")]:
        if reason := unmet(requirement, search_path(context)):
            return [common.Outcome(name, common.SKIP, reason)]
    with tempfile.TemporaryDirectory() as folder:
        command = [context.sonde, *(word.replace("$TMP", folder) for word in script.words("RUN")), target(path, script)]
        env = {"TMP": folder, "PATH": search_path(context), **script.environment()}
        timeout = float(script.get("TIMEOUT", "20"))
        stdin = "".join(line + "\n" for line in script.all("STDIN"))
        finished = common.run([*command, *script.words("PARAMS")], timeout, env, stdin=stdin)
    problems = check(script, finished)
    if problems:
        problems += ["-- standard output:", *clip(finished.stdout), "-- standard error:", *clip(finished.stderr)]
    return [context.outcome(name, problems[0] if problems else "", "\n".join(problems[1:]))]


def target(path, script):
    """The script that the test runs: its own text, or another's."""
    return path.parent / script.get("SCRIPT") if script.get("SCRIPT") else path


def search_path(context):
    """The helper programs of tests/live/helpers are found by their names."""
    return f"{context.build / 'bin' / 'helpers'}:{os.environ['PATH']}"


def clip(text, limit=60):
    lines = common.lines_of(text)
    return lines if len(lines) <= limit else [*lines[:limit], f"… and {len(lines) - limit} more lines"]


def check(script, finished):
    problems = []
    if finished.timed_out:
        problems.append("did not end in time and was interrupted")
    expected_status = int(script.get("STATUS", "0"))
    if finished.status != expected_status and not finished.timed_out:
        problems.append(f"ended with status {finished.status}, not {expected_status}")
    problems += check_lines(script, common.lines_of(finished.stdout))
    problems += check_errors(script, finished.stderr)
    return problems


def check_lines(script, lines):
    """EXPECT and EXPECT_RE, in the order in which they stand in the file."""
    at, matched = 0, 0
    for remark in script.remarks:
        if remark.key not in ("EXPECT", "EXPECT_RE"):
            continue
        is_regex = remark.key == "EXPECT_RE"
        fits = re.compile(remark.value if is_regex else re.escape(remark.value)).fullmatch
        found = next((i for i in range(at, len(lines)) if fits(lines[i])), None)
        if found is None:
            return [f"no such line{' after the ones before it' if at else ''}: {remark.value}"]
        at, matched = found + 1, matched + 1
    if script.get("ONLY") and matched != len(lines):
        return [f"{len(lines)} lines, not {matched}"]
    return [f"must not be printed: {text}" for text in script.all("NOT") if any(text in line for line in lines)]


def check_errors(script, stderr):
    problems = [f"not on standard error: {t}" for t in script.all("EXPECT_ERR") if t not in stderr]
    problems += [f"not on standard error: {t}" for t in script.all("EXPECT_ERR_RE") if not re.search(t, stderr, re.M)]
    return problems + [f"must not be on standard error: {t}" for t in script.all("NOT_ERR") if t in stderr]


def run_checks(context, path):
    """A program that makes several checks."""
    name = name_of(path)
    if reason := unmet("root"):
        return [common.Outcome(name, common.SKIP, reason)]
    env = {"SONDE": str(context.sonde), "PATH": search_path(context), "PYTHONPATH": str(common.TESTS / "live"), "PYTHONDONTWRITEBYTECODE": "1"}
    finished = common.run([sys.executable, path], PROGRAM_TIMEOUT, env)
    outcomes = []
    for line in common.lines_of(finished.stdout):
        found = re.match(r"(PASS|FAIL|SKIP) ([^:]+)(?:: (.*))?$", line)
        if not found:
            continue
        state, check_name, reason = found.groups()
        full = f"{name}/{check_name}"
        if state == "SKIP":
            outcomes.append(common.Outcome(full, common.SKIP, reason or "no reason given"))
        else:
            problem = (reason or "failed") if state == "FAIL" else ""
            outcomes.append(context.outcome(full, problem, rerun=f"./dev test {name}"))
    failed = any(outcome.state == common.FAIL for outcome in outcomes)
    if finished.timed_out or not outcomes or (finished.status != 0 and not failed):
        problem = "did not end in time" if finished.timed_out else f"ended with status {finished.status}"
        outcomes.append(context.outcome(name, problem, finished.stdout[-2000:] + finished.stderr[-4000:]))
    return outcomes


def run_one(context, path):
    return run_script(context, path) if path.suffix == ".bt" else run_checks(context, path)


def name_of(path):
    return str(path.relative_to(common.TESTS))


def collect(context):
    folder = common.TESTS / "live"
    tests = []
    for path in sorted(folder.glob("*.bt")):
        if context.wants(name_of(path)):
            tests.append(lambda path=path: run_script(context, path))
    for path in sorted(folder.glob("*.py")):
        # The filter may name one check of the program; its other checks run along.
        if path.name.startswith("_"):
            continue
        if context.wants(name_of(path)) or context.arguments.filter.startswith(name_of(path)):
            tests.append(lambda path=path: run_checks(context, path))
    return tests
