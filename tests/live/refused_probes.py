"""Probes that the kernel refuses when they are attached, and what missing_probes makes of them."""

import subprocess

from _sonde import check, expect, main, run

# A function that begins with a breakpoint of its own: the kernel takes no uprobe there.
SOURCE = """
__asm__(".globl trapped\\n.type trapped, @function\\ntrapped: int3\\nret\\n.size trapped, .-trapped");
#include <stdio.h>
__attribute__((noinline)) int fine(int n) { return n + 1; }
int main(void) { puts("ready"); fflush(stdout); while (getchar() != EOF) { volatile int n = fine(1); (void)n; puts("done"); fflush(stdout); } }
"""


class Program:
    def __init__(self, folder):
        source = folder / "trapped.c"
        source.write_text(SOURCE)
        self.path = folder / "trapped"
        subprocess.run(["cc", "-O1", "-o", self.path, source], check=True)
        self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def trace(self, config):
        script = (f"config = {{ missing_probes={config}; }} "
                  f"uprobe:{self.path}:trapped,uprobe:{self.path}:fine {{ @ = count(); }}"
                  "interval:ms:50 { exit(); }")
        return run("-p", self.process.pid, "-e", script)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


@check
def uprobes(folder):
    program = Program(folder)
    try:
        error, warn, ignore = (program.trace(config) for config in ("error", "warn", "ignore"))
    finally:
        program.end()
    expect(error.returncode == 1 and "trapped" in error.stderr, error.stderr)
    expect(ignore.returncode == 0 and "trapped" not in ignore.stderr, ignore.stderr)
    expect(warn.returncode == 0, warn.stderr)


@check
def functions_of_the_kernel():
    """On a kernel that takes no fentry: another probe of the script goes on."""
    taken = run("-e", "fentry:vfs_read { exit(); }", "-c", "cat /dev/null")
    script = "fentry:vfs_read { @never = count(); } tracepoint:syscalls:sys_enter_read { @ = count(); }"
    if taken.returncode == 0:
        return
    expect("tracepoints with 'read' in their name: syscalls:sys_enter_read" in taken.stderr, taken.stderr)
    for config, says in (("warn", True), ("ignore", False)):
        finished = run("-e", f"config = {{ missing_probes={config}; }} {script}", "-c", "cat /dev/null")
        expect(finished.returncode == 0 and "@: " in finished.stdout, f"{config}: {finished.stderr}")
        expect(("vfs_read" in finished.stderr) == says, f"{config}: {finished.stderr}")


main()
