"""getopt(): what the command line may say, and the script's own help."""

from _sonde import check, expect, main, run

SCRIPT = ('begin { printf("%d %s %d\\n", getopt("count", 10, "how many"), getopt("name", "x y"), getopt("all")); '
          "exit(); }")


def gives(output, *words):
    finished = run("-q", "-e", SCRIPT, *words)
    expect(finished.stdout == output, f"{words}: {finished.stdout!r} {finished.stderr}")


def refuses(message, *words):
    finished = run("-q", "-e", SCRIPT, *words)
    expect(finished.returncode == 1 and message in finished.stderr, f"{words}: {finished.stdout!r} {finished.stderr}")


@check
def values():
    gives("10 x y 0\n")
    gives("-3 x y 1\n", "--", "--count", "-3", "--all")
    gives("16 a=b 1\n", "--", "--count=0x10", "--name=a=b", "--all=true")
    gives("10  0\n", "--", "--name=", "--all=0")
    gives("10 x y 0\n", "--", "--", "--count=1")


@check
def mistakes():
    refuses("--count x: expected a number", "--", "--count=x")
    refuses("--count needs a number", "--", "--count")
    refuses("--all maybe: expected true or false", "--", "--all=maybe")
    refuses("unknown option --cuont, did you mean --count?; the script has --count --name --all", "--", "--cuont=1")
    finished = run("-e", "begin { exit(); }", "--", "--x")
    expect("unknown option --x: the script has none" in finished.stderr, finished.stderr)


@check
def help_of_the_script():
    finished = run("-e", SCRIPT, "--", "--help")
    expect(finished.returncode == 0, finished.stderr)
    for line in ("usage: sonde", "--count=NUMBER", "how many (default: 10)", '(default: "x y")', "--all "):
        expect(line in finished.stdout, f"no {line}: {finished.stdout}")


main()
