"""-f json: one object a line that a parser takes, whatever the values are."""

import json
import subprocess

from _sonde import SONDE, check, expect, main, run

HOSTILE = b"a\x1b[31m\"\\\x01\xff\xc3\x28\xc2\x9b\xe2\x82\xac\tz"


def lines(program, *arguments, **more):
    """The objects that a program prints, by their type."""
    finished = run("-f", "json", *arguments, "-e", program, **more)
    expect(finished.returncode == 0, finished.stderr)
    return [json.loads(line) for line in finished.stdout.splitlines()]


def data(program, kind, *arguments, **more):
    found = [line["data"] for line in lines(program, *arguments, **more) if line["type"] == kind]
    expect(found, f"no line of type {kind}")
    return found


@check
def every_line_has_a_type_and_data():
    program = """BEGIN { printf("p"); print(1); time("%Y"); @m = 1; @h = hist(1); @l = lhist(1, 0, 2, 1); @s = stats(2);
      @a = avg(3); @t = tseries(1, 1h, 3); cat("/proc/sys/kernel/ostype"); system("echo out"); errorf("e"); warnf("w");
      print(@m); exit(); }"""
    objects = lines(program, "--unsafe")
    expect(all(set(line) == {"type", "data"} for line in objects), f"{objects}")
    kinds = {line["type"] for line in objects}
    wanted = {"attached_probes", "printf", "value", "time", "map", "hist", "stats", "tseries", "cat", "syscall"}
    expect(wanted <= kinds, f"missing: {wanted - kinds}")


@check
def whole_numbers_of_64_bits():
    values = data("BEGIN { print(18446744073709551615); print(-9223372036854775807 - 1); exit(); }", "value")
    expect(values == [2**64 - 1, -(2**63)], f"{values}")


@check
def nested_values():
    values = data('BEGIN { print((1, ("a", (true, -2)))); print((name="n", in=(x=1, y=(2, 3)))); print(()); print((1,)); exit(); }',
                  "value")
    expect(values == [[1, ["a", [True, -2]]], {"name": "n", "in": {"x": 1, "y": [2, 3]}}, [], [1]], f"{values}")


@check
def structs_and_arrays():
    program = """struct part { int a : 3; unsigned b : 5; char text[4]; };
      struct whole { struct part p; unsigned char bytes[2]; union { int i; short s[2]; }; };
      tracepoint:syscalls:sys_enter_write /pid == cpid/ { print(*(struct whole *)args.buf); exit(); }"""
    values = data(program, "value", "-c", "sh -c 'printf \"\\252abcd\\0\\0\\0\\001\\002xx\\001\\0\\002\\0\" > /dev/null'")
    expect(values[0]["p"] == {"a": 2, "b": 21, "text": "abcd"}, f"{values}")
    expect(values[0]["bytes"] == [1, 2], f"{values}")


@check
def text_of_any_bytes(folder):
    (folder / "hostile").write_bytes(HOSTILE)
    program = """tracepoint:syscalls:sys_enter_write /comm == "cat"/ { $s = str(args.buf, args.count);
      print($s); printf("%s", $s); @[$s] = $s; exit(); }"""
    command = [SONDE, "-q", "-f", "json", "-e", program, "-c", f"sh -c 'cat {folder}/hostile > /dev/null'"]
    out = subprocess.run(command, capture_output=True, check=False).stdout
    objects = [json.loads(line) for line in out.decode("utf-8").splitlines()]  # raises when it is no UTF-8
    expect(b"\x1b" not in out and b"\xc2\x9b" not in out, f"a control sequence came through: {out}")
    wanted = HOSTILE.decode("utf-8", "replace").replace("\ufffd", "")
    texts = [line["data"].replace("\ufffd", "") for line in objects if line["type"] in ("value", "printf")]
    expect(texts == [wanted, wanted], f"{out}")
    expect(any(line["type"] == "map" for line in objects), f"{out}")


@check
def histograms_of_both_kinds():
    hist = data("BEGIN { @ = hist(-1); @ = hist(0); @ = hist(5); exit(); }", "hist")[0]["@"]
    expect(hist[0] == {"max": -1, "count": 1} and hist[-1] == {"min": 4, "max": 7, "count": 1}, f"{hist}")
    lhist = data('BEGIN { @["k"] = lhist(7, 0, 10, 5); @["k"] = lhist(99, 0, 10, 5); exit(); }', "hist")[0]["@"]["k"]
    expect(lhist == [{"min": 5, "max": 9, "count": 1}, {"min": 10, "count": 1}], f"{lhist}")


@check
def a_series_has_starts_and_values():
    series = data('BEGIN { @ = tseries(-4, 1h, 3); exit(); }', "tseries")[0]["@"]
    expect(len(series) == 1 and series[0]["value"] == -4 and series[0]["interval_start"][4] == "-", f"{series}")


@check
def losses_name_their_place():
    losses = data("BEGIN { for ($i : 0..100) { @[$i] = 1; } exit(); }", "lost_events", env={"SONDE_MAX_MAP_KEYS": "10"})
    expect(losses[-1]["events"] == 90 and losses[-1]["final"] and losses[-1]["line"] == 1, f"{losses}")


main()
