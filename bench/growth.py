#!/usr/bin/env python3
"""How cost grows with work: probes, keys, lines of a script, bytes of strings; draws docs/performance/*.svg.

A slope of 1 in these plots (both axes logarithmic) is linear. The least of some runs is taken: what remains when nothing disturbs.
"""

import argparse
import os
import pathlib
import sys

import attaching
from processes import Tracer, Workshop
from reading import expect

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 3
PROBES = (1, 10, 100, 1000)
KEYS = (1_000, 10_000, 100_000, 1_000_000)
LINES = (10, 100, 1_000, 10_000)
BYTES = (8, 64, 512, 4_000)
CALLS = 100_000


class Series:
    """Points (work, cost) under one name."""

    def __init__(self, name, points):
        self.name = name
        self.points = points


def least(measure):
    return min(measure() for _ in range(ROUNDS))


def probes(tracer, workshop):
    """One body for N tracepoints, those of system calls first: from start to end, with `-c true`."""
    events = attaching.tracepoints(of_calls=True)[:700] + attaching.tracepoints()

    def milliseconds(count):
        script = workshop.script("probes.bt", attaching.script_of(events[:count], "@[probe] = count();"))
        return tracer.run(script, ["/bin/true"], attaching.MORE_PROBES).wall * 1e3

    return [Series("start to end", [(n, least(lambda n=n: milliseconds(n))) for n in PROBES])]


def keys(tracer, workshop):
    """From the end of the loop that made N keys to the end of the tracer, which prints them; and its memory."""
    script = "tracepoint:syscalls:sys_enter_getpriority { @[args.who] = count(); }"

    def run(count):
        done = tracer.run(script, workshop.loop_command("keys", count), {"SONDE_MAX_MAP_KEYS": "1250000"})
        expect(sum(line.startswith("@[1") for line in done.lines()) == count, f"not {count} keys printed")
        return done

    runs = {n: [run(n) for _ in range(ROUNDS)] for n in KEYS}
    printing = [(n, min((r.end_ns - r.loop["end_ns"]) / 1e6 for r in of_n)) for n, of_n in runs.items()]
    memory = [(n, min(r.peak_kib / 1024 for r in of_n)) for n, of_n in runs.items()]
    return [Series("printing at exit (ms)", printing), Series("peak memory (MiB)", memory)]


def lines(tracer, workshop):
    """Scripts of N lines: of bodies with ten lines each, and all lines in one body."""
    def statement(i):
        return f"  @a[{i}] = {i}; if (pid == {i}) {{ printf(\"%d\\n\", pid); }}"

    def bodies(count):
        return "".join("BEGIN {\n" + "\n".join(statement(i + j) for j in range(8)) + "\n}\n" for i in range(0, count, 10))

    def one_body(count):
        return "BEGIN {\n" + "\n".join(statement(i) for i in range(count)) + "\n}\n"

    def milliseconds(text):
        script = workshop.script("lines.bt", text + "BEGIN { exit(); }\n")
        return tracer.run(script, environment={"SONDE_MAX_PROBES": "4000", "SONDE_MAX_MAP_KEYS": "20000"}).wall * 1e3

    return [Series("bodies of ten lines", [(n, least(lambda n=n: milliseconds(bodies(n)))) for n in LINES]),
            Series("one body", [(n, least(lambda n=n: milliseconds(one_body(n)))) for n in LINES[:3]])]


def strings(tracer, workshop):
    """What one call costs more when its path of N bytes is read by str() and becomes a key, or is printed."""
    def nanoseconds(script, size):
        command = [*workshop.loop_command("access", CALLS), str(size)]
        traced = tracer.run(script, command, {"SONDE_MAX_STRLEN": "4096"})
        plain = workshop.run([*workshop.loop_command("access", CALLS), str(size)])
        return traced.loop["median_ns"] - plain.loop["median_ns"]

    enter = "tracepoint:syscalls:sys_enter_access"
    scripts = {"as a key": f"{enter} {{ @[str(args.filename)] = count(); }} END {{ clear(@); }}",
               "printed": f'{enter} {{ printf("%s\\n", str(args.filename)); }}'}
    return [Series(name, [(n, least(lambda n=n, text=text: nanoseconds(text, n))) for n in BYTES])
            for name, text in scripts.items()]


PLOTS = {
    "probes": (probes, "probes", "ms"),
    "keys": (keys, "keys of a map", "ms, MiB"),
    "lines": (lines, "lines of the script", "ms"),
    "strings": (strings, "bytes of the string", "ns an event"),
}


def draw(path, series, across, upwards):
    import matplotlib  # here: what only measures does not need it
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "sonde"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 3.4))
    for one in series:
        axes.loglog(*zip(*one.points), marker="o", label=one.name)
    first = series[0].points
    axes.loglog([first[0][0], first[-1][0]], [first[-1][1] * first[0][0] / first[-1][0], first[-1][1]],
                linestyle=":", color="gray", label="linear")
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)
    axes.grid(True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", default=str(ROOT / "build/release/bin/sonde"), metavar="PATH")
    parser.add_argument("--only", choices=PLOTS, action="append")
    parser.add_argument("--no-plots", action="store_true", help="print the figures, draw nothing")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench/growth.py: tracing needs root")
    os.environ["SONDE_CACHE_DIR"] = ""  # compiled each time
    workshop = Workshop(pathlib.Path(options.ours).resolve().parent.parent / "bench")
    try:
        tracer = Tracer(workshop, options.ours)
        for name, (measure, across, upwards) in PLOTS.items():
            if options.only and name not in options.only:
                continue
            series = measure(tracer, workshop)
            for one in series:
                print(f"{name}, {one.name}: " + ", ".join(f"{work}: {cost:.4g}" for work, cost in one.points), flush=True)
            if not options.no_plots:
                draw(ROOT / "docs/performance" / f"{name}.svg", series, across, upwards)
    finally:
        workshop.close()


if __name__ == "__main__":
    main()
