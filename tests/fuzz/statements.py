"""Random statements."""

from contextlib import nullcontext

from . import expressions
from .constructs import construct
from .rules import aggregate_type, literal_value, operation_type, type_of
from .tree import (
    BOOL,
    I64,
    INTS,
    STRING,
    U64,
    Aggregate,
    Assign,
    Binary,
    Block,
    Break,
    Cast,
    Continue,
    Conversion,
    Delete,
    Element,
    Evaluate,
    ForElements,
    ForRange,
    If,
    IncDec,
    Int,
    Let,
    Print,
    Printf,
    Read,
    Return,
    Text,
    Ternary,
    TupleType,
    Unroll,
    While,
)

# --- variables


@construct("statement", "first-assignment", weight=4)
def first_assignment(g, depth):
    kind = g.any_type()
    value = expressions.exact(g, kind, 3)
    return Assign(g.declare(kind), value, pins=True)


@construct("statement", "let", weight=2)
def let(g, depth):
    kind = g.any_type()
    value = expressions.exact(g, kind, 3)
    return Let(g.declare(kind), value)


@construct("statement", "let-literal", weight=1)
def let_literal(g, depth):
    value = expressions.decimal(expressions.number(g))
    return Let(g.declare(I64, loose=True), value)


@construct("statement", "let-typed", weight=3)
def let_typed(g, depth):
    kind = g.choice(INTS)
    value = declared_value(g, kind, 3)
    return Let(g.declare(kind, declared=True), value)


@construct("statement", "let-unassigned", weight=1)
def let_unassigned(g, depth):
    return Let(g.declare(g.choice([*INTS, BOOL]), declared=True))


@construct("statement", "let-shadowing", weight=2)
def let_shadowing(g, depth):
    outer = [one for scope in g.scopes[:-1] for one in scope if one.name not in {own.name for own in g.scopes[-1]}]
    if not outer:
        return None
    kind = g.choice(INTS)
    value = expressions.exact(g, kind, 2)
    return Let(g.declare(kind, name=g.choice(outer).name), value)


def declared_value(g, kind, depth):
    """Any integer, but a literal must fit, also where it is one side of a ternary."""
    made = expressions.any_number(g, depth)
    return made if literals_fit(made, kind) else Cast(kind, made)


def literals_fit(expr, kind):
    if isinstance(expr, Ternary):
        return literals_fit(expr.then, kind) and literals_fit(expr.other, kind)
    value = literal_value(expr)
    return value is None or kind.holds(value)


@construct("statement", "assignment", weight=4)
def assignment(g, depth):
    variables = g.writable()
    if not variables:
        return None
    variable = g.choice(variables)
    return Assign(variable, value_for(g, variable))


def value_for(g, variable):
    if variable.loose:
        return expressions.exact(g, I64, 3)
    if variable.declared and isinstance(variable.type, Int):
        return declared_value(g, variable.type, 3)
    return expressions.fitting(g, variable.type, 3)


COMPOUND = expressions.NAMES


@construct("statement", *(f"compound-{name}" for name in COMPOUND), weight=3)
def compound(g, depth, name):
    op = COMPOUND[name.removeprefix("compound-")]
    # What is assigned makes a variable without a declared type wider, or signed.
    variables = [one for one in g.writable(Int) if one.declared or one.type in (I64, U64)]
    if not variables:
        return None
    variable = g.choice(variables)
    value = expressions.any_number(g, 3)
    value = expressions.divisor(g, value) if op in "/%" else value
    if variable.type == U64 and operation_type(op, Read(variable), value) != U64:
        value = Cast(U64, value)
    return Assign(variable, value, op)


@construct("statement", *(f"compound-map-{name}" for name in COMPOUND), weight=0.7)
def compound_map(g, depth, name):
    op = COMPOUND[name.removeprefix("compound-map-")]
    maps = [one for one in g.maps if one.type in (I64, U64) and not one.aggregation]
    which = g.choice(maps)
    with g.pure():
        value = expressions.integer(g, 3)
        value = expressions.divisor(g, value) if op in "/%" else value
        target = expressions.element(g, which, 2)
    if which.type == U64 and operation_type(op, target, value) != U64:
        value = Cast(U64, value)
    return Assign(target, value, op)


