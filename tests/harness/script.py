"""A test script: its text and the `// KEY: value` comments in it."""

import re
import shlex
from dataclasses import dataclass

# A line may hold several remarks, one behind the other.
KEY = re.compile(r"//\s*([A-Z][A-Z_]*)(?:\((\d+)\))?:(?: (.*?))?(?=$|\s+// [A-Z][A-Z_]*(?:\(\d+\))?: )")


@dataclass
class Remark:
    key: str
    value: str
    line: int  # that it is about: the one that it stands on, or N of KEY(N)
    place: int  # where it stands


class Script:
    def __init__(self, path):
        self.path = path
        self.lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        self.remarks = []
        for number, line in enumerate(self.lines, 1):
            for key, about, value in KEY.findall(line):
                self.remarks.append(Remark(key, value, int(about or number), number))

    def all(self, key):
        return [remark.value for remark in self.remarks if remark.key == key]

    def get(self, key, default=""):
        return (self.all(key) or [default])[0]

    def words(self, key):
        """All the words of all the remarks of that key, quoted as in a shell."""
        return [word for value in self.all(key) for word in shlex.split(value)]

    def environment(self):
        return dict(word.split("=", 1) for word in self.words("ENV"))

    def unknown_keys(self, known):
        return sorted({remark.key for remark in self.remarks} - set(known))
