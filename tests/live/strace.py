"""strace.bt tells the same calls, arguments and results as strace(1), of the same run of the same programs."""

import collections
import difflib
import os
import re
import shutil
from pathlib import Path

from _sonde import Skip, check, expect, main, run

TOOL = Path(__file__).parents[2] / "tools" / "strace.bt"
# strace itself stops the child before it begins the command.
OF_STRACE = {"set_robust_list", "close", "geteuid", "getpid", "kill"}


def of_strace(path):
    calls = collections.defaultdict(list)
    begun = {}
    for line in path.read_text(errors="replace").splitlines():
        pid, call = re.match(r"(\d+)\s+(.*)", line).groups()
        if call.startswith(("+++", "---")):
            continue
        if call.endswith("<unfinished ...>"):
            begun[pid] = call[: -len("<unfinished ...>")].rstrip()
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", call)
        if resumed:
            rest = resumed.group(1).strip()
            call = begun.pop(pid, "") + ("" if rest.startswith((")", ",")) else " ") + rest
        if not call.endswith("= ?") and not call.startswith("rt_sigreturn"):
            calls[pid].append(call)
    return calls


def of_sonde(path):
    calls = collections.defaultdict(list)
    for line in path.read_text(errors="replace").splitlines():
        pid, call = re.match(r"\[pid (\d+)\] (.*)", line).groups()
        if call.startswith(("+++", "---")) or call.endswith("= ?"):
            continue
        calls[pid].append(call)
    return calls


def plain(call):
    call = re.sub(r"0x[0-9a-f]+", "0x", re.sub(r"\)\s+= ", ") = ", call))
    return re.sub(r"\( ", "(", re.sub(r" +([,)])", r"\1", re.sub(r",  +", ", ", call)))


def compare(folder, command, least, *options):
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    theirs = f"strace -f -qq {' '.join(options)} -o {folder}/strace {command}"
    finished = run("-q", "-o", folder / "sonde", "-c", theirs, TOOL, "--", *options, timeout=120)
    expect(finished.returncode == 0 and "lost" not in finished.stderr, finished.stderr)
    total = same = 0
    unlike = []
    theirs, ours = of_strace(folder / "strace"), of_sonde(folder / "sonde")
    for pid, calls in theirs.items():
        a, b = [plain(call) for call in calls], [plain(call) for call in ours.get(pid, [])]
        names = [[call.split("(")[0] for call in side] for side in (a, b)]
        total += len(a)
        for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, *names, autojunk=False).get_opcodes():
            if tag == "equal":
                pairs = list(zip(a[a1:a2], b[b1:b2]))
                same += sum(x == y for x, y in pairs)
                unlike += [f"{x} | {y}" for x, y in pairs if x != y]
            else:
                unlike += a[a1:a2] + [call for call in b[b1:b2] if call.split("(")[0] not in OF_STRACE]
    expect(total > 20, f"strace told only {total} calls")
    if "SHOW_UNLIKE" in os.environ:
        print(f"{same} of {total} are alike", *unlike, sep="\n")
    expect(same >= total * least, f"{same} of {total} calls are alike; unlike: {unlike[:8]}")


PIPELINE = "sh -c 'ls /usr/bin | sort | head -50 | wc -l; cat /etc/passwd > /dev/null; date'"


@check
def a_tree_of_folders(folder):
    compare(folder, "ls -lR /etc/apt /usr/include/linux", 0.98)


@check
def a_tree_of_folders_with_paths(folder):
    compare(folder, "ls -lR /etc/apt /usr/include/linux", 0.98, "-y")


@check
def many_small_calls(folder):
    compare(folder, "dd if=/dev/zero of=/dev/null bs=1 count=500", 0.98)


@check
def many_small_calls_with_paths(folder):
    compare(folder, "dd if=/dev/zero of=/dev/null bs=1 count=5000", 0.98, "-y")


@check
def a_pipeline(folder):
    compare(folder, PIPELINE, 0.98)


@check
def a_pipeline_with_paths(folder):
    compare(folder, PIPELINE, 0.98, "-y")


@check
def threads_with_paths(folder):
    if shutil.which("threads") is None:
        raise Skip("the helper threads is not built")
    compare(folder, f"threads {folder}", 0.98, "-y")


main()