@construct("statement", "count-up-and-down", weight=2)
def counting(g, depth):
    made = expressions.increment(g, depth, g.choice(["pre-increment", "post-increment", "pre-decrement", "post-decrement"]))
    return None if made is None else Evaluate(made)


@construct("statement", "discard", weight=0.7)
def discard(g, depth):
    return Evaluate(expressions.integer(g, 2), discard=True)


# --- maps


@construct("statement", "map-assignment", weight=4)
def map_assignment(g, depth):
    which = g.choice([one for one in g.maps if not one.aggregation])
    with g.pure():
        return Assign(expressions.element(g, which, 2), expressions.fitting(g, which.type, 3))


@construct("statement", *"count sum min max avg stats hist hist-bits lhist".split(), weight=1)
def aggregation(g, depth, name):
    wanted = name.removesuffix("-bits")
    maps = [one for one in g.maps if one.aggregation == wanted and (wanted != "hist" or bool(one.limits) == ("-" in name))]
    if not maps:
        return None
    which = g.choice(maps)
    with g.pure():
        target = expressions.element(g, which, 2)
        value = None if wanted == "count" else aggregated_value(g, which)
    if f"has_key({which}" in str(value):
        return None  # whether the element is there while its own value is computed is left open
    return Aggregate(target, value)


def aggregated_value(g, which):
    value = expressions.integer(g, 3)
    if which.aggregation in ("hist", "lhist"):
        return value
    if which.type == U64 and (literal_value(value) is not None or type_of(value).signed):
        return Cast(g.choice([kind for kind in INTS if not kind.signed]), value)
    return value


@construct("statement", "delete", "delete-in-brackets", weight=1)
def delete(g, depth, name):
    which = g.choice([one for one in g.maps if one.keys])
    with g.pure():
        return Delete(expressions.element(g, which, 2), name == "delete")


# --- output


@construct("statement", "print-int", "print-bool", "print-string", "print-tuple", weight=1)
def print_value(g, depth, name):
    make = {"int": expressions.integer, "bool": expressions.boolean, "string": expressions.string}.get(name[6:])
    value = make(g, 3) if make else g.make("tuple", 3)
    if isinstance(value, Element) and not value.keys:
        return None  # that prints the map
    return Print(value)


@construct("statement", "printf", weight=5)
def printf(g, depth):
    letters = [g.make_name("conversion").removeprefix("%") for _ in range(g.rng.randint(1, 4))]
    form, arguments = [], []
    # Text is read when all numbers are; what that order changes is left open.
    with g.pure() if "s" in letters else nullcontext():
        for letter in letters:
            form.append(Conversion(g.choice(["", " ", "|", "x=", "100% "])))
            step, values = conversion(g, letter)
            form.append(step)
            arguments += values
    return Printf([*form, Conversion("\n")], arguments)


def conversion(g, letter):
    flags = "".join(flag for flag in FLAGS[letter] if g.random() < 0.25)
    width, values = extent(g, letter)
    precision, more = extent(g, letter) if letter not in "cp" else (None, [])
    length = g.choice(["", "", "hh", "h", "l", "ll", "j", "z", "t"]) if letter in "diuxXo" else ""
    return Conversion("", flags, width, precision, length, letter), [*values, *more, argument(g, letter)]


FLAGS = {**dict.fromkeys("di", "-+ 0"), "u": "-0", **dict.fromkeys("xXo", "-#0"), **dict.fromkeys("pcs", "-")}


@construct("conversion", *(f"%{letter}" for letter in FLAGS), weight=9)
def conversion_name(g, depth, name):
    return name


def extent(g, letter):
    """A width or a precision, and the argument that it takes."""
    if g.random() < 0.6:
        return None, []
    if g.random() < 0.7:
        return g.rng.randint(1, 20), []
    with g.pure():
        small = Binary("&", expressions.integer(g, 2), expressions.decimal(15))
    return "*", [g.choice([expressions.decimal(g.rng.randint(-9, 12)), small])]


