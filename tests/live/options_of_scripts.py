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
    gives("50000000 x y 0\n", "--", "--count=50ms")
    gives("1000 x y 0\n", "--", "--count=1e3")
    gives("10 x y 0\n", "--", "--count", "010")
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


@check
def letters():
    script = ('begin { printf("%d %s %d %d\\n", getopt("count,c", 10, "how many"), getopt("name,n", "x"), '
              'getopt("all,a"), getopt("more,m")); exit(); }')

    def letters_give(output, *words):
        finished = run("-q", "-e", script, "--", *words)
        expect(finished.stdout == output, f"{words}: {finished.stdout!r} {finished.stderr}")

    letters_give("10 x 1 1\n", "-am")
    letters_give("5 y 0 1\n", "-mc5", "-n", "y")
    letters_give("5 -y 0 0\n", "--count=5", "-n-y")
    finished = run("-q", "-e", script, "--", "-z")
    expect(finished.returncode == 1 and "unknown option -z" in finished.stderr, finished.stderr)
    expect("-c, --count=NUMBER" in run("-e", script, "--", "--help").stdout, "no letter in the help")


main()
