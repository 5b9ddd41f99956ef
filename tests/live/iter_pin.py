"""A pinned iterator: each reader of its file makes it run; nothing is left when the tracer ends, however that is."""

import os
import signal
import subprocess
import time
from pathlib import Path

from _sonde import Running, Skip, check, expect, main, run

BPFFS = Path("/sys/fs/bpf")


def mounted(place):
    """Whether the folder is of a BPF file system, which the test mounts for itself."""
    return subprocess.run(["mount", "-t", "bpf", "bpf", place], capture_output=True).returncode == 0


def until_gone(path):
    end = time.monotonic() + 10
    while path.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return not path.exists()


@check
def runs_for_each_reader(folder):
    if not mounted(folder):
        raise Skip("no BPF file system")
    try:
        pin = folder / "tasks"
        running = Running("-e", f'iter:task:{pin} {{ if (ctx.task.pid == 2) {{ @runs++; printf("run %d\\n", @runs); }} }}')
        for _ in range(3):
            pin.read_bytes()
        running.interrupt()
        status, out, err = running.end()
        expect(status == 0 and out.startswith("run 1\nrun 2\nrun 3\n") and "@runs: 3\n" in out, f"{status} {out} {err}")
        expect(not pin.exists(), "the pin is left")
        running = Running("-e", f"iter:task:{pin} {{ @ = count(); }}")
        expect(pin.exists(), "it is not pinned")
        running.signal(signal.SIGKILL)
        running.end()
        expect(until_gone(pin), "the pin outlives the tracer")
    finally:
        subprocess.run(["umount", folder], check=False)


@check
def says_what_is_wrong(folder):
    finished = run("-e", f"iter:task:{folder}/x {{ @ = count(); }}")
    expect(finished.returncode == 1 and "cannot pin an iterator at" in finished.stderr, finished.stderr)


main()
