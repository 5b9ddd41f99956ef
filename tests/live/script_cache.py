"""A script is compiled once, and again when anything that it was compiled from has changed."""

import os
import shutil

from _sonde import check, expect, main, run

HELLO = 'BEGIN { printf("%d %s\\n", $1, str($2)); exit(); }'


def was_kept(folder, *arguments, env=None, **more):
    """Runs a script; whether it was taken compiled, and the finished process."""
    finished = run("-v", *arguments, env={"SONDE_CACHE_DIR": str(folder / "kept"), **(env or {})}, **more)
    expect(finished.returncode == 0, finished.stderr)
    return "compiled before: " in finished.stderr, finished


def expect_kept(expected, folder, *arguments, **more):
    kept, finished = was_kept(folder, *arguments, **more)
    expect(kept == expected, f"{'not ' if expected else ''}taken from the cache: {arguments} {finished.stderr}")
    return finished


@check
def the_second_run(folder):
    for kept in (False, True, True):
        finished = expect_kept(kept, folder, "-e", HELLO, "5", "five")
        expect(finished.stdout == "5 five\n", finished.stdout)
    expect(os.stat(folder / "kept").st_mode & 0o777 == 0o700, "others may read the folder")


@check
def what_only_the_run_depends_on(folder):
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    finished = expect_kept(True, folder, "-q", "-f", "json", "-B", "none", "-e", HELLO, "5", "five")
    expect('"data": "5 five\\n"' in finished.stdout, finished.stdout)
    with_child = expect_kept(False, folder, "-e", "BEGIN { print(1); }", "-c", "true")
    expect(expect_kept(True, folder, "-e", "BEGIN { print(1); }", "-c", "env true").stdout == with_child.stdout, "")


@check
def parameters_options_and_settings(folder):
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    finished = expect_kept(False, folder, "-e", HELLO, "6", "five")
    expect(finished.stdout == "6 five\n", finished.stdout)
    expect_kept(False, folder, "-e", HELLO, "5", "five", "--unsafe")
    expect_kept(False, folder, "-k", "-e", HELLO, "5", "five")
    expect_kept(False, folder, "-e", HELLO, "5", "five", env={"SONDE_MAX_STRLEN": "8"})
    expect_kept(False, folder, "-e", HELLO + " ", "5", "five")
    expect_kept(False, folder, "--no-cache", "-e", HELLO, "5", "five")
    expect_kept(False, folder, "-e", HELLO, "5", "five", env={"SONDE_CACHE_DIR": ""})
    expect_kept(True, folder, "-e", HELLO, "5", "five")


@check
def imports_and_headers(folder):
    (folder / "other.bt").write_text("macro value() { 1 }\n")
    (folder / "value.h").write_text("#define MORE 10\n")
    script = folder / "script.bt"
    script.write_text('#include "value.h"\nimport "other.bt";\nBEGIN { print(value() + MORE); exit(); }\n')
    expect_kept(False, folder, script)
    expect(expect_kept(True, folder, script).stdout == "11\n", "another value")
    (folder / "other.bt").write_text("macro value() { 2 }\n")
    expect(expect_kept(False, folder, script).stdout == "12\n", "the old import")
    (folder / "value.h").write_text("#define MORE 20\n")
    expect(expect_kept(False, folder, script).stdout == "22\n", "the old header")
    expect(expect_kept(True, folder, script).stdout == "22\n", "another value")


@check
def a_binary_that_is_probed(folder):
    binary = folder / "true"
    shutil.copy("/usr/bin/env", binary)
    arguments = ("-e", f"uprobe:{binary}:0x{entry_of(binary):x} {{ @n = count(); }}", "-c", f"{binary} true")
    for kept in (False, True):
        expect("@n: 1" in expect_kept(kept, folder, *arguments).stdout, "no event")
    os.utime(binary)
    expect_kept(False, folder, *arguments)


def entry_of(path):
    """The file offset of a program's first instruction, taken for its address: it is both in a PIE of one read-only segment."""
    with open(path, "rb") as file:
        return int.from_bytes(file.read(32)[24:32], "little")


@check
def what_has_no_stamp_is_not_kept(folder):
    arguments = ("-e", 'BEGIN { print(cgroupid("/sys/fs/cgroup")); exit(); }')
    for _ in range(2):
        finished = run("-v", *arguments, env={"SONDE_CACHE_DIR": str(folder / "kept")})
        expect("compiled before" not in finished.stderr, finished.stderr)


@check
def warnings_are_told_again(folder):
    script = "BEGIN { exit(); } tracepoint:syscalls:sys_enter_openat /args.dfd == -5/ { }"
    told = [expect_kept(kept, folder, "-e", script).stderr for kept in (False, True)]
    expect(all("never true" in text for text in told), told)


@check
def a_folder_of_others_is_not_used(folder):
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    os.chmod(folder / "kept", 0o777)
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    os.chmod(folder / "kept", 0o700)
    expect_kept(True, folder, "-e", HELLO, "5", "five")
    (entry,) = (folder / "kept").iterdir()
    os.chown(entry, 65534, 65534)
    expect_kept(False, folder, "-e", HELLO, "5", "five")


@check
def damaged_entries_are_compiled_anew(folder):
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    (entry,) = (folder / "kept").iterdir()
    whole = entry.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], whole + b"x", whole[:-40] + b"\xff" * 40):
        entry.write_bytes(damaged)
        finished = was_kept(folder, "-e", HELLO, "5", "five")[1]
        expect(finished.stdout == "5 five\n", finished.stdout)


@check
def the_oldest_go(folder):
    (folder / "kept").mkdir(0o700)
    for number in range(300):
        (folder / "kept" / f"{number:016x}").write_text("old")
        os.utime(folder / "kept" / f"{number:016x}", (number, number))
    expect_kept(False, folder, "-e", HELLO, "5", "five")
    left = sorted(path.name for path in (folder / "kept").iterdir())
    expect(len(left) == 256 and f"{44:016x}" not in left and f"{45:016x}" in left, left[:3])
    expect_kept(True, folder, "-e", HELLO, "5", "five")


main()
