"""Hardware breakpoints on the data of a process: each access counted, in each of its threads."""

import os
import re
import subprocess

from _sonde import Failure, Running, Skip, check, expect, main, run


class Watched:
    def __init__(self):
        self.process = subprocess.Popen(["watched"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def do(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        expect(self.process.stdout.readline() == "done\n", "the watched program ended")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def watch(mode, work):
    """Counts what a watchpoint of this mode sees of the work."""
    if subprocess.run(["breakpoints"], check=False).returncode != 0:
        raise Skip("the machine's hardware breakpoints do not fire")
    watched = Watched()
    try:
        program = f'watchpoint:{watched.address}:8:{mode} {{ @[comm] = count(); @tids[tid] = count(); }}'
        try:
            running = Running("-p", watched.process.pid, "-e", program)
        except Failure as failure:
            if "breakpoints" in str(failure):
                raise Skip("the machine has no hardware breakpoints") from failure
            raise
        for what in work:
            watched.do(what)
        running.interrupt()
        status, out, err = running.end()
        expect(status == 0, f"status {status}: {err}")
        return out
    finally:
        watched.end()


@check
def writes():
    out = watch("w", ["write 50", "read 20", "write 5"])
    expect("@[watched]: 110\n" in out, out)
    expect(len(re.findall(r"@tids\[\d+\]", out)) == 3, out)


@check
def reads_and_writes():
    out = watch("rw", ["write 50", "read 20"])
    expect("@[watched]: 140\n" in out, out)


@check
def wants_a_process():
    finished = run("-e", "watchpoint:0x1000:8:w { exit(); }")
    expect(finished.returncode == 1 and "-p" in finished.stderr, finished.stderr)


@check
def refuses_what_the_processor_cannot():
    for spec, reason in (("0x1000:3:w", "1, 2, 4 or 8"), ("0x1000:8:q", "rwx"), ("0x1001:8:w", "multiple"),
                         ("zero:8:w", "address"), ("0x1000:8", "watchpoint:")):
        finished = run("-p", os.getpid(), "-e", f"watchpoint:{spec} {{ exit(); }}")
        expect(finished.returncode == 1 and reason in finished.stderr, f"{spec}: {finished.stderr}")


main()
