"""For checks that take more than a script and its output: running sonde, and telling the harness how it went."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

SONDE = os.environ["SONDE"]
CHECKS = []


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(function):
    """Marks a function as a check; its name is the check's."""
    CHECKS.append(function)
    return function


def expect(condition, reason):
    if not condition:
        raise Failure(reason)


def run(*arguments, timeout=60, env=None, stdin="", **more):
    """Runs sonde to its end; gives its CompletedProcess."""
    return subprocess.run(
        [SONDE, *map(str, arguments)],
        input=stdin,
        text=True,
        errors="replace",
        capture_output=True,
        timeout=timeout,
        env={**os.environ, **(env or {})},
        **more,
    )


class Running:
    """A sonde that has attached its probes and goes on."""

    def __init__(self, *arguments, **more):
        self.process = subprocess.Popen(
            [SONDE, *map(str, arguments)], stderr=subprocess.PIPE, text=True, **{"stdout": subprocess.PIPE, **more}
        )
        self.errors = ""
        for line in self.process.stderr:
            self.errors += line
            if line.startswith("Attached "):
                return
        raise Failure(f"ended before it attached: {self.errors}")

    def signal(self, number):
        self.process.send_signal(number)

    def interrupt(self):
        self.signal(signal.SIGINT)

    def end(self, timeout=30):
        """Waits for its end; gives status, standard output and standard error."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, self.errors + err


def lost(errors):
    """How many events standard error says, at the end, were lost."""
    return sum(int(count) for count in re.findall(r"^sonde: lost (\d+) events? (?!so far)", errors, re.M))


def main():
    failed = 0
    for function in CHECKS:
        name = function.__name__
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(Path(folder)) if function.__code__.co_argcount else function()
                print(f"PASS {name}")
            except Skip as skip:
                print(f"SKIP {name}: {skip}")
            except Failure as failure:
                failed = 1
                print(f"FAIL {name}: {' '.join(str(failure).split())[:1500]}")
            except Exception:
                failed = 1
                print(f"FAIL {name}: {' '.join(traceback.format_exc().split())[-1500:]}")
        sys.stdout.flush()
    sys.exit(failed)
