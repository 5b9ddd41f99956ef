"""Runs tracers and the programs that they trace, and says what each run took and printed."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile

TIMEOUT_SECONDS = 180


class WrongOutput(Exception):
    """A run ended, but not with what it should have printed: there is no number then."""


class Refused(Exception):
    """A tracer does not take a script, or failed."""


class Run:
    """What a run took. Times in seconds, memory in KiB; `loop` is what the traced program wrote of itself."""

    def __init__(self, usage, output, errors, loop):
        self.wall = (usage["end_ns"] - usage["start_ns"]) / 1e9
        self.end_ns = usage["end_ns"]
        self.cpu = usage["cpu_us"] / 1e6 - (loop["cpu_us"] / 1e6 if loop else 0)
        self.peak_kib = usage["peak_kb"]
        self.status = usage["status"]
        self.output = output
        self.errors = errors
        self.loop = loop

    def lines(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            yield from file

    def text(self):
        return pathlib.Path(self.output).read_text(encoding="utf-8", errors="replace")


def read_values(path):
    """NAME=VALUE lines, as numbers."""
    pairs = (line.split("=", 1) for line in pathlib.Path(path).read_text().splitlines())
    return {name: float(value) if "." in value else int(value) for name, value in pairs}


class Workshop:
    """A folder for the files of the runs, and the helper programs."""

    def __init__(self, helpers):
        self.helpers = pathlib.Path(helpers).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-bench."))
        self.cpu = max(os.sched_getaffinity(0))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def helper(self, name):
        path = self.helpers / name
        return str(path) if path.exists() else None

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def loop_command(self, program, calls):
        result = self.folder / "loop"
        result.unlink(missing_ok=True)
        return [self.helper(program), str(calls), str(self.cpu), str(result)]

    def run(self, command, environment=None):
        """Runs the command through the launcher, standard output and errors into files."""
        usage, output, errors = (self.folder / name for name in ("usage", "output", "errors"))
        usage.unlink(missing_ok=True)
        with open(output, "wb") as out, open(errors, "wb") as err:
            process = subprocess.Popen(
                [self.helper("launch"), str(usage), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(environment or {})}, start_new_session=True)
            try:
                process.wait(TIMEOUT_SECONDS)
            except BaseException as reason:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(reason, subprocess.TimeoutExpired):
                    raise Refused(f"did not end in {TIMEOUT_SECONDS} s") from None
                raise
        loop = self.folder / "loop"
        run = Run(read_values(usage), output, errors.read_text(errors="replace"),
                  read_values(loop) if loop.exists() else None)
        if run.status != 0:
            raise Refused(complaint(run))
        return run


def complaint(run):
    """The line that tells most of why a run failed."""
    lines = [line for line in (run.errors + run.text()).splitlines() if line.strip() and "MEMLOCK" not in line]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return f"status {run.status}: {telling[0].strip() if telling else 'no message'}"


class Tracer:
    """A binary that takes a script: ours or any that takes the same options."""

    def __init__(self, workshop, path):
        self.workshop = workshop
        self.path = path

    def run(self, script, child=None, environment=None, options=()):
        """`script` is a program's text, or a file's name when it ends in .bt; `child` is a list of words."""
        self.forget_loop(child)
        command = [self.path, *options, *([script] if script.endswith(".bt") else ["-e", script])]
        if child:
            command += ["-c", shlex.join(child)]
        return self.workshop.run(command, environment)

    def forget_loop(self, child):
        if not child:
            (self.workshop.folder / "loop").unlink(missing_ok=True)


class Handwritten:
    """A BPF program written by hand: `script` names its object."""

    def __init__(self, workshop):
        self.workshop = workshop

    def run(self, script, child):
        return self.workshop.run([self.workshop.helper("loader"), self.workshop.helper(f"{script}.bpf.o"), *child])
