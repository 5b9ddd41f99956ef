"""How long it takes to attach many tracepoints and to detach them."""

import pathlib

from processes import Handwritten
from reading import PLAIN, expect, numbers
from startup import MEASURES, alternate, rows_of

EVENTS = 500
MORE_PROBES = {"SONDE_MAX_PROBES": "4000", "BPFTRACE_MAX_PROBES": "4000"}


def events_folder():
    places = [pathlib.Path(place) for place in ("/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events")]
    return next((place for place in places if place.is_dir()), places[0])


def tracepoints(of_calls=False):
    """[(category, event, id)…] of all events that are no system calls, or of those that are. Those of interrupt vectors, which a
    kernel that is locked down refuses, are left out."""
    found = []
    for path in sorted(events_folder().glob("*/*/id")):
        category, event = path.parts[-3:-1]
        if category not in ("ftrace", "raw_syscalls", "irq_vectors") and (category == "syscalls") == of_calls:
            found.append((category, event, path.read_text().strip()))
    return found


def script_of(events, body):
    return ",\n".join(f"tracepoint:{category}:{event}" for category, event, _ in events) + f" {{ {body} }}\n"


def measure(bench, title, name, body, tracers):
    events = tracepoints()[:EVENTS]
    ids = bench.workshop.folder / "ids"
    ids.write_text("".join(f"{number}\n" for _, _, number in events))
    script = bench.workshop.script(name, script_of(events, body))

    def once(who, tracer):
        if isinstance(tracer, Handwritten):
            run = bench.workshop.run([bench.workshop.helper("perf_events"), str(ids)])
            expect(run.text().strip() == str(len(events)), f"opened {run.text()}")
            return run
        run = tracer.run(script, ["/bin/true"], MORE_PROBES)
        expect(sum(numbers(run, PLAIN)) > 0, "nothing counted")
        return run

    # Each of these takes the kernel up to half a minute: once.
    runs, failures = alternate(tracers, 1, once)
    return rows_of(f"{title}, {len(events)} tracepoints", runs, MEASURES), failures


def without_args(bench):
    return measure(bench, "attach, no args", "tracepoints.bt", "@ = count();", bench.scripted())


def with_args(bench):
    """Beside a bare program that opens and closes the perf events."""
    tracers = {name: tracer for name, tracer in bench.tracers.items() if name != "peer"}
    return measure(bench, "attach, args", "tracepoints-args.bt", "@ = count(); @pid[args.common_pid] = 1; clear(@pid);",
                   tracers)
