"""What is made from the tables of the program: pages and completions are current, every example compiles."""

import re
import subprocess

from . import common

# What `sonde --generate PAGE` prints, and the file that holds it.
PAGES = {
    "stdlib": "docs/stdlib.md",
    "man": "docs/sonde.8",
    "bash": "completions/sonde.bash",
    "zsh": "completions/_sonde",
}


# What a machine may lack that an example needs.
LACKING = ("CONFIG_KALLSYMS_ALL is off", "not supported yet", "unknown-probe", "probe-unavailable", "cannot read the cgroup id")


def generate(context, page):
    return subprocess.run([context.sonde, "--generate", page], capture_output=True, text=True, check=True).stdout


def check_page(context, page):
    path = common.ROOT / PAGES[page]
    text = generate(context, page)
    if context.arguments.update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    is_current = path.exists() and path.read_text() == text
    problem = "" if is_current else f"{PAGES[page]} is not what the program prints; ./dev test generated --update"
    return [context.outcome(f"generated/{page}", problem)]


def check_examples(context):
    """Checked against this kernel: a machine may lack a tracepoint, but no word of an example may be wrong."""
    outcomes = []
    for line in generate(context, "examples").splitlines():
        name, example = line.split("\t", 1)
        if not example:
            continue
        command = [context.sonde, "--unsafe", "--emit", "ir", "-e", example]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        lacks = any(words in finished.stderr for words in LACKING)
        problem = "" if finished.returncode == 0 or lacks else f"its example does not compile: {example}"
        outcomes.append(context.outcome(f"generated/example-{name}", problem, finished.stderr))
    return outcomes


def check_scripts(context, page):
    """The scripts that a page shows."""
    text = (common.ROOT / f"docs/{page}.md").read_text()
    outcomes = []
    for number, script in enumerate(re.findall(r"^```sonde\n(.*?)^```$", text, re.M | re.S), start=1):
        mode = ["--test"] if re.search(r"^test:", script, re.M) else []
        command = [context.sonde, *mode, "--emit", "ir", "-e", script]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        problem = "" if finished.returncode == 0 else f"script {number} of docs/{page}.md does not compile"
        outcomes.append(context.outcome(f"generated/{page}-{number}", problem, finished.stderr))
    return outcomes


def collect(context):
    checks = {f"generated/{page}": lambda page=page: check_page(context, page) for page in PAGES}
    checks["generated/examples"] = lambda: check_examples(context)
    checks |= {f"generated/{page}": lambda page=page: check_scripts(context, page) for page in ("language", "tutorial")}
    wanted = context.arguments.filter
    return [check for name, check in checks.items() if context.wants(name) or wanted.startswith(name)]
