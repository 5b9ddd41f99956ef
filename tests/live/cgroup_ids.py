"""cgroupid() and cgroup_path(): ids of folders, and the way back."""

import os
from pathlib import Path

from _sonde import Skip, check, expect, main, run


def unified():
    """Where the hierarchy of version 2 is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        words = line.split()
        if words[2] == "cgroup2":
            return Path(words[1])
    raise Skip("no cgroup2 is mounted")


@check
def an_id_is_that_of_its_folder():
    root = unified()
    folder = next((path for path in root.iterdir() if path.is_dir()), root)
    program = f'BEGIN {{ print(cgroupid("{folder}")); print(cgroup_path(cgroupid("{folder}"), "unified")); exit(); }}'
    finished = run("-q", "-e", program)
    number, path = finished.stdout.split("\n")[:2]
    expect(int(number) == os.stat(folder).st_ino, f"{finished.stdout} {finished.stderr}")
    expect(path == f"unified:/{folder.relative_to(root)}".replace("/.", "/"), f"{path} {folder}")


@check
def other_folders_have_none():
    finished = run("-e", 'BEGIN { print(cgroupid("/tmp")); }')
    expect(finished.returncode == 1 and "cannot read the cgroup id of '/tmp'" in finished.stderr, finished.stderr)


main()
