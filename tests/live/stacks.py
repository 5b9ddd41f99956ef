"""Stacks of programs that are known: who spends the time, called by whom, under which names."""

import json
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from _sonde import Running, Skip, check, expect, lost, main, run

PROFILE = "profile:hz:999 /%s/ { @[%s] = count(); }"
SHARES = {"work::Heavy(work::Amount const&)": 60, "middle": 30, "Light(unsigned long)": 10}


def helper(name):
    return shutil.which(name)


def summed(pairs):
    """Stacks of several processes may read alike."""
    found = {}
    for key, value in pairs:
        found[key] = found[key] + value if key in found and isinstance(value, int) else value
    return found


def map_of(output, name="@"):
    for line in output.split("\n"):
        entry = json.loads(line, object_pairs_hook=summed) if line else {}
        if entry.get("type") == "map" and name in entry["data"]:
            return entry["data"][name]
    return {}


def frames(key):
    """The names of a printed stack, innermost first, without offsets, places and what was inlined."""
    lines = [line.strip() for line in key.split("\n") if line.strip() and "[inlined]" not in line]
    return [re.sub(r"\+\d+( @ .*)?$", "", line) for line in lines]


def shares_by_function(stacks):
    total = sum(stacks.values())
    found = {}
    for key, count in stacks.items():
        name = (frames(key) or [""])[0]
        found[name] = found.get(name, 0) + count
    return {name: 100 * count / total for name, count in found.items()}, total


def expect_shares(stacks, what):
    shares, total = shares_by_function(stacks)
    expect(total > 300, f"{what}: only {total} samples")
    for name, share in SHARES.items():
        expect(abs(shares.get(name, 0) - share) < 5, f"{what}: {name} has {shares.get(name, 0):.1f} %: {shares}")
    for key, count in stacks.items():
        names = frames(key)
        if names and names[0] in SHARES and 100 * count > total:
            expect(names[1] == "AllOfThem(unsigned long)" and names[2] == "main", f"{what}: callers are {names}")


def expect_names(stacks, what):
    shares, _ = shares_by_function(stacks)
    expect(sum(shares.get(name, 0) for name in SHARES) > 90, f"{what}: {shares}")


@check
def shares_and_callers_are_right():
    finished = run("-f", "json", "-e", PROFILE % ("pid == cpid", "ustack"), "-c", "stack_shares 1000")
    stacks = map_of(finished.stdout)
    expect_shares(stacks, "ended process")
    inlined = sum(count for key, count in stacks.items()
                  if re.search(r"^\n *Spin\(unsigned long\) \[inlined\] @ .*stack_shares.h:\d+\n", key))
    expect(inlined > 0.8 * sum(stacks.values()), f"not shown as inlined: {stacks}")


@check
def processes_that_run_on_are_named():
    process = subprocess.Popen([helper("stack_shares"), "20000"])
    try:
        finished = run("-f", "json", "-e", PROFILE % (f"pid == {process.pid}", "ustack(8)") +
                       " interval:ms:2000 { exit(); }")
        expect_shares(map_of(finished.stdout), "running process")
    finally:
        process.kill()
        process.wait()


def without_arguments(names):
    """As perf writes them: no arguments, no version of a library's symbol; up to main."""
    plain = [re.sub(r"\(.*\)$", "", name).split("@@")[0] for name in names]
    return tuple(plain[: plain.index("main") + 1] if "main" in plain else plain[:2])


def as_shares(counted):
    counts = {}
    for names, count in counted:
        counts[names] = counts.get(names, 0) + count
    total = sum(counts.values())
    return {names: 100 * count / total for names, count in counts.items()}


def stacks_of_perf(folder, program):
    data = str(folder / "perf.data")
    command = ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "999", "-g", "-o", data, "--", program, "1000"]
    recorded = subprocess.run(command, capture_output=True, text=True, check=False)
    if recorded.returncode != 0:
        raise Skip(f"perf cannot record here: {recorded.stderr.strip()[:200]}")
    command = ["perf", "script", "--no-inline", "-F", "ip,sym", "-i", data]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    samples = [[line.split(maxsplit=1)[1] for line in block.split("\n") if line.strip()] for block in text.split("\n\n")]
    return as_shares((without_arguments(names), 1) for names in samples if names)


@check
def perf_sees_the_same_stacks(folder):
    if shutil.which("perf") is None:
        raise Skip("perf is not installed (linux-perf)")
    theirs = stacks_of_perf(folder, helper("stack_shares"))
    finished = run("-f", "json", "-e", PROFILE % ("pid == cpid && usermode", "ustack"), "-c", "stack_shares 1000")
    ours = as_shares((without_arguments(frames(key)), count) for key, count in map_of(finished.stdout).items())
    expect(sum(share > 1 for share in ours.values()) >= 3, f"{ours}")
    for names in set(ours) | set(theirs):
        share, other = ours.get(names, 0), theirs.get(names, 0)
        if max(share, other) > 1:
            expect(min(share, other) > 0 and abs(share - other) < 5, f"{names}: {share:.1f} %, perf says {other:.1f} %")


@check
def time_in_a_system_call_shows():
    finished = run("-f", "json", "-e", PROFILE % ("pid == cpid", "kstack"), "-c", "stack_syscall 1000")
    stacks = map_of(finished.stdout)
    inside = sum(count for key, count in stacks.items() if "__x64_sys_getrandom" in frames(key))
    expect(inside > 0.9 * sum(stacks.values()), f"{inside} of {sum(stacks.values())}: {stacks}")


