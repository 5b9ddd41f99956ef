"""How long whole short runs take, and how much memory."""

import re

from processes import Refused, WrongOutput
from reading import PLAIN, expect, keyed, numbers
from table import Row, median

BEGIN_EXIT = "BEGIN { exit(); }"
FIRST = 'BEGIN { @[comm] = count(); printf("%d\\n", pid); exit(); }'
# The shape of a published script; without the empty statement after its `if`, which old peers refuse.
OPENS_FAILED = """tracepoint:syscalls:sys_enter_openat { @filename[tid] = args->filename }
tracepoint:syscalls:sys_exit_openat / @filename[tid] / {
  if (args->ret < 0) { printf("%s %s\\n", comm, str(@filename[tid])); }
  delete(@filename[tid]);
}
"""
EXECVE = 'tracepoint:syscalls:sys_enter_execve { printf("%s: ", comm); join(args->argv) } '


def expect_first(run):
    lines = [line for line in run.text().splitlines() if line and not line.startswith("Attaching")]
    expect(len(lines) == 2 and re.fullmatch(r"\d+", lines[0]) and re.fullmatch(r"@\[\w+\]: 1", lines[1]),
           f"printed {lines}")


def expect_end(run):
    """Of a script that exits at once: no complaint but those that peers make at every start."""
    expect("error:" not in run.text().lower(), run.text())


def alternate(tracers, rounds, once):
    """Runs `once(tracer)` for each tracer in turn, `rounds` times; one that fails is left out from then on.
    Returns {name: [run…]} and {name: why it failed}."""
    runs = {name: [] for name in tracers}
    failures = {}
    for _ in range(rounds):
        for name, tracer in tracers.items():
            if name in failures:
                continue
            try:
                runs[name].append(once(name, tracer))
            except (Refused, WrongOutput) as reason:
                failures[name] = reason
    return {name: of_name for name, of_name in runs.items() if name not in failures}, failures


def rows_of(title, runs, measures):
    return [Row(f"{title}: {what}", unit, **{name: median([value(run) for run in of_name])
                                             for name, of_name in runs.items()})
            for what, unit, value in measures]


MEASURES = (("time", "ms", lambda run: run.wall * 1e3),
            ("CPU", "ms", lambda run: run.cpu * 1e3),
            ("peak memory", "MiB", lambda run: run.peak_kib / 1024))


def measure_start(bench, title, script, check=expect_end):
    def once(_, tracer):
        run = tracer.run(script)
        check(run)
        return run

    runs, failures = alternate(bench.scripted(), bench.rounds(20), once)
    return rows_of(title, runs, MEASURES), failures


def start_first(bench):
    return measure_start(bench, "start, one map and printf", FIRST, expect_first)


def start_again(bench):
    """Ours keeps compiled scripts; the peer compiles once more. A run before the first counted one fills the cache."""
    kept = {"SONDE_CACHE_DIR": str(bench.workshop.folder / "compiled")}
    bench.tracers["ours"].run(FIRST, environment=kept)

    def once(_, tracer):
        run = tracer.run(FIRST, environment=kept)
        expect_first(run)
        return run

    runs, failures = alternate(bench.scripted(), bench.rounds(20), once)
    return rows_of("start, the same once more", runs, MEASURES), failures


def start_empty(bench):
    return measure_start(bench, "start, BEGIN exit", BEGIN_EXIT)


def start_opens_failed(bench):
    return measure_start(bench, "start, opens-failed",
                         bench.workshop.script("opens-failed.bt", OPENS_FAILED + BEGIN_EXIT))


def start_execve(bench):
    return measure_start(bench, "start, execve with join", EXECVE + BEGIN_EXIT)


def start_header(bench):
    text = "#include <linux/sched.h>\nBEGIN { exit(); }\n"
    return measure_start(bench, "start, linux/sched.h", bench.workshop.script("header.bt", text))


def attach(bench, title, script, check, tracers):
    def once(_, tracer):
        run = tracer.run(script, ["/bin/true"])
        check(run)
        return run

    runs, failures = alternate(tracers, bench.rounds(5), once)
    return rows_of(title, runs, MEASURES), failures


def attach_syscalls(bench):
    """Peers need half a minute for one run of this."""
    def check(run):
        expect(keyed(run).get("tracepoint:syscalls:sys_enter_exit_group", 0) >= 1, "no exit_group counted")

    tracers = bench.scripted() if bench.is_slow else {"ours": bench.tracers["ours"]}
    return attach(bench, "attach, all system calls", "tracepoint:syscalls:sys_enter_* { @[probe] = count(); }", check,
                  tracers)


def attach_sched(bench):
    def check(run):
        counts = numbers(run, PLAIN)
        expect(len(counts) == 1 and counts[0] > 0, f"counts {counts}")

    return attach(bench, "attach, sched:*", "tracepoint:sched:* { @ = count(); }", check, bench.scripted())
