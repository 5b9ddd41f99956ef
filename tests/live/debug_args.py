"""Typed arguments and results of functions, by debug information: C and C++, optimised or not, wherever it stands."""

import re
import shutil
import subprocess
from pathlib import Path

from _sonde import check, expect, main, run

HELPERS = Path(shutil.which("debug_args")).parent

# Every argument and result of the C program, and what its source says they are.
SCRIPT = r"""
uprobe:BIN:widths { printf("widths %d %d %d %d %d %d %u %d %d\n", args.a, args.b, args.c, args.d, args.e, args.f, args.g, args.h, args.i); }
uretprobe:BIN:widths { printf("= %d %d\n", retval, retval < 0); }
uprobe:BIN:move {
  printf("move %d %d %u %d %s %d %s %d %s %x %d %d %s\n", args.p->x, args.p->y, args.p->flags, args.p->mode, args.p->name,
         args.p->color, args.p->color, args.p->inner.low, str(args.p->inner.text), args.p->whole, args.p->bytes[2],
         args.p->grid[1][0], args.p->next->name);
  printf("%s %s %d\n", args.color, str(args.label), args.nothing == 0);
  print(args.p->inner.low);
  $copy = *args.p; printf("%d %s\n", $copy.x, $copy.name);
}
uretprobe:BIN:move { printf("= %s %d\n", retval->name, ((struct point *)retval)->x); print(retval->color); }
uprobe:BIN:sum_pair { printf("sum_pair %d %d %d\n", args.pair.a, args.pair.b, args.n); print(args.pair); }
uretprobe:BIN:sum_pair { printf("= %d\n", retval); }
uprobe:BIN:make_pair { printf("make_pair %d %d\n", args.a, args.b); }
uretprobe:BIN:make_pair { printf("= %d %d\n", retval.a, retval.b); }
uprobe:BIN:sum_large { printf("sum_large %d %d %d %d\n", args.before, args.large.numbers[0], args.large.numbers[3], args.after); }
uprobe:BIN:make_large { printf("make_large %d %d\n", args.first, args.second); }
uretprobe:BIN:make_large { printf("= %d %d\n", retval.numbers[0], retval.numbers[3]); }
uprobe:BIN:scale { printf("scale %d %d\n", args.times, args.n); }
uprobe:BIN:of_mixed { printf("of_mixed %d\n", args.n); }
uprobe:BIN:nine { printf("nine %.2f %d\n", args.ninth, args.n); }
uprobe:BIN:is_entry { printf("is_entry %d %c %d %d\n", args.entry->id, args.entry->tag, args.value.id, args.wide == WIDE); print(((entry_t *)arg0)->id); }
uretprobe:BIN:is_entry { printf("= %d\n", retval); }
uprobe:BIN:small { printf("small %d\n", args.value); }
uretprobe:BIN:small { printf("= %d\n", retval); }
uprobe:BIN:factorial { printf("factorial %d\n", args.n); }
uretprobe:BIN:factorial { printf("= %d\n", retval); }
"""
PRINTED = """
widths 1 -1 -300 -70000 -1099511627776 200 18446744073709551615 -8 -9
= -7 1
move -1 1099511627776 5 -3 first -40 BLUE -300 inner text 807060504030201 3 4 second
GREEN a label 1
-300
-1 first
= second 2
0
make_pair -5 8589934592
= -5 8589934592
sum_pair -5 8589934592 6
{ .a = -5, .b = 8589934592 }
= 8589934587
sum_large 1 10 40 2
make_large 100 -1
= 100 -1
scale 3 -4
of_mixed 11
nine 9.50 12
is_entry 3 e 3 1
3
= 1
small 255
= 0
factorial 4
factorial 3
factorial 2
factorial 1
= 1
= 2
= 6
= 24
"""


def prints(binary, command, *options):
    finished = run("-q", *options, "-e", SCRIPT.replace("BIN", binary), "-c", command)
    expect(finished.returncode == 0, finished.stderr)
    expect(finished.stdout.strip() == PRINTED.strip(), f"{finished.stdout}{finished.stderr}")


