"""ucall: a function from its beginning to its return, however calls nest and however they are left."""

import re

from _sonde import check, expect, lost, main, run


def printed(script, *command):
    finished = run("-q", "-e", script, "-c", " ".join(("calls", *command)))
    expect(finished.returncode == 0, finished.stderr)
    expect(lost(finished.stderr) == 0, finished.stderr)
    return finished.stdout


@check
def arguments_and_result():
    out = printed(
        'ucall:calls:outer { printf("%d %d %d %d %d\\n", args.a, args.b, args.f, args.seventh, retval); }'
        'ucall:calls:inner { printf("%d %s %d %d\\n", arg0, str(args.what), retval, args.n); }',
        "nested",
    )
    expect(out == "1 first 2 1\n2 second 3 2\n1 2 6 7 5\n", out)


@check
def recursion():
    out = printed('ucall:calls:factorial { printf("%d %d\\n", args.n, retval); }', "factorial 5")
    expect(out == "1 1\n2 2\n3 6\n4 24\n5 120\n", out)
    out = printed("ucall:calls:factorial { @ = count(); @n = sum(args.n); }", "factorial 60")
    expect("@: 60\n" in out and "@n: 1830\n" in out, out)


@check
def deeper_than_is_noted():
    finished = run("-q", "-e", "ucall:calls:factorial { @ = count(); @n = max(args.n); }", "-c", "calls factorial 200")
    expect(finished.returncode == 0 and "@: 64\n" in finished.stdout and "@n: 200\n" in finished.stdout, finished.stdout + finished.stderr)
    expect("lost 136 calls" in finished.stderr and "64 of programs" in finished.stderr, finished.stderr)


@check
def without_a_return():
    # 300 times four calls are left by longjmp; what comes behind them is right.
    out = printed(
        'ucall:calls:leaves { @left = count(); } ucall:calls:outer,ucall:calls:inner { printf("%s %d\\n", func, arg0); }',
        "leaves",
    )
    expect(out == "inner 1\ninner 2\nouter 1\n", out)


@check
def calls_at_the_end_of_calls():
    out = printed('ucall:calls:even,ucall:calls:odd { printf("%s %d %d\\n", func, args.n, retval); }', "tail")
    expect(sorted(out.splitlines()) == ["even 0 1", "even 2 1", "even 4 1", "odd 1 1", "odd 3 1"], out)


@check
def a_task_that_dies_inside():
    out = printed('ucall:calls:dies { printf("returned"); } ucall:calls:inner { printf("%s\\n", str(args.what)); }', "dies")
    expect(out == "after\n", out)


@check
def a_child_has_begun_nothing():
    out = printed('ucall:calls:forks { printf("%d %d\\n", args.n, retval); }', "forks")
    expect(out == "10 11\n", out)


@check
def threads():
    out = printed("ucall:calls:inner { @[args.n] = count(); @wrong = sum(retval - args.n - 1); } ucall:calls:ends_thread { @ends = count(); }", "threads")
    for thread in range(4):
        expect(f"@[{thread}]: 20000\n" in out, out)
    expect("@wrong: 0" in out and "@ends" not in out, out)


@check
def time_of_the_call():
    out = printed('ucall:calls:waits { printf("%d\\n", elapsed_ns >= 20000000 && elapsed_ns < 20000000000); }', "waits")
    expect(out == "1\n", out)


@check
def predicate_and_name():
    out = printed('ucall:calls:*ner /retval == 3/ { printf("%s %s\\n", probe, func); }', "nested")
    expect(re.fullmatch(r"ucall:\S*/calls:inner inner\n", out), out)


@check
def two_bodies_of_one_function():
    out = printed(
        'ucall:calls:factorial { @a = sum(args.n); } ucall:calls:factorial { @b = sum(args.n * 2); }', "factorial 20"
    )
    expect("@a: 210\n" in out and "@b: 420\n" in out, out)


@check
def without_debug_information():
    out = printed("ucall:libc:usleep { @[arg0] = count(); }", "waits")
    expect("@[20000]: 1\n" in out, out)


@check
def refused():
    for script, reason in (
        ("ucall:calls:inner+4 { }", "no offset"),
        ("ucall:calls:iner { }", "did you mean 'inner'"),
        ("ucall:calls:inner { print(reg(\"ip\")); }", "not available"),
        ("ucall:calls:inner { print(args.m); }", "no field 'm'"),
    ):
        finished = run("-e", script, "-c", "calls")
        expect(finished.returncode == 1 and reason in finished.stderr, f"{script}: {finished.stderr}")


main()
