"""syscall: pairs every beginning with its own end, whoever calls at the same time."""

import os
import subprocess
import threading

from _sonde import Skip, check, expect, lost, main, run

CALLS = int(os.environ.get("SONDE_TEST_CALLS", "50000"))
PROGRAM = """
syscall:openat /comm == "open_loop"/ {
  @calls[str(args.filename), args.mode, retval < 0] = count();
  @slow = max(elapsed_ns);
  if (elapsed_ns == 0) { @no_time++; }
}
"""


def counts(output, key):
    return sum(int(line.rsplit(": ", 1)[1]) for line in output.split("\n") if line.startswith(f"@calls[{key}"))


@check
def two_programs_at_once():
    finished = run("-q", "-e", PROGRAM, "-c", f"sh -c 'open_loop {CALLS} a & open_loop {CALLS} b & wait'", timeout=300)
    out = finished.stdout
    expect(finished.returncode == 0 and lost(finished.stderr) == 0, f"{finished.stderr}")
    half = CALLS // 2
    expect(counts(out, "/dev/null, 0, 0") + counts(out, "/dev/null, 0, false") == 2 * half, out)
    for name in "ab":
        rows = counts(out, f"/nonexistent/{name}, 1, 1") + counts(out, f"/nonexistent/{name}, 1, true")
        expect(rows == half, f"{rows} of {half} failures of {name}: {out}")
    # Openings of libraries aside, there is nothing else.
    expect(counts(out, "/nonexistent") == 2 * half and counts(out, "/dev/null") == 2 * half, out)
    expect("@no_time" not in out, out)


@check
def threads_of_one_program():
    finished = run("-q", "-e", PROGRAM, "-c", f"open_loop {CALLS // 4} t 4", timeout=300)
    expect(finished.returncode == 0 and lost(finished.stderr) == 0, f"{finished.stderr}")
    total = CALLS // 4 // 2 * 4
    expect(counts(finished.stdout, "/nonexistent/t, 1") == total, finished.stdout)
    expect(counts(finished.stdout, "/dev/null, 0") == total, finished.stdout)


main()
