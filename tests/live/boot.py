"""A service manager hears when probes are attached and when the end begins; the unit file is sound."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from _sonde import SONDE, Skip, check, expect, main, run

UNIT = Path(SONDE).parents[1] / "systemd" / "sonde@.service"


def told(address, *arguments):
    """What a run says to a socket at this address, datagram by datagram, and how the run went."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        name = "@" + address[1:].decode() if isinstance(address, bytes) else str(address)
        finished = run(*arguments, env={"NOTIFY_SOCKET": name})
        manager.setblocking(False)
        said = []
        while True:
            try:
                said.append(manager.recv(4096).decode())
            except BlockingIOError:
                return said, finished


@check
def ready_and_stopping(folder):
    script = 't:syscalls:sys_enter_getppid { @ = count(); } interval:s:100 { } end { printf("end\\n"); }'
    said, finished = told(str(folder / "notify"), "-e", script, "-c", "true")
    expect(finished.returncode == 0 and "end" in finished.stdout, finished.stderr)
    expect(said == ["READY=1\nSTATUS=3 probes attached", "STOPPING=1"], f"{said}")


@check
def an_abstract_socket():
    said, finished = told(b"\0sonde-test-%d" % os.getpid(), "-e", "begin { exit(); }")
    expect(finished.returncode == 0, finished.stderr)
    expect(said[-1:] == ["STOPPING=1"], f"{said}")


@check
def commands_do_not_speak_for_us(folder):
    """What -c starts does not find the socket."""
    said, finished = told(str(folder / "notify"), "-e", "interval:s:100 { }", "-c", "sh -c 'test -z \"$NOTIFY_SOCKET\"'")
    expect(finished.returncode == 0 and len(said) == 2, f"{said} {finished.stderr}")


@check
def nothing_is_said_of_a_script_that_is_refused(folder):
    said, finished = told(str(folder / "notify"), "-e", "tracepoint:no:such { }")
    expect(finished.returncode == 1 and said == [], f"{said}")


@check
def a_socket_that_is_gone_is_no_matter(folder):
    finished = run("-e", 'begin { printf("hello\\n"); exit(); }', env={"NOTIFY_SOCKET": str(folder / "none")})
    expect((finished.returncode, finished.stdout) == (0, "hello\n"), finished.stderr)


@check
def the_unit_is_sound(folder):
    if shutil.which("systemd-analyze") is None:
        raise Skip("systemd-analyze is not installed")
    text, count = re.subn(r"^ExecStart=\S+", f"ExecStart={SONDE}", UNIT.read_text(), flags=re.M)
    expect(count == 1, "no ExecStart")
    unit = folder / "sonde@.service"
    unit.write_text(text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"{folder}/sonde@test.service"],
        capture_output=True, text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
    )
    expect(verified.returncode == 0 and "sonde@" not in verified.stderr, f"{verified.returncode}: {verified.stderr}")
    unit.write_text(text.replace("Type=notify", "Tpye=notify"))
    wrong = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"{folder}/sonde@test.service"],
        capture_output=True, text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
    )
    expect("Tpye" in wrong.stderr, "systemd-analyze finds nothing wrong with nonsense")


main()
