"""Programs as trees: types, expressions, statements, and their text.

The generator makes these, the evaluator computes what they print. Expressions are written with as few parentheses as C's
precedence allows, or with too many, so that the parser has something to get wrong.
"""

from dataclasses import dataclass, field

# --- types


@dataclass(frozen=True)
class Int:
    bits: int
    signed: bool

    def __str__(self):
        return f"{'' if self.signed else 'u'}int{self.bits}"

    def wrap(self, value):
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value

    def holds(self, value):
        return self.wrap(value) == value


@dataclass(frozen=True)
class Bool:
    def __str__(self):
        return "bool"


@dataclass(frozen=True)
class String:
    def __str__(self):
        return "string"


@dataclass(frozen=True)
class TupleType:
    elements: tuple

    def __str__(self):
        return f"({', '.join(map(str, self.elements))}{',' if len(self.elements) == 1 else ''})"


@dataclass(frozen=True)
class RecordType(TupleType):
    """A tuple whose elements have names."""

    names: tuple = ()

    def __str__(self):
        return "record"


@dataclass(frozen=True)
class ArrayType:
    element: Int
    count: int

    def __str__(self):
        return f"{self.element}[{self.count}]"


I64, U64 = Int(64, True), Int(64, False)
INTS = [Int(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False)]
BOOL, STRING = Bool(), String()


def zero(kind):
    """What a value of this type is before it is assigned."""
    if isinstance(kind, TupleType):
        return tuple(zero(one) for one in kind.elements)
    if isinstance(kind, ArrayType):
        return (0,) * kind.count
    return {String: "", Bool: False}.get(type(kind), 0)


# --- what statements refer to


@dataclass(eq=False)
class Variable:
    name: str
    type: object
    declared: bool = False  # by `let` with a type, which it then keeps
    loose: bool = False  # made from a literal: its type is open to what it meets
    fixed: bool = False  # counts the rounds of a loop: not to be written by its body

    def __str__(self):
        return f"${self.name}"


@dataclass(eq=False)
class Map:
    name: str
    keys: tuple  # of types; empty: no key
    type: object  # of its values, or of what is aggregated
    aggregation: str = ""  # "count", "hist" …
    limits: tuple = ()  # literals after the first argument of hist() and lhist()
    declaration: str = ""  # "hash(1000)"

    def __str__(self):
        return f"@{self.name}"


# --- expressions


class Expr:
    precedence = 15  # as C has it; 15: never needs parentheses

    def __str__(self):
        raise NotImplementedError


def operand(expr, least):
    """An operand that binds at least so tightly, in parentheses when it does not by itself."""
    return f"({expr})" if expr.precedence < least else str(expr)


@dataclass(eq=False)
class Number(Expr):
    value: int
    text: str

    @property
    def precedence(self):
        return 14 if self.text.startswith("-") else 15

    def __str__(self):
        return self.text


@dataclass(eq=False)
class Truth(Expr):
    value: bool

    def __str__(self):
        return "true" if self.value else "false"


@dataclass(eq=False)
class Text(Expr):
    value: str
    parts: tuple = ()  # lengths of the adjacent literals that it is written as

    def __str__(self):
        out, at = [], 0
        for length in (*self.parts, len(self.value)):
            out.append(quoted(self.value[at : at + length]))
            at += length
        return " ".join(out) if self.parts else out[0]


ESCAPES = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\x01": "\\x01", "\x02": "\\002"}


def quoted(value):
    return '"' + "".join(ESCAPES.get(c, c) for c in value) + '"'


@dataclass(eq=False)
class Param(Expr):
    """`$1` as a number or a text."""

    index: int
    value: object

    def __str__(self):
        return f"${self.index}" if isinstance(self.value, int) else f"str(${self.index})"


@dataclass(eq=False)
class ParamCount(Expr):
    value: int

    def __str__(self):
        return "$#"


@dataclass(eq=False)
class Read(Expr):
    variable: Variable

    def __str__(self):
        return str(self.variable)


@dataclass(eq=False)
class Element(Expr):
    """`@m`, `@m[k]`; also a target."""

    map: Map
    keys: tuple = ()

    def __str__(self):
        return f"{self.map}[{', '.join(map(str, self.keys))}]" if self.keys else str(self.map)


@dataclass(eq=False)
class HasKey(Expr):
    element: Element
    apart: bool  # whether the key is an argument of its own

    def __str__(self):
        return f"has_key({element_apart(self.element, self.apart)})"


def element_apart(element, apart):
    if not apart or not element.keys:
        return str(element)
    keys = ", ".join(map(str, element.keys))
    return f"{element.map}, {f'({keys})' if len(element.keys) > 1 else keys}"


@dataclass(eq=False)
class Unary(Expr):
    op: str
    operand: Expr
    precedence = 14

    def __str__(self):
        inner = operand(self.operand, 14)
        return f"{self.op}({inner})" if self.op in "+-" and inner[0] in "+-" else f"{self.op}{inner}"


