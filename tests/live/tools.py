"""The scripts that come with sonde: each runs, and shows what it is for."""

import os
import re
from pathlib import Path

from _sonde import check, expect, main, run

TOOLS = Path(__file__).parents[2] / "tools"


def tool(*words, command, **more):
    finished = run("tool", "-q", *words, "-c", command, timeout=60, env={"SONDE_TOOLS": str(TOOLS)}, **more)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    return finished.stdout


def shows(pattern, output):
    expect(re.search(pattern, output, re.M), f"no line like {pattern}: {output[:3000]}")


@check
def the_list_names_all():
    finished = run("tool", env={"SONDE_TOOLS": str(TOOLS)})
    for path in TOOLS.glob("*.bt"):
        expect(re.search(rf"^{path.stem} +[^ ]", finished.stdout, re.M), f"{path.stem}: {finished.stdout}")
    finished = run("tool", "stracee", env={"SONDE_TOOLS": str(TOOLS)})
    expect(finished.returncode == 1 and "did you mean strace?" in finished.stderr, finished.stderr)


@check
def they_tell_their_options():
    for name in ("strace", "fatrace", "opensnoop", "opens-failed", "execsnoop", "syscount", "statsnoop", "killsnoop"):
        finished = run("tool", name, "--help", env={"SONDE_TOOLS": str(TOOLS)})
        expect(finished.returncode == 0 and "--" in finished.stdout, f"{name}: {finished.stdout} {finished.stderr}")


@check
def strace():
    output = tool("strace", command="sh -c '/bin/cat /etc/hostname /nonexistent; exit 0'")
    shows(r'\[pid \d+\] execve\("/bin/cat", \["/bin/cat", "/etc/hostname", "/nonexistent"\], 0x\w+ /\* \d+ vars \*/\) = 0$', output)
    shows(r'\] openat\(AT_FDCWD, "/nonexistent", O_RDONLY\) = -1 ENOENT \(No such file or directory\)$', output)
    output = tool("strace", "--summary", command="ls /")
    shows(r"@calls\[syscall:getdents64\]: 2", output)
    output = tool("strace", "--failed", "--time", command="cat /nonexistent")
    shows(r'"/nonexistent".* ENOENT .* <0\.\d{6}>$', output)


@check
def fatrace(folder):
    output = tool("fatrace", "--command", "cp", command=f"sh -c 'echo hello > {folder}/a; cp {folder}/a {folder}/b; rm {folder}/b'")
    shows(rf"^cp\(\d+\) open {folder}/a O_RDONLY\S* mode 0000 = \d", output)
    shows(rf"^cp\(\d+\) open {folder}/b O_WRONLY\|O_CREAT\|O_EXCL\S* mode 0\d+ = \d", output)
    shows(rf"^cp\(\d+\) (copy {folder}/a to {folder}/b|read {folder}/a) 6 bytes", output)
    output = tool("fatrace", command=f"rm {folder}/a")
    shows(rf"^rm\(\d+\) delete {folder}/a = 0", output)


@check
def opens():
    output = tool("opensnoop", "--failed", "--flags", "--time", "--name", "cat", command="cat /nonexistent/x")
    shows(r"^ *\d+\.\d{6} +\d+ +cat +-1 +2 O_RDONLY +/nonexistent/x$", output)
    output = tool("opens-failed", command="cat /nonexistent/x")
    shows(r"^\d+ +cat +ENOENT +/nonexistent/x$", output)
    output = tool("opens-failed", "--summary", "--name", "cat", command="cat /nonexistent/x")
    shows(r"^@\[cat, /nonexistent/x, ENOENT\]: 1$", output)


@check
def programs():
    output = tool("execsnoop", "--failed", command="sh -c '/bin/echo a b > /dev/null; /nonexistent/x y'")
    shows(r"^echo +\d+ +\d+ +0 /bin/echo a b$", output)
    shows(r"^sh +\d+ +\d+ +-2 /nonexistent/x y$", output)


@check
def counts():
    output = tool("syscount", command="cat /etc/hostname")
    shows(r"^@by_call\[syscall:read\]: [1-9]", output)
    output = tool("syscount", "--failed", "--errno", command="cat /nonexistent/x")
    shows(r"^@by_error\[ENOENT\]: [1-9]", output)


@check
def properties_and_signals():
    output = tool("statsnoop", command="stat /nonexistent/x")
    shows(r"^\d+ +stat +2 syscall:\w+ +/nonexistent/x$", output)
    output = tool("killsnoop", command="sh -c 'kill -USR1 $$ || true; exit 0'")
    shows(r"^\d\d:\d\d:\d\d +\d+ +sh +SIGUSR1 +\d+ +0$", output)


main()
