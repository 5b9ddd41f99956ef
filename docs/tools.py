#!/usr/bin/env python3
"""Makes the pages of docs/tools: runs each tool under a load of its own, as root, and keeps what it printed.

usage: docs/tools.py [--build BUILD] [NAME...]
The first paragraph of a page is written by hand; what is behind it is made.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "tools"
LINES = 24  # of the output
DISK = "while :; do dd if=/dev/zero of=/var/tmp/load bs=64k count=200 oflag=direct; sync; done"
DIRTY = "while :; do dd if=/dev/zero of=/var/tmp/load bs=64k count=200; sync; done"
BUSY = "for i in 1 2 3 4; do (while :; do :; done) & done; wait"
HOLDER = """
import os, socket, time
listening = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
served = listening.accept()[0]
log = open("/var/tmp/holder.log", "w")
gone = open("/var/tmp/holder.gone", "w")
os.unlink("/var/tmp/holder.gone")
ends, memory = os.pipe(), os.memfd_create("cache")
print("ready", flush=True)
time.sleep(1000)
"""
CONNECT = (
    'import socket; server = socket.create_server(("127.0.0.1", 8080)); '
    'socket.create_connection(server.getsockname()); socket.socket().connect_ex(("127.0.0.1", 8081))'
)

# What is shown behind the name, the load meanwhile, and which lines are shown (all, where it is not said). What is not
# here keeps the output that is on its page: oomkill wants a machine that runs out of memory.
ROWS = {
    "biolatency": (["-F", "-d", "10"], DISK, None),
    "capable": (["sh", "-c", "chroot / true; renice -n -1 $$; mknod /tmp/null c 1 3; rm /tmp/null"], None,
                r"TIME|CAP_(?!SYS_ADMIN)"),
    "execsnoop": (["-x", "sh", "-c", "uname; /nonexistent/x; date"], None, None),
    "fatrace": (["cp", "/etc/os-release", "/tmp/copy"], None, r"/etc/os-release|/tmp/copy|exec"),
    "killsnoop": (["sh", "-c", "sleep 9 & kill -0 $!; kill $!"], None, None),
    "loads": (["-d", "3"], None, None),
    "lsof": (["-p", "PID"], None, None),
    "offcpu": (["--by-name", "sh", "-c", "sleep 0.2; dd if=/dev/zero of=/tmp/x count=1000 conv=fsync"], None, None),
    "opens-failed": (["cat", "/nonexistent"], None, None),
    "opensnoop": (["-TUe", "head", "-1", "/etc/os-release"], None, None),
    "profile": (["--by-name", "sh", "-c", "tar c /usr/include | gzip > /tmp/include.gz"], None, None),
    "runqlat": (["-d", "10"], BUSY, None),
    "slowprocs": (["-e", "-m", "20", "-d", "10"], BUSY, r"Waits|TIME| sh .* sh$"),
    "statsnoop": (["ls", "-l", "/etc/os-release"], None, None),
    "strace": (["-yT", "head", "-1", "/etc/os-release"], None, r"^(?!.*(locale|gconv))"),
    "syscount": (["-L", "tar", "cf", "/tmp/x.tar", "/usr/include/linux"], None, None),
    "tcpconnect": (["-s", "python3", "-c", CONNECT], None, None),
    "vfsstat": (["-d", "10"], DIRTY, None),
    "writeback": (["-d", "10"], DIRTY, None),
}


class Load:
    """Runs beside the tool; told of as text where its number is the tool's argument."""

    def __init__(self, name, command):
        self.process = None
        self.pid = ""
        if name == "lsof":
            self.process = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, start_new_session=True)
            self.process.stdout.readline()
            self.pid = str(self.process.pid)
        elif command:
            self.start(command)

    def start(self, command):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(["sh", "-c", command], start_new_session=True, **quiet)

    def end(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def shown(word):
    return f"'{word}'" if re.search(r"[^-\w./=:]", word) else word


def output_of(sonde, name):
    words, command, wanted = ROWS[name]
    load = Load(name, command)
    words = [load.pid if word == "PID" else word for word in words]
    environment = {**os.environ, "SONDE_TOOLS": str(ROOT / "tools"), "LC_ALL": "C"}
    output = Path("/tmp") / f"{name}.output"  # not where the command writes
    try:
        finished = subprocess.run(
            [sonde, "tool", "-q", "-o", output, name, *words], capture_output=True, text=True, timeout=300, cwd="/tmp",
            env=environment,
        )
    finally:
        load.end()
    if finished.returncode != 0:
        sys.exit(f"{name}: status {finished.returncode}: {finished.stderr}")
    lines = [line for line in output.read_text(errors="replace").strip("\n").split("\n") if wanted is None or re.search(wanted, line)]
    if len(lines) > LINES:
        half = LINES // 2
        lines = [*lines[:half], "...", *lines[-half:]]
    return "\n".join([f"# sonde tool {name} {' '.join(map(shown, words))}", *lines])


def help_of(sonde, name):
    """Of the options alone: what the tool is for stands above them on the page."""
    environment = {**os.environ, "SONDE_TOOLS": str(ROOT / "tools")}
    told = subprocess.run([sonde, "tool", name, "--help"], capture_output=True, text=True, env=environment, check=True)
    return told.stdout[told.stdout.index("Options of the script:") :].strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("names", nargs="*", default=sorted(path.stem for path in (ROOT / "tools").glob("*.bt")))
    arguments = parser.parse_args()
    sonde = (ROOT / arguments.build / "bin" / "sonde").resolve()
    for name in arguments.names:
        page = PAGES / f"{name}.md"
        parts = page.read_text().split("```") if page.exists() else [f"# {name}", ""]
        output = output_of(sonde, name) if name in ROWS else parts[1].strip()
        options = help_of(sonde, name)
        page.write_text(f"{parts[0].strip()}\n\n```\n{output}\n```\n\n## Options\n\n```\n{options}\n```\n")
        print(name)


main()
