"""Runs, in the guest, the tests that tests/vm/guest/names.json lists, by the harness that runs them everywhere.

To the serial line that it is given go lines: "KERNEL release", then for each test "BEGIN name" and "END base64 of JSON" (a
list of outcomes), at last "DONE". The base64 keeps a line whole, whatever a test printed.
"""

import base64
import dataclasses
import json
import os
import sys
import tty
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent.parent
sys.path.insert(0, str(PROJECT / "tests"))

from harness import common, live  # noqa: E402


def main():
    with open(sys.argv[1], "wb", buffering=0) as line:
        tty.setraw(line)

        def say(*words):
            line.write(" ".join(words).encode() + b"\n")

        say("KERNEL", os.uname().release)
        context = common.Context(SimpleNamespace(filter="", build=PROJECT / "build", asan="", update=False))
        for name in json.loads((HERE / "names.json").read_text()):
            say("BEGIN", name)
            outcomes = live.run_one(context, PROJECT / "tests" / name)
            text = json.dumps([dataclasses.asdict(outcome) for outcome in outcomes])
            say("END", base64.b64encode(text.encode()).decode())
        say("DONE")


main()
