"""What a program prints, computed from its tree alone."""

from dataclasses import dataclass, field

from . import render
from .rules import COMPARISONS, arithmetic, fits, is_unsigned, literal_value, operation_type, ternary_type, type_of
from .tree import (
    I64,
    U64,
    Aggregate,
    Argument,
    ArrayElement,
    ArrayType,
    Assign,
    Binary,
    Block,
    BlockValue,
    Break,
    Bool,
    Cast,
    Continue,
    Delete,
    Element,
    Evaluate,
    Exit,
    ForElements,
    ForMap,
    ForRange,
    HasKey,
    If,
    IncDec,
    Int,
    Let,
    MacroCall,
    MakeTuple,
    Map,
    Member,
    Number,
    Param,
    ParamCount,
    Print,
    PrintMap,
    Printf,
    Read,
    Return,
    Size,
    Ternary,
    Text,
    Truth,
    TupleType,
    Unary,
    Unroll,
    Variable,
    While,
    zero,
)

MAX_STEPS = 200_000


class Invalid(Exception):
    """The program means nothing: a variable is read before it exists, or it takes too long."""


class Leave(Exception):
    """`return`."""


class LeaveLoop(Exception):
    """`break`."""


class NextRound(Exception):
    """`continue`."""


@dataclass
class Frame:
    """The variables of a body, or of one call of a macro."""

    variables: dict = field(default_factory=dict)
    arguments: dict = field(default_factory=dict)  # of a macro's parameters: the caller's expressions
    written: dict = field(default_factory=dict)  # and the caller's variables
    caller: object = None

    def place(self, variable):
        """The frame and the variable behind a name."""
        if variable in self.written:
            return self.caller.place(self.written[variable])
        return self, variable


@dataclass
class State:
    maps: dict = field(default_factory=dict)  # Map → {key: value}
    frame: Frame = field(default_factory=Frame)
    out: list = field(default_factory=list)
    steps: int = 0

    def rows(self, which):
        """Of a map, or of the one that a macro's parameter stands for."""
        frame = self.frame
        while which in frame.written:
            frame, which = frame.caller, frame.written[which]
        return self.maps[which]


def run(program):
    """The lines that it prints, and those of each map that is left at the end."""
    state = State({which: {} for which in program.maps})
    for body in program.bodies:
        if body.probe not in ("begin", "BEGIN"):
            continue
        state.frame = Frame()
        try:
            if body.predicate is None or value_of(body.predicate, state):
                execute_all(body.statements, state)
        except Leave:
            pass
    at_exit = {str(which): render.map_rows(which, state.maps[which]) for which in program.maps}
    return "".join(state.out).split("\n")[:-1], {name: rows for name, rows in at_exit.items() if rows}


# --- expressions


def convert(value, from_type, to_type):
    """A value as it is kept in a place of that type."""
    if isinstance(to_type, TupleType):
        kinds = zip(value, from_type.elements, to_type.elements)
        return tuple(convert(one, source, target) for one, source, target in kinds)
    if isinstance(to_type, ArrayType):
        return value if isinstance(from_type, ArrayType) and from_type == to_type else cut(bits_of(value, from_type), to_type)
    if isinstance(from_type, ArrayType):
        return to_type.wrap(bits_of(value, from_type))
    if isinstance(to_type, Int):
        return to_type.wrap(int(value))
    return value != 0 if isinstance(to_type, Bool) else value


def bits_of(value, kind):
    """The bytes of a number or of an array, the lowest first, as one number."""
    if not isinstance(kind, ArrayType):
        return int(value)
    bits = kind.element.bits
    return sum((one & (1 << bits) - 1) << bits * index for index, one in enumerate(value))


def cut(number, kind):
    return tuple(kind.element.wrap(number >> kind.element.bits * index) for index in range(kind.count))


def key_of(element, state):
    if any(not fits(key, kind) for key, kind in zip(element.keys, element.map.keys)):
        raise Invalid(f"{element} changes the type of the key")
    keys = [convert(value_of(key, state), type_of(key), kind) for key, kind in zip(element.keys, element.map.keys)]
    return tuple(keys)


