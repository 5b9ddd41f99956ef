"""What the command line promises: one clear line for nonsense, data alone on standard output."""

import os
import re
import stat
import subprocess

from _sonde import SONDE, Skip, check, expect, main, run

HELLO = 'BEGIN { printf("hello\\n"); exit(); }'


def refused(finished, words):
    lines = finished.stderr.strip().split("\n")
    expect(finished.returncode == 1, f"status {finished.returncode}: {finished.stderr}")
    expect(finished.stdout == "", f"standard output: {finished.stdout}")
    expect(len(lines) == 1 and "error: " in lines[0] and words in lines[0], f"not one line with {words}: {lines}")


@check
def no_arguments_print_usage():
    finished = run()
    expect(finished.returncode == 1 and finished.stdout == "", f"{finished.returncode} {finished.stdout}")
    expect(finished.stderr.startswith("usage: sonde "), finished.stderr)


@check
def version_and_help():
    expect(run("-V").stdout == "sonde 0.1.0\n" and run("--version").stdout == "sonde 0.1.0\n", run("-V").stdout)
    text = run("--help")
    expect(text.returncode == 0 and text.stderr == "" and text.stdout == run("-h").stdout, text.stderr)
    expect(max(len(line) for line in text.stdout.split("\n")) <= 120, "a line of the help is too long")


@check
def help_into_a_closed_pipe_is_quiet():
    finished = subprocess.run(f"{SONDE} --help | true; echo ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash",
                              capture_output=True, text=True)
    expect(finished.stderr == "", finished.stderr)


@check
def wrong_usage():
    refused(run("--no-such-option", "x"), "unknown option --no-such-option")
    refused(run("-q"), "no script")
    refused(run("-e"), "-e needs a PROGRAM")
    refused(run("-f", "xml", "-e", HELLO), "text, json, folded or svg")
    refused(run("-e", HELLO, env={"SONDE_MAX_STRLEN": "x"}), "SONDE_MAX_STRLEN=x")


@check
def wrong_files(folder):
    empty = folder / "empty.bt"
    empty.touch()
    refused(run(empty), "is empty")
    refused(run(folder), "directory")
    refused(run(folder / "missing.bt"), "No such file")
    refused(run("-e", ""), "is empty")
    refused(run("-", stdin=""), "is empty")
    refused(run("-o", folder / "no" / "such" / "out", "-e", HELLO), "No such file")


@check
def script_from_standard_input():
    expect(run("-", stdin=HELLO).stdout == "hello\n", "no hello")


@check
def script_with_an_interpreter_line(folder):
    script = folder / "script.bt"
    script.write_text(f"#!{SONDE} -q\n" 'BEGIN { printf("hello %d\\n", $1); exit(); }\n')
    script.chmod(0o755)
    finished = subprocess.run([script, "5"], capture_output=True, text=True)
    expect((finished.stdout, finished.stderr) == ("hello 5\n", ""), f"{finished}")


@check
def quiet_and_output_file(folder):
    finished = run("-q", "-e", HELLO)
    expect((finished.stdout, finished.stderr) == ("hello\n", ""), f"{finished}")
    finished = run("-o", folder / "out", "-e", HELLO)
    expect(finished.stdout == "" and (folder / "out").read_text() == "hello\n", f"{finished}")


@check
def list_of_probes():
    finished = run("-l", "tracepoint:syscalls:*openat*")
    prefix = "tracepoint:syscalls:sys_"
    names = [prefix + name for name in ("enter_openat", "enter_openat2", "exit_openat", "exit_openat2")]
    expect(finished.stdout.split("\n")[:-1] == names, finished.stdout)
    expect(run("-l", "t:syscalls:*openat*").stdout == finished.stdout, "the short name lists something else")
    refused(run("-l", "tracepoint:nosuch:*"), "no probe matches")


@check
def list_of_several_patterns():
    """Units stand for types without a list; one pattern without a match keeps nothing of the others back."""
    finished = run("-l", "interval:*", "nosuch:*", "p:hz")
    expect(finished.stdout == "interval:hz:\ninterval:us:\ninterval:ms:\ninterval:s:\nprofile:hz:\n", finished.stdout)
    expect(finished.returncode == 1, f"status {finished.returncode}")
    expect(finished.stderr == "sonde: error: no probe matches nosuch:*\n", finished.stderr)


