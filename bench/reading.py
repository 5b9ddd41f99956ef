"""Reads what tracers print, to tell right output from wrong."""

import re

from processes import WrongOutput

KEYED = re.compile(r"^@\w*\[(.*)\]: (\d+)$")
PLAIN = re.compile(r"^@\w*: (\d+)$")
BUCKET = re.compile(r"^[\[(].*[\])]\s+(\d+) \|[@ ]*\|$")
HAND_COUNT = re.compile(r"^\w+: ([0-9a-f]+) (\d+)$")
HAND_BUCKET = re.compile(r"^\w+\[\d+\]: [0-9a-f]+ (\d+)$")


def numbers(run, pattern):
    return [int(match[1]) for match in map(pattern.match, run.text().splitlines()) if match]


def keyed(run, pattern=KEYED):
    return {match[1]: int(match[2]) for match in map(pattern.match, run.text().splitlines()) if match}


def expect(is_right, what):
    if not is_right:
        raise WrongOutput(what)


def expect_about(value, calls, what):
    """Other processes may make a few of the same calls."""
    expect(calls <= value <= calls * 1.05 + 100, f"{what}: {value}, not about {calls}")
