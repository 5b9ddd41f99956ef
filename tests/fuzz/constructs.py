"""The table of constructs: what programs are made of, each with a weight.

A row says what kind of thing it makes ("int", "bool", "string", "tuple", "statement"), its name, how often it is tried,
and the function that makes it, or returns None where it cannot. The run counts what was made.
"""

from collections import Counter
from dataclasses import dataclass

# Constructs that are refused for now; a row is taken out when what it names works.
NOT_YET = set()


@dataclass(frozen=True)
class Row:
    kind: str
    name: str
    weight: float
    make: object


ROWS = []


def construct(kind, *names, weight=1.0):
    """Registers a function under each of the names, which it is given when it has several."""

    def register(make):
        for name in names:
            bound = make if len(names) == 1 else lambda g, depth, name=name: make(g, depth, name)
            ROWS.append(Row(kind, name, weight / len(names) if kind != "statement" else weight, bound))
        return make

    return register


def enabled(kind=None):
    return [row for row in ROWS if row.name not in NOT_YET and kind in (None, row.kind)]


class Counts(Counter):
    def rare(self, least):
        return [f"{row.kind} {row.name}: {self[row.kind, row.name]}" for row in enabled() if self[row.kind, row.name] < least]