def read_element(element, state):
    which = element.map
    value = state.rows(which).get(key_of(element, state))
    if not which.aggregation:
        return zero(which.type) if value is None else value
    return 0 if value is None else render.as_number(which, value)


def compare(op, a, b):
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]


def compare_numbers(op, left, right, a, b):
    """By value; where an unsigned 64-bit number meets a signed one that is no literal, both are int64."""
    if literal_value(left) is None and literal_value(right) is None:
        kind = operation_type(op, left, right)
        a, b = kind.wrap(int(a)), kind.wrap(int(b))
    return compare(op, a, b)


def binary(expr, state):
    op, left, right = expr.op, expr.left, expr.right
    if op in ("&&", "||"):
        first = bool(value_of(left, state))
        return bool(value_of(right, state)) if first == (op == "&&") else first
    a, b = value_of(left, state), value_of(right, state)
    if op in COMPARISONS:
        if isinstance(type_of(left), (Int, Bool)):
            return compare_numbers(op, left, right, a, b)
        return compare(op, a, b)
    kind = operation_type(op, left, right)
    return arithmetic(op, kind.wrap(int(a)), kind.wrap(int(b)), kind)


def unary(expr, state):
    value = value_of(expr.operand, state)
    if expr.op == "!":
        return not value
    kind = type_of(expr)
    return kind.wrap({"-": -int(value), "~": ~int(value), "+": int(value)}[expr.op])


def store(target, value, state):
    if isinstance(target, Variable):
        frame, variable = state.frame.place(target)
        frame.variables[variable] = value
    else:
        state.rows(target.map)[key_of(target, state)] = value


def count(expr, state):
    """++ and --, which wrap at the width of what they count."""
    step = 1 if expr.op == "++" else -1
    before = value_of(expr.target, state)
    after = type_of(expr.target).wrap(before + step)
    store(expr.target.variable if isinstance(expr.target, Read) else expr.target, after, state)
    return after if expr.prefix else before


def value_of(expr, state):
    state.steps += 1
    if state.steps > MAX_STEPS:
        raise Invalid("too long")
    literal = literal_value(expr)
    if literal is not None:
        return literal
    match expr:
        case Number(value) | Truth(value) | Text(value) | Param(value=value) | ParamCount(value) | Size(value=value):
            return value
        case Read(variable):
            frame, real = state.frame.place(variable)
            if real not in frame.variables:
                raise Invalid(f"{variable} is not assigned")
            return frame.variables[real]
        case Element():
            return read_element(expr, state)
        case HasKey(element):
            return key_of(element, state) in state.rows(element.map)
        case Unary():
            return unary(expr, state)
        case Binary():
            return binary(expr, state)
        case Ternary(condition, then, other):
            chosen = then if value_of(condition, state) else other
            return convert(value_of(chosen, state), type_of(chosen), ternary_type(then, other))
        case Cast(kind, inner):
            return convert(value_of(inner, state), type_of(inner), kind)
        case IncDec():
            return count(expr, state)
        case MakeTuple(elements):
            return tuple(value_of(one, state) for one in elements)
        case Member(base, index):
            return value_of(base, state)[index]
        case ArrayElement(base, index):
            return value_of(base, state)[value_of(index, state)]
        case Argument(parameter):
            return value_of_argument(parameter, state)
        case MacroCall(macro, arguments):
            return call(macro, arguments, state)
        case BlockValue(statements, inner):
            execute_all(statements, state)
            return value_of(inner, state)
    raise TypeError(expr)


# --- macros


def call(macro, arguments, state):
    frame = Frame(caller=state.frame)
    for parameter, argument in zip(macro.parameters, arguments):
        if isinstance(parameter, Variable):
            frame.written[parameter] = argument.variable
        elif isinstance(parameter, Map):
            frame.written[parameter] = argument
        else:
            frame.arguments[parameter] = argument
    state.frame = frame
    execute_all(macro.statements, state)
    value = value_of(macro.value, state)
    state.frame = frame.caller
    return value


