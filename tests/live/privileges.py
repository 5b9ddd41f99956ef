"""What works without being root: a user with two capabilities, one with none, a machine without tracefs, without BTF."""

import re
import subprocess

from _sonde import SONDE, check, expect, main, run

TRACER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+bpf,+perfmon",
          "--ambient-caps", "-all,+bpf,+perfmon", "--bounding-set", "-all,+bpf,+perfmon"]
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all", "--bounding-set",
          "-all"]
NO_TRACEFS = ["unshare", "-m", "sh", "-c", 'umount /sys/kernel/tracing 2>/dev/null; umount /sys/kernel/debug/tracing '
              '2>/dev/null; exec "$@"', "sh"]
NO_BTF = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"]


def run_as(prefix, *arguments, timeout=60):
    return subprocess.run([*prefix, SONDE, *arguments], text=True, capture_output=True, timeout=timeout, check=False,
                          cwd="/")


def works(prefix, script, printed, command="true"):
    finished = run_as(prefix, "-q", "-e", script, "-c", command)
    expect(finished.returncode == 0, f"{script}: {finished.stderr}")
    expect(re.search(printed, finished.stdout), f"{script}: {finished.stdout}{finished.stderr}")


def says(prefix, script, *reasons):
    """One line, and no more, that says why it does not work."""
    finished = run_as(prefix, "-e", script, "-c", "true")
    expect(finished.returncode == 1, f"{script}: {finished.stdout}")
    lines = [line for line in finished.stderr.splitlines() if re.search(r"sonde: |error: ", line)]
    expect(len(lines) == 1, f"{script}: {finished.stderr}")
    for reason in reasons:
        expect(reason in finished.stderr, f"{script}: {finished.stderr}")


@check
def two_capabilities_trace_system_calls_with_their_arguments():
    works(TRACER, 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }', r"@\[/etc/ld.so.cache\]: ")
    works(TRACER, 'tracepoint:syscalls:sys_exit_openat /args.ret >= 0/ { @ = count(); }', r"@: \d")
    works(TRACER, 'tracepoint:syscalls:sys_enter_* { @[probe] = count(); }', r"sys_enter_execve\]: ")
    works(TRACER, 'syscall:openat { printf("%d %s %d\\n", args.flags, str(args.filename), retval); }', r" /etc/ld.so.cache 3")


@check
def two_capabilities_trace_what_needs_no_tracefs():
    works(TRACER, 'tracepoint:sched:sched_process_exec { @ = count(); }', r"@: 1")
    works(TRACER, 'rawtracepoint:sched_process_exec { @[str(args.bprm.filename)] = count(); }', r"/true\]: 1")
    works(TRACER, 'profile:hz:99 { @ = count(); } interval:ms:100 { printf("on\\n"); exit(); }', "on", "sleep 5")
    works(TRACER, 'begin { printf("%d\\n", uid); }', "^65534$")


@check
def two_capabilities_learn_which_third_is_missing():
    says(TRACER, "tracepoint:sched:sched_process_exec { print(args.pid); }", "CAP_DAC_READ_SEARCH", "rawtracepoint:")
    says(TRACER, "tracepoint:sched:* { @ = count(); }", "CAP_DAC_READ_SEARCH")
    says(TRACER, "tracepoint:sched:sched_proces_exec { @ = count(); }", "no tracepoint")


@check
def fields_by_btf_are_those_of_tracefs():
    for event in ("sched:sched_process_exec", "sched:sched_switch", "task:task_newtask", "signal:signal_generate",
                  "syscalls:sys_enter_openat", "syscalls:sys_exit_openat", "syscalls:sys_enter_mmap"):
        with_tracefs = run("-lv", f"tracepoint:{event}")
        without = run_as(TRACER, "-lv", f"tracepoint:{event}")
        names = [re.findall(r"(\w+)(?:\[\d*\])?$", finished.stdout, re.M) for finished in (with_tracefs, without)]
        expect(names[0] and names[0] == names[1], f"{event}: {names} {without.stderr}")


@check
def arguments_in_the_table_are_those_of_tracefs():
    """Every system call of this kernel: names, types and order."""
    with_tracefs = run("-lv", "tracepoint:syscalls:sys_enter_*").stdout
    without = run_as(TRACER, "-lv", "tracepoint:syscalls:sys_enter_*").stdout

    def calls(text):
        found, name = {}, ""
        for line in text.splitlines():
            if line.startswith(" "):
                found[name].append(line.strip())
            else:
                name = line
                found[name] = []
        return found

    known, table = calls(with_tracefs), calls(without)
    expect(len(known) > 300, with_tracefs[:200])
    wrong = [name for name, fields in known.items() if name in table and table[name] != fields]
    missing = [name for name in known if name not in table]
    expect(not wrong and not missing, f"other: {wrong[:5]}, missing: {missing[:5]}")


@check
def nobody_is_told():
    says(NOBODY, "tracepoint:syscalls:sys_enter_openat { @ = count(); }", "CAP_BPF", "CAP_PERFMON")
    says(NOBODY, "begin { exit(); }", "root")


@check
def without_tracefs():
    works(NO_TRACEFS, 'tracepoint:sched:sched_process_exec { @[args.pid > 0] = count(); }', r"@\[true\]: \d")
    works(NO_TRACEFS, 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }', r"ld.so.cache\]: ")
    both = [*NO_TRACEFS, *TRACER]
    works(both, 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }', r"ld.so.cache\]: ")
    says(both, "tracepoint:sched:sched_process_exec { print(args.pid); }", "tracefs")


@check
def without_btf():
    works(NO_BTF, 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }', r"ld.so.cache\]: ")
    works(NO_BTF, 'tracepoint:sched:sched_process_exec { @[args.pid > 0] = count(); }', r"@\[true\]: \d")
    works(NO_BTF, 'profile:hz:99 { @ = count(); } begin { printf("on\\n"); }', "on")
    says(NO_BTF, "rawtracepoint:sched_process_exec { @ = count(); }", "CONFIG_DEBUG_INFO_BTF")
    works(NO_BTF, 'uprobe:libc:usleep { @ = count(); }', r"@: ", "calls waits")
    says(NO_BTF, "syscall:openat { @ = count(); }", "BTF")
    says(NO_BTF, "rawtracepoint:sched_process_exec { print(args.bprm); }", "CONFIG_DEBUG_INFO_BTF")
    says(NO_BTF, "iter:task { @ = count(); }", "BTF")
    says(NO_BTF, "begin { print(curtask.pid); }", "BTF")



main()
