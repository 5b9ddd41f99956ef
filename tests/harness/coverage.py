"""Which builtins and functions have tests that check what they give, on which kernels: those of tests/live on this one, and
those that run under QEMU on Debian's. One without any fails. Prints the list."""

import ast
import os
import re

from . import common, generated, live, vm
from .script import Script

GUEST = "6.1"


def names_of(context):
    return [line.split("\t", 1)[0] for line in generated.generate(context, "examples").splitlines()]


def text_of(path):
    """What a test runs and whether it looks at the outcome."""
    text = path.read_text(errors="replace")
    if path.suffix == ".py":
        texts = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        return "\n".join(texts), "expect(" in text
    script = live.target(path, Script(path))
    if script != path:
        text += script.read_text(errors="replace")
    lines = text.split("\n")
    checks = any(re.match(r"// (EXPECT|EXPECT_RE|EXPECT_ERR|EXPECT_ERR_RE|NOT|STATUS)\b", line) for line in lines)
    return "\n".join(line for line in lines if not line.lstrip().startswith("//")), checks


def words_of(paths):
    """Test → the words that it uses; those behind a dot are fields."""
    words = {}
    for path in paths:
        text, checks = text_of(path)
        if checks:
            words[path.name] = set(re.findall(r"(?<![\w.$@])[a-z_]\w*", text))
    return words


def tests_of(folder):
    paths = sorted((common.TESTS / folder).iterdir())
    return [path for path in paths if path.suffix == ".bt" or path.suffix == ".py" and path.name[0] != "_"]


def using(name, words):
    return [test for test, used in words.items() if name in used]


def check_coverage(context):
    here = words_of(tests_of("live"))
    guest = words_of([*(common.TESTS / name for name in vm.live_names(False)), *tests_of("vm")])
    kernel = ".".join(os.uname().release.split(".")[:2])
    rows = {"both": [], "here": [], "guest": []}
    outcomes = []
    for name in names_of(context):
        counts = len(using(name, here)), len(using(name, guest))
        outcomes.append(context.outcome(f"coverage/{name}", "" if any(counts) else "no test of tests/live or tests/vm uses it"))
        if any(counts):
            rows["both" if all(counts) else "here" if counts[0] else "guest"].append(f"{name} {counts[0]}+{counts[1]}")
    titles = {"both": f"on {kernel} and {GUEST}", "here": f"on {kernel} alone", "guest": f"on {GUEST} alone"}
    for row, title in titles.items():
        print(f"functions with tests {title} (how many on each): {', '.join(rows[row]) or 'none'}")
    return outcomes


def collect(context):
    return [lambda: check_coverage(context)] if context.wants("coverage") or context.arguments.filter.startswith("coverage") else []
