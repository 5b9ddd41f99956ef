"""tests/vm and some of tests/live, in a guest: QEMU (emulating, without KVM) on the kernel of Debian's cloud package.

A test may ask for more on the kernel's command line, in the file: `// VM: preempt=full` (`# VM: …` in *.py). One boot runs all
tests that ask for the same. The guest's root file system is made of programs of this machine (harness/initramfs.py); in it,
tests/vm/guest/run.py runs the tests as harness/live.py does here, and tells by the second serial line how they went. A test that
brings the guest down fails; those after it run in another boot. Of tests/live, those that tests/vm/live.txt names run there;
with a filter (`./dev vm live/print`), all that it fits. Scripts with C in them do not: libclang and its headers would double the
guest's memory.
"""

import base64
import json
import os
import re
import select
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import common, initramfs, live
from .script import Script

ONE_AT_A_TIME = True
BOOT_TIMEOUT = 180  # seconds from the start of QEMU to the first test
SILENCE_TIMEOUT = 330  # without a line; each test has a shorter timeout of its own, in the guest
PACKAGE = "linux-image-cloud-amd64"  # depends on the newest versioned package
CONSOLE = "console=ttyS0 quiet panic=-1"
C_CODE = re.compile(r"^\s*(#\s*(include|define|if)|(typedef\s+)?(struct|union|enum)\b[^;()]*\{)", re.M)
TOOLS = (
    "bash sh cat cut date dd echo env false grep head kill ls mkdir mktemp rm sed seq setpriv sleep sort tail taskset timeout "
    "touch tr true uname wc"
).split()


def wanted(context):
    """Kernel command line → names of the tests that `./dev test vm/…` or `./dev vm …` asks for."""
    head, _, rest = context.arguments.filter.partition("/")
    if head not in ("", "vm"):
        return {}
    names = [name_of(path) for path in sorted((common.TESTS / "vm").iterdir()) if path.suffix in (".bt", ".py")]
    boots = {}
    for name in [*live_names(bool(rest)), *names]:
        if rest in name:
            boots.setdefault(command_line(common.TESTS / name), []).append(name)
    return boots


def name_of(path):
    return str(path.relative_to(common.TESTS))


def live_names(all_of_them):
    """Those that a line of tests/vm/live.txt fits, or all; without those that cannot run in the guest."""
    lines = (common.TESTS / "vm" / "live.txt").read_text().split("\n")
    patterns = ["*"] if all_of_them else [line for line in lines if not line.startswith("#")]
    names = []
    for path in sorted((common.TESTS / "live").iterdir()):
        is_test = path.suffix == ".py" and path.name[0] != "_" or path.suffix == ".bt" and not has_c_code(path)
        if is_test and initramfs.fits(path.name, patterns):
            names.append(name_of(path))
    return names


def has_c_code(path):
    script = live.target(path, Script(path))
    return C_CODE.search(script.read_text(errors="replace")) is not None


def command_line(path):
    mark = re.escape("//" if path.suffix == ".bt" else "#")
    found = re.search(rf"^{mark} VM: (.*)$", path.read_text(errors="replace"), re.M)
    return found[1].strip() if found else ""


