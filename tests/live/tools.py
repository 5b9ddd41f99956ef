"""The scripts that come with sonde: each runs, and shows what it is for."""

import os
import re
import subprocess
from pathlib import Path

from _sonde import Running, Skip, check, expect, main, run

TOOLS = Path(__file__).parents[2] / "tools"


def tool(*words, command, **more):
    finished = run("tool", "-q", "-c", command, *words, timeout=60, env={"SONDE_TOOLS": str(TOOLS)}, **more)
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
def each_has_a_page_with_its_options():
    pages = TOOLS.parent / "docs" / "tools"
    names = {path.stem for path in TOOLS.glob("*.bt")}
    expect({path.stem for path in pages.glob("*.md")} == names, "docs/tools and tools do not name the same")
    for name in sorted(names):
        told = run("tool", name, "--help", env={"SONDE_TOOLS": str(TOOLS)}).stdout
        options = told[told.index("Options of the script:") :].strip()
        page = (pages / f"{name}.md").read_text()
        expect(options in page, f"{name}: python3 docs/tools.py {name} writes its page anew")
        expect(f"# sonde tool {name}" in page, f"{name}: its page shows no output")


@check
def each_runs_without_a_command():
    for path in sorted(TOOLS.glob("*.bt")):
        finished = run("--dry-run", path)
        if path.stem == "capable" and not os.path.exists("/sys/kernel/tracing/events/capability/cap_capable"):
            continue
        expect(finished.returncode == 0 and "warning" not in finished.stderr, f"{path.stem}: {finished.stderr}")


@check
def strace_of_a_process():
    """Begun before; its children to come are followed as well."""
    with subprocess.Popen(["sh", "-c", "read line; /bin/true; exit 5"], stdin=subprocess.PIPE, text=True) as traced:
        tracer = Running("tool", "strace", "-p", str(traced.pid), env={**os.environ, "SONDE_TOOLS": str(TOOLS)})
        traced.communicate("go\n")
        status, output, errors = tracer.end()
    expect(status == 0, errors)
    shows(rf'^\[pid {traced.pid}\] read\(0, "g", 1\) = 1$', output)
    shows(rf'^\[pid (?!{traced.pid})\d+\] execve\("/bin/true", .* = 0$', output)
    shows(rf"^\[pid {traced.pid}\] \+\+\+ exited with 5 \+\+\+$", output)


@check
def strace():
    output = tool("strace", command="sh -c '/bin/cat /etc/hostname /nonexistent; exit 0'")
    shows(r'\[pid \d+\] execve\("/bin/cat", \["/bin/cat", "/etc/hostname", "/nonexistent"\], 0x\w+ /\* \d+ vars \*/\) = 0$', output)
    shows(r'\] openat\(AT_FDCWD, "/nonexistent", O_RDONLY\) = -1 ENOENT \(No such file or directory\)$', output)
    output = tool("strace", "-c", command="ls /")
    shows(r"^ *\d+\.\d\d +\d+\.\d{6} +\d+ +2 +0 (syscall:)?getdents64$", output)
    shows(r"^100\.00 .* total$", output)
    output = tool("strace", "-ZT", command="cat /nonexistent")
    shows(r'"/nonexistent".* ENOENT .* <0\.\d{6}>$', output)


@check
def strace_of_some_calls():
    output = tool("strace", "-e", "openat,%network", command="cat /etc/hostname")
    shows(r'openat\(AT_FDCWD, "/etc/hostname"', output)
    expect(not re.search(r"\] (?!openat)\w+\(", output), output)
    output = tool("strace", "-e", "!openat", command="cat /etc/hostname")
    shows(r"\] read\(", output)
    expect("openat(" not in output, output)
    output = tool("strace", command="sh -c 'exit 3'")
    shows(r"\] exit_group\(3\) = \?$", output)
    shows(r"\+\+\+ exited with 3 \+\+\+$", output)


@check
def a_command_behind_the_options():
    finished = run("tool", "-q", "opensnoop", "-x", "-ncat", "cat", "/nonexistent/a b", env={"SONDE_TOOLS": str(TOOLS)})
    shows(r" cat +-1 +2 /nonexistent/a b$", finished.stdout)
    finished = run("tool", "opensnoop", "-Y", env={"SONDE_TOOLS": str(TOOLS)})
    expect(finished.returncode == 1 and "unknown option -Y" in finished.stderr, finished.stderr)


