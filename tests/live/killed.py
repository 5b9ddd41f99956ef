"""SIGKILL at any moment: the kernel takes back what was attached."""

import re
import signal
import subprocess
import time

from _sonde import SONDE, Running, check, expect, main, run

PROGRAM = """
    rawtracepoint:sched_process_exec { @a = count(); }
    tracepoint:sched:sched_process_exit { @b[args.comm] = count(); }
    profile:hz:7 { @c = count(); }
    interval:s:1 { @d = count(); }"""
NAMES = ("sched_process_exec", "sched_process_exit")


def loaded():
    """Names of the BPF programs that the kernel has, cut as it cuts them."""
    out = run("-e", "iter:bpf_prog { @[ctx.prog.aux.name] = count(); }").stdout
    return set(re.findall(r"^@\[(.*)\]: \d+$", out, re.M))


def is_gone():
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(name[:15] in loaded() for name in NAMES):
            return True
        time.sleep(0.05)
    return False


@check
def while_it_traces():
    running = Running("-e", PROGRAM)
    expect(NAMES[0][:15] in loaded(), f"not among the programs: {loaded()}")
    running.signal(signal.SIGKILL)
    running.end()
    expect(is_gone(), "programs are left")


@check
def at_any_moment():
    for i in range(12):
        process = subprocess.Popen([SONDE, "-e", PROGRAM, "-c", "sleep 97"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.01 * i)
        process.kill()
        process.wait()
    expect(is_gone(), "programs are left")
    found = subprocess.run(["pgrep", "-f", "^sleep 97$"], capture_output=True, text=True)
    expect(found.stdout == "", f"the command outlives the tracer: {found.stdout}")


main()