def kernel(folder):
    """The path of the newest kernel in the archive, downloaded once; or raises Unavailable."""
    if there := sorted(folder.glob("vmlinuz-*")):
        return there[-1]
    for program in ("apt-get", "apt-cache", "dpkg"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed, which gets the guest's kernel")
    folder.mkdir(parents=True, exist_ok=True)
    said = download(folder)
    if said and os.geteuid() == 0:  # the lists may be old
        subprocess.run(["apt-get", "update", "-q"], capture_output=True)
        said = download(folder)
    if said:
        raise Unavailable(f"the kernel package cannot be had: {said}")
    return sorted(folder.glob("vmlinuz-*"))[-1]


class Unavailable(Exception):
    pass


def download(folder):
    """Puts vmlinuz-VERSION into the folder; gives what went wrong, or nothing."""
    listed = subprocess.run(["apt-cache", "depends", PACKAGE], capture_output=True, text=True).stdout
    package = re.search(r"Depends: (linux-image-\S+)", listed)
    if not package:
        return f"apt knows no {PACKAGE}"
    with tempfile.TemporaryDirectory(dir=folder) as place:
        got = subprocess.run(["apt-get", "download", "-q", package[1]], cwd=place, capture_output=True, text=True)
        archives = list(Path(place).glob("*.deb"))
        if got.returncode != 0 or not archives:
            return (got.stderr.strip().split("\n") or ["apt-get download failed"])[-1]
        subprocess.run(["dpkg", "-x", archives[0], place], check=True, capture_output=True)
        for path in Path(place).glob("boot/vmlinuz-*"):
            path.rename(folder / path.name)
    return ""


def root_file_system(context, names, to):
    image = initramfs.Image()
    for place in ("/dev", "/proc", "/sys", "/tmp", "/root", "/etc", "/usr/bin", "/usr/sbin"):
        image.folder(place)
    image.link("/bin", "usr/bin")
    image.link("/sbin", "usr/sbin")
    image.device("/dev/console", 5, 1)
    image.device("/dev/null", 1, 3)
    image.file("/init", common.TESTS / "vm" / "guest" / "init")
    image.file("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    image.file("/etc/group", b"root:x:0:\n")
    image.file("/etc/hostname", b"guest\n")
    image.file("/usr/bin/busybox", Path(shutil.which("busybox")))
    initramfs.add_tools(image, TOOLS)
    initramfs.add_python(image)
    image.tree("/project/tests", common.TESTS, {"unit", "cases", "fixtures", "broken", "links"})
    image.file("/project/tests/vm/guest/names.json", json.dumps(names).encode())
    helpers = sorted((context.build / "bin" / "helpers").iterdir())
    for program in [context.sonde, *helpers]:
        place = Path("/project/build") / program.relative_to(context.build)
        image.file(place, stripped(program, to.parent))
    for library in initramfs.libraries_of([context.sonde, *helpers]):
        image.file(library, Path(library).resolve())
    image.write(to)


def stripped(program, folder):
    """The program without symbols and debug information, which are most of it."""
    copy = folder / f"{program.name}.stripped"
    if not copy.exists() or copy.stat().st_mtime < program.stat().st_mtime:
        if subprocess.run(["strip", "-o", copy, program], capture_output=True).returncode != 0:
            return program
    return copy


class Guest:
    """A booted guest, as a source of the lines that it says."""

    def __init__(self, vmlinuz, initrd, more, console):
        self.console = console
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"]
        command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel", vmlinuz, "-initrd", initrd]
        command += ["-append", f"{CONSOLE} {more}".strip(), "-serial", f"file:{console}"]
        command += ["-chardev", "stdio,id=results,signal=off", "-serial", "chardev:results"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self.unread = b""
        self.problem = ""

    def lines(self):
        """Until the guest is off, or says nothing for too long."""
        fd, limit = self.process.stdout.fileno(), BOOT_TIMEOUT
        while True:
            if not select.select([fd], [], [], limit)[0]:
                self.problem = f"said nothing for {limit} s and was stopped"
                return
            data = os.read(fd, 1 << 16)
            if not data:
                self.problem = "went down"
                return
            *whole, self.unread = (self.unread + data).split(b"\n")
            for line in whole:
                limit = SILENCE_TIMEOUT
                yield common.decode(line).strip("\r")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()

    def last_words(self):
        """What QEMU itself said, and the end of what the console did."""
        self.process.kill()
        errors = common.decode(self.process.stderr.read())
        console = self.console.read_text(errors="replace") if self.console.exists() else ""
        return errors + "\n".join(common.lines_of(console)[-100:])


def run_boots(context, more, names):
    """Outcomes, as they come; boots again for what is left when a test took the guest down."""
    folder = context.build.parent / "vm"
    try:
        vmlinuz = kernel(folder)
    except Unavailable as reason:
        yield common.Outcome("vm", common.SKIP, str(reason))
        return
    left = list(names)
    while left:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            before = len(left)
            yield from run_boot(context, more, left, vmlinuz, Path(place))
        if len(left) == before:
            return


def run_boot(context, more, left, vmlinuz, place):
    """Takes those that were run out of `left`."""
    root_file_system(context, left, place / "initrd")
    with Guest(vmlinuz, place / "initrd", more, place / "console") as guest:
        running, done = None, False
        for line in guest.lines():
            word, _, rest = line.partition(" ")
            if word == "BEGIN":
                running = rest
            elif word == "END":
                yield from (here(outcome) for outcome in json.loads(base64.b64decode(rest)))
                left.remove(running)
                running = None
            elif word == "DONE":
                done = True
        said = guest.last_words()
    if running:
        left.remove(running)
        reason = f"the guest {guest.problem} in this test"
        yield here({"name": running, "state": common.FAIL, "reason": reason, "detail": said})
    elif not done:
        name = f"vm boot {more}".strip()
        yield common.Outcome(name, common.FAIL, f"the guest {guest.problem}", said, "./dev vm")


def here(outcome):
    """An outcome in the guest, as one of this machine's."""
    name = outcome["name"] if outcome["name"].startswith("vm/") else f"vm/{outcome['name']}"
    test = "/".join(outcome["name"].split("/")[:2])
    return common.Outcome(**{**outcome, "name": name, "rerun": f"./dev vm {shlex.quote(test.removeprefix('vm/'))}"})


def collect(context):
    boots = wanted(context)
    for program in ("qemu-system-x86_64", "busybox"):
        if boots and not shutil.which(program):
            outcome = common.Outcome("vm", common.SKIP, f"{program} is not installed")
            return [lambda: [outcome]]
    return [lambda more=more, names=names: run_boots(context, more, names) for more, names in boots.items()]
