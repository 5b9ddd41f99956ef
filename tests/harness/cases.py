"""tests/cases/<step>/*.bt, but for cases/parser, which its unit test runs: one file a test, unprivileged, against the fixture host in tests/fixtures/host.

The folder picks the step and its flags. In the file:
    // ERROR: text, // WARNING: text   on the offending line; the diagnostics must be these and no others.
    // ERROR(12): text                 the same for line 12, where a comment cannot stand on the line.
    // HINT: text                      the hint to a diagnostic of that line; only compared where given.
    // EXPECT: line                    what the step prints; --update rewrites these and the diagnostics.
    // ARGS: …, // PARAMS: …, // ENV: X=y   options before and parameters after the file.
"""

import re
from collections import Counter
from dataclasses import dataclass

from . import common
from .script import KEY, Script

DIAGNOSTIC = re.compile(r"^(.*?):(\d+):\d+: (error|warning): (.*)$")
KNOWN_KEYS = ("ERROR", "WARNING", "HINT", "EXPECT", "ARGS", "PARAMS", "ENV")


@dataclass
class Step:
    flags: list
    prints: bool  # whether what it prints is compared
    whole: bool = True  # all of it, or EXPECT as lines among others, in that order


STEPS = {
    "check": Step(["--emit=program"], prints=False),
    "program": Step(["--emit=program"], prints=True, whole=False),
    "ir": Step(["--emit=ir"], prints=True, whole=False),
}

# Folders whose tests the unit tests of that room run (with SONDE_UPDATE=1 for --update).
BY_UNIT_TESTS = {"parser"}


def run_case(context, step, path):
    name = name_of(path)
    script = Script(path)
    if unknown := script.unknown_keys(KNOWN_KEYS):
        return [context.outcome(name, f"unknown key {unknown[0]} in {path}")]
    finished = run_sonde(context, step, script)
    if finished.timed_out or finished.status not in (0, 1) or "Sanitizer" in finished.stderr:
        return [context.outcome(name, f"ended with status {finished.status}", finished.stderr[-4000:])]
    found, hints, foreign = read_diagnostics(finished.stderr, script)
    if context.arguments.update:
        update(script, step, found, finished.stdout)
        return [context.outcome(name)]
    problems = compare_diagnostics(script, found) + compare_hints(script, hints) + foreign
    problems += compare_status(found, finished)
    if step.prints and not problems:
        problems = compare_output(script, step, finished.stdout)
    return [context.outcome(name, f"{len(problems)} differences" if problems else "", "\n".join(problems))]


def run_sonde(context, step, script):
    command = [context.sonde, *step.flags, *script.words("ARGS"), script.path, *script.words("PARAMS")]
    env = {"SONDE_FIXTURE_HOST": str(common.TESTS / "fixtures" / "host"), **script.environment()}
    return common.run(command, timeout=20, env=env)


def read_diagnostics(stderr, script):
    """(line, severity, text) of each, the (line, text) of their hints, and what stands on standard error besides."""
    found, hints, foreign = [], [], []
    for line in common.lines_of(stderr):
        match = DIAGNOSTIC.match(line)
        if match and match[1] == str(script.path):
            found.append((int(match[2]), match[3].upper(), match[4]))
        elif line.startswith("hint: ") and found:
            hints.append((found[-1][0], line.removeprefix("hint: ")))
        elif match or line.startswith("sonde: "):
            foreign.append(f"unexpected: {line}")
    return found, hints, foreign


def compare_diagnostics(script, found):
    expected = [(r.line, r.key, r.value) for r in script.remarks if r.key in ("ERROR", "WARNING")]
    problems, left = [], list(found)
    for line, key, text in expected:
        match = next((one for one in left if one[:2] == (line, key) and text in one[2]), None)
        if match:
            left.remove(match)
        else:
            problems.append(f"missing on line {line}: {key}: {text}")
    return problems + [f"unexpected on line {line}: {key}: {text}" for line, key, text in left]


def compare_hints(script, hints):
    return [
        f"missing on line {remark.line}: HINT: {remark.value}"
        for remark in script.remarks
        if remark.key == "HINT" and not any(at == remark.line and remark.value in text for at, text in hints)
    ]


def compare_status(found, finished):
    expected = 1 if any(key == "ERROR" for _, key, _ in found) else 0
    return [] if finished.status == expected else [f"status {finished.status}, not {expected}"]


def compare_output(script, step, stdout):
    got, expected = common.lines_of(stdout), script.all("EXPECT")
    if step.whole:
        if got == expected:
            return []
        return [f"{sign}{line}" for sign, line in difference(expected, got)]
    at = 0
    for line in expected:
        at = next((i + 1 for i in range(at, len(got)) if line.strip() in got[i]), None)
        if at is None:
            return [f"not found, in this order: {line}", "in:", *got]
    return [] if expected else ["no EXPECT in the file"]


def difference(expected, got):
    counts = Counter(got)
    counts.subtract(Counter(expected))
    gone = [("-", line) for line in expected if counts[line] < 0]
    come = [("+", line) for line in got if counts[line] > 0]
    return gone + come or [("", "the same lines in another order, expected:"), *(("", line) for line in expected)]


def update(script, step, found, stdout):
    """Rewrites the file's expectations to what came."""
    lines, stated = [], {(r.place, r.line) for r in script.remarks if r.key in ("ERROR", "WARNING")}
    elsewhere = {about for place, about in stated if place != about}
    for number, line in enumerate(script.lines, 1):
        remark = KEY.search(line)
        if remark and remark[1] in ("ERROR", "WARNING") or remark and remark[1] == "EXPECT" and step.whole:
            hints = "".join(f"  // HINT: {one[3]}" for one in KEY.finditer(line) if one[1] == "HINT")
            line = line[: remark.start()].rstrip()
            if not line:
                continue
            line += hints
        if number not in elsewhere:
            line += "".join(f"  // {key}: {text}" for at, key, text in found if at == number)
        lines.append(line)
    while lines and not lines[-1].strip():
        lines.pop()
    lines += [f"// {key}({at}): {text}" for at, key, text in found if at in elsewhere]
    if step.prints and step.whole:
        lines += [f"// EXPECT: {line}".rstrip() for line in common.lines_of(stdout)]
    text = "\n".join(lines) + "\n"
    script.path.write_text(text, encoding="utf-8", errors="surrogateescape")


def name_of(path):
    return str(path.relative_to(common.TESTS))


def collect(context):
    tests = []
    for folder, step in STEPS.items():
        for path in sorted((common.TESTS / "cases" / folder).glob("*.bt")):
            if context.wants(name_of(path)):
                tests.append(lambda step=step, path=path: run_case(context, step, path))
    strange = {path.parent.name for path in (common.TESTS / "cases").glob("*/*.bt")} - set(STEPS) - BY_UNIT_TESTS
    for name in sorted(strange):
        tests.append(lambda name=name: [context.outcome(f"cases/{name}", "no step of that name in harness/cases.py")])
    return tests
