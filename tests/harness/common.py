"""What all groups of tests share: outcomes, the folders, running a command."""

import os
import shlex
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PASS, FAIL, SKIP = "passed", "failed", "skipped"
TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent


@dataclass
class Outcome:
    name: str  # "live/opens.bt"
    state: str
    reason: str = ""  # one line
    detail: str = ""  # for failures: what was expected and what came
    rerun: str = ""  # the command that runs this test alone


@dataclass
class Context:
    arguments: object
    build: Path = field(init=False)
    sonde: Path = field(init=False)
    asan_sonde: Path = field(init=False)

    def __post_init__(self):
        self.build = Path(self.arguments.build).resolve()
        self.sonde = self.build / "bin" / "sonde"
        self.asan_sonde = Path(self.arguments.asan).resolve() / "bin" / "sonde"

    def wants(self, name):
        return self.arguments.filter in name

    def outcome(self, name, problem="", detail="", rerun=None):
        state = FAIL if problem else PASS
        return Outcome(name, state, problem, detail, rerun or f"./dev test {shlex.quote(name)}")


@dataclass
class Finished:
    status: int  # of the command; negative: ended by that signal
    stdout: str
    stderr: str
    timed_out: bool = False


def run(command, timeout, env=None, cwd=ROOT, stdin=""):
    """Runs a command in a process group of its own; after `timeout` seconds interrupts it, then kills it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        start_new_session=True,
    )
    timed_out = False
    payload = stdin.encode()
    for attempt in (signal.SIGINT, signal.SIGKILL, None):
        try:
            out, err = process.communicate(payload, timeout=timeout)
            break
        except subprocess.TimeoutExpired:
            timed_out = True
            payload, timeout = None, 5
            os.killpg(process.pid, attempt)
    return Finished(process.returncode, decode(out), decode(err), timed_out)


def decode(data):
    return data.decode("utf-8", errors="replace")


def lines_of(text):
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


def summary(counts):
    return f"{counts[PASS]} passed, {counts[FAIL]} failed, {counts[SKIP]} skipped"
