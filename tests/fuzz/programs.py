"""Compiles and runs random programs, and compares what they print with what the evaluator says.

A program that fails is kept in BUILD/failures: as it was made, and as small as it still fails. `./dev fuzz programs`.
"""

import argparse
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import common

from . import evaluate
from .constructs import Counts
from .generate import END_MARK, Generator
from .shrink import smaller

TIMEOUT = 20
LEAST = 20  # how often each construct must occur in a run
FIXTURE = {"SONDE_FIXTURE_HOST": str(common.TESTS / "fixtures" / "host")}
SANITIZERS = {"ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


@dataclass
class Failure:
    kind: str  # "crash", "refused …", "verifier", "output" …: what a smaller program must show, too
    detail: str


# --- one program


class Runner:
    def __init__(self, sonde, folder, runs):
        self.sonde, self.folder, self.runs = sonde, Path(folder), runs

    def try_program(self, program, name):
        """A Failure, or None."""
        try:
            expected = evaluate.run(program)
        except (evaluate.Invalid, AttributeError, IndexError, TypeError, ValueError) as problem:
            # The last four come from programs that were made smaller, and less well-typed.
            return Failure("invalid", repr(problem))
        script = self.folder / f"{name}.bt"
        script.write_text(str(program), encoding="latin-1")
        parameters = [str(one) for one in program.parameters]
        if not self.runs:
            command = [self.sonde, "--emit=elf", "-o", "/dev/null", script, *parameters]
            return judge_end(common.run(command, TIMEOUT, {**FIXTURE, **SANITIZERS}))
        flags = [] if program.runs else ["--dry-run"]
        finished = common.run([self.sonde, "-q", *flags, script, *parameters], TIMEOUT, SANITIZERS)
        return judge_end(finished) or (program.runs and compare(finished.stdout, *expected)) or None


def judge_end(finished):
    if "Sanitizer" in finished.stderr or "runtime error:" in finished.stderr:
        return Failure("sanitizer", finished.stderr[-6000:])
    if finished.timed_out:
        return Failure("hangs", finished.stderr[-3000:])
    if finished.status < 0:
        return Failure(f"crash by signal {-finished.status}", finished.stderr[-3000:])
    errors = re.findall(r"^.*\berror: .*$", finished.stderr, re.M)
    if finished.status != 0 or errors:
        identity = re.search(r"\[([a-z-]+)\]$", errors[0]) if errors else None
        kind = identity[1] if identity else re.sub(r"[\d'\"].*", "", errors[0]) if errors else finished.status
        return Failure(f"refused: {kind}", finished.stderr[-6000:])
    if "lost" in finished.stderr:
        return Failure("loss", finished.stderr[-3000:])
    return None


def compare(stdout, lines, at_exit):
    """Empty lines set things apart; maps are printed in any order."""
    got, _, rest = stdout.partition(f"{END_MARK}\n")
    got_lines = [line for line in got.split("\n") if line]
    expected = [line for line in lines if line and line != END_MARK]
    for number, (one, other) in enumerate(zip([*expected, None], [*got_lines, None])):
        if one != other:
            return Failure("output", f"line {number + 1}:\n  expected {one!r}\n  got      {other!r}")
    maps = by_map(rest)
    for name in sorted({*at_exit, *maps}):
        if at_exit.get(name) != maps.get(name):
            return Failure("map", f"{name}:\n  expected {at_exit.get(name)}\n  got      {maps.get(name)}")
    return None


def by_map(text):
    """What is printed at the end, by the name of the map; lines of a histogram follow its name."""
    maps, name = {}, ""
    for line in filter(None, text.split("\n")):
        if found := re.match(r"(@\w*)[\[:]", line):
            name = found[1]
        maps.setdefault(name, []).append(line)
    return maps


# --- many


def check_one(runner, seed, index, counts):
    """The failure of a program, as text; nothing when it is fine."""
    program = Generator(seed, index, counts).program()
    failure = runner.try_program(program, f"program-{seed}-{index}")
    script = runner.folder / f"program-{seed}-{index}.bt"
    if failure is None:
        script.unlink(missing_ok=True)
        return ""
    return keep(runner, program, failure, script)


def keep(runner, program, failure, script):
    if failure.kind == "invalid":
        return f"{script.stem}: the generator made a program without meaning: {failure.detail}"
    small = smaller(program, lambda candidate: same_failure(runner, candidate, script.stem + "-try", failure))
    final = runner.try_program(small, script.stem + "-small") or failure
    (runner.folder / f"{script.stem}-try.bt").unlink(missing_ok=True)
    script.write_text(str(program), encoding="latin-1")
    parameters = " ".join(map(str, program.parameters))
    return f"{script.stem}: {final.kind}\n{final.detail}\nsmallest ({runner.folder / script.stem}-small.bt {parameters}):\n{small}"


def same_failure(runner, program, name, failure):
    found = runner.try_program(program, name)
    return found is not None and found.kind == failure.kind


def check_many(runner, seed, indices, counts, workers):
    """Failures, as they come."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        yield from filter(None, pool.map(lambda index: check_one(runner, seed, index, counts), indices))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz programs", description="compiles random programs, or runs them")
    parser.add_argument("count", nargs="?", type=int, default=200)
    parser.add_argument("--run", action="store_true", help="also run them in the kernel and compare what they print")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0, help="number of the first program, to repeat one")
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--failures", type=int, default=10, help="stop after so many")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    build = Path(arguments.build).resolve()
    folder = build / "failures"
    folder.mkdir(exist_ok=True)
    runner = Runner(build / "bin" / "sonde", folder, arguments.run)
    counts, start, failed = Counts(), time.monotonic(), 0
    indices = range(arguments.first, arguments.first + arguments.count)
    for problem in check_many(runner, arguments.seed, indices, counts, arguments.workers):
        failed += 1
        print(f"{problem}\n", flush=True)
        if failed >= arguments.failures:
            break
    for (kind, name), count in sorted(counts.items()):
        print(f"{count:8} {kind} {name}")
    rare = counts.rare(LEAST) if arguments.count >= 60 and not failed else []
    for one in rare:
        print(f"occurred under {LEAST} times: {one}")
    what = "run" if arguments.run else "compiled"
    print(f"{arguments.count} programs {what}, {failed} failed, seed {arguments.seed}, {time.monotonic() - start:.1f} s")
    return 1 if failed or rare else 0


if __name__ == "__main__":
    sys.exit(main())