@check
def compiled_at_run_time():
    finished = run("-f", "json", "-e", "begin { printf(\"%d\", cpid); } " + PROFILE % ("pid == cpid", "ustack(perf)"),
                   "-c", "stack_jit 500")
    pid = json.loads(finished.stdout.split("\n")[0])["data"]
    Path(f"/tmp/perf-{pid}.map").unlink(missing_ok=True)
    stacks = map_of(finished.stdout)
    inside = sum(count for key, count in stacks.items() if "made::spin(int)+" in key and " main+" in key)
    expect(inside > 0.9 * sum(stacks.values()), f"{inside} of {sum(stacks.values())}: {stacks}")


@check
def other_mount_namespaces_and_deleted_files():
    with tempfile.TemporaryDirectory() as folder:
        script = f"""mount -t tmpfs none {folder} && cp {helper('stack_shares')} {folder}/mine &&
            cp {Path(helper('stack_shares')).parent}/libstack_light.so {folder} && cd {folder} &&
            LD_LIBRARY_PATH=. exec ./mine 1000"""
        finished = run("-f", "json", "-e", PROFILE % ('comm == "mine"', "ustack"), "-c",
                       f"unshare -m sh -c '{script}'")
        expect_shares(map_of(finished.stdout), "other namespace")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "gone")
        shutil.copy(helper("stack_shares"), copy)
        process = subprocess.Popen([copy, "20000"])
        try:
            while os.readlink(f"/proc/{process.pid}/exe") != str(copy):
                time.sleep(0.01)
            copy.unlink()
            finished = run("-f", "json", "-e", PROFILE % (f"pid == {process.pid}", "ustack") +
                           " interval:ms:2000 { exit(); }")
            expect_shares(map_of(finished.stdout), "deleted file")
        finally:
            process.kill()
            process.wait()


@check
def compressed_symbol_table(folder):
    """As Fedora leaves it in stripped programs: section .gnu_debugdata."""
    if shutil.which("objcopy") is None:
        raise Skip("objcopy is not installed (binutils)")
    table, packed, program = folder / "table", folder / "table.xz", folder / "stripped"

    def edit(*arguments):
        subprocess.run(["objcopy", *map(str, arguments)], check=True)

    edit("--only-keep-debug", "--remove-section=.debug_*", helper("stack_shares"), table)
    packed.write_bytes(lzma.compress(table.read_bytes()))
    edit("--strip-all", helper("stack_shares"), program)
    shutil.copy(Path(helper("stack_shares")).parent / "libstack_light.so", folder)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    command = ("-f", "json", "-e", PROFILE % ("pid == cpid", "ustack"), "-c", f"{program} 1000")
    bare, _ = shares_by_function(map_of(run(*command, env=environment).stdout))
    expect("middle" not in bare, f"it is not stripped: {bare}")
    edit(f"--add-section=.gnu_debugdata={packed}", program)
    expect_names(map_of(run(*command, env=environment).stdout), "compressed table")


@check
def debug_files_elsewhere(folder):
    if shutil.which("objcopy") is None:
        raise Skip("objcopy is not installed (binutils)")
    notes = subprocess.run(["readelf", "-n", helper("stack_shares")], capture_output=True, text=True, check=True).stdout
    build_id = re.search(r"Build ID: ([0-9a-f]+)", notes)
    if build_id is None:
        raise Skip("this compiler gives no build ids")
    place = folder / "debug" / ".build-id" / build_id[1][:2]
    place.mkdir(parents=True)
    program = folder / "stripped"
    subprocess.run(["objcopy", "--only-keep-debug", helper("stack_shares"), place / f"{build_id[1][2:]}.debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", helper("stack_shares"), program], check=True)
    shutil.copy(Path(helper("stack_shares")).parent / "libstack_light.so", folder)
    finished = run("-f", "json", "--debuginfo", folder / "debug", "-e", PROFILE % ("pid == cpid", "ustack"), "-c",
                   f"{program} 1000", env={"LD_LIBRARY_PATH": str(folder)})
    stacks = map_of(finished.stdout)
    expect_names(stacks, "debug file elsewhere")
    expect(any("[inlined] @" in key for key in stacks), f"no lines: {stacks}")


@check
def every_context_switch_under_load():
    """Nothing is lost that is not counted, and the end comes soon."""
    load = subprocess.Popen(["sh", "-c", "while :; do ls / | cat >/dev/null; done"], start_new_session=True)
    try:
        tracer = Running("-e", "tracepoint:sched:sched_switch { @[kstack, ustack, comm] = count(); @all = count(); }",
                         env={**os.environ, "SONDE_MAX_MAP_KEYS": "200000"})
        time.sleep(3)
        start = time.monotonic()
        tracer.interrupt()
        _, out, errors = tracer.end()
        took = time.monotonic() - start
    finally:
        os.killpg(load.pid, 9)
        load.wait()
    counted = sum(int(count) for count in re.findall(r"\]: (\d+)$", out, re.M))
    total = int(re.search(r"^@all: (\d+)$", out, re.M)[1])
    expect(counted + lost(errors) == total > 100, f"{counted} + {lost(errors)} lost of {total}; {errors}")
    expect("[lost]" not in out or lost(errors) > 0, f"stacks are lost and not counted: {errors}")
    expect(took < 3, f"the end took {took:.1f} s")


main()
