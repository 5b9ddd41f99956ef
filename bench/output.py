"""Many lines of output, and a large map printed at the end."""

import json
import re

from processes import WrongOutput
from reading import expect
from startup import alternate, rows_of

LINES = 1_000_000
STACKS = 100_000
KEYS = 200_000
PATH = "/" + 39 * "x"  # as the program `access` has it
LOST = re.compile(r"[Ll]ost (\d+) events")
RING_KEYS = {"SONDE_MAX_MAP_KEYS": "250000", "BPFTRACE_MAP_KEYS_MAX": "250000", "BPFTRACE_MAX_MAP_KEYS": "250000"}


class Printing:
    """A script that prints a line for each call of a loop. `line` is what follows the process's number; of a stack, its first line."""

    def __init__(self, title, script, program, line, calls=LINES, options=()):
        self.title = title
        self.script = script
        self.program = program
        self.line = line
        self.calls = calls
        self.options = options
        self.is_json = bool(options)


class Delivery:
    """What arrived of the loop's lines: `own`, of other processes `others`; `lost`, as the tracer says."""

    def __init__(self, run, printing):
        self.own = self.others = self.lost = 0
        start = f"{run.loop['pid']} {printing.line}"
        if printing.is_json:
            start = '{"type": "printf", "data": "' + start
        for line in run.lines():
            if line.startswith(start):  # nearly all of them: a million lines take a while
                self.own += 1
            elif line.strip():
                self.read_json(line) if printing.is_json else self.read_text(line)
        self.lost = self.lost or sum(map(int, LOST.findall(run.errors)))

    def read_text(self, line):
        self.others += bool(re.fullmatch(r"\d+ .+ \d+\n", line))
        self.lost += sum(map(int, LOST.findall(line)))

    def read_json(self, line):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            raise WrongOutput(f"not JSON: {line!r}") from None
        self.others += record["type"] == "printf"
        # Ours says at the end how many were lost in all; peers say each time how many more.
        if record["type"] == "lost_events":
            self.lost += record["data"]["events"]


def measure_lines(bench, printing):
    def once(name, tracer):
        loop = lambda calls: bench.workshop.loop_command(printing.program, calls)
        start = tracer.run(printing.script, loop(1), options=printing.options)
        run = tracer.run(printing.script, loop(printing.calls), options=printing.options)
        run.delivery = Delivery(run, printing)
        run.reader_ns = (run.cpu - start.cpu) * 1e9 / max(run.delivery.own, 1)
        told = run.delivery.own + run.delivery.lost
        # Lines of other processes may be among the lost ones; a line that nobody accounts for may not be.
        if name == "ours":
            expect(printing.calls <= told <= printing.calls + min(run.delivery.lost, 1000),
                   f"{run.delivery.own} delivered + {run.delivery.lost} lost = {told}, not {printing.calls}")
        return run

    runs, failures = alternate(bench.scripted(), bench.rounds(3), once)
    return rows_of(printing.title, runs, (
        ("delivered", "lines", lambda run: run.delivery.own),
        ("said to be lost", "lines", lambda run: run.delivery.lost),
        ("reader's CPU per line", "ns", lambda run: run.reader_ns),
        ("one call (median)", "ns", lambda run: run.loop["median_ns"]),
        ("peak memory", "MiB", lambda run: run.peak_kib / 1024))), failures


PRINT = 'tracepoint:syscalls:sys_enter_getppid { printf("%d %s %d\\n", pid, comm, cpu); }'


def lines_as_text(bench):
    return measure_lines(bench, Printing("1M lines, text", PRINT, "getppid", "getppid "))


def lines_as_json(bench):
    return measure_lines(bench, Printing("1M lines, json", PRINT, "getppid", "getppid ", options=("-f", "json")))


def lines_with_strings(bench):
    script = 'tracepoint:syscalls:sys_enter_access { printf("%d %s %s\\n", pid, comm, str(args->filename)); }'
    return measure_lines(bench, Printing("1M lines, str()", script, "access", f"access {PATH}\n"))


def lines_with_stacks(bench):
    script = 'tracepoint:syscalls:sys_enter_getppid { printf("%d %s %s\\n", pid, comm, kstack); }'
    return measure_lines(bench, Printing("100k lines, kstack", script, "getppid", "getppid ", calls=STACKS))


def large_map(bench):
    script = "tracepoint:syscalls:sys_enter_getpriority { @[args->who] = count(); }"

    def once(_, tracer):
        run = tracer.run(script, bench.workshop.loop_command("keys", KEYS), RING_KEYS)
        rows = sum(1 for line in run.lines() if re.fullmatch(r"@\[1\d{8}\]: 1\n", line))
        expect(rows == KEYS, f"{rows} keys printed, not {KEYS}")
        return run

    runs, failures = alternate(bench.scripted(), bench.rounds(5), once)
    return rows_of("map of 200 000 keys", runs, (
        ("end of the loop to exit", "ms", lambda run: (run.end_ns - run.loop["end_ns"]) / 1e6),
        ("CPU", "ms", lambda run: run.cpu * 1e3),
        ("peak memory", "MiB", lambda run: run.peak_kib / 1024))), failures
