"""Counters lose no update, whatever interrupts whatever; counts agree with another tracer's."""

import re
import shutil
import subprocess
import time

from _sonde import Skip, check, expect, main, run

CALLS = 350_000


@check
def shared_counters_are_exact():
    program = """
        tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ {
          @plain++; @count = count(); @sum = sum(2); @keyed[comm]++; @keyed_count[comm] = count();
        }"""
    finished = run("-q", "-e", program, "-c", f"getppid_loop {CALLS} 4")
    total = 4 * CALLS
    for line in (f"@plain: {total}", f"@count: {total}", f"@sum: {2 * total}",
                 f"@keyed[getppid_loop]: {total}", f"@keyed_count[getppid_loop]: {total}"):
        expect(line in finished.stdout.split("\n"), f"no line {line}: {finished.stdout} {finished.stderr}")


@check
def every_width_and_aggregation_is_exact():
    """Two CPUs at once; the narrow ones wrap and still lose nothing."""
    program = """
        begin { @a = (uint16)0; @b = (uint32)0; @l[1] = (uint32)0; @d = 0; }
        tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ {
          @a++; @b++; @l[1]++; @d -= 2; @k["a", 1]++; @h = hist(3); @lh = lhist(5, 0, 10, 1); @st = stats(2);
          @avg = avg(7); @max = max(7); if (@y[tid]) { @y[tid]++; } else { @y[tid] = 1; } @cpu[cpu] = count();
        }"""
    finished = run("-q", "-e", program, "-c", "getppid_loop 100000 4")
    lines = finished.stdout.split("\n")
    total = 400_000
    for line in (f"@a: {total}", f"@b: {total}", f"@l[1]: {total}", f"@d: {-2 * total}", f"@k[a, 1]: {total}",
                 f"@st: count {total}, average 2, total {2 * total}", "@avg: 7", "@max: 7"):
        expect(line in lines, f"no line {line}: {finished.stdout} {finished.stderr}")
    expect(re.search(rf"^\[2, 4\) +{total} ", finished.stdout, re.M), f"hist: {finished.stdout}")
    expect(re.search(rf"^\[5, 6\) +{total} ", finished.stdout, re.M), f"lhist: {finished.stdout}")
    expect(sum(re.match(r"@y\[\d+\]: 100000$", line) is not None for line in lines) == 4, f"@y: {finished.stdout}")
    expect(sum(int(n) for n in re.findall(r"^@cpu\[\d\]: (\d+)$", finished.stdout, re.M)) == total, "@cpu")


@check
def a_profile_interrupts_the_same_counters(folder):
    """999 times a second on each CPU, in the midst of system calls: the same string scratch, the same map."""
    program = """
        tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ {
          @calls = count(); @both[0] = count(); printf("call %s %s\\n", comm, "abcdefghijklmnopqrstuvwxyz");
        }
        profile:hz:999 { @samples = count(); @both[0] = count(); printf("sample %s %s\\n", comm, "0123456789"); }"""
    out = folder / "out"
    finished = run("-o", out, "-e", program, "-c", f"getppid_loop {CALLS} 3", timeout=120)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    text = out.read_text(errors="replace")
    whole = re.compile(r"call getppid_loop abcdefghijklmnopqrstuvwxyz|sample .* 0123456789|@\w+(\[0\])?: \d+|")
    for line in text.split("\n"):
        expect(whole.fullmatch(line), f"torn line: {line!r}")
    samples = re.search(r"^@samples: (\d+)", text, re.M)
    expect(samples and int(samples[1]) > 10, f"hardly any sample: {text[-300:]}")
    expect(f"@calls: {3 * CALLS}" in text.split("\n"), f"wrong count: {text[-300:]} {finished.stderr}")
    lost = sum(int(n) for n in re.findall(r"lost (\d+) updates? at", finished.stderr))
    both = int(re.search(r"^@both\[0\]: (\d+)", text, re.M)[1])
    expect(both + lost == 3 * CALLS + int(samples[1]), f"{both} + {lost} lost: {text[-300:]} {finished.stderr}")


@check
def programs_that_interrupt_each_other(folder):
    """A timer's and a switch's tracepoints interrupt the body of a system call: strings stay whole, counts exact."""
    program = """
        tracepoint:syscalls:sys_enter_getppid /pid == cpid && comm == "getppid_loop"/ {
          @calls = count(); printf("call %s %d %s\\n", comm, pid, "abcdefghijklmnopqrstuvwxyz");
        }
        tracepoint:timer:hrtimer_expire_entry, tracepoint:irq:softirq_entry {
          @timers = count(); printf("timer %s %s\\n", "0123456789012345678901234567890123456789", comm);
        }
        tracepoint:sched:sched_switch {
          @switches = count(); printf("switch %s %s\\n", args.next_comm, "+++++++++++++++++++++++");
        }"""
    out = folder / "out"
    finished = run("-o", out, "-e", program, "-c", f"getppid_loop {CALLS} 3", timeout=120)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    whole = re.compile(
        r"call getppid_loop \d+ abcdefghijklmnopqrstuvwxyz|timer (0123456789){4} .*|switch .* \+{23}|@\w+: \d+|"
    )
    text = out.read_text(errors="replace")
    for line in text.split("\n"):
        expect(whole.fullmatch(line), f"torn line: {line!r}")
    expect(f"@calls: {3 * CALLS}" in text.split("\n"), f"wrong count: {text[-300:]} {finished.stderr}")
    expect(re.search(r"^@timers: [1-9]", text, re.M), "no timer interrupted anything, so this check shows nothing")


@check
def all_system_calls_like_strace(folder):
    """One attach for 350 probes; counts agree with strace -c of the same command."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    command = ["ls", "-R", "/usr/include"]
    program = 'tracepoint:syscalls:sys_enter_* /pid == cpid && comm == "ls"/ { @[probe] = count(); }'
    finished = run("-o", folder / "out", "-e", program, "-c", " ".join(command))
    expect(finished.returncode == 0, finished.stderr)
    counts = dict(re.findall(r"^@\[tracepoint:syscalls:sys_enter_(\w+)\]: (\d+)$", (folder / "out").read_text(), re.M))
    subprocess.run(["strace", "-c", "-o", folder / "strace", *command], stdout=subprocess.DEVNULL, check=True)
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", (folder / "strace").read_text(), re.M)
    other = {name: count for count, name in rows}
    for name in ("getdents64", "openat"):
        expect(counts.get(name) == other.get(name), f"{name}: {counts.get(name)} here, {other.get(name)} by strace")


main()