PRECEDENCE = {
    **dict.fromkeys(["*", "/", "%"], 13),
    **dict.fromkeys(["+", "-"], 12),
    **dict.fromkeys(["<<", ">>"], 11),
    **dict.fromkeys(["<", "<=", ">", ">="], 10),
    **dict.fromkeys(["==", "!="], 9),
    "&": 8,
    "^": 7,
    "|": 6,
    "&&": 5,
    "||": 4,
}


@dataclass(eq=False)
class Binary(Expr):
    op: str
    left: Expr
    right: Expr
    wide: bool = False  # written with parentheses that are not needed

    @property
    def precedence(self):
        return PRECEDENCE[self.op]

    def __str__(self):
        least = 15 if self.wide else self.precedence
        return f"{operand(self.left, least)} {self.op} {operand(self.right, least if self.wide else least + 1)}"


@dataclass(eq=False)
class Ternary(Expr):
    condition: Expr
    then: Expr
    other: Expr
    precedence = 3

    def __str__(self):
        return f"{operand(self.condition, 4)} ? {operand(self.then, 4)} : {operand(self.other, 3)}"


@dataclass(eq=False)
class Cast(Expr):
    type: object
    operand: Expr
    precedence = 14

    def __str__(self):
        return f"({self.type}){operand(self.operand, 14)}"


@dataclass(eq=False)
class IncDec(Expr):
    op: str
    prefix: bool
    target: Expr  # Read or Element
    precedence = 14

    def __str__(self):
        return f"{self.op}{self.target}" if self.prefix else f"{self.target}{self.op}"


@dataclass(eq=False)
class MakeTuple(Expr):
    elements: tuple
    names: tuple = ()  # of a record

    def __str__(self):
        if self.names:
            return f"({', '.join(f'{name}={one}' for name, one in zip(self.names, self.elements))})"
        return f"({', '.join(map(str, self.elements))}{',' if len(self.elements) == 1 else ''})"


@dataclass(eq=False)
class Member(Expr):
    """`.0` or `[0]` of a tuple, `.name` of a record."""

    base: Expr
    index: int
    bracket: bool = False
    name: str = ""

    def __str__(self):
        base = operand(self.base, 15)
        return f"{base}[{self.index}]" if self.bracket else f"{base}.{self.name or self.index}"


@dataclass(eq=False)
class ArrayElement(Expr):
    base: Expr
    index: Expr

    def __str__(self):
        return f"{operand(self.base, 15)}[{self.index}]"


@dataclass(eq=False)
class Parameter:
    """Of a macro: an expression of the caller, evaluated at each use."""

    name: str


@dataclass(eq=False)
class Argument(Expr):
    """The use of a macro's parameter; a cast around it gives it a type."""

    parameter: Parameter

    def __str__(self):
        return self.parameter.name


@dataclass(eq=False)
class Macro:
    name: str
    parameters: list  # Map; Parameter, or Variable for one of the caller's that the macro may write
    statements: list
    value: Expr
    is_pure: bool = True
    maps: list = field(default_factory=list)  # what its first parameters are called with

    def __str__(self):
        parameters = ", ".join(one.name if isinstance(one, Parameter) else str(one) for one in self.parameters)
        return f"macro {self.name}({parameters}) {BlockValue(self.statements, self.value)}\n"


@dataclass(eq=False)
class MacroCall(Expr):
    macro: Macro
    arguments: tuple
    bare: bool = False  # without parentheses, where there are no parameters

    def __str__(self):
        return self.macro.name if self.bare else f"{self.macro.name}({', '.join(map(str, self.arguments))})"


@dataclass(eq=False)
class Size(Expr):
    """sizeof(TYPE), or sizeof(e), which is not evaluated."""

    what: object
    value: int

    def __str__(self):
        return f"sizeof({self.what})"


@dataclass(eq=False)
class BlockValue(Expr):
    statements: list
    value: Expr
    precedence = 13  # a cast and a unary operator take it in parentheses alone

    def __str__(self):
        value = str(self.value)
        value = f"({value})" if value.startswith("{") else value  # it would be read as a statement
        return "{ " + " ".join(line(one) for one in self.statements) + f" {value} }}"


# --- statements. `pins` marks those that decide a type; they are not left out when a program is made smaller.


@dataclass(eq=False)
class Assign:
    target: object  # Variable or Element
    value: Expr
    op: str = ""  # "+" for "+="
    pins: bool = False


@dataclass(eq=False)
class Let:
    variable: Variable
    value: Expr = None
    pins: bool = True


@dataclass(eq=False)
class Evaluate:
    """An expression as a statement, with `_ =` where it would have no effect."""

    value: Expr
    discard: bool = False
    pins: bool = False


@dataclass(eq=False)
class Aggregate:
    target: Element
    value: Expr = None  # none for count()
    pins: bool = False


@dataclass(eq=False)
class Delete:
    element: Element
    apart: bool = True
    pins: bool = False


@dataclass(eq=False)
class Print:
    value: Expr
    pins: bool = False


@dataclass(eq=False)
class PrintMap:
    map: Map
    top: int = 0
    div: int = 0
    pins: bool = False