def argument(g, letter):
    if letter == "s":
        return g.choice([expressions.string, expressions.integer, expressions.boolean, lambda g, depth: g.make("tuple", depth)])(g, 3)
    if letter == "c":
        return Binary("+", Binary("&", expressions.integer(g, 2), expressions.decimal(31)), expressions.decimal(65))
    return expressions.any_number(g, 3) if letter != "p" else expressions.integer(g, 3)


# --- control


@construct("statement", "if", "if-else", "else-if", weight=1.5)
def branch(g, depth, name):
    if depth < 1:
        return None
    condition = expressions.condition(g, 3)
    then = g.block(depth - 1)
    if name == "if":
        return If(condition, then)
    other = [If(expressions.condition(g, 2), g.block(depth - 1), g.block(depth - 1))] if name == "else-if" else g.block(depth - 1)
    return If(condition, then, other)


@construct("statement", "unroll", weight=1)
def unroll(g, depth):
    if depth < 1 or g.repeats > 8:
        return None
    count = g.rng.randint(1, 4)
    with g.looping(count):
        return Unroll(count, g.block(depth - 1))


# --- loops


@construct("statement", "while", weight=1)
def while_loop(g, depth):
    """Counted by a variable that nothing else writes, so that it ends."""
    if depth < 1 or g.repeats > 20:
        return None
    rounds = g.rng.randint(0, 5)
    with g.scope():
        counter = g.declare(g.choice(INTS), declared=True)
        counter.fixed = True
        start = Let(counter, expressions.decimal(0))
        counted = Binary("<", IncDec("++", False, Read(counter)), expressions.decimal(rounds))
        condition = g.choice([counted, Binary("&&", counted, expressions.condition(g, 2))])
        with g.looping(rounds):
            return Block([start, While(condition, g.block(depth - 1))])


@construct("statement", "for-range", "for-computed-range", weight=1)
def for_range(g, depth, name):
    if depth < 1 or g.repeats > 20:
        return None
    low = g.rng.randint(-5, 5)
    start, end = expressions.decimal(low), expressions.decimal(low + g.rng.randint(-1, 5))
    if name == "for-computed-range":
        start, end = (Binary("&", expressions.integer(g, 2), expressions.decimal(mask)) for mask in (3, 7))
    with g.scope():
        variable = g.declare(I64, declared=True)
        with g.looping(7):
            return ForRange(variable, start, end, g.block(depth - 1))


@construct("statement", "for-map", weight=1)
def for_map(g, depth):
    """Adds something up over the elements, whose order is not known."""
    which = g.choice([one for one in g.maps if one.keys and one.aggregation not in ("stats", "hist", "lhist")])
    key = TupleType(which.keys) if len(which.keys) > 1 else which.keys[0]
    with g.scope():
        pair = g.declare(TupleType((key, aggregate_type(which) if which.aggregation else which.type)))
        total = g.declare(I64, declared=True)
        paths = list(expressions.paths_of(Read(pair), g.random() < 0.5))
        body = [Assign(total, weight_of(g, path), "+") for path in paths]
        if g.random() < 0.3:
            body.insert(g.rng.randint(0, len(body)), If(weight_of(g, g.choice(paths)), [Continue()]))
    return Block([Let(total), ForElements(pair, which, body), Print(Read(total))])


def weight_of(g, path):
    kind = type_of(path)
    if isinstance(kind, Int):
        return path
    if kind == STRING:
        return Binary("==", path, Text(g.choice(expressions.WORDS)))
    return Cast(I64, path) if kind == BOOL else expressions.decimal(1)


@construct("statement", "break", "continue", weight=5)
def jump(g, depth, name):
    if not g.loops:
        return None
    return If(expressions.condition(g, 2), [Break() if name == "break" else Continue()])


@construct("statement", "block", weight=1)
def block(g, depth):
    return Block(g.block(depth - 1)) if depth > 0 else None


@construct("statement", "return", weight=1.2)
def leave(g, depth):
    if depth > 1 or not g.scopes[1:]:
        return None
    return If(expressions.condition(g, 2), [Return()])

