"""Every way in which a run ends leaves whole output behind."""

import os
import signal
import subprocess
import time

from _sonde import SONDE, Running, check, expect, main, run

COUNTING = "tracepoint:syscalls:sys_enter_* { @n = count(); } END { printf(\"the end\\n\"); }"


@check
def interrupt_prints_maps():
    running = Running("-e", COUNTING)
    running.interrupt()
    status, out, errors = running.end()
    expect(status == 0 and "the end" in out and "@n: " in out, f"{status} {out} {errors}")


@check
def termination_is_an_orderly_end():
    running = Running("-e", COUNTING)
    running.signal(signal.SIGTERM)
    status, out, errors = running.end()
    expect(status == 0 and "@n: " in out, f"{status} {out} {errors}")


@check
def second_interrupt_ends_at_once():
    """The reader of standard output is stuck, so that an orderly end is not possible."""
    reader, writer = os.pipe()
    running = Running("-e", 'tracepoint:syscalls:sys_enter_* { printf("%s\\n", probe); }', stdout=writer)
    os.close(writer)
    time.sleep(0.3)  # the pipe fills; nothing tells when
    running.interrupt()
    time.sleep(0.1)
    running.interrupt()
    try:
        running.process.wait(timeout=5)
    finally:
        os.close(reader)
        running.process.kill()


@check
def closed_output_ends_the_run():
    """The command makes the events: this process reads the output, and its own are left out."""
    running = Running("-e", 'tracepoint:syscalls:sys_enter_* { printf("%s\\n", probe); }', "-c", "dd if=/dev/zero of=/dev/null bs=1")
    running.process.stdout.readline()
    running.process.stdout.close()
    running.process.wait(timeout=10)
    errors = running.process.stderr.read()
    expect("error" not in errors.lower(), errors)


@check
def full_disk_is_an_error():
    finished = run("-o", "/dev/full", "-e", 'BEGIN { printf("x\\n"); exit(); }')
    expect(finished.returncode == 1 and "No space left" in finished.stderr, f"{finished.returncode} {finished.stderr}")


@check
def child_dies_with_the_tracer():
    running = Running("-e", "BEGIN { }", "-c", "sleep 1000")
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(running.process.pid)], capture_output=True, text=True)
    child = int(children.stdout.split()[0])
    running.process.kill()
    running.end()
    for _ in range(100):
        if not os.path.exists(f"/proc/{child}") or " Z " in open(f"/proc/{child}/stat").read():
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    expect(False, "the child outlived the tracer")


@check
def the_watched_process_ends_the_run():
    target = subprocess.Popen(["sleep", "1000"])
    try:
        running = Running("-p", target.pid, "-e", "BEGIN { @x = 1; }")
    finally:
        target.kill()
        target.wait()
    status, out, errors = running.end()
    expect(status == 0 and "@x: 1" in out, f"{status} {out} {errors}")


@check
def no_such_process():
    finished = run("-p", 999999999, "-e", "BEGIN { }")
    expect(finished.returncode == 1 and "999999999" in finished.stderr, f"{finished.returncode} {finished.stderr}")


main()
