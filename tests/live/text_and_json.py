"""The scripts of the articles and the README's one-liners print the same in text and in JSON."""

import json
import re
from pathlib import Path

from _sonde import check, expect, main, run

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
LS = "sh -c 'ls /usr/include >/dev/null; exit 0'"
DD = "dd if=/dev/zero of=/dev/null bs=1 count=2000 status=none"


def text_of_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "(" + ", ".join(text_of_value(item) for item in value) + ")"
    return str(value)


def text_of_map(name, data, is_hist):
    """The lines of a map, of a histogram only the name."""
    if not isinstance(data, dict):
        return [f"{name}:" if is_hist else f"{name}: {text_of_value(data)}"]
    return [f"{name}[{key}]:" if is_hist else f"{name}[{key}]: {text_of_value(value)}" for key, value in data.items()]


def lines_of_json(output):
    text, lines = "", []
    for line in output.splitlines():
        if not line.startswith('{"type"'):
            continue  # of the command
        entry = json.loads(line)
        kind, data = entry["type"], entry["data"]
        if kind in ("map", "hist", "stats"):
            for name, value in data.items():
                lines += text_of_map(name, value, kind == "hist")
        elif kind == "value":
            lines.append(text_of_value(data))
        elif kind in ("printf", "join", "time"):
            text += data if kind == "printf" or data.endswith("\n") else data + "\n"
        else:
            expect(kind in ("attached_probes", "lost_events"), f"a line of type {kind}")
    return lines + text.split("\n")


def lines_of_text(output):
    return [line for line in output.split("\n") if not re.match(r"[\[(].*\|[@ ]*\|$", line)]


def alike(lines, wanted):
    """What is asked for, with what differs from run to run made alike; as often as it comes."""
    kept = [line.strip().replace(", ", ",") for line in lines if re.search(wanted, line)]
    return sorted(re.sub(r"\d+", "N", line) for line in kept)


def compare(wanted, *arguments, least=1):
    text, as_json = run("-q", *arguments), run("-q", "-f", "json", *arguments)
    expect(text.returncode == as_json.returncode == 0, text.stderr + as_json.stderr)
    first, second = alike(lines_of_text(text.stdout), wanted), alike(lines_of_json(as_json.stdout), wanted)
    expect(len(set(first)) >= least and set(first) == set(second), f"text: {first[:20]}; JSON: {second[:20]}")
    return first, second


@check
def fatrace():
    compare(r"^head\(.*(hostname|read fd 3|write fd 1)", "-c", "head -1 /etc/hostname", SEEDS / "fatrace.bt", least=3)


@check
def opens_failed():
    compare("^cat /nonexistent", "-c", "cat /nonexistent", SEEDS / "opens-failed.bt")


@check
def procs_new():
    compare("^(/bin/echo one two|/bin/true|New processes)", "-c", "sh -c '/bin/echo one two; /bin/true'",
            SEEDS / "procs-new.bt", least=3)


@check
def slowprocs():
    busy = 'taskset -c 0 sh -c "for i in 1 2 3 4; do timeout 1 sh -c \\"while :; do :; done\\" & done; wait"'
    compare(r"^(Tracing|@slowprocs\[(sh|timeout))", "-c", busy, SEEDS / "slowprocs.bt", least=2)


@check
def new_processes_in_one_line():
    compare("^(sh: uname|sonde: sh)", "-e",
            'tracepoint:syscalls:sys_enter_execve { printf("%s: ", comm); join(args.argv) }', "-c", "sh -c 'uname -s; exit 0'",
            least=2)


@check
def opens_in_one_line():
    program = (SEEDS / "one-liners.txt").read_text().split("\n")[1]
    compare("^cat.* opening /etc/hostname", "-e", program, "-c", "cat /etc/hostname")


@check
def calls_of_a_command():
    program = """tracepoint:syscalls:sys_enter_* /comm == "ls"/ { @[probe] = count(); }"""
    compare(r"^@\[.*:sys_enter_(openat|getdents64|close)\]", "-e", program, "-c", LS, least=3)


@check
def counts_by_process():
    compare(r"^@\[dd\]", "-e", 't:syscalls:sys_enter_read /comm == "dd"/ { @[comm] = count(); }', "-c", DD)
    compare(r"^@total\[dd\]", "-e", 't:syscalls:sys_exit_read /comm == "dd" && args.ret > 0/ { @total[comm] = sum(args.ret); }',
            "-c", DD)


@check
def times_as_a_histogram():
    program = """t:syscalls:sys_enter_write /comm == "dd"/ { @start[tid] = nsecs; }
      t:syscalls:sys_exit_write /@start[tid]/ { @ns[comm] = hist(nsecs - @start[tid]); delete(@start, tid); }"""
    compare(r"^@ns\[dd\]:", "-e", program, "-c", DD)


@check
def pairs_of_a_call():
    compare("^cat openat.*hostname", "-e", 'syscall:openat { printf("%s %s\\n", comm, call); }', "-c", "cat /etc/hostname")


@check
def samples_by_command():
    compare(r"^@\[sh\]", "-e", 'profile:hz:99 /comm == "sh"/ { @[comm] = count(); }', "-c",
            "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'")


@check
def started_programs():
    compare("^[a-z]+ /", "-e", 'tracepoint:sched:sched_process_exec /comm == "true"/ { printf("%s %s\\n", comm, str(args.filename)); }',
            "-c", "sh -c '/bin/true; exit 0'")


main()