@check
def what_is_open(folder):
    path = folder / "held"
    output = tool("lsof", "-c", "sh", command=f"sh -c 'exec 7>{path}; sleep 1; :'")
    shows(r"^COMMAND +PID ", output)
    output = tool("lsof", "-p", str(os.getpid()), command="true")
    shows(rf"^python3 +{os.getpid()} +\d+ +0 ", output)


@check
def the_system():
    shows(r"^\d\d:\d\d:\d\d +\d+ +\d+ +\d+ +\d+ +\d+$", tool("vfsstat", command="sleep 2"))
    shows(r"^\d\d:\d\d:\d\d +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d ", tool("loads", command="sleep 2"))
    busy = "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'"
    shows(r"^@samples_of\[sh\]: \d+$", tool("profile", "--by-name", command=busy))
    shows(r"^@usecs_of\[sleep\]: [1-9]\d{5}", tool("offcpu", "--by-name", command="sleep 0.3"))


@check
def privileges():
    if not os.path.exists("/sys/kernel/tracing/events/capability/cap_capable"):
        raise Skip("this kernel has no tracepoint capability:cap_capable")
    output = tool("capable", command="chown 0:0 /dev/null")
    shows(r"^\d\d:\d\d:\d\d +\d+ +\d+ +\S.* CAP_\w+ +(granted|refused)$", output)


@check
def fatrace(folder):
    output = tool("fatrace", "-C", "cp", command=f"sh -c 'echo hello > {folder}/a; cp {folder}/a {folder}/b; rm {folder}/b'")
    shows(rf"^cp\(\d+\) open {folder}/a O_RDONLY\S* mode 0000 = \d", output)
    shows(rf"^cp\(\d+\) open {folder}/b O_WRONLY\|O_CREAT\|O_EXCL\S* mode 0\d+ = \d", output)
    shows(rf"^cp\(\d+\) (copy {folder}/a to {folder}/b|read {folder}/a) 6 bytes", output)
    output = tool("fatrace", command=f"rm {folder}/a")
    shows(rf"^rm\(\d+\) delete {folder}/a = 0", output)


@check
def a_command_is_looked_at_alone(folder):
    """What others do meanwhile is not shown."""
    other = f"while :; do cat {folder}/of_others; done"
    with subprocess.Popen(["sh", "-c", other], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as loop:
        try:
            for name in ("opensnoop", "opens-failed", "fatrace", "statsnoop", "execsnoop"):
                output = tool(name, command=f"sh -c 'test -e {folder}/own; cat {folder}/own; cat {folder}/own'")
                shows(r"own|cat", output)
                expect("of_others" not in output, f"{name}: {output}")
        finally:
            loop.kill()


@check
def a_duration_ends_it():
    for name in ("vfsstat", "runqlat", "loads"):
        finished = run("tool", "-q", name, "-d", "1", env={"SONDE_TOOLS": str(TOOLS)})
        expect(finished.returncode == 0, f"{name}: {finished.stderr}")


@check
def opens():
    output = tool("opensnoop", "-xeT", "-n", "cat", command="cat /nonexistent/x")
    shows(r"^ *\d+\.\d{6} +\d+ +cat +-1 +2 O_RDONLY +/nonexistent/x$", output)
    output = tool("opens-failed", command="cat /nonexistent/x")
    shows(r"^\d+ +cat +ENOENT +/nonexistent/x$", output)
    output = tool("opens-failed", "-c", "-n", "cat", command="cat /nonexistent/x")
    shows(r"^@\[cat, /nonexistent/x, ENOENT\]: 1$", output)


@check
def programs():
    output = tool("execsnoop", "-x", command="sh -c '/bin/echo a b > /dev/null; /nonexistent/x y'")
    shows(r"^echo +\d+ +\d+ +0 /bin/echo a b$", output)
    shows(r"^sh +\d+ +\d+ +-2 /nonexistent/x y$", output)


@check
def counts():
    output = tool("syscount", command="cat /etc/hostname")
    shows(r"^@by_call\[syscall:read\]: [1-9]", output)
    output = tool("syscount", "-x", "--errno", command="cat /nonexistent/x")
    shows(r"^@by_error\[ENOENT\]: [1-9]", output)


@check
def properties_and_signals():
    output = tool("statsnoop", command="stat /nonexistent/x")
    shows(r"^\d+ +stat +2 syscall:\w+ +/nonexistent/x$", output)
    output = tool("killsnoop", command="sh -c 'kill -USR1 $$ || true; exit 0'")
    shows(r"^\d\d:\d\d:\d\d +\d+ +sh +SIGUSR1 +\d+ +0$", output)


main()