@check
def not_optimised_at_any_address():
    prints("debug_args", "debug_args")


@check
def optimised_at_a_fixed_address():
    prints("debug_args_fixed", "debug_args_fixed")


@check
def beside_a_stripped_program():
    prints("debug_args_stripped", "debug_args_stripped")


@check
def of_a_library():
    prints(str(HELPERS / "libdebug_args_library.so"), "debug_args_user")


@check
def by_build_id(folder):
    program = folder / "program"
    whole = HELPERS / "debug_args_fixed"
    subprocess.run(["objcopy", "--strip-all", whole, program], check=True)
    notes = subprocess.run(["readelf", "-n", whole], capture_output=True, text=True, check=True).stdout
    build_id = re.search(r"Build ID: (\w+)", notes).group(1)
    place = folder / "debug" / ".build-id" / build_id[:2]
    place.mkdir(parents=True)
    debug = place / f"{build_id[2:]}.debug"
    subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
    prints(str(program), str(program), "--debuginfo", str(folder / "debug"))


@check
def a_debug_file_of_another_build_is_not_believed(folder):
    program = folder / "program"
    subprocess.run(["objcopy", "--strip-debug", HELPERS / "debug_args_fixed", program], check=True)
    debug = folder / "program.debug"
    subprocess.run(["objcopy", "--only-keep-debug", HELPERS / "debug_args", debug], check=True)
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True)
    finished = run("-e", f"uprobe:{program}:widths {{ print(args.a); }}", "-c", str(program))
    expect(finished.returncode == 1 and "has no debug information" in finished.stderr, finished.stderr)


@check
def cpp():
    script = r"""
    uprobe:debug_args_cpp:cpp:"geo::Circle::Area" { printf("Area %d %d %d %d\n", args.scale, args.this->radius_, args.this->id_, args.this->center_.y); }
    uretprobe:debug_args_cpp:cpp:"geo::Circle::Area" { printf("= %d\n", retval); }
    uprobe:debug_args_cpp:cpp:"geo::Circle::Count" { printf("Count %s\n", args.kind); }
    uprobe:debug_args_cpp:cpp:"geo::Distance" { printf("Distance %d %d %d %d\n", args.from->x, args.to->y, args.copy.x, args.copy.y); }
    uretprobe:debug_args_cpp:cpp:"geo::Distance" { printf("= %d\n", retval); }
    uprobe:debug_args_cpp:cpp:"geo::Own" { printf("Own %d %d %d\n", args.before, args.owner.value, args.after); }
    uprobe:debug_args_cpp:cpp:"geo::Make" { printf("Make %d\n", args.value); }
    uretprobe:debug_args_cpp:cpp:"geo::Make" { printf("= %d\n", retval.value); }
    uprobe:debug_args_cpp:cpp:"geo::Twice*" { printf("Twice %d\n", args.value); }
    uprobe:debug_args_cpp:cpp:"geo::Same" { printf("Same %s\n", str(args.a)); }
    """
    finished = run("-q", "-e", script, "-c", "debug_args_cpp")
    printed = """
Area 3 10 11 8
= 37
Count kFlat
Distance 1 6 -1 -2
= 4
Own 1 42 2
Make 43
= 43
Twice 21
Twice -21
Same text
"""
    expect(finished.returncode == 0 and finished.stdout.strip() == printed.strip(), finished.stdout + finished.stderr)


@check
def whole_args():
    finished = run("-q", "-e", 'uprobe:debug_args:sum_large,uprobe:debug_args:scale { print(args); }', "-c", "debug_args")
    expect(finished.returncode == 0, finished.stderr)
    # What stands in a register for floating-point numbers is left out of the whole.
    expect("{ .before = 1, .large = { .numbers = [10,20,30,40] }, .after = 2 }" in finished.stdout, finished.stdout)
    expect("{ .times = 3, .n = -4 }" in finished.stdout, finished.stdout)


