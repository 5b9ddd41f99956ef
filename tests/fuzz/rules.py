"""The language's rules about the types of expressions, as its documentation states them.

Arithmetic is done in 64 bits: unsigned where both sides are, in int64 otherwise. A literal is of the smallest signed type
that holds it (uint64 above int64's range) and takes the side of what it meets; what literals alone make is a literal.
"""

from .tree import (
    BOOL,
    I64,
    INTS,
    STRING,
    U64,
    Argument,
    ArrayElement,
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
    Read,
    RecordType,
    Size,
    Ternary,
    Text,
    Truth,
    TupleType,
    Unary,
)

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LOGICAL = ("&&", "||")
SHIFTS = ("<<", ">>")


def literal_type(value):
    """The smallest signed type that holds it."""
    return next((kind for kind in INTS if kind.signed and kind.holds(value)), U64)


def literal_value(expr):
    """The value of an integer that is made from literals alone; None for all else."""
    match expr:
        case Number(value) | Size(value=value) | ParamCount(value):
            return value
        case Param(value=int(value)):
            return value
        case Unary(op, inner) if op != "!":
            value = literal_value(inner)
            return None if value is None else {"-": negated, "~": inverted, "+": int}[op](value)
        case Binary(op, left, right) if op not in COMPARISONS + LOGICAL:
            a, b = literal_value(left), literal_value(right)
            if a is None or b is None:
                return None
            kind = I64 if I64.holds(a) and I64.holds(b) else U64
            return arithmetic(op, kind.wrap(a), kind.wrap(b), kind)
    return None


def negated(value):
    return folded(-value)


def inverted(value):
    return I64.wrap(~value)


def folded(value):
    return value if I64.holds(value) or U64.holds(value) else I64.wrap(value)


def divide(a, b):
    """Towards zero; by zero: zero."""
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def arithmetic(op, a, b, kind):
    """On two values of 64 bits, both in the range of `kind`."""
    match op:
        case "+":
            value = a + b
        case "-":
            value = a - b
        case "*":
            value = a * b
        case "/":
            value = divide(a, b)
        case "%":
            value = a - divide(a, b) * b
        case "&":
            value = a & b
        case "|":
            value = a | b
        case "^":
            value = a ^ b
        case "<<":
            value = a << (b & 63)
        case ">>":
            value = a >> (b & 63)
        case _:
            raise ValueError(op)
    return kind.wrap(value)


def is_unsigned(kind):
    return isinstance(kind, Int) and not kind.signed


def operation_type(op, left, right):
    """int64 or uint64: what the operator works in."""
    a, b = type_of(left), type_of(right)
    if op in SHIFTS:
        return U64 if is_unsigned(a) and not is_small_literal(left) else I64
    if literal_value(left) is not None and literal_value(right) is not None:
        return U64 if is_unsigned(a) or is_unsigned(b) else I64
    for literal, other in ((literal_value(left), b), (literal_value(right), a)):
        if literal is not None:
            return U64 if is_unsigned(other) and literal >= 0 else I64
    return U64 if is_unsigned(a) and is_unsigned(b) else I64


def is_small_literal(expr):
    value = literal_value(expr)
    return value is not None and I64.holds(value)


def join(a, b):
    """What both can be kept as."""
    if a == b:
        return a
    if type(a) is TupleType and type(b) is TupleType and len(a.elements) == len(b.elements):
        return TupleType(tuple(join(x, y) for x, y in zip(a.elements, b.elements)))
    if isinstance(a, Int) and isinstance(b, Int) and a.signed == b.signed:
        return max(a, b, key=lambda kind: kind.bits)
    return I64


def ternary_type(then, other):
    literals = literal_value(then), literal_value(other)
    if literals[0] is None and literals[1] is not None and isinstance(type_of(then), Int):
        return type_of(then)
    if literals[1] is None and literals[0] is not None and isinstance(type_of(other), Int):
        return type_of(other)
    return join(type_of(then), type_of(other))


def aggregate_type(which):
    return I64 if which.aggregation == "count" else which.type


def type_of(expr):
    value = literal_value(expr)
    if value is not None:
        return literal_type(value)
    match expr:
        case Truth() | HasKey():
            return BOOL
        case Text() | Param():
            return STRING
        case Read(variable):
            return variable.type
        case Element(which):
            return aggregate_type(which) if which.aggregation else which.type
        case Unary("!"):
            return BOOL
        case Unary(op, inner):
            kind = type_of(inner)
            if op == "+":
                return I64 if kind == BOOL else kind
            return U64 if op == "~" and is_unsigned(kind) else I64
        case Binary(op, left, right):
            return BOOL if op in COMPARISONS + LOGICAL else operation_type(op, left, right)
        case Ternary(_, then, other):
            return ternary_type(then, other)
        case Cast(kind):
            return kind
        case IncDec(target=target):
            return type_of(target)
        case MakeTuple(elements, names):
            kinds = tuple(type_of(one) for one in elements)
            return RecordType(kinds, names) if names else TupleType(kinds)
        case ArrayElement(base):
            return type_of(base).element
        case Argument():
            return I64  # never used without a cast
        case MacroCall(macro):
            return type_of(macro.value)
        case Member(base, index):
            return type_of(base).elements[index]
        case BlockValue(_, inner):
            return type_of(inner)
    raise TypeError(expr)


def fits(expr, kind):
    """Whether a place of that type takes the value without becoming wider itself."""
    if not isinstance(kind, Int):
        return type_of(expr) == kind
    value = literal_value(expr)
    if value is not None:
        return kind.holds(value) and (value >= 0 or kind == I64) and literal_type(value) != U64
    given = type_of(expr)
    if kind == I64:
        return given == BOOL or isinstance(given, Int)
    return isinstance(given, Int) and given.signed == kind.signed and given.bits <= kind.bits