def value_of_argument(parameter, state):
    """Each use evaluates it again, in terms of the caller."""
    inside = state.frame
    state.frame = inside.caller
    value = value_of(inside.arguments[parameter], state)
    state.frame = inside
    return value


# --- statements


def assign(target, value, op, state):
    kind = target.type if isinstance(target, Variable) else target.map.type
    keeps_type = isinstance(target, Variable) and (target.declared or target.loose)
    if not op and not keeps_type and not fits(value, kind):
        raise Invalid(f"{value} changes the type of {target}")
    if not op:
        number = value_of(value, state)
        return store(target, convert(number, type_of(value), kind), state)
    place = Read(target) if isinstance(target, Variable) else target
    made = Binary(op, place, value)
    store(target, convert(binary(made, state), type_of(made), kind), state)


def aggregate(target, value, state):
    which = target.map
    if value is not None and which.type == U64 and not is_unsigned(type_of(value)):
        raise Invalid(f"{value} changes the type of {which}")
    key = key_of(target, state)
    number = 0 if value is None else value_of(value, state)
    if value is not None and which.aggregation not in ("hist", "lhist"):
        number = which.type.wrap(int(number))
    rows = state.rows(which)
    rows[key] = render.aggregated(which, rows.get(key), number)


def execute_all(statements, state):
    for statement in statements:
        execute(statement, state)


def execute(statement, state):
    match statement:
        case Assign(target, value, op):
            assign(target, value, op, state)
        case Let(variable, value):
            if value is None:
                store(variable, zero(variable.type), state)
            else:
                assign(variable, value, "", state)
        case Evaluate(value):
            value_of(value, state)
        case Aggregate(target, value):
            aggregate(target, value, state)
        case Delete(element):
            state.rows(element.map).pop(key_of(element, state), None)
        case Print(value):
            state.out.append(render.value(value_of(value, state), type_of(value)) + "\n")
        case PrintMap(which, top, div):
            rows = render.map_rows(which, state.rows(which), top, div)
            if not rows and not which.keys and which.aggregation in ("count", "sum"):
                rows = [f"{which}: 0"]
            state.out.append("".join(row + "\n" for row in rows))
        case ForMap(function, which):
            rows = state.rows(which)
            emptied = {key: render.zeroed(which) for key in rows} if function == "zero" else {}
            state.maps[which] = emptied
        case Printf(form, arguments):
            # A literal travels in 64 bits; all else in its own width.
            values = [(value_of(one, state), argument_type(one)) for one in arguments]
            state.out.append(render.printf(form, values))
        case If(condition, then, other):
            if value_of(condition, state):
                execute_all(then, state)
            elif other is not None:
                execute_all(other, state)
        case Unroll(times, body):
            repeat(range(times), lambda _: execute_all(body, state))
        case While(condition, body):
            repeat(while_holds(condition, state), lambda _: execute_all(body, state))
        case ForRange(variable, start, end, body):
            bounds = I64.wrap(int(value_of(start, state))), I64.wrap(int(value_of(end, state)))
            repeat(range(*bounds), lambda number: round_with(variable, number, body, state))
        case ForElements(variable, which, body):
            pairs = [element_pair(which, key, held) for key, held in state.rows(which).items()]
            repeat(pairs, lambda pair: round_with(variable, pair, body, state))
        case Break():
            raise LeaveLoop
        case Continue():
            raise NextRound
        case Block(body):
            execute_all(body, state)
        case Return() | Exit():
            raise Leave
        case _:
            raise TypeError(statement)


def repeat(rounds, body):
    for one in rounds:
        try:
            body(one)
        except NextRound:
            continue
        except LeaveLoop:
            break


def while_holds(condition, state):
    while value_of(condition, state):
        yield None


def round_with(variable, value, body, state):
    store(variable, value, state)
    execute_all(body, state)


def element_pair(which, key, held):
    """`$kv`: several keys are a tuple."""
    value = render.as_number(which, held) if which.aggregation else held
    return (key if len(key) > 1 else key[0]), value


def argument_type(expr):
    kind = type_of(expr)
    if literal_value(expr) is None:
        return kind
    return kind if is_unsigned(kind) else I64

