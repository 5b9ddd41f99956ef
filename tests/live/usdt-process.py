#!/usr/bin/env python3
"""usdt with -p: one process of two is seen, and its semaphore falls back when the tracer ends; the list of a process."""

import subprocess
import sys

from _sonde import SONDE


def start():
    process = subprocess.Popen(["usdt_kinds", "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def fire(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def report(name, good, reason):
    print(f"PASS {name}" if good else f"FAIL {name}: {reason}")
    sys.stdout.flush()


traced, other = start(), start()
script = 'usdt:*:kinds:watched { @[pid] = count(); exit(); }'
tracer = subprocess.Popen(
    [SONDE, "-p", str(traced.pid), "-e", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
)
first = tracer.stderr.readline()
report("attached", "ttached" in first, first)
fire(other)
watched = fire(traced)
out, err = tracer.communicate(timeout=20)
report("only the process of -p", out.split() == [f"@[{traced.pid}]:", "1"], repr(out) + err)
report("semaphore of the process", watched == "1", watched)
report("semaphore falls back", fire(traced) == "0", "it stays up")
listed = subprocess.run(
    [SONDE, "-l", "-p", str(traced.pid), "usdt:*:forms:*"], capture_output=True, text=True, timeout=20, check=False
)
report("list of a process", "usdt_kinds:forms:registers" in listed.stdout, listed.stdout + listed.stderr)
for process in (traced, other):
    process.stdin.close()
    process.wait()
