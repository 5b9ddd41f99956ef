"""Many kernel functions at once: every count is what another way of counting says."""

import re

from _sonde import check, expect, main, run

CONNECT = """
import socket
server = socket.create_server(("127.0.0.1", 7777))
for i in range(5):
    client = socket.create_connection(("127.0.0.1", 7777))
    server.accept()[0].close()
    client.close()
"""


def counts(text, name):
    return {key: int(number) for key, number in re.findall(rf"^@{name}\[(.*)\]: (\d+)$", text, re.M)}


@check
def kprobes_by_wildcard(folder):
    script = folder / "connect.py"
    script.write_text(CONNECT)
    program = "kprobe:tcp_* { @all[probe] = count(); @by[func] = count(); } kretprobe:tcp_v4_connect { @returned = count(); }"
    finished = run("-e", program, "-c", f"python3 {script}", timeout=200)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    found = counts(finished.stdout, "all")
    expect(found.get("kprobe:tcp_v4_connect") == 5, f"{found}")
    expect("@returned: 5\n" in finished.stdout, finished.stdout)
    expect(counts(finished.stdout, "by") == {name.removeprefix("kprobe:"): n for name, n in found.items()}, "func differs")
    attached = int(re.search(r"Attached (\d+) probes", finished.stderr)[1])
    expect(attached > 100, f"only {attached} probes: {finished.stderr}")


@check
def fentry_by_wildcard():
    program = """
        fentry:vfs_* /comm == "dd"/ { @all[probe] = count(); }
        fexit:vfs_write /comm == "dd"/ { @bytes = sum(retval); }
        kprobe:vfs_read /comm == "dd"/ { @read = count(); }
        kprobe:vfs_write /comm == "dd"/ { @write = count(); }"""
    finished = run("-e", program, "-c", "dd if=/dev/zero of=/dev/null bs=10 count=500", timeout=100)
    expect(finished.returncode == 0, f"status {finished.returncode}: {finished.stderr}")
    found = counts(finished.stdout, "all")
    for name in ("read", "write"):
        expect(f"@{name}: {found.get(f'fentry:vmlinux:vfs_{name}')}\n" in finished.stdout, finished.stdout)
    expect(found["fentry:vmlinux:vfs_write"] >= 500, f"{found}")
    attached = int(re.search(r"Attached (\d+) probes", finished.stderr)[1])
    expect(attached > 40, f"only {attached} probes: {finished.stderr}")


@check
def functions_are_listed():
    finished = run("-l", "kprobe:do_sys_open*")
    expect("kprobe:do_sys_openat2\n" in finished.stdout, finished.stdout)
    finished = run("-lv", "fexit:vfs_read")
    wanted = "fexit:vmlinux:vfs_read\n    struct file * file\n    char * buf\n    size_t count\n    loff_t * pos\n    ssize_t retval\n"
    expect(finished.stdout == wanted, finished.stdout)
    expect(len(run("-l", "kprobe:*").stdout.split("\n")) > 20000, "few functions")


@check
def the_limit_of_probes():
    finished = run("-e", "kprobe:* { @ = count(); }")
    expect(finished.returncode == 1, f"status {finished.returncode}")
    expect("the limit is 1024" in finished.stderr and "SONDE_MAX_PROBES" in finished.stderr, finished.stderr)


main()
