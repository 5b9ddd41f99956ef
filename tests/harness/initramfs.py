"""The root file system of the guest in harness/vm.py: a cpio archive ("newc", see the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst) of programs of this machine, with the libraries that ldd names.

It is not compressed: unpacking would take the emulated CPU longer than reading it.
"""

import fnmatch
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

# Parts of Python's library that no test needs: large ones, and those that bring large libraries along.
WITHOUT = """
    test tests idlelib lib2to3 tkinter turtledemo ensurepip pydoc_data site-packages dist-packages distutils unittest venv asyncio
    config-3* *.a *.opt-?.pyc _tkinter.* _ssl.* _hashlib.* _sqlite3.* _dbm.* _gdbm.* _curses* readline.* nis.* _crypt.* _test*
    _decimal.* _codecs_* pyexpat.* sqlite3 xml xmlrpc curses email multiprocessing http wsgiref dbm
""".split()


class Image:
    """Path in the guest → content, in the order in which they are added."""

    def __init__(self):
        self.entries = {}  # path without leading slash → (mode, bytes or Path)

    def folder(self, place):
        """A folder and those above it."""
        for parent in [*reversed(Path(place).parents), Path(place)]:
            if name := str(parent).strip("/."):
                self.entries.setdefault(name, (stat.S_IFDIR | 0o755, b""))

    def file(self, place, content, executable=False):
        """`content`: bytes, or the path of a file of this machine, whose rights count then."""
        self.folder(Path(place).parent)
        if isinstance(content, Path):
            executable = os.access(content, os.X_OK)
        self.entries[str(place).strip("/")] = (stat.S_IFREG | (0o755 if executable else 0o644), content)

    def link(self, place, target):
        self.folder(Path(place).parent)
        self.entries[str(place).strip("/")] = (stat.S_IFLNK | 0o777, str(target).encode())

    def device(self, place, major, minor):
        self.folder(Path(place).parent)
        self.entries[str(place).strip("/")] = (stat.S_IFCHR | 0o600, (major, minor))

    def tree(self, place, root, without=()):
        """A folder of this machine, but for the names that a pattern in `without` fits."""
        for current, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not fits(name, without)]
            there = Path(place) / Path(current).relative_to(root)
            self.folder(there)
            for name in files:
                if not fits(name, without):
                    self.file(there / name, Path(current) / name)

    def programs(self, paths):
        """Programs (or shared objects) of this machine, each where it is here, and what they need to run."""
        for path in paths:
            self.file(path, Path(path).resolve())
        for library in libraries_of(paths):
            self.file(library, Path(library).resolve())

    def write(self, to):
        with open(to, "wb") as out:
            for number, (place, (mode, content)) in enumerate(self.entries.items(), 1):
                write_entry(out, number, place, mode, content)
            write_entry(out, 0, "TRAILER!!!", 0, b"")


def fits(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def write_entry(out, inode, place, mode, content):
    major, minor = content if stat.S_ISCHR(mode) else (0, 0)
    data = b"" if stat.S_ISCHR(mode) else content.read_bytes() if isinstance(content, Path) else content
    name = place.encode() + b"\0"
    # With its time, for Python believes a compiled module only if that has the source's.
    time = int(content.stat().st_mtime) if isinstance(content, Path) else 0
    fields = [inode, mode, 0, 0, 1, time, len(data), 0, 0, major, minor, len(name), 0]
    out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
    out.write(bytes(-out.tell() % 4))
    out.write(data)
    out.write(bytes(-out.tell() % 4))


def libraries_of(paths):
    """The shared libraries of these programs and their loader, by ldd, at the places where they are looked for."""
    found = subprocess.run(["ldd", *map(str, paths)], capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"^\t(?:\S+ => )?(/\S+) \(0x", found, re.M)))


def add_python(image):
    """The interpreter that runs this, and its library."""
    interpreter, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    image.tree(library, library, WITHOUT)
    extensions = [path for path in (library / "lib-dynload").glob("*.so") if not fits(path.name, WITHOUT)]
    image.programs([interpreter, *extensions])
    if "usr/bin/python3" not in image.entries:
        image.link("/usr/bin/python3", interpreter)


def add_tools(image, names):
    """Programs by name, from the search path, in /usr/bin; those that this machine lacks are left out."""
    there = [Path(path) for name in names if (path := shutil.which(name))]
    for path in there:
        image.file(Path("/usr/bin") / path.name, path.resolve())
    for library in libraries_of(there):
        image.file(library, Path(library).resolve())
