"""fdpath(fd) says what readlink of /proc/PID/fd/N says, for every kind of descriptor and in every kind of probe."""

import re
import shutil
import subprocess

from _sonde import Skip, check, expect, main, run

PROBES = {
    "syscall": "syscall:lseek",
    "tracepoint": "tracepoint:syscalls:sys_enter_lseek",
}


def paths(folder, probe):
    if shutil.which("fd_kinds") is None:
        raise Skip("fd_kinds is not built")
    program = probe + ' /comm == "fd_kinds"/ { printf("> %d [%s]\\n", (int32)args.fd, fdpath(args.fd)); }'
    finished = run("-q", "-e", program, "-c", f"fd_kinds {folder}")
    expect(finished.returncode == 0, finished.stderr)
    lines = finished.stdout.split("\n")
    expect(len(lines) > 80, finished.stdout + finished.stderr)
    told = dict(re.fullmatch(r"(-?\d+) \[(.*)\]", line).groups() for line in lines if re.match(r"-?\d+ \[", line))
    found = dict(re.fullmatch(r"> (-?\d+) \[(.*)\]", line).groups() for line in lines if line.startswith("> "))
    return told, found


def agrees(folder, probe):
    told, found = paths(folder, probe)
    expect(len(told) > 50 and any(path.endswith("/root/inside") for path in told.values()), f"{told}")
    for fd, path in told.items():
        expect(found.get(fd) == path, f"{fd}: {path!r}, but fdpath tells {found.get(fd)!r}")


@check
def in_syscall_probes(folder):
    agrees(folder, PROBES["syscall"])


@check
def in_tracepoints(folder):
    agrees(folder, PROBES["tracepoint"])


@check
def of_a_struct_path(folder):
    """path() is the same search, begun elsewhere."""
    program = r"""iter:task_file /ctx.task.comm == "fd_holder"/ {
      $path = path(&ctx.file.f_path, 256);
      if (fdpath(ctx.fd, ctx.task) == $path) { @same++; } else { @other++; }
      printf("%d [%s]\n", ctx.fd, fdpath(ctx.fd, ctx.task));
    }"""
    holder = folder / "fd_holder"
    shutil.copy(shutil.which("sleep"), holder)
    child = subprocess.Popen([holder, "1000"], stdin=subprocess.PIPE)
    try:
        finished = run("-q", "-e", program)
    finally:
        child.kill()
        child.wait()
    expect(re.search(r"^0 \[pipe:\[\d+\]\]$", finished.stdout, re.M), finished.stdout + finished.stderr)
    expect("@same: " in finished.stdout and "@other: " not in finished.stdout, finished.stdout)


@check
def bad_descriptors_are_empty(folder):
    program = """begin { printf("[%s] [%s] [%s]\\n", fdpath(9999), fdpath(-1), fdpath(0x7fffffff)); exit(); }"""
    finished = run("-q", "-e", program)
    expect("[] [] []" in finished.stdout, finished.stdout + finished.stderr)


@check
def in_nested_loops(folder):
    """The verifier allows eight frames."""
    program = """syscall:read /comm == "cat"/ {
      for ($i : 0..2) { for ($j : 0..2) { @[$i, $j, fdpath(args.fd)] = 1; } }
    }"""
    finished = run("-q", "-e", program, "-c", "cat /etc/hostname")
    expect("@[1, 1, /etc/hostname]: 1" in finished.stdout, finished.stdout + finished.stderr)


@check
def in_profile_probes():
    """The current task is what runs; sonde's own descriptors are real as well."""
    finished = run("-q", "-e", 'profile:hz:999 /pid == cpid/ { @[fdpath(0)] = count(); }', "-c",
                   "sh -c 'exec < /dev/null; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'")
    expect("@[/dev/null]: " in finished.stdout, finished.stdout + finished.stderr)


@check
def as_key_and_in_predicates(folder):
    program = """syscall:read /fdpath(args.fd) == "/etc/hostname"/ { @[fdpath(args.fd), retval >= 0] = count(); }"""
    finished = run("-q", "-e", program, "-c", "cat /etc/hostname")
    expect("@[/etc/hostname, " in finished.stdout, finished.stdout + finished.stderr)


@check
def in_loops_and_variables(folder):
    program = """syscall:read /comm == "cat"/ { $p = fdpath(args.fd); for ($i : 0..2) { @[$i, $p, fdpath(args.fd)] = 1; } }"""
    finished = run("-q", "-e", program, "-c", "cat /etc/hostname")
    for i in range(2):
        expect(f"@[{i}, /etc/hostname, /etc/hostname]: 1" in finished.stdout, finished.stdout + finished.stderr)


main()
