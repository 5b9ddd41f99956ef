"""What a terminal gets: nothing of a traced process that it would obey, and pictures of its own width."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from _sonde import SONDE, check, expect, main

ESCAPE = "\x1b[31m"


def on_terminal(*arguments, columns=80, errors_only=False):
    """What sonde writes to a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    out = subprocess.DEVNULL if errors_only else slave
    process = subprocess.Popen([SONDE, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=slave)
    os.close(slave)
    text = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(master)
    process.wait(timeout=10)
    return text.decode(errors="replace").replace("\r\n", "\n")


def hostile(folder):
    """A command whose name, argument and path hold control sequences."""
    path = folder / f"x{ESCAPE}y"
    path.write_text("#!/bin/sh\ntrue\n")
    path.chmod(0o755)
    return str(path)


PROGRAM = """tracepoint:syscalls:sys_enter_execve /pid == cpid/ { printf("%s|", str(args.filename)); print(str(args.filename));
  join(args.argv); @[str(args.filename)] = (1, str(args.filename)); errorf("%s", str(args.filename)); }
  tracepoint:sched:sched_process_exec /pid == cpid/ { print(args); print(comm); exit(); }"""


@check
def names_cannot_control_the_terminal(folder):
    text = on_terminal("-q", "-e", PROGRAM, "-c", hostile(folder))
    expect("\\x1b[31m" in text and "\x1b" not in text, repr(text))


@check
def nor_by_way_of_errors(folder):
    text = on_terminal("-q", "-e", PROGRAM, "-c", hostile(folder), errors_only=True)
    expect("\\x1b[31m" in text and "\x1b" not in text, repr(text))


@check
def unless_it_is_wanted(folder):
    text = on_terminal("-q", "--no-escape", "-e", PROGRAM, "-c", hostile(folder))
    expect(ESCAPE in text, repr(text))


@check
def a_script_may_use_colours():
    text = on_terminal("-q", "-e", 'BEGIN { printf("\\033[31mred\\033[0m\\n"); exit(); }')
    expect("\x1b[31mred\x1b[0m" in text, repr(text))


@check
def files_get_the_bytes_as_they_are(folder):
    command = [SONDE, "-q", "-e", PROGRAM, "-c", hostile(folder)]
    out = subprocess.run(command, capture_output=True, check=False).stdout
    expect(ESCAPE.encode() in out, repr(out))


@check
def pictures_have_the_width_of_the_terminal():
    program = "BEGIN { @ = hist(5); @t = tseries(1, 1h, 5); exit(); }"
    for columns in (60, 80, 132):
        text = on_terminal("-q", "-e", program, columns=columns)
        bar = next(line for line in text.splitlines() if "@@" in line)
        scale = next(line for line in text.splitlines() if line.startswith("hh:mm:ss"))
        expect(columns - 8 < len(bar) <= columns and columns - 20 < len(scale) <= columns, f"{columns}: {text}")


main()
