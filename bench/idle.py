"""What a tracer costs while nothing happens."""

import os
import subprocess
import time

from processes import Refused
from table import Row

SECONDS = 10
SCRIPT = 'tracepoint:syscalls:sys_enter_getpriority { printf("%d\\n", pid); }'


def threads(pid):
    return [f"/proc/{pid}/task/{task}" for task in os.listdir(f"/proc/{pid}/task")]


def wake_ups(pid):
    """How often its threads were scheduled."""
    return sum(int(open(f"{task}/schedstat").read().split()[2]) for task in threads(pid))


def cpu_ns(pid):
    return sum(int(open(f"{task}/schedstat").read().split()[0]) for task in threads(pid))


def watch(tracer):
    """{wake_ups, cpu} of SECONDS in which it has nothing to do."""
    process = subprocess.Popen([tracer.path, "-e", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if line.startswith("Attach"):
                break
        else:
            raise Refused("did not attach")
        time.sleep(3)  # until what a start leaves behind is done; nothing tells when
        before = wake_ups(process.pid), cpu_ns(process.pid)
        time.sleep(SECONDS)
        after = wake_ups(process.pid), cpu_ns(process.pid)
    finally:
        process.kill()
        process.wait()
    return {"wake_ups": (after[0] - before[0]) / SECONDS, "cpu": (after[1] - before[1]) / SECONDS / 1e9 * 100}


def idle(bench):
    found, failures = {}, {}
    for name, tracer in bench.scripted().items():
        try:
            found[name] = watch(tracer)
        except Refused as reason:
            failures[name] = reason
    return [Row("idle: CPU", "%", **{name: value["cpu"] for name, value in found.items()}),
            Row("idle: wake-ups a second", "", **{name: value["wake_ups"] for name, value in found.items()})], failures
