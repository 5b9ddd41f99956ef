"""Programs that interrupt each other, on a kernel that may take the CPU away at any place: strings whole, counts exact."""
# VM: preempt=full

import re
from pathlib import Path

from _sonde import check, expect, main, run

CALLS = 20_000
# Set aside per CPU rather than on the stack, by each of the programs.
LONG = "abcdefghijklmnopqrstuvwxyz" * 6


def expect_lines(out, patterns):
    """Each line of the file is whole; gives how many there are of each pattern's first word."""
    counts = {}
    whole = re.compile("|".join([*patterns, r"@\w+(\[.*\])?: \d+", ""]))
    for line in out.read_text(errors="replace").split("\n"):
        expect(whole.fullmatch(line), f"torn line: {line!r}")
        word = line.split(" ")[0]
        counts[word] = counts.get(word, 0) + 1
    return counts


def number(out, name):
    found = re.search(rf"^{re.escape(name)}: (\d+)$", out.read_text(errors="replace"), re.M)
    return int(found[1]) if found else 0


@check
def the_kernel_preempts():
    mode = Path("/sys/kernel/debug/sched/preempt")
    expect(mode.exists(), f"{mode} is not there")
    expect("(full)" in mode.read_text(), f"preemption is {mode.read_text()}")


@check
def calls_timers_and_switches(folder):
    """A call's program is interrupted by a timer's; a switch's follows where the CPU is taken away."""
    program = """
        tracepoint:syscalls:sys_enter_getppid /comm == "getppid_loop"/ {
          @calls = count(); @keyed[comm, "some more of the key"]++; printf("call %s %s\\n", comm, "LONG");
        }
        tracepoint:timer:hrtimer_expire_entry, tracepoint:irq:softirq_entry {
          @timers = count(); printf("timer %s %s\\n", "LONG", comm);
        }
        tracepoint:sched:sched_switch { @switches = count(); printf("switch %s %s\\n", args.next_comm, "LONG"); }"""
    out = folder / "out"
    finished = run("-o", out, "-e", program.replace("LONG", LONG), "-c", f"getppid_loop {CALLS} 3",
                   timeout=120, env={"SONDE_PERF_RB_PAGES": "8192"})
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    counts = expect_lines(out, [f"call getppid_loop {LONG}", f"timer {LONG} .*", f"switch .* {LONG}"])
    expect("lost" not in finished.stderr, finished.stderr)
    expect(number(out, "@calls") == 3 * CALLS == counts["call"], f"calls: {number(out, '@calls')}, {counts}")
    expect(number(out, "@keyed[getppid_loop, some more of the key]") == 3 * CALLS, "a keyed count is wrong")
    # The maps are printed before the last programs are detached, so there may be more lines than counted.
    for name in ("timer", "switch"):
        expect(0 < number(out, f"@{name}{'s' if name == 'timer' else 'es'}") <= counts[name], f"{name}: {counts}")


@check
def strings_from_the_caller(folder):
    """Long strings, read into the memory that a CPU's programs share."""
    program = """
        tracepoint:syscalls:sys_enter_newfstatat /comm == "bash"/ { @names[str(args.filename)]++; }
        tracepoint:timer:hrtimer_expire_entry { @timers["LONG", comm]++; }
        tracepoint:sched:sched_switch { @switches[args.next_comm, "LONG"]++; }"""
    out = folder / "out"
    script = folder / "script"
    script.write_text(f"for ((i = 0; i < 5000; ++i)); do [ -e /nonexistent/{LONG} ]; done\nexit 0\n")
    finished = run("-o", out, "-e", program.replace("LONG", LONG), "-c", f"bash {script}",
                   timeout=120, env={"SONDE_MAX_STRLEN": "300"})
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    text = out.read_text(errors="replace")
    expect(f"@names[/nonexistent/{LONG}]: 5000" in text.split("\n"), f"wrong count: {text[:1000]} {finished.stderr}")
    whole = re.compile(rf"@names\[[/\w.-]*\]: \d+|@timers\[{LONG}, [^\]]*\]: \d+|@switches\[.*, {LONG}\]: \d+|")
    for line in text.split("\n"):
        expect(whole.fullmatch(line), f"torn: {line!r}")


@check
def samples_over_every_call(folder):
    """Half a minute of samples at 999 Hz over all system calls: each count is that of the calls made, each line whole."""
    program = """
        tracepoint:raw_syscalls:sys_enter /comm == "getppid_loop" && args.id == 110/ {
          @calls = count(); @keyed["LONG", comm]++; @plain++;
          if (@calls % 64 == 0) { printf("call %s %s\\n", comm, "LONG"); }
        }
        tracepoint:syscalls:sys_enter_* { @every[comm, "LONG"] = count(); }
        profile:hz:999 { @samples = count(); @sampled[comm, "LONG"]++; printf("sample %s %s\\n", "LONG", comm); }
        end { clear(@every); clear(@sampled); }"""
    out = folder / "out"
    script = folder / "script"
    script.write_text(f"""
        n=0
        while [ $SECONDS -lt 30 ]; do getppid_loop 2000 3 2>/dev/null; n=$((n + 1)); done
        echo $n > {folder}/rounds
        exit 0""")
    finished = run("-o", out, "-e", program.replace("LONG", LONG), "-c", f"bash {script}",
                   timeout=200, env={"SONDE_PERF_RB_PAGES": "16384"})
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    counts = expect_lines(out, [f"call getppid_loop {LONG}", f"sample {LONG} .*"])
    expected = int((folder / "rounds").read_text()) * 2000 * 3
    lost = sum(int(n) for n in re.findall(r"\b(\d+) [^\n]*\blost", finished.stderr))
    print(f"{expected} calls, {number(out, '@samples')} samples, {counts}, {lost} lost: {finished.stderr}")
    for name in ("@calls", "@plain", f"@keyed[{LONG}, getppid_loop]"):
        expect(number(out, name) + lost == expected, f"{name}: {number(out, name)} and {lost} lost, of {expected}: {finished.stderr}")
    expect(number(out, "@samples") > 5000, f"few samples: {number(out, '@samples')}")
    expect(lost > 0 or number(out, "@samples") <= counts["sample"], f"samples: {number(out, '@samples')}, {counts}")


@check
def begin_is_preempted(folder):
    """The tracer runs `begin` itself, with preemption on: others take its CPU in the middle of it."""
    program = """
        begin { for ($i : 0..30000) { @rounds = count(); if ($i % 10 == 0) { printf("begin %d %s\\n", $i, "LONG"); } } }
        tracepoint:sched:sched_switch { printf("switch %s %s\\n", args.next_comm, "LONG"); }
        tracepoint:timer:hrtimer_expire_entry { printf("timer %s %s\\n", "LONG", comm); }
        interval:ms:300 { exit(); }"""
    out = folder / "out"
    finished = run("-o", out, "-e", program.replace("LONG", LONG), timeout=120)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    counts = expect_lines(out, [rf"begin \d+ {LONG}", f"timer {LONG} .*", f"switch .* {LONG}"])
    expect(number(out, "@rounds") == 30000, f"@rounds: {number(out, '@rounds')}")
    expect(counts["begin"] == 3000, f"{counts}")


main()
