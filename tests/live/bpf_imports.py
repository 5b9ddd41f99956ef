"""Imports of .bpf.c files that are refused, each with its reason."""

import shutil

from _sonde import Skip, check, expect, main, run


def refused(folder, source, call, *messages, env=None):
    if env is None and shutil.which("clang-19") is None and shutil.which("clang") is None:
        raise Skip("no clang")
    (folder / "lib.bpf.c").write_text(source)
    script = folder / "script.bt"
    script.write_text(f'import "lib.bpf.c";\nBEGIN {{ {call}; exit(); }}\n')
    finished = run(script, env=env)
    expect(finished.returncode == 1, f"status {finished.returncode}: {finished.stdout}")
    for message in messages:
        expect(message in finished.stderr, f"no {message!r} in: {finished.stderr}")


@check
def what_clang_refuses(folder):
    refused(folder, "int f(void) { return nosuch; }\n", "f()", "script.bt:1:1: error:",
            "lib.bpf.c does not compile:", "lib.bpf.c:1:22: use of undeclared identifier 'nosuch'", "shows all that is wrong")
    refused(folder, '#include "vmlinux.h"\n', "print(1)", "'vmlinux.h' file not found", "hint: make it: bpftool btf dump")


@check
def no_clang(folder):
    refused(folder, "int f(void) { return 1; }\n", "f()", "needs clang to be compiled, which is not installed",
            "hint: apt install clang-19", env={"PATH": str(folder)})


@check
def calls_that_do_not_fit(folder):
    source = "struct s { int x; };\nint f(int a, struct s *p) { return a + p->x; }\nstatic int g(void) { return 1; }\nint h(void) { return g(); }\nint declared(int);\n"
    refused(folder, source, "f(1)", "f() takes 2 arguments, 1 given")
    refused(folder, source, "f(1, curtask)", "argument 2 of f() must be struct s *, but this is struct task_struct *")
    refused(folder, source, 'f("a", 0)', "argument 1 of f()")
    refused(folder, source, "g()", "g() cannot be called: it is static", "hint: leave out `static`")
    refused(folder, source, "declared(1)", "declared() is declared, but no imported .bpf.c file defines it")
    refused(folder, source, "nosuch(1)", "unknown function 'nosuch'")


@check
def what_cannot_be_part_of_a_program(folder):
    refused(folder, "int f(int n) { return n < 2 ? 1 : n * f(n - 1) + f(n - 2); }\n", "f(3)", "calls itself")
    refused(folder, "int n;\nint f(void) { return ++n; }\n", "f()", "keeps 'n' outside of its functions", "hint: keep it in a map")
    refused(folder, "extern int other(void);\nint f(void) { return other(); }\n", "f()",
            "f() in ", "calls other(), which the file does not define")
    refused(folder, "struct s { long a, b, c; };\nint f(struct s x) { return x.a; }\n", "f(1)", "argument 1 of f()")


@check
def what_the_verifier_refuses(folder):
    refused(folder, "int f(const char *t) { int n = 0; while (n < 32 && t[n]) ++n; return n; }\n", 'print(f("abc"))',
            "the kernel's verifier refuses it; a function of", "may read what the verifier cannot prove to be there")


main()
