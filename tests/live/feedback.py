"""What those who read the output do, because they read, is not printed: no event begets another."""

import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path

from _sonde import SONDE, Running, check, expect, main, run

TOOLS = Path(__file__).parents[2] / "tools"
# Each line that it prints makes its reader write, which would be another line; enough of them end it.
WRITES = 't:syscalls:sys_enter_write { printf("%s %d\\n", comm, pid); if (++@n >= 300) { exit(); } } end { clear(@n); }'
JOURNAL = """
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
for line in server.accept()[0].makefile("rb"):
    open(sys.argv[2], "ab").write(line)
"""


def left_out(errors):
    """(count, name, pid) of each reader that standard error tells of, in one line."""
    lines = [line for line in errors.splitlines() if line.startswith("sonde: left out ")]
    expect(len(lines) <= 1, f"more than one line: {lines}")
    return re.findall(r"(\d+) of (\S+) \((\d+)\)", lines[0]) if lines else []


def through_tee(folder, *options):
    """Lines that tee wrote, the status of sonde, its standard error, and the pid of tee."""
    out = folder / "out"
    read, write = os.pipe()
    tee = subprocess.Popen(["tee", out], stdin=read, stdout=subprocess.DEVNULL)
    os.close(read)
    traced = subprocess.run([SONDE, *options], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    tee.wait(timeout=20)
    return out.read_text().splitlines(), traced.returncode, traced.stderr, tee.pid


@check
def a_pipe_into_tee(folder):
    wait = f"sh -c 'echo one > /dev/null; until test -s {folder}/out; do :; done; echo two > /dev/null'"
    lines, status, errors, tee = through_tee(folder, "-B", "line", "-e", WRITES, "-c", wait)
    expect(status == 0 and lines.count(f"tee {tee}") == 0, f"{status}: {lines}")
    expect(sum(line.startswith("sh ") for line in lines) >= 2, f"the command's own writes are not all there: {lines}")
    expect(not any(line.startswith("sonde ") for line in lines), f"we show ourselves: {lines}")
    found = left_out(errors)
    expect(len(found) == 1 and found[0][1:] == ("tee", str(tee)) and int(found[0][0]) > 0, errors)


@check
def with_include_self_it_feeds_itself(folder):
    """Ends by itself after 300 lines, though the command that it waits for never ends."""
    lines, status, errors, tee = through_tee(
        folder, "--include-self", "-B", "line", "-e", WRITES.replace("{", '/comm != "sonde"/ {', 1), "-c", "sh -c 'echo one > /dev/null; exec sleep 1000'"
    )
    expect(status == 0 and lines.count(f"tee {tee}") > 0 and len(lines) >= 300, f"{status}: {len(lines)} lines")
    expect(left_out(errors) == [], errors)


def through_a_journal(folder, *options):
    address, seen = folder / "journal", folder / "seen"
    journal = subprocess.Popen([sys.executable, "-c", JOURNAL, address, seen], stdout=subprocess.PIPE, text=True)
    expect(journal.stdout.readline() == "ready\n", "no journal")
    with socket.socket(socket.AF_UNIX) as output:
        output.connect(str(address))
        # The command's second open waits until the journal has written down the first.
        wait = f"cat /etc/hostname; until test -s {seen}; do :; done; cat /etc/passwd"
        running = Running("-B", "line", *options, TOOLS / "opensnoop.bt", stdout=output)
        subprocess.run(["sh", "-c", wait], stdout=subprocess.DEVNULL, check=True, timeout=60)
        running.interrupt()
        status, _, errors = running.end()
    journal.wait(timeout=20)
    lines = seen.read_text().splitlines()
    expect(status == 0, errors)
    expect(any("/etc/hostname" in line for line in lines) and any("/etc/passwd" in line for line in lines), f"{lines}")
    return [line for line in lines if str(seen) in line], errors, journal.pid


@check
def a_journal_that_opens_a_file_for_each_line(folder):
    own, errors, journal = through_a_journal(folder)
    expect(own == [], f"the journal's own opens are told: {own}")
    # This process has an end of the socket as well.
    found = {pid: int(count) for count, _, pid in left_out(errors)}
    expect(found.get(str(journal), 0) > 0 and found.keys() <= {str(journal), str(os.getpid())}, errors)


@check
def the_journal_too_with_include_self(folder):
    own, errors, _ = through_a_journal(folder, "--include-self")
    expect(own != [] and left_out(errors) == [], f"{own}: {errors}")


@check
def who_holds_the_terminal():
    """This process, here."""
    ours, theirs = pty.openpty()
    running = Running("-e", f't:syscalls:sys_enter_getppid /pid == {os.getpid()}/ {{ printf("%s\\n", comm); }}', stdout=theirs)
    os.getppid()
    os.getppid()
    running.interrupt()
    status, _, errors = running.end()
    os.close(ours)
    os.close(theirs)
    expect(status == 0 and [(n, pid) for n, _, pid in left_out(errors)] == [("2", str(os.getpid()))], errors)


@check
def maps_count_everybody():
    """Counting is no output that anybody reads line by line."""
    running = Running("-e", f"t:syscalls:sys_enter_getppid /pid == {os.getpid()}/ {{ @ = count(); }}")
    os.getppid()
    running.interrupt()
    status, out, errors = running.end()
    expect(status == 0 and "@: 1" in out and left_out(errors) == [], f"{out} {errors}")


@check
def a_file_has_no_reader(folder):
    running = Running(
        "-o", folder / "out", "-e", f't:syscalls:sys_enter_getppid /pid == {os.getpid()}/ {{ printf("%s\\n", comm); }}'
    )
    os.getppid()
    running.interrupt()
    status, _, errors = running.end()
    expect(status == 0 and len((folder / "out").read_text().splitlines()) == 1, errors)
    expect(left_out(errors) == [], errors)


main()