@dataclass(eq=False)
class ForMap:
    """zero(@m) or clear(@m), done by the tracer."""

    function: str
    map: Map
    pins: bool = False


@dataclass(eq=False)
class Conversion:
    """`%-5ld`; without a conversion it is text."""

    literal: str = ""
    flags: str = ""
    width: object = None  # a number or "*"
    precision: object = None
    length: str = ""
    letter: str = ""

    def __str__(self):
        if not self.letter:
            return self.literal
        width = "" if self.width is None else str(self.width)
        precision = "" if self.precision is None else f".{self.precision}"
        return f"%{self.flags}{width}{precision}{self.length}{self.letter}"


@dataclass(eq=False)
class Printf:
    format: list  # of Conversion
    arguments: list
    pins: bool = False


@dataclass(eq=False)
class If:
    condition: Expr
    then: list
    other: list = None
    pins: bool = False


@dataclass(eq=False)
class Unroll:
    count: int
    body: list
    pins: bool = False


@dataclass(eq=False)
class While:
    condition: Expr
    body: list
    pins: bool = False


@dataclass(eq=False)
class ForRange:
    """The variable is a new one in each round: what is assigned to it does not change the loop."""

    variable: Variable
    start: Expr
    end: Expr
    body: list
    pins: bool = True


@dataclass(eq=False)
class ForElements:
    """Goes over a map in no known order: its body may only do what any order does alike."""

    variable: Variable  # a tuple of the key and the value
    map: Map
    body: list
    pins: bool = True


@dataclass(eq=False)
class Break:
    pins: bool = False


@dataclass(eq=False)
class Continue:
    pins: bool = False


@dataclass(eq=False)
class Block:
    body: list
    pins: bool = False


@dataclass(eq=False)
class Return:
    pins: bool = False


@dataclass(eq=False)
class Exit:
    pins: bool = True


@dataclass(eq=False)
class Body:
    probe: str
    statements: list
    predicate: Expr = None


@dataclass(eq=False)
class Program:
    bodies: list
    maps: list = field(default_factory=list)
    macros: list = field(default_factory=list)
    parameters: list = field(default_factory=list)
    runs: bool = True  # else it is only loaded and attached

    def __str__(self):
        declared = "".join(f"let {one} = {one.declaration};\n" for one in self.maps if one.declaration)
        return declared + "".join(map(str, self.macros)) + "".join(body_text(body) for body in self.bodies)


def nested(statements, indent):
    inner = "".join(f"{indent}  {line(one, indent + '  ')}\n" for one in statements)
    return f"{{\n{inner}{indent}}}"


def body_text(body):
    predicate = f" /{body.predicate}/" if body.predicate is not None else ""
    return f"{body.probe}{predicate} {nested(body.statements, '')}\n"


def format_text(conversions):
    return quoted("".join(str(one) if one.letter else one.literal.replace("%", "%%") for one in conversions))


def line(statement, indent=""):
    match statement:
        case Assign(target, value, op):
            return f"{target} {op}= {value};"
        case Let(variable, value):
            declared = f": {variable.type}" if variable.declared else ""
            return f"let {variable}{declared}{f' = {value}' if value is not None else ''};"
        case Evaluate(value, discard):
            return f"_ = {value};" if discard else f"{value};"
        case Aggregate(target, value):
            inner = [] if value is None else [value]
            return f"{target} = {target.map.aggregation}({', '.join(map(str, [*inner, *target.map.limits]))});"
        case Delete(element, apart):
            return f"delete({element_apart(element, apart)});"
        case Print(value):
            return f"print({value});"
        case PrintMap(which, top, div):
            limits = f", {top}, {div}" if div else f", {top}" if top else ""
            return f"print({which}{limits});"
        case ForMap(function, which):
            return f"{function}({which});"
        case Printf(form, arguments):
            return f"printf({', '.join([format_text(form), *map(str, arguments)])});"
        case If(condition, then, other):
            text = f"if ({condition}) {nested(then, indent)}"
            return text if other is None else f"{text} else {nested(other, indent)}"
        case Unroll(count, body):
            return f"unroll ({count}) {nested(body, indent)}"
        case While(condition, body):
            return f"while ({condition}) {nested(body, indent)}"
        case ForRange(variable, start, end, body):
            return f"for ({variable} : {operand(start, 11)}..{operand(end, 11)}) {nested(body, indent)}"
        case ForElements(variable, which, body):
            return f"for ({variable} : {which}) {nested(body, indent)}"
        case Break():
            return "break;"
        case Continue():
            return "continue;"
        case Block(body):
            return nested(body, indent)
        case Return():
            return "return;"
        case Exit():
            return "exit();"
    raise TypeError(statement)


def blocks(statement):
    """The lists of statements in a statement."""
    match statement:
        case If(_, then, other):
            return [then] if other is None else [then, other]
        case Unroll(body=body) | Block(body=body) | While(body=body) | ForRange(body=body) | ForElements(body=body):
            return [body]
    return []