@check
def list_with_fields():
    text = run("-lv", "tracepoint:syscalls:sys_enter_openat").stdout
    wanted = ["tracepoint:syscalls:sys_enter_openat", "    int __syscall_nr", "    int dfd",
              "    const char * filename", "    int flags", "    umode_t mode"]
    expect(text.split("\n")[:-1] == wanted, text)


@check
def types_are_listed_as_c_declares_them():
    lines = [" ".join(line.split()) for line in run("-lv", "struct path").stdout.split("\n")]
    expect(lines == ["struct path {", "struct vfsmount * mnt;", "struct dentry * dentry;", "};", ""], str(lines))
    expect("struct task_struct" in run("-l", "struct task_*").stdout.split("\n"), "struct task_* without task_struct")
    expect("    PIDTYPE_TGID = 1," in run("-lv", "enum pid_type").stdout.split("\n"), "no enumerators")
    refused(run("-l", "union nonesuch"), "no type matches")


@check
def list_of_a_script(folder):
    script = folder / "script.bt"
    script.write_text("tracepoint:syscalls:sys_*_openat { } BEGIN { exit(); }")
    wanted = "tracepoint:syscalls:sys_enter_openat\ntracepoint:syscalls:sys_exit_openat\n"
    for finished in (run("-l", script), run("-l", "-e", script.read_text())):
        expect(wanted in finished.stdout and finished.returncode == 0, f"{finished}")


@check
def stages_by_the_words_of_bpftrace():
    program = "begin { print(1); exit(); }"
    for word, text in (("ast", "begin"), ("codegen", "define "), ("codegen-opt", "define "), ("dis", "exit")):
        finished = run("-d", word, "-e", program)
        expect(finished.returncode == 0 and text in finished.stdout, f"-d {word}: {finished.stdout[:300]}{finished.stderr}")
    expect(run("-q", "-d", "verifier", "-e", program).stdout == "1\n", "-d verifier does not run the script")
    refused(run("-d", "nothing", "-e", program), "expected ast, codegen, codegen-opt, dis, verifier or libbpf")


@check
def emit_and_format(folder):
    program = "tracepoint:syscalls:sys_enter_openat { @[comm] = count(); }"
    for step, mark in (("ast", "openat"), ("program", "openat"), ("ir", "define "), ("asm", "exit")):
        finished = run(f"--emit={step}", "-e", program)
        expect(finished.returncode == 0 and mark in finished.stdout, f"{step}: {finished.stdout[:300]} {finished.stderr}")
    finished = run("--emit=elf", "-o", folder / "out.o", "-e", program)
    expect((folder / "out.o").read_bytes()[:4] == b"\x7fELF", f"{finished}")
    once = run("--fmt", "-e", program).stdout
    expect(once and run("--fmt", "-", stdin=once).stdout == once, once)


@check
def not_root(folder):
    if not os.path.exists("/usr/bin/setpriv"):
        raise Skip("setpriv is not installed")
    copy = folder / "sonde"
    copy.write_bytes(open(SONDE, "rb").read())
    copy.chmod(0o755)
    folder.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", copy, "-e", HELLO]
    refused(subprocess.run(command, capture_output=True, text=True), "root")
    text = subprocess.run([*command[:-2], "--fmt", "-e", HELLO], capture_output=True, text=True)
    expect(text.returncode == 0, f"--fmt wants root: {text.stderr}")


@check
def several_errors_with_positions(folder):
    script = folder / "script.bt"
    script.write_text("BEGIN { $x = nosuch; }\nEND { prntf(\"x\"); }\n")
    finished = run(script)
    places = re.findall(r"script\.bt:(\d+):(\d+): error: ", finished.stderr)
    expect(places == [("1", "14"), ("2", "7")], finished.stderr)
    expect("printf" in finished.stderr, f"no suggestion: {finished.stderr}")


@check
def a_pattern_of_whole_names():
    finished = run("-l", "*openat*")
    names = finished.stdout.split()
    expect(finished.returncode == 0 and "tracepoint:syscalls:sys_enter_openat" in names and "syscall:openat" in names,
           finished.stderr)
    expect(all("openat" in name for name in names), [name for name in names if "openat" not in name][:3])
    finished = run("-l", "*no_such_thing*")
    expect(finished.returncode == 1 and "no probe matches *no_such_thing*" in finished.stderr, finished.stderr)


main()
