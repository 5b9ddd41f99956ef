"""Lines delivered and losses reported make up what happened, exactly."""

import os
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
def a_full_map_is_counted():
    program = 'tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ { @n++; @k[@n] = 1; }'
    finished = run("-e", program, "-c", "getppid_loop 1000", env={"SONDE_MAX_MAP_KEYS": "100"})
    keys = sum(line.startswith("@k[") for line in finished.stdout.split("\n"))
    expect(keys == 100, f"{keys} keys, not 100")
    expect("lost 900 updates" in finished.stderr, f"900 updates should be lost: {finished.stderr}")


main()
