"""Random expressions of a wanted kind or type."""

from .constructs import construct
from .rules import COMPARISONS, fits, literal_value, type_of
from .tree import (
    BOOL,
    I64,
    INTS,
    STRING,
    U64,
    Argument,
    ArrayElement,
    ArrayType,
    Binary,
    BlockValue,
    Cast,
    Element,
    HasKey,
    IncDec,
    Int,
    MacroCall,
    MakeTuple,
    Member,
    Number,
    Param,
    ParamCount,
    Parameter,
    Read,
    RecordType,
    Size,
    Ternary,
    Text,
    Truth,
    TupleType,
    Unary,
)

# --- literals

EDGES = [0, 1, 2, 7, 10, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1]
DURATIONS = {"ns": 1, "us": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
SUFFIXES = ["u", "U", "l", "L", "ul", "UL", "ll", "LL", "ull", "ULL"]
WORDS = ["", "a", "ab", "abc", "b", "bcd", "Hello, World", "x y", "100%", 'say "hi"', "back\\slash", "tab\there", "z" * 40]


def number(g):
    if g.random() < 0.4:
        return g.choice(EDGES)
    return g.rng.getrandbits(g.choice([3, 5, 8, 16, 31, 63]))


def decimal(value):
    return Number(value, str(value))


@construct("int", "decimal", "hexadecimal", "octal", "separated", "exponent", "suffix", "duration", "negative", weight=9)
def literal(g, depth, form):
    value = number(g)
    match form:
        case "hexadecimal":
            return Number(value, g.choice(["0x{:x}", "0X{:X}"]).format(value))
        case "octal":
            return Number(value, f"0{value:o}")
        case "separated":
            return Number(value, f"{value:_}")
        case "exponent":
            digit, power = g.rng.randint(1, 9), g.rng.randint(0, 15)
            return Number(digit * 10**power, f"{digit}e{power}")
        case "suffix":
            return Number(value, f"{value}{g.choice(SUFFIXES)}")
        case "duration":
            unit = g.choice(list(DURATIONS))
            count = g.rng.randint(0, 50)
            return Number(count * DURATIONS[unit], f"{count}{unit}")
        case "negative":
            return decimal(-value)
    return decimal(value)


@construct("int", "literal-above-int64", weight=0.5)
def large_literal(g, depth):
    return Cast(U64, decimal(2**63 + g.rng.getrandbits(63)))


@construct("int", "parameter", weight=1)
def parameter(g, depth):
    values = [(index, value) for index, value in enumerate(g.parameters, 1) if isinstance(value, int)]
    index, value = g.choice([*values, (len(g.parameters) + 1, 0)])
    return Param(index, value)


@construct("int", "parameter-count", weight=0.5)
def parameter_count(g, depth):
    return ParamCount(len(g.parameters))


@construct("int", "sizeof-type", weight=0.5)
def size_of_type(g, depth):
    kind = g.choice([*INTS, BOOL])
    return Size(kind, kind.bits // 8 if isinstance(kind, Int) else 1)


@construct("int", "sizeof-value", weight=0.5)
def size_of_value(g, depth):
    variables = [one for one in g.visible(Int) if not one.loose]
    if not variables:
        return None
    variable = g.choice(variables)
    return Size(variable, variable.type.bits // 8)


# --- names


@construct("int", "variable", weight=6)
def int_variable(g, depth):
    variables = g.visible(Int)
    return Read(g.choice(variables)) if variables else None


@construct("int", "map-element", weight=3)
def int_element(g, depth):
    maps = [one for one in g.maps if not one.aggregation and isinstance(one.type, Int)]
    return element(g, g.choice(maps), depth)


@construct("int", "read-count", "read-sum", "read-min", "read-max", "read-avg", weight=2.5)
def read_aggregation(g, depth, name):
    maps = [one for one in g.maps if one.aggregation == name.removeprefix("read-")]
    return element(g, g.choice(maps), depth) if maps else None


def element(g, which, depth):
    return Element(which, tuple(key(g, kind, depth) for kind in which.keys))


def key(g, kind, depth):
    """Often one of a few values, so that keys meet again; without effects."""
    with g.pure():
        if isinstance(kind, Int):
            return decimal(g.rng.randint(0, 3)) if g.random() < 0.7 else fitting(g, kind, depth - 2)
        if isinstance(kind, TupleType):
            return MakeTuple(tuple(exact_key(g, one, depth) for one in kind.elements), names_of(kind))
        return Text(g.choice(WORDS[:5])) if kind == STRING and g.random() < 0.7 else exact(g, kind, depth - 2)


def exact_key(g, kind, depth):
    return Cast(kind, decimal(g.rng.randint(0, 2))) if isinstance(kind, Int) else key(g, kind, depth)


# --- operators


@construct("int", "negate", "invert", "plus", weight=2)
def unary(g, depth, name):
    op = {"negate": "-", "invert": "~", "plus": "+"}[name]
    return Unary(op, any_number(g, depth - 1))


def any_number(g, depth):
    return boolean(g, depth) if g.random() < 0.1 else integer(g, depth)


NAMES = {
    **{"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "remainder": "%"},
    **{"and": "&", "or": "|", "xor": "^", "shift-left": "<<", "shift-right": ">>"},
}


@construct("int", *NAMES, weight=16)
def arithmetic(g, depth, name):
    op = NAMES[name]
    left, right = any_number(g, depth - 1), any_number(g, depth - 1)
    if op in "/%":
        right = divisor(g, right)
    return Binary(op, left, right, g.random() < 0.3)


def divisor(g, expr):
    """Not zero where the compiler can see it: that is an error."""
    return expr if depends_on_run(expr) else decimal(g.choice([1, 2, 3, 10, 255, -1, -7]))


def depends_on_run(expr):
    """Whether it holds what only the run knows."""
    if isinstance(expr, (Read, Element, IncDec, BlockValue)):
        return True
    if isinstance(expr, MacroCall):
        return depends_on_run(expr.macro.value)
    parts = [getattr(expr, name, None) for name in ("operand", "left", "right", "condition", "then", "other", "base")]
    parts += list(getattr(expr, "elements", ()))
    return any(depends_on_run(part) for part in parts if part is not None)


@construct("int", "ternary", weight=2)
def int_ternary(g, depth):
    then, other = integer(g, depth - 1), integer(g, depth - 1)
    for one, against in ((then, other), (other, then)):
        if literal_value(one) is not None and not type_of(against).holds(literal_value(one)):
            then, other = Cast(I64, then), Cast(I64, other)
            break
    return Ternary(condition(g, depth - 1), then, other)


@construct("int", *(f"cast-{kind}" for kind in INTS), weight=5)
def int_cast(g, depth, name):
    kind = next(kind for kind in INTS if name == f"cast-{kind}")
    return Cast(kind, any_number(g, depth - 1))


@construct("int", "pre-increment", "post-increment", "pre-decrement", "post-decrement", weight=3)
def increment(g, depth, name):
    if not g.effects:
        return None
    target = counted_target(g, depth)
    return None if target is None else IncDec("++" if "increment" in name else "--", name.startswith("pre"), target)


def counted_target(g, depth):
    maps = [one for one in g.maps if one.type in (I64, U64) and not one.aggregation]
    variables = [one for one in g.writable(Int) if not one.loose]
    if maps and (not variables or g.random() < 0.3):
        return element(g, g.choice(maps), depth)
    return Read(g.choice(variables)) if variables else None


@construct("int", "tuple-member", "tuple-index", weight=2)
def int_member(g, depth, name):
    return member(g, lambda kind: isinstance(kind, Int), name == "tuple-index")


def member(g, wanted, bracket):
    """A path into a tuple that a variable or a map holds."""
    paths = []
    for base in [*map(Read, g.visible(TupleType)), *g.tuple_elements()]:
        paths += [path for path in paths_of(base, bracket) if wanted(type_of(path))]
    return g.choice(paths) if paths else None


def paths_of(base, bracket):
    for index, kind in enumerate(type_of(base).elements):
        named = isinstance(type_of(base), RecordType)
        path = Member(base, index, bracket and not named and not is_keyless(base), type_of(base).names[index] if named else "")
        yield path
        if isinstance(kind, TupleType):
            yield from paths_of(path, bracket)


def is_keyless(base):
    """A number in brackets behind a map is its key."""
    return isinstance(base, Element) and not base.keys


@construct("int", "array-and-back", weight=1)
def array_and_back(g, depth):
    """A number as an array of its bytes, and that as another number."""
    array = byte_array(g, depth)
    size = array.type.element.bits * array.type.count
    return Cast(g.choice([kind for kind in INTS if kind.bits == size]), array)


@construct("int", "array-element", weight=1)
def array_element(g, depth):
    array = byte_array(g, depth)
    return ArrayElement(array, decimal(g.rng.randrange(array.type.count)))


def byte_array(g, depth, kind=None):
    if kind is None:
        element = g.choice(INTS)
        kind = ArrayType(element, g.choice([count for count in (1, 2, 4, 8) if element.bits * count <= 64]))
    number_type = g.choice([one for one in INTS if one.bits == kind.element.bits * kind.count])
    return Cast(kind, exact(g, number_type, depth - 1))


@construct("bool", "array-equal", "array-not-equal", weight=1)
def array_comparison(g, depth, name):
    left = byte_array(g, depth)
    return Binary(COMPARES[name.removeprefix("array-")], left, byte_array(g, depth, left.type))


@construct("int", "macro-call", weight=2)
def macro_call(g, depth):
    macro = g.choice(g.macros)
    if not (g.effects or macro.is_pure):
        return None
    made = list(macro.maps)
    for parameter in macro.parameters[len(made) :]:
        if isinstance(parameter, Parameter):
            made.append(any_number(g, min(depth - 1, 2)))
            continue
        variables = [one for one in g.writable(Int) if one.declared and one.type == parameter.type]
        if not variables or not g.effects:
            return None
        made.append(Read(g.choice(variables)))
    return MacroCall(macro, tuple(made), not made and g.random() < 0.5)


@construct("int", "macro-argument", weight=20)
def macro_argument(g, depth):
    return Cast(g.choice(INTS), Argument(g.choice(g.macro_parameters))) if g.macro_parameters else None


@construct("int", "block-value", weight=1)
def int_block(g, depth):
    return block_value(g, depth, lambda: integer(g, depth - 1))


def block_value(g, depth, make):
    if not g.effects or depth < 2:
        return None
    with g.scope():
        statements = g.statements(g.rng.randint(1, 2), 0)
        return BlockValue(statements, make())


# --- booleans

COMPARES = dict(zip(("less", "less-equal", "greater", "greater-equal", "equal", "not-equal"), COMPARISONS))


@construct("bool", *COMPARES, weight=6)
def comparison(g, depth, name):
    return Binary(COMPARES[name], any_number(g, depth - 1), any_number(g, depth - 1), g.random() < 0.3)


@construct("bool", "string-equal", "string-not-equal", weight=2)
def string_comparison(g, depth, name):
    return Binary(COMPARES[name.removeprefix("string-")], string(g, depth - 1), string(g, depth - 1))


@construct("bool", "tuple-equal", "tuple-not-equal", weight=1)
def tuple_comparison(g, depth, name):
    kind = g.tuple_type()
    return Binary(COMPARES[name.removeprefix("tuple-")], exact(g, kind, depth - 1), exact(g, kind, depth - 1))


@construct("bool", "logical-and", "logical-or", weight=3)
def logical(g, depth, name):
    return Binary("&&" if name == "logical-and" else "||", condition(g, depth - 1), condition(g, depth - 1), g.random() < 0.3)


@construct("bool", "not", weight=1.5)
def negation(g, depth):
    return Unary("!", condition(g, depth - 1))


@construct("bool", "truth", weight=0.7)
def truth(g, depth):
    return Truth(g.random() < 0.5)


@construct("bool", "has-key", "has-key-in-brackets", weight=1.5)
def has_key(g, depth, name):
    maps = [one for one in g.maps if one.keys]
    return HasKey(element(g, g.choice(maps), depth), name == "has-key")


@construct("bool", "bool-variable", weight=9)
def bool_variable(g, depth):
    variables = g.visible(type(BOOL))
    return Read(g.choice(variables)) if variables else None


@construct("bool", "cast-bool", weight=0.7)
def bool_cast(g, depth):
    return Cast(BOOL, integer(g, depth - 1))


# --- strings


@construct("string", "text", "adjacent-texts", weight=3)
def text(g, depth, name):
    word = g.choice(WORDS)
    if name == "text":
        return Text(word)
    word += g.choice(WORDS[1:7])
    return Text(word, (g.rng.randint(0, len(word)),))


@construct("string", "string-variable", weight=3)
def string_variable(g, depth):
    variables = g.visible(type(STRING))
    return Read(g.choice(variables)) if variables else None


@construct("string", "string-element", weight=1)
def string_element(g, depth):
    maps = [one for one in g.maps if one.type == STRING]
    return element(g, g.choice(maps), depth) if maps else None


@construct("string", "string-ternary", weight=1)
def string_ternary(g, depth):
    return Ternary(condition(g, depth - 1), string(g, depth - 1), string(g, depth - 1))


@construct("string", "string-member", weight=1)
def string_member(g, depth):
    return member(g, lambda kind: kind == STRING, g.random() < 0.3)


@construct("string", "string-parameter", weight=1)
def string_parameter(g, depth):
    values = [(index, value) for index, value in enumerate(g.parameters, 1) if isinstance(value, str)]
    return Param(*g.choice(values)) if values else None


@construct("string", "string-block-value", weight=1)
def string_block(g, depth):
    return block_value(g, depth, lambda: string(g, depth - 1))


# --- tuples


@construct("tuple", "make-tuple", weight=2)
def make_tuple(g, depth, kind=None):
    kind = kind or g.tuple_type()
    return MakeTuple(tuple(exact(g, one, depth - 1) for one in kind.elements), names_of(kind))


def names_of(kind):
    return kind.names if isinstance(kind, RecordType) else ()


@construct("tuple", "tuple-ternary", weight=2)
def tuple_ternary(g, depth):
    kind = g.tuple_type()
    return Ternary(condition(g, depth - 1), exact(g, kind, depth - 1), exact(g, kind, depth - 1))


# --- by what is wanted


def integer(g, depth):
    return g.make("int", depth) if depth > 0 else leaf(g)


def leaf(g):
    variables = g.visible(Int)
    return Read(g.choice(variables)) if variables and g.random() < 0.6 else decimal(number(g))


def boolean(g, depth):
    return g.make("bool", depth) if depth > 0 else Truth(g.random() < 0.5)


def string(g, depth):
    return g.make("string", depth) if depth > 0 else Text(g.choice(WORDS))


def condition(g, depth):
    return boolean(g, depth) if g.random() < 0.7 else integer(g, depth)


def exact(g, kind, depth):
    """An expression of just that type, no literal."""
    if isinstance(kind, Int):
        made = integer(g, depth)
        return made if type_of(made) == kind and literal_value(made) is None else Cast(kind, made)
    if kind == BOOL:
        return boolean(g, depth)
    if kind == STRING:
        return string(g, depth)
    variables = [one for one in g.visible(TupleType) if one.type == kind]
    if variables and g.random() < 0.4:
        return Read(g.choice(variables))
    return make_tuple(g, depth, kind)


def fitting(g, kind, depth):
    """An expression that a place of that type takes without changing it."""
    if not isinstance(kind, Int):
        return exact(g, kind, depth)
    made = integer(g, depth)
    return made if fits(made, kind) else Cast(kind, made)
