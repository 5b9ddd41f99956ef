#!/usr/bin/env python3
"""Makes the broken scripts, always the same ones: damaged constructs, damaged real scripts, noise and monsters.

`tests/broken/generate.py FOLDER` writes them to files for a look; the harness calls scripts().
"""

import random
import re
import sys
from pathlib import Path

if __package__:
    from . import constructs
else:
    import constructs

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
# Comments, strings, preprocessor lines; the damage is done between them.
OPAQUE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|^#[^\n]*', re.S | re.M)
P = constructs.P


def clear_positions(text, characters):
    """Where these characters stand, outside comments, strings and preprocessor lines."""
    hidden = [match.span() for match in OPAQUE.finditer(text)]
    return [
        place
        for place, character in enumerate(text)
        if character in characters and not any(start <= place < end for start, end in hidden)
    ]


def damaged_seeds():
    """Real scripts with one bracket removed, one added, or cut off within a body: each is out of balance."""
    for path in sorted(SEEDS.glob("*.bt")):
        text = path.read_text()
        brackets = clear_positions(text, "{}()[]")
        for place in brackets[:: max(1, len(brackets) // 5)]:
            yield f"{path.stem}-without-{place}", text[:place] + text[place + 1 :]
            yield f"{path.stem}-cut-{place}", text[:place] + "{"
        blanks = clear_positions(text, ";")
        for place in blanks[:: max(1, len(blanks) // 3)]:
            for extra in (")", "]", "}", " = ", " ? ", "\x01"):
                yield f"{path.stem}-with-{ord(extra.strip() or extra)}-{place}", text[:place] + extra + text[place:]


def noise():
    """Bytes that are no script."""
    source = random.Random(1)
    for size in (1, 2, 16, 256, 4096, 65536):
        for number in range(2):
            yield f"noise-{size}-{number}", bytes([source.randrange(128, 256) for _ in range(size)])
            yield f"noise-any-{size}-{number}", b"\x01" + source.randbytes(size)
    yield "noise-zeros", bytes(1000)
    yield "noise-zero-inside", b"BEGIN { $x = \x00 1; }"
    yield "noise-zero-in-string", b'BEGIN { printf("a\x00b'
    yield "noise-utf16", "BEGIN { }".encode("utf-16")
    yield "noise-elf", b"\x7fELF\x02\x01\x01" + bytes(57)
    yield "noise-carriage-returns", b"BEGIN\r{\r$x = \r}\r"
    yield "noise-escape", b"\x1b[31mBEGIN\x1b[0m { }"


def monsters():
    """Sizes and depths that nobody writes by hand."""
    for depth in (501, 10_000, 200_000):
        yield f"parentheses-{depth}", f"{P} {{ $x = {'(' * depth}1{')' * depth}; }}"
    depth = 10_000
    yield "parentheses-open", f"{P} {{ $x = {'(' * depth}"
    yield "braces", "BEGIN " + "{" * depth + "}" * depth
    yield "braces-open", "BEGIN " + "{" * depth
    yield "brackets", f"{P} {{ {'@x[' * depth}1{']' * depth} = 1; }}"
    yield "unary", f"{P} {{ $x = {'!' * depth}1; }}"
    yield "negations", f"{P} {{ $x = {'- ' * depth}1; }}"
    yield "stars", f"{P} {{ $x = {'*' * depth}args.filename; }}"
    yield "ternaries", f"{P} {{ $x = {'1 ? 2 : ' * depth}; }}"
    yield "ternaries-deep", f"{P} {{ $x = {'1 ? 2 : ' * depth}3; }}"
    yield "casts", f"{P} {{ $x = {'(uint64)' * depth}1; }}"
    yield "ifs", f"{P} {{ {'if (1) { ' * depth}{'}' * depth} }}"
    yield "else-ifs", f"{P} {{ if (1) {{ }} {'else if (1) { } ' * depth} else }}"
    yield "calls", f"{P} {{ $x = {'str(' * depth}1{')' * depth}; }}"
    yield "fields", f"{P} {{ $x = args{'.dfd' * depth}; }}"
    yield "sum-long", f"{P} {{ $x = {'1 + ' * 50_000}; }}"
    yield "errors-many", f"{P} {{ {'$x = nosuch; ' * 5_000} }}"
    yield "probes-many-wrong", "tracepoint:nosuch:x { }\n" * 2_000
    yield "name-long", f"{P} {{ {'n' * 1_000_000}(); }}"
    yield "string-long-open", f'{P} {{ printf("{"s" * 1_000_000}'
    yield "comment-long-open", "/*" + "c" * 1_000_000
    yield "line-long", f"{P} {{ $x = 1; " + " " * 1_000_000 + "?? }"
    yield "file-5-megabytes", f"{P} {{ $x = 1; }}\n" * 125_000 + "{"
    yield "file-5-megabytes-of-text", "lorem ipsum dolor sit amet\n" * 190_000
    yield "wildcards", f"tracepoint:{'*a' * 5_000}:{'*b' * 5_000} {{ }}"
    yield "numbers", f"{P} {{ $x = {'9' * 100_000}; }}"
    yield "tuple-wide", f"{P} {{ $x = ({'1, ' * 20_000}; }}"
    yield "macro-loop", "macro a() { b() } macro b() { a() } BEGIN { $x = a(); }"
    yield "unroll-huge", f"{P} {{ unroll (100000000) {{ @x++; }} }}"


def scripts():
    """(name, bytes) of every broken script; names are unique."""
    seen = set()
    for source in (constructs.scripts(), damaged_seeds(), noise(), monsters()):
        for name, text in source:
            if name in seen:
                continue
            seen.add(name)
            yield name, text if isinstance(text, bytes) else text.encode()


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in scripts():
        (folder / f"{name}.bt").write_bytes(text)


if __name__ == "__main__":
    main()
