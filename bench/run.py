#!/usr/bin/env python3
"""Measures our binary beside a peer and beside BPF programs written by hand, in turn: see bench/README.md."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import time

import attaching
import events
import idle
import output
import startup
import table
from processes import Handwritten, Tracer, Workshop

MEASURES = {
    "start": startup.start_first,
    "start-again": startup.start_again,
    "start-empty": startup.start_empty,
    "start-opens-failed": startup.start_opens_failed,
    "start-execve": startup.start_execve,
    "start-header": startup.start_header,
    "attach-syscalls": startup.attach_syscalls,
    "attach-sched": startup.attach_sched,
    "attach-no-args": attaching.without_args,
    "attach-args": attaching.with_args,
    "event-empty": events.floor,
    "event-count": events.count,
    "event-pid": events.count_by_pid,
    "event-comm": events.count_by_comm,
    "event-hist": events.hist,
    "event-filter": events.never_true,
    "event-latency": events.latency,
    "event-latency-storage": events.latency_storage,
    "lines-text": output.lines_as_text,
    "lines-json": output.lines_as_json,
    "lines-strings": output.lines_with_strings,
    "lines-stacks": output.lines_with_stacks,
    "large-map": output.large_map,
    "idle": idle.idle,
}


# Of ours: what is measured is compiled, where a measure does not say otherwise.
os.environ["SONDE_CACHE_DIR"] = ""


class Bench:
    """What a measure needs: the tracers, the helper programs, how often to run."""

    def __init__(self, options, workshop):
        self.workshop = workshop
        self.is_slow = options.slow
        self.is_quick = options.quick
        self.tracers = {"ours": Tracer(workshop, options.ours)}
        if options.peer:
            self.tracers["peer"] = Tracer(workshop, options.peer)
        if workshop.helper("loader"):
            self.tracers["hand"] = Handwritten(workshop)

    def scripted(self):
        return {name: tracer for name, tracer in self.tracers.items() if name != "hand"}

    def rounds(self, usual):
        return max(2, usual // 5) if self.is_quick else usual


def parse_options():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", default=str(root / "build/release/bin/sonde"), metavar="PATH")
    parser.add_argument("--peer", default=shutil.which("bpftrace"), metavar="PATH",
                        help="a binary that takes the same scripts and options (%(default)s); '' for none")
    parser.add_argument("--helpers", metavar="DIR", help="where bench_programs were built (../bench from our binary)")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help=f"measure what NAME begins; may be repeated: {' '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--slow", action="store_true", help="let the peer attach all system calls, half a minute a run")
    parser.add_argument("--json", metavar="FILE", help="write the rows there too")
    options = parser.parse_args()
    for path in filter(None, (options.ours, options.peer)):
        if not os.access(path, os.X_OK):
            parser.error(f"{path}: no such program (./dev bench builds ours)")
    options.helpers = options.helpers or pathlib.Path(options.ours).resolve().parent.parent / "bench"
    if not (pathlib.Path(options.helpers) / "launch").exists():
        parser.error(f"{options.helpers}: no helper programs there: build the target bench_programs")
    unknown = [name for name in options.only or [] if not any(known.startswith(name) for known in MEASURES)]
    if unknown:
        parser.error(f"no measure begins with {unknown[0]}")
    return options


def main():
    options = parse_options()
    if os.geteuid() != 0:
        sys.exit("bench/run.py: tracing needs root")
    workshop = Workshop(options.helpers)
    rows, failures = [], []
    try:
        bench = Bench(options, workshop)
        for name, measure in MEASURES.items():
            if options.only and not any(name.startswith(start) for start in options.only):
                continue
            begin = time.monotonic()
            measured, failed = measure(bench)
            rows += measured
            failures += [(name, who, str(why)) for who, why in failed.items()]
            print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("stopped; what was measured until then:", file=sys.stderr)
    finally:
        workshop.close()
    print(table.format_table(rows))
    for name, who, why in failures:
        print(f"{name}: {who} failed: {why}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rows": [row.as_dict() for row in rows],
                       "failures": [dict(zip(("measure", "who", "why"), failure)) for failure in failures]}, file,
                      indent=1)
    return 1 if any(who == "ours" for _, who, _ in failures) else 0


if __name__ == "__main__":
    sys.exit(main())