@check
def what_the_kernel_does_not_show():
    for script, reason in (
        ("uprobe:debug_args:scale { print(args.by); }", "floating-point"),
        ("uretprobe:debug_args:scale { print(retval); }", "floating-point"),
        ("uprobe:debug_args:of_mixed { print(args.mixed); }", "floating-point"),
        ("uprobe:debug_args:scale { print(args.tims); }", "did you mean 'times'"),
        ("uprobe:sh:0x%x { print(args.x); }" % entry_of("/bin/sh"), "arg0"),
        ("uretprobe:debug_args:scale { print(args.times); }", "not available"),
        ("uprobe:debug_args:nothing { print(args.x); }", "has no field 'x'"),
    ):
        finished = run("-e", script, "-c", "debug_args")
        expect(finished.returncode == 1 and reason in finished.stderr, f"{script}: {finished.stderr}")


@check
def listed():
    finished = run("-lv", f"uprobe:{HELPERS}/debug_args:*m*e*")
    expect(
        "struct point * p" in finished.stdout or "struct point *p" in finished.stdout, finished.stdout + finished.stderr
    )
    expect("enum color color" in finished.stdout and "const char *label" in finished.stdout.replace("* ", "*"), finished.stdout)
    finished = run("-lv", f"uretprobe:{HELPERS}/debug_args:make_pair")
    expect("struct pair retval" in finished.stdout, finished.stdout)


def entry_of(program):
    """A place in its code; it has no debug information, and perhaps no symbols."""
    header = subprocess.run(["readelf", "-hW", program], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"Entry point address:\s+(\w+)", header).group(1), 16)


def line_of(text):
    source = Path(__file__).parent / "helpers" / "debug_args.c"
    return next(number for number, line in enumerate(source.read_text().splitlines(), 1) if text in line)


@check
def source_lines():
    recursion, inlined, outer = (line_of(f"line {what}") for what in ("of the recursion", "that is inlined", "of outer"))
    for program in ("debug_args", "debug_args_fixed"):
        script = f"""
        uprobe:{program}@debug_args.c:{recursion} {{ printf("recursion %s %d\\n", func, args.n); }}
        uprobe:{program}@helpers/debug_args.c:{inlined} {{ printf("inlined in %s\\n", func); }}
        """
        finished = run("-q", "-e", script, "-c", program)
        printed = "recursion factorial 4\nrecursion factorial 3\nrecursion factorial 2\ninlined in outer\ninlined in outer\n"
        expect(finished.returncode == 0 and finished.stdout == printed, f"{program}: {finished.stdout}{finished.stderr}")
    script = f'uprobe:debug_args@debug_args.c:{outer} {{ printf("%d %d\\n", args.first, args.second); }}'
    finished = run("-q", "-e", script, "-c", "debug_args")
    expect(finished.stdout == "10 20\n", finished.stdout + finished.stderr)
    script = f'uprobe:debug_args@debug_args.c:{inlined} {{ printf("%d\\n", args.inner); }}'
    finished = run("-q", "-e", script, "-c", "debug_args")
    expect(finished.stdout == "11\n20\n", finished.stdout + finished.stderr)


@check
def lines_that_are_not_there():
    for spec, reason in (
        ("debug_args@debug_args.c:1", "the next line that has code is"),
        ("debug_args@other.c:20", "no code of a source file 'other.c'"),
        ("/bin/true@true.c:10", "debug information"),
    ):
        finished = run("-e", f"uprobe:{spec} {{ }}", "-c", "debug_args")
        expect(finished.returncode == 1 and reason in finished.stderr, f"{spec}: {finished.stderr}")
    finished = run("-e", "uretprobe:debug_args@debug_args.c:60 { }", "-c", "debug_args")
    expect(finished.returncode == 1 and "no line" in finished.stderr, finished.stderr)


main()
