"""Random programs that are well-typed, and mean something.

Each program is made from a seed of its own and dwells on a few constructs, so that all of them occur in a short run.
"""

import random
from contextlib import contextmanager

from . import expressions
from . import statements as _statements  # noqa: F401, registers its constructs
from .constructs import Counts, enabled
from .tree import (
    BOOL,
    I64,
    INTS,
    STRING,
    U64,
    Aggregate,
    Assign,
    Body,
    Cast,
    Conversion,
    Element,
    Exit,
    ForMap,
    Int,
    Map,
    Number,
    Printf,
    PrintMap,
    Program,
    Read,
    Text,
    Truth,
    TupleType,
    Variable,
)

FOCUS = 12  # how much more often the constructs that a program dwells on are tried
END_MARK = "=="


class Generator:
    def __init__(self, seed, index, counts=None):
        self.rng = random.Random(f"{seed} {index}")
        self.counts = Counts() if counts is None else counts
        self.scopes = [[]]
        self.maps = []
        self.parameters = []
        self.effects = True
        self.repeats = 1
        self.loops = 0
        self.names = 0
        rows = enabled()
        focus = {id(rows[(index * 3 + step) % len(rows)]) for step in range(3)}
        self.tables = {}
        for kind in {row.kind for row in rows}:
            mine = enabled(kind)
            self.tables[kind] = mine, [row.weight * (FOCUS if id(row) in focus else 1) for row in mine]

    def random(self):
        return self.rng.random()

    def choice(self, sequence):
        return self.rng.choice(sequence)

    # --- constructs

    def make(self, kind, depth):
        rows, weights = self.tables[kind]
        while True:
            row = self.rng.choices(rows, weights)[0]
            made = row.make(self, depth)
            if made is not None:
                self.counts[row.kind, row.name] += 1
                return made

    def make_name(self, kind):
        return self.make(kind, 0)

    # --- scopes

    @contextmanager
    def scope(self):
        self.scopes.append([])
        yield
        self.scopes.pop()

    @contextmanager
    def pure(self):
        before, self.effects = self.effects, False
        yield
        self.effects = before

    @contextmanager
    def looping(self, count):
        """Inside a loop of so many rounds."""
        before, self.repeats = self.repeats, self.repeats * max(count, 1)
        self.loops += 1
        yield
        self.loops -= 1
        self.repeats = before

    def visible(self, kind=object):
        """Variables by their names, the innermost of each."""
        known = {one.name: one for scope in self.scopes for one in scope}
        return [one for one in known.values() if isinstance(one.type, kind)]

    def writable(self, kind=object):
        return [one for one in self.visible(kind) if not one.fixed]

    def tuple_elements(self):
        return [expressions.element(self, one, 2) for one in self.maps if isinstance(one.type, TupleType)]

    def declare(self, kind, declared=False, loose=False, name=None):
        self.names += 1
        variable = Variable(name or f"{self.choice('abcxyz')}{self.names}", kind, declared, loose)
        self.scopes[-1].append(variable)
        return variable

    def any_type(self):
        kind = self.choice(["int", "int", "int", "bool", "string", "string", "tuple"])
        if kind == "int":
            return self.choice([*INTS, I64, U64])
        return {"bool": BOOL, "string": STRING}.get(kind) or self.tuple_type()

    def tuple_type(self, depth=2):
        if self.random() < 0.5 and (known := self.visible(TupleType)):
            return self.choice(known).type
        kinds = [*INTS, BOOL, STRING, STRING]
        size = self.rng.randint(1, 3)
        deeper = lambda: self.tuple_type(depth - 1) if depth and self.random() < 0.2 else self.choice(kinds)  # noqa: E731
        return TupleType(tuple(deeper() for _ in range(size)))

    # --- statements

    def statements(self, count, depth):
        return [self.make("statement", depth) for _ in range(count)]

    def block(self, depth):
        with self.scope():
            return self.statements(self.rng.randint(1, 4), depth)

    # --- programs

    def program(self):
        self.parameters = [self.choice([7, 300, -5, 2**40, "word", "a b", "c"]) for _ in range(self.rng.randint(0, 3))]
        self.make_maps()
        bodies = [Body("begin", [self.first_value(one) for one in self.maps])]
        bodies += [self.body() for _ in range(self.rng.randint(1, 3))]
        bodies.append(Body("BEGIN", self.finale()))
        bodies.append(Body("begin", [Printf([Conversion(END_MARK + "\n")], []), Exit()]))
        return Program(bodies, self.maps, self.parameters)

    def make_maps(self):
        key_types = [(), (I64,), (STRING,), (self.choice(INTS),), (self.choice(INTS), STRING), (self.tuple_type(),), (BOOL, U64)]
        value_types = [I64, U64, self.choice(INTS), BOOL, STRING, self.tuple_type(), self.choice(INTS)]
        for number, kind in enumerate(value_types):
            self.maps.append(Map(f"m{number}", self.choice(key_types), kind))
        for number, name in enumerate(["count", "sum", "sum", "min", "max", "avg", "stats", "hist", "hist", "lhist"]):
            limits = ()
            if name == "hist" and number % 2:
                # TODO: up to 5; the kernel may not have room at once for the second key of so large a value.
                limits = (self.rng.randint(1, 3),)
            if name == "lhist":
                low = self.rng.randint(-20, 20)
                limits = (low, low + self.rng.randint(1, 200), self.rng.randint(1, 20))
            kind = I64 if name in ("count", "hist", "lhist") else self.choice([I64, U64])
            self.maps.append(Map(f"g{number}", self.choice(key_types), kind, name, limits))

    def first_value(self, which):
        """Decides the types of a map's keys and values."""
        target = Element(which, tuple(self.plain(kind) for kind in which.keys))
        if which.aggregation:
            return Aggregate(target, None if which.aggregation == "count" else self.plain(which.type), pins=True)
        return Assign(target, self.plain(which.type), pins=True)

    def plain(self, kind):
        if isinstance(kind, Int):
            return Cast(kind, Number(value := self.rng.randint(0, 5), str(value)))
        if isinstance(kind, TupleType):
            return expressions.MakeTuple(tuple(self.plain(one) for one in kind.elements))
        return Truth(True) if kind == BOOL else Text(self.choice(expressions.WORDS))

    def body(self):
        self.scopes = [[]]
        made = self.statements(self.rng.randint(4, 14), 3)
        made.append(self.show(self.visible()))
        predicate = None
        if self.random() < 0.2:
            self.scopes = [[]]
            with self.pure():
                predicate = expressions.condition(self, 2)
            predicate = None if "/" in str(predicate) else predicate
        return Body(self.choice(["begin", "BEGIN"]), made, predicate)

    def show(self, variables):
        """A line with the values of all that is visible."""
        form, arguments = [Conversion("end:")], []
        for one in variables[:20]:
            form += [Conversion(" "), Conversion(letter="s")]
            arguments.append(Read(one))
        return Printf([*form, Conversion("\n")], arguments)

    def finale(self):
        """What the tracer does to whole maps, when nothing changes them any more."""
        made = []
        for which in self.maps:
            for _ in range(self.rng.randint(0, 2)):
                made.append(self.whole(which))
        return made or [self.show([])]

    def whole(self, which):
        name = self.make_whole(which)
        if name == "print-top":
            return PrintMap(which, self.rng.randint(1, 3))
        if name == "print-divided":
            return PrintMap(which, self.rng.randint(1, 5), self.rng.randint(1, 100))
        return ForMap(name, which) if name in ("zero", "clear") else PrintMap(which)

    def make_whole(self, which):
        name = self.make("whole-map", 0)
        # TODO: a keyless aggregation that was zeroed is not shown at the end, other zeroed maps are.
        is_open = not which.keys and (name == "print-top" or (name == "zero" and which.aggregation))
        return "print-map" if is_open else name


expressions.construct("whole-map", "print-map", "print-top", "print-divided", "zero", "clear", weight=5)(lambda g, depth, name: name)
