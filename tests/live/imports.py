"""Imports that are refused, and messages in imported files."""

import os

from _sonde import check, expect, main, run


def refused(folder, text, *messages):
    script = folder / "script.bt"
    script.write_text(text)
    finished = run(script)
    expect(finished.returncode == 1, f"status {finished.returncode}: {finished.stdout}")
    for message in messages:
        expect(message in finished.stderr, f"no {message!r} in: {finished.stderr}")


@check
def errors_name_both_places(folder):
    (folder / "bad.bt").write_text("begin {\n  $x = nosuch;\n}\n")
    (folder / "middle.bt").write_text('\nimport "bad.bt";\n')
    refused(folder, 'import "middle.bt";\n', f"{folder}/bad.bt:2:8: error: unknown name 'nosuch'",
            f"{folder}/middle.bt:2:1: note: imported here", "script.bt:1:1: note: imported here")


@check
def syntax_errors_too(folder):
    (folder / "bad.bt").write_text("begin { ( }\n")
    refused(folder, 'import "bad.bt";\nbegin { exit(); }', "bad.bt:1:11: error", "script.bt:1:1: note: imported here")


@check
def c_errors_point_at_the_import(folder):
    (folder / "bad.h").write_text("struct { int x; } ) ;\n")
    refused(folder, 'import "bad.h";\nbegin { exit(); }', "error", "bad.h")


@check
def what_cannot_be_imported(folder):
    (folder / "text.txt").write_text("")
    (folder / "empty").mkdir()
    refused(folder, 'import "no.bt";\nbegin { }', "script.bt:1:1: error: cannot find no.bt [bad-import]", "hint: imports are")
    refused(folder, 'import "text.txt";\nbegin { }', "of no kind that can be imported", "hint: scripts end in .bt")
    refused(folder, 'import "empty";\nbegin { }', "holds nothing to import")
    refused(folder, 'import "";\nbegin { }', "the path of an import is empty")


@check
def folders_that_everybody_may_write_to(folder):
    open_folder = folder / "open"
    open_folder.mkdir()
    (open_folder / "lib.bt").write_text("begin { exit(); }\n")
    open_folder.chmod(0o777)
    refused(folder, 'import "open/lib.bt";\n', "is not imported, since everybody may put files into", "hint: chmod o-w")
    refused(folder, 'import "open";\n', "everybody may put files into")
    open_folder.chmod(0o755)
    (open_folder / "lib.bt").chmod(0o666)
    refused(folder, 'import "open/lib.bt";\n', "everybody may write to")
    os.symlink(open_folder / "lib.bt", folder / "link.bt")
    refused(folder, 'import "link.bt";\n', "everybody may write to")


@check
def include_dirs_are_looked_into(folder):
    (folder / "lib").mkdir()
    (folder / "lib" / "found.bt").write_text('begin { printf("found\\n"); exit(); }\n')
    finished = run("-q", "-I", folder / "lib", "-e", 'import "found.bt";')
    expect(finished.stdout == "found\n", f"{finished.stdout} {finished.stderr}")


main()
