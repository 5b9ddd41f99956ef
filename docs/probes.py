#!/usr/bin/env python3
"""Makes docs/probes.md of the descriptors in src/probes and of the tests that use them; with --check, says whether it is current."""

import fnmatch
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "probes.md"

HEAD = """# Probe types

Made by `docs/probes.py` of the descriptors in `src/probes` and the tests that use them; a test says when it is not current.

| probe | short | what | tested on this kernel | on 6.1 |
|---|---|---|---|---|
"""

FOOT = """
*This kernel* is the one that the tests run on: those of `tests/live`, and on the development machine a 6.18 under lockdown without
kprobes and trampolines. *6.1* is Debian's kernel in a guest: `tests/vm`, and those of `tests/live` that `tests/vm/live.txt` names.
Tests of refusals do not count. The processors and virtual machines of the tests count no hardware events.
"""


def descriptors():
    """Name, short names, spec and summary of each probe type, in the order of their names."""
    found = []
    for path in sorted((ROOT / "src" / "probes").glob("*.cpp")):
        text = path.read_text()
        shorts = {name: re.findall(r'"([^"]+)"', names) for name, names in re.findall(r"string_view (k\w+)\[\] = \{([^}]*)\}", text)}
        for body in re.findall(r"const sema::ProbeType k\w+\{(.*?)\};", text, re.S):
            value = dict(re.findall(r'\.(name|spec|summary) = "((?:[^"\\]|\\.)*)"', body))
            list_name = re.search(r"\.short_names = (k\w+)", body)
            found.append((value["name"], shorts[list_name[1]] if list_name else [], value["spec"], value["summary"]))
    return sorted(found)


def uses(text, names):
    """Whether a test's text has a probe of one of these names."""
    alternatives = "|".join(map(re.escape, names))
    if re.search(rf"(?m)(?:^|[\s,=\"'`])(?:{alternatives}):[\w*/$\"'{{]", text):
        return True
    return bool(re.search(rf"(?m)(?:^|[\s\"'])(?:{alternatives})\s*(?:\{{|/)", text)) and names[0] in ("begin", "end")


def refuses(text):
    return bool(re.search(r"(?m)^// STATUS: 1$", text)) and "EXPECT_ERR" in text


def tests():
    """Texts of the tests, on this kernel and on 6.1."""
    live = {path.name: path.read_text() for path in sorted((ROOT / "tests" / "live").iterdir()) if path.suffix in (".bt", ".py")}
    patterns = [line for line in (ROOT / "tests" / "vm" / "live.txt").read_text().split("\n") if line and line[0] != "#"]
    there = [text for name, text in live.items() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    vm = [path.read_text() for path in sorted((ROOT / "tests" / "vm").iterdir()) if path.suffix in (".bt", ".py")]
    return [text for text in live.values() if not refuses(text)], [text for text in [*there, *vm] if not refuses(text)]


def page():
    here, there = tests()
    rows = ""
    for name, shorts, spec, summary in descriptors():
        tested = ["yes" if any(uses(text, [name, *shorts]) for text in texts) else "–" for texts in (here, there)]
        spec = spec.replace("|", "\\|")
        rows += f"| `{spec}` | {' '.join(f'`{short}`' for short in shorts)} | {summary} | {tested[0]} | {tested[1]} |\n"
    return HEAD + rows + FOOT


def main():
    made = page()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text() == made:
            return 0
        print("docs/probes.md is not current: python3 docs/probes.py makes it anew", file=sys.stderr)
        return 1
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
