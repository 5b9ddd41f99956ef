"""fatrace.bt tells every open, read and write that the real fatrace tells, with the same paths."""

import re
import shutil
import subprocess
import time
from pathlib import Path

from _sonde import Failure, Running, Skip, check, expect, main

TOOL = Path(__file__).parents[2] / "tools" / "fatrace.bt"
SCRIPT = """set -e
cp source copy
cat copy > second
dd if=second of=third bs=4k 2>dd.errors
mkdir inner && cp -r source copy inner
head -2 source >> third
mv third inner/moved
./tool inner/moved > "a name with blanks"
./script.sh
truncate -s 10 copy
rm second
"""
# What each line of ours covers of theirs: Read, Write, Open. Where a file is opened to be cut off, it is written as well.
COVERED = {"open": "OW", "read": "R", "write": "W", "exec": "RO", "resize": "W"}


class Fatrace:
    """The real one, of the current mount; ready when it has told of a file that was made for this."""

    def __init__(self, folder):
        self.output = folder.parent / "fatrace.txt"
        self.folder = folder
        self.process = subprocess.Popen(
            ["fatrace", "-c", "-o", self.output], cwd=folder, stderr=subprocess.PIPE, text=True
        )
        self.wait_for("ready")

    def wait_for(self, name):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            (self.folder / name).write_text(name)
            if self.output.exists() and f"/{name}\n" in self.output.read_text(errors="replace"):
                return
            if self.process.poll() is not None:
                raise Skip(f"fatrace does not run here: {' '.join(self.process.stderr.read().split())}")
            time.sleep(0.01)
        raise Skip("fatrace tells of nothing here")

    def end(self):
        self.wait_for("done")
        self.process.terminate()
        self.process.wait()
        events = set()
        for line in self.output.read_text(errors="replace").splitlines():
            found = re.fullmatch(r".*\((\d+)\): (\S+)\s+(.*)", line)
            if found is None:
                raise Failure(f"fatrace tells {line!r}")
            events |= {(int(found[1]), kind, found[3]) for kind in found[2] if kind in "ORW"}
        return events


def events_of_tool(lines):
    """Those of each line, and which calls they come from."""
    events = set()
    for line in lines:
        found = re.fullmatch(r".*?\((\d+)\) (\w+) (.*)", line)
        if found is None:
            continue
        pid, call, rest = int(found[1]), found[2], found[3]
        if call == "copy":
            source, target = re.fullmatch(r"(.*) to (.*) -?\d+ bytes", rest).groups()
            events |= {(pid, "R", source), (pid, "W", target)}
        elif call in COVERED:
            if call == "exec":
                path = re.fullmatch(r"(.*) as (.*)", rest)[1]
            else:
                path = re.sub(r"( \S+ mode \d+)? = -?\d+$| -?\d+ bytes$", "", rest)
            events |= {(pid, kind, path) for kind in COVERED[call]}
    return events


def prepare(folder):
    (folder / "source").write_text("a line\n" * 5000)
    shutil.copy(shutil.which("cat"), folder / "tool")
    shell = folder / "sh"
    shutil.copy(Path(shutil.which("sh")).resolve(), shell)
    (folder / "script.sh").write_text(f"#!{shell}\nread line < source; echo \"$line\" > told\n")
    (folder / "script.sh").chmod(0o755)


@check
def a_script_that_copies_files(folder):
    if shutil.which("fatrace") is None:
        raise Skip("fatrace is not installed")
    mount = folder / "mount"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", mount], capture_output=True, text=True)
    if mounted.returncode != 0:
        raise Skip(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
    try:
        prepare(mount)
        ours = Running("-o", folder / "sonde.txt", TOOL)
        fatrace = Fatrace(mount)
        script = subprocess.run(["sh", "-c", SCRIPT], cwd=mount, capture_output=True, text=True)
        expect(script.returncode == 0, script.stderr)
        theirs = fatrace.end()
        ours.interrupt()
        status, _, errors = ours.end()
        expect(status == 0 and "lost" not in errors, errors)
    finally:
        subprocess.run(["umount", "-l", mount], check=True)
    told = events_of_tool((folder / "sonde.txt").read_text(errors="replace").splitlines())
    theirs = {event for event in theirs if not event[2].endswith(("/ready", "/done"))}
    expect(len({path for _, _, path in theirs}) > 10, f"fatrace told only of {theirs}")
    missing = sorted(theirs - told)
    expect(not missing, f"fatrace.bt did not tell of {missing}")


main()
