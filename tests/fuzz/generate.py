"""Random programs that are well-typed, and mean something.

Each program is made from a seed of its own and dwells on a few constructs, so that all of them occur in a short run.
"""

import random
from contextlib import contextmanager
from dataclasses import replace

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
    Macro,
    Map,
    Number,
    Parameter,
    Printf,
    PrintMap,
    Program,
    Read,
    RecordType,
    Text,
    Truth,
    TupleType,
    Variable,
)

FOCUS = 12  # how much more often the constructs that a program dwells on are tried
END_MARK = "=="
FIELD_NAMES = ["color", "size", "x", "y_2", "Name", "inner"]


class Generator:
    def __init__(self, seed, index, counts=None):
        self.rng = random.Random(f"{seed} {index}")
        self.counts = Counts() if counts is None else counts
        self.scopes = [[]]
        self.maps = []
        self.parameters = []
        self.macros = []
        self.macro_parameters = []  # of the macro that is being made
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
            try:
                made = row.make(self, depth)
            except IndexError:  # nothing to choose from, in a macro that is given few maps
                continue
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
        names = tuple(self.rng.sample(FIELD_NAMES, size)) if self.random() < 0.3 else ()
        deeper = lambda: self.tuple_type(depth - 1) if depth and self.random() < 0.2 else self.choice(kinds)  # noqa: E731
        elements = tuple(deeper() for _ in range(size))
        return RecordType(elements, names) if names else TupleType(elements)

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
        made = []
        for number in range(self.rng.randint(0, 3)):
            self.macros = made
            made = [*made, self.macro(number)]
        self.macros = made
        bodies = [Body("begin", [self.first_value(one) for one in self.maps])]
        bodies += [self.body() for _ in range(self.rng.randint(1, 3))]
        bodies.append(Body("BEGIN", self.finale()))
        bodies.append(Body("begin", [Printf([Conversion(END_MARK + "\n")], []), Exit()]))
        return Program(bodies, self.maps, self.macros, self.parameters)

    def make_maps(self):
        key_types = [(), (I64,), (STRING,), (self.choice(INTS),), (self.choice(INTS), STRING), (self.tuple_type(),), (BOOL, U64)]
        value_types = [I64, U64, self.choice(INTS), BOOL, STRING, self.tuple_type(), self.choice(INTS)]
        for number, kind in enumerate(value_types):
            self.maps.append(Map(f"m{number}", self.choice(key_types), kind))
        for number, name in enumerate(["count", "sum", "sum", "min", "max", "avg", "stats", "hist", "hist", "lhist"]):
            limits = ()
            if name == "hist" and number % 2:
                limits = (self.rng.randint(1, 5),)
            if name == "lhist":
                low = self.rng.randint(-20, 20)
                limits = (low, low + self.rng.randint(1, 200), self.rng.randint(1, 20))
            kind = I64 if name in ("count", "hist", "lhist") else self.choice([I64, U64])
            self.maps.append(Map(f"g{number}", self.choice(key_types), kind, name, limits))
        for one in self.maps:
            if one.keys and self.random() < 0.15:
                kinds = ["hash", "lruhash", "percpuhash", "percpulruhash"]
                one.declaration = f"{self.choice(kinds if one.aggregation else kinds[:2])}({self.rng.randint(2000, 5000)})"

    def macro(self, number):
        """It knows its parameters alone, and the macros before it that take no map."""
        self.scopes = [[]]
        all_maps, all_macros = self.maps, self.macros
        given = self.rng.sample(all_maps, self.rng.randint(0, 3))
        self.maps = [replace(one, name=f"p_{one.name}", declaration="") for one in given]
        self.macros = [one for one in all_macros if not one.maps]
        parameters = [Parameter(f"e{index}") for index in range(self.rng.randint(0, 2))]
        if self.random() < 0.4:
            parameters.insert(self.rng.randint(0, len(parameters)), self.declare(self.choice(INTS), declared=True))
        self.macro_parameters = [one for one in parameters if isinstance(one, Parameter)]
        self.effects = any(isinstance(one, Variable) for one in parameters) or self.random() < 0.3
        statements = self.statements(self.rng.randint(1, 2), 0) if self.effects else []
        value = expressions.exact(self, self.choice(INTS), 3)  # a literal would stay one where it is called
        made = Macro(f"macro_{number}", [*self.maps, *parameters], statements, value, not self.effects, given)
        self.macro_parameters, self.effects, self.maps = [], True, all_maps
        return made

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
            return expressions.MakeTuple(tuple(self.plain(one) for one in kind.elements), expressions.names_of(kind))
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
                if not which.keys and isinstance(made[-1] if made else None, ForMap) and made[-1].map is which:
                    break  # TODO: a keyless map that was cleared and then zeroed is shown, as 0
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
        return name if which.keys or name != "print-top" else "print-map"


expressions.construct("whole-map", "print-map", "print-top", "print-divided", "zero", "clear", weight=5)(lambda g, depth, name: name)
