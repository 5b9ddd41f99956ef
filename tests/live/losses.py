"""Lines delivered and losses reported make up what happened, exactly."""

import json
import os
import re
import time

from _sonde import Running, check, expect, lost, main, run

CALLS = 1_000_000
PROGRAM = (
    'tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ { printf("%d %s %d\\n", pid, comm, cpu); }'
)


def run_loop(folder, env):
    out = folder / "out"
    finished = run("-o", out, "-e", PROGRAM, "-c", f"getppid_loop {CALLS}", timeout=120, env=env)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    words = None
    count = 0
    with out.open() as lines:
        for line in lines:
            count += 1
            words = line.split()
            expect(len(words) == 3 and words[1] == "getppid_loop", f"line {count} is torn: {line!r}")
    return count, lost(finished.stderr), finished.stderr


@check
def a_million_lines(folder):
    lines, losses, errors = run_loop(folder, {})
    expect(lines + losses == CALLS, f"{lines} lines and {losses} lost are not {CALLS}: {errors}")
    expect(losses < CALLS / 100, f"{losses} of {CALLS} were lost")


@check
def a_small_ring_loses_exactly(folder):
    lines, losses, errors = run_loop(folder, {"SONDE_PERF_RB_PAGES": "16"})
    expect(lines + losses == CALLS, f"{lines} lines and {losses} lost are not {CALLS}: {errors}")
    expect(losses > 0, "a ring of 64 KiB lost nothing, so this check shows nothing")


@check
def a_slow_reader_loses_exactly():
    """Nobody reads for a while: the pipe fills, then the ring, and what follows is counted."""
    running = Running("-e", PROGRAM, "-c", f"getppid_loop {CALLS}", env={**os.environ, "SONDE_PERF_RB_PAGES": "16"})
    time.sleep(1)
    status, out, errors = running.end()
    lines = out.count("\n")
    expect(status == 0 and lines + lost(errors) == CALLS, f"{status}: {lines} lines and {lost(errors)} lost: {errors}")
    expect(lost(errors) > 0, "nothing was lost, so this check shows nothing")


@check
def json_tells_the_same_by_line(folder):
    """Each report names its line, counts up, and the last makes up the whole."""
    out = folder / "out"
    finished = run("-f", "json", "-o", out, "-e", PROGRAM, "-c", f"getppid_loop {CALLS}", timeout=120,
                   env={"SONDE_PERF_RB_PAGES": "16"})
    expect(finished.returncode == 0, finished.stderr)
    lines, reports = 0, []
    with out.open() as file:
        for line in file:
            event = json.loads(line)
            lines += event["type"] == "printf"
            if event["type"] == "lost_events":
                reports.append(event["data"])
    counts = [report["events"] for report in reports]
    expect(reports and all(r["line"] == 1 and r["object"] == "printf" and r["file"] == "-e" for r in reports), f"{reports}")
    expect([report["final"] for report in reports] == [False] * (len(reports) - 1) + [True], f"{reports}")
    expect(counts == sorted(counts) and lines + counts[-1] == CALLS, f"{lines} lines and {counts} lost are not {CALLS}")


@check
def losses_are_told_while_the_script_runs():
    """At most once a second, before anything ends: a script that ends by Ctrl-C has told already."""
    program = 'tracepoint:syscalls:sys_enter_getppid /comm == "getppid_loop"/ { @n++; @k[@n] = 1; }'
    running = Running("-e", program, "-c", "sh -c 'getppid_loop 1000; exec sleep 1000'",
                      env={**os.environ, "SONDE_MAX_MAP_KEYS": "100"})
    told = next((line for line in running.process.stderr if "so far" in line), "")
    running.interrupt()
    status, out, errors = running.end()
    expect(re.match(r"sonde: lost 900 updates so far at -e:1:\d+ \(@k\)", told), f"{told!r}")
    expect(status == 0 and "lost 900 updates at -e:1:" in errors, f"{status}: {errors}")


@check
def a_full_map_is_counted():
    program = 'tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ { @n++; @k[@n] = 1; }'
    finished = run("-e", program, "-c", "getppid_loop 1000", env={"SONDE_MAX_MAP_KEYS": "100"})
    keys = sum(line.startswith("@k[") for line in finished.stdout.split("\n"))
    expect(keys == 100, f"{keys} keys, not 100")
    expect("lost 900 updates" in finished.stderr, f"900 updates should be lost: {finished.stderr}")


main()
