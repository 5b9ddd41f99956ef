"""Rules between the rooms: what one may include and link, that a runtime is free of the compiler, ids, paths in docs."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from . import common

# Room → rooms whose headers it may include; the rule of docs/architecture.md.
MAY_INCLUDE = {
    "base": [],
    "image": ["base"],
    "parser": ["base"],
    "kernel": ["base"],
    "cheaders": ["base"],
    "sema": ["base", "image", "parser", "kernel", "cheaders"],
    "codegen": ["base", "image", "parser", "kernel", "cheaders", "sema"],
    "builtins": ["base", "image", "parser", "kernel", "cheaders", "sema", "codegen"],
    "probes": ["base", "image", "parser", "kernel", "cheaders", "sema"],
    "symbols": ["base", "image", "kernel"],
    "runtime": ["base", "image", "kernel"],
    "output": ["base", "image"],
    "doctor": ["base", "image", "kernel", "runtime"],
    "stdlib": ["base"],
}
# The rooms that must never be on the runtime's link line, nor LLVM.
COMPILER = ("parser", "cheaders", "sema", "codegen", "builtins", "probes")
RUNTIME = ("runtime", "symbols", "output")


def check_includes(context):
    problems = []
    for room, allowed in MAY_INCLUDE.items():
        for path in sorted((common.ROOT / "src" / room).rglob("*")):
            if path.suffix not in (".h", ".cpp", ".yy", ".l", ".y"):
                continue
            for included in re.findall(r'^#include "(\w+)/', path.read_text(), re.M):
                if included != room and included not in allowed:
                    problems.append(f"{path.relative_to(common.ROOT)} includes {included}/")
    return [context.outcome("links/includes", f"{len(problems)} headers of other rooms" if problems else "",
                            "\n".join(problems))]


def link_graph(build):
    """Target → what it links, from CMake."""
    with tempfile.TemporaryDirectory() as folder:
        dot = Path(folder) / "links.dot"
        subprocess.run(["cmake", f"--graphviz={dot}", str(build)], check=True, capture_output=True)
        text = dot.read_text()
    names = dict(re.findall(r'^\s*"(\w+)" \[ label = "([^"\\]+)', text, re.M))
    graph = {}
    for source, target in re.findall(r'^\s*"(\w+)" -> "(\w+)"', text, re.M):
        graph.setdefault(names.get(source, source), set()).add(names.get(target, target))
    return graph


def reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        for target in graph.get(todo.pop(), ()):
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def check_graph(context):
    graph = link_graph(context.build)
    problems = []
    for room in RUNTIME:
        for target in sorted(reachable(graph, f"sonde_{room}")):
            if target.removeprefix("sonde_") in COMPILER or "llvm" in target.lower() or "clang" in target.lower():
                problems.append(f"sonde_{room} links {target}")
    if "sonde_base" not in reachable(graph, "sonde_runtime"):
        problems.append("the graph of CMake is not understood: sonde_runtime does not reach sonde_base")
    return [context.outcome("links/graph", f"{len(problems)} links too many" if problems else "", "\n".join(problems))]


def check_binary(context):
    """tests/links/runtime_only.cpp links the runtime's rooms alone, so its symbols show what they bring along."""
    program = context.build / "bin" / "runtime_only"
    if not program.exists():
        return [context.outcome("links/binary", f"{program} is not built")]
    libraries = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    symbols = subprocess.run(["nm", "--demangle", str(program)], capture_output=True, text=True, check=True).stdout
    problems = [f"ldd: {line.strip()}" for line in libraries.split("\n") if re.search("LLVM|clang", line)]
    compiler = re.compile(rf"\b(llvm::|LLVM|clang_|sonde::({'|'.join(COMPILER)})::)")
    problems += [f"nm: {line}" for line in symbols.split("\n") if compiler.search(line)]
    return [context.outcome("links/binary", f"{len(problems)} traces of the compiler" if problems else "",
                            "\n".join(problems[:40]))]


def check_ids(context):
    """A diagnostic's id means one thing: no two rooms declare the same."""
    homes = {}
    for path in sorted((common.ROOT / "src").rglob("diagnostic_ids.h")):
        for name in re.findall(r'DiagnosticId k\w+\{"([^"]+)"\}', path.read_text()):
            homes.setdefault(name, []).append(str(path.relative_to(common.ROOT)))
    problems = [f"{name}: {', '.join(places)}" for name, places in homes.items() if len(places) > 1]
    problem = f"{len(problems)} ids are declared twice" if problems else "" if homes else "no ids were found"
    return [context.outcome("links/ids", problem, "\n".join(problems))]


def check_paths_in_docs(context):
    """Paths that README and docs name exist."""
    problems = []
    for page in [common.ROOT / "README.md", *sorted((common.ROOT / "docs").glob("*.md"))]:
        named = re.findall(r"\b(?:src|tests|tools|docs|bench|cmake)/[\w./-]*\w", page.read_text())
        for path in sorted(set(named)):
            if not (common.ROOT / path).exists() and not re.search("ROOM|STEP", path):
                problems.append(f"{page.name} names {path}")
    return [context.outcome("links/docs", f"{len(problems)} paths do not exist" if problems else "",
                            "\n".join(problems))]


def check_probe_table(context):
    """docs/probes.md is what its generator makes of the descriptors and tests as they are."""
    finished = common.run([sys.executable, str(common.ROOT / "docs" / "probes.py"), "--check"], 20, {})
    return [context.outcome("links/probes", finished.stderr.strip() if finished.status else "")]


def collect(context):
    checks = {
        "links/includes": check_includes,
        "links/graph": check_graph,
        "links/binary": check_binary,
        "links/ids": check_ids,
        "links/docs": check_paths_in_docs,
        "links/probes": check_probe_table,
    }
    return [lambda check=check: check(context) for name, check in checks.items() if context.wants(name)]
