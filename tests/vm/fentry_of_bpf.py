"""Functions of BPF programs: those of a tracer, traced by another one."""

import re

from _sonde import Running, check, expect, main, run

# A loop's body is a function that the kernel has types of.
TRACED = 'kprobe:__x64_sys_getppid { for ($i : 0..3) { @n = count(); } }'


@check
def entry_and_exit():
    traced = Running("-e", TRACED)
    listed = re.findall(r"^fentry:(bpf:\d+:\w+)$", run("-l", "fentry:bpf:*").stdout, re.M)
    expect(listed, "no function of a BPF program is listed")
    program = "".join(f"fentry:{name} {{ @in = count(); }} fexit:{name} {{ @out = count(); }}" for name in listed[:1])
    finished = run("-e", program, "-c", "getppid_loop 20", timeout=60)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    counts = dict(re.findall(r"^@(\w+): (\d+)$", finished.stdout, re.M))
    expect(int(counts.get("in", 0)) >= 20 and counts["in"] == counts["out"], f"{listed} {finished.stdout}")
    traced.interrupt()
    status, out, err = traced.end()
    # Three rounds a call; programs around the test make some as well.
    expect(int(re.search(r"@n: (\d+)", out)[1]) >= 60, out)


@check
def what_is_not_loaded():
    finished = run("-e", "fentry:bpf:nosuch_program { }")
    expect(finished.returncode == 1, f"status {finished.returncode}")
    expect("the loaded BPF programs have no function 'nosuch_program' to be traced" in finished.stderr, finished.stderr)


main()
