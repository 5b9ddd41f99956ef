"""Stacks as folded text; maps as SVG."""

import re
import xml.etree.ElementTree as ElementTree

from _sonde import check, expect, main, run

SVG = "{http://www.w3.org/2000/svg}"
PROBE = 't:syscalls:sys_enter_getppid /comm == "getppid_loop"/'


def svg(folder, program, *options):
    out = folder / "page.svg"
    finished = run("-f", "svg", "-o", out, *options, "-e", program, "-c", "getppid_loop 1000")
    expect(finished.returncode == 0, finished.stderr)
    root = ElementTree.parse(out).getroot()
    expect(root.tag == f"{SVG}svg", root.tag)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    return titles, [text.text for text in root.iter(f"{SVG}text")], root, finished


@check
def folded_stacks():
    program = f'{PROBE} {{ @[comm, kstack, ustack] = count(); @n = count(); printf("x\\n"); }}'
    finished = run("-q", "-f", "folded", "-e", program, "-c", "getppid_loop 1000")
    lines = finished.stdout.splitlines()
    expect(finished.returncode == 0 and lines, finished.stderr)
    total = 0
    for line in lines:
        match = re.fullmatch(r"getppid_loop(;[^;]+)+ (\d+)", line)
        expect(match, f"no folded stack: {line}")
        total += int(match.group(2))
    expect(total == 1000, f"{total} of 1000")
    frames = lines[-1].rsplit(" ", 1)[0].split(";")
    expect(frames.index("syscall") < frames.index("do_syscall_64"), f"not outermost first, user before kernel: {frames}")
    expect(finished.stderr.count("x\n") == 1000 and "@n: 1000" in finished.stderr, "the rest is not on standard error")


@check
def a_flame_graph(folder):
    titles, _, root, _ = svg(folder, f"{PROBE} {{ @[comm, kstack, ustack] = count(); }}")
    expect("all: 1000 (100.00 %)" in titles and "getppid_loop: 1000 (100.00 %)" in titles, f"{titles}")
    expect("syscall: 1000 (100.00 %)" in titles and "do_syscall_64: 1000 (100.00 %)" in titles, f"{titles}")
    for box in root.iter(f"{SVG}rect"):
        if box.get("width").endswith("%"):
            continue
        expect(float(box.get("x")) + float(box.get("width")) <= 1200.1 and float(box.get("y")) >= 0, "outside of the page")


@check
def histograms_and_series(folder):
    program = f"{PROBE} {{ @h[comm] = lhist(@n % 10, 0, 10, 5); @n++; @t = tseries(@n, 1h, 3, \"max\"); }}"
    titles, texts, _, finished = svg(folder, program)
    expect("[0, 5): 500" in titles and "[5, 10): 500" in titles, f"{titles}")
    expect("@h[getppid_loop]" in texts and "@t" in texts, f"{texts}")
    expect(any(title.endswith(": 1000") for title in titles), f"{titles}")
    expect("@n: 1000" in finished.stderr, finished.stderr)


@check
def markup_in_keys_is_text(folder):
    titles, texts, _, _ = svg(folder, f'{PROBE} {{ @["<a&\\"b>"] = hist(1); }}')
    expect('@[<a&"b>]' in texts and titles == ["[1]: 1000"], f"{texts} {titles}")


@check
def nothing_is_an_empty_page(folder):
    titles, texts, _, _ = svg(folder, "t:syscalls:sys_enter_getppid /0/ { @ = hist(1); }")
    expect(titles == [] and texts == [], f"{titles} {texts}")


@check
def a_script_that_cannot_run_leaves_no_page(folder):
    finished = run("-f", "svg", "-e", "tracepoint:no:such { }")
    expect(finished.returncode == 1 and finished.stdout == "", finished.stdout)


main()
