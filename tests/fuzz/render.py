"""Values, formats and maps as text, as the language's documentation shows them; and how aggregations add up."""

from .rules import divide
from .tree import BOOL, STRING, ArrayType, Int, RecordType, String, TupleType, zero

# --- values


def value(what, kind):
    if isinstance(kind, RecordType):
        return f"{{ {', '.join(f'.{n} = {value(one, each)}' for n, one, each in zip(kind.names, what, kind.elements))} }}"
    if isinstance(kind, ArrayType):
        return f"[{','.join(map(str, what))}]"
    if isinstance(kind, TupleType):
        inner = ", ".join(value(one, each) for one, each in zip(what, kind.elements))
        return f"({inner}{',' if len(kind.elements) == 1 else ''})"
    if kind == BOOL:
        return "true" if what else "false"
    return what if isinstance(kind, String) else str(what)


# --- printf


def printf(form, values):
    out, left = [], list(values)
    for step in form:
        if not step.letter:
            out.append(step.literal)
            continue
        width = left.pop(0)[0] if step.width == "*" else step.width
        precision = left.pop(0)[0] if step.precision == "*" else step.precision
        if max(width or 0, precision or 0) > 100:
            raise ValueError("too wide")
        flags = step.flags
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        if precision is not None and precision < 0:
            precision = None
        out.append(conversion(step, flags, width, precision, *left.pop(0)))
    return "".join(out)


KEPT = {"hh": 8, "h": 16}


def conversion(step, flags, width, precision, what, kind):
    if step.letter == "s" or kind == STRING or isinstance(kind, (TupleType, ArrayType)):
        text = value(what, kind)
        return pad(text if precision is None else text[:precision], flags, width)
    if step.letter == "c":
        return pad(chr(int(what) & 0xFF), flags, width)
    return number(step, flags, width, precision, int(what), kind)


def number(step, flags, width, precision, what, kind):
    bits = kind.bits if isinstance(kind, Int) else 8
    if step.length in ("l", "ll", "j", "z", "t"):
        bits = 64
    bits = min(bits, KEPT.get(step.length, bits))
    is_signed = step.letter in "di"
    # Signed conversions show the value, unsigned ones its bytes. An unsigned value that fits stays what it is.
    if is_signed:
        narrowed = step.length in KEPT and KEPT[step.length] <= (kind.bits if isinstance(kind, Int) else 8)
        what = Int(bits if narrowed else 64, True).wrap(what)
    else:
        what = Int(bits, False).wrap(what)
    digits = {"x": "x", "X": "X", "p": "x", "o": "o"}.get(step.letter, "d")
    body = "" if precision == 0 and what == 0 else format(abs(what), digits)
    if precision is not None:
        body = body.rjust(precision, "0")
    sign = "-" if what < 0 else "+" if "+" in flags and is_signed else " " if " " in flags and is_signed else ""
    if step.letter == "p" or ("#" in flags and step.letter in "xX" and what):
        sign = "0X" if step.letter == "X" else "0x"
    if "#" in flags and step.letter == "o" and not body.startswith("0"):
        body = "0" + body
    if "0" in flags and "-" not in flags and precision is None and width is not None:
        body = body.rjust(width - len(sign), "0")
    return pad(sign + body, flags, width)


def pad(text, flags, width):
    if width is None:
        return text
    return text.ljust(width) if "-" in flags else text.rjust(width)


# --- aggregations: counts and totals as they are kept


def aggregated(which, held, number):
    """The value after one more number."""
    match which.aggregation:
        case "count":
            return (held or 0) + 1
        case "sum":
            return which.type.wrap((held or 0) + number)
        case "min":
            return number if held is None else min(held, number)
        case "max":
            return number if held is None else max(held, number)
        case "avg" | "stats":
            total, times = held or (0, 0)
            return which.type.wrap(total + number), times + 1
    buckets = dict(held or {})
    if which.aggregation == "lhist":
        low = linear_bucket(number, *which.limits)
    else:
        low = log_bucket(number, which.limits[0] if which.limits else 0)
    buckets[low] = buckets.get(low, 0) + 1
    return buckets


def zeroed(which):
    if which.aggregation in ("hist", "lhist"):
        return {}
    return zero(which.type) if not which.aggregation else (0, 0) if which.aggregation in ("avg", "stats") else 0


def as_number(which, held):
    if which.aggregation == "avg":
        return divide(*held)
    return held


# --- histograms. A bucket is known by its lower bound; None: all below the lowest.


def log_bucket(number, bits):
    if number < 0:
        return None
    if number < 1 << bits:
        return number
    shift = number.bit_length() - 1 - bits
    return number >> shift << shift


def log_bounds(bits):
    """All lower bounds, in order."""
    yield None
    yield from range(1 << bits)
    for power in range(bits, 64):
        yield from ((1 << power) + (step << (power - bits)) for step in range(1 << bits))


def linear_bucket(number, low, high, step):
    if number < low:
        return None
    return high if number >= high else low + (number - low) // step * step


def bound(number):
    for power in range(6, 0, -1):
        unit = 1024**power
        if number and number % unit == 0:
            return f"{number // unit}{' KMGTPE'[power]}"
    return str(number)


def label(low, following, is_linear):
    if low is None:
        return f"(..., {bound(following)})"
    if following is None:
        return f"[{bound(low)}, ...)"
    if following == low + 1 and not is_linear:
        return f"[{bound(low)}]"
    return f"[{bound(low)}, {bound(following)})"


def bounds_of(which):
    if which.aggregation == "hist":
        bits = which.limits[0] if which.limits else 0
        lows = list(log_bounds(bits))
        return lows, [*lows[1:], 1 << 64]
    low, high, step = which.limits
    lows = [None, *range(low, high, step), high]
    return lows, [*lows[1:], None]


def bars(which, buckets, div):
    lows, nexts = bounds_of(which)
    used = [index for index, low in enumerate(lows) if buckets.get(low)]
    if not used:
        return []
    shown = range(used[0], used[-1] + 1)
    counts = {index: buckets.get(lows[index], 0) // max(div, 1) for index in shown}
    highest = max(1, *counts.values())
    out = []
    for index in shown:
        name = label(lows[index], nexts[index], which.aggregation == "lhist")
        name += " " if len(name) >= 16 else ""
        bar = "@" * (counts[index] * 52 // highest)
        out.append(f"{name:<16}{counts[index]:>8} |{bar:<52}|")
    return out


# --- maps


def order(which, item):
    """Rows are sorted by their number, then by their key; what has no number, by key alone."""
    key, held = item
    match which.aggregation:
        case "hist" | "lhist":
            rank = sum(held.values())
        case "avg" | "stats":
            rank = divide(*held)
        case "":
            rank = held if isinstance(which.type, Int) else 0
        case _:
            rank = held
    return rank, tuple(sortable(one) for one in key)


def sortable(one):
    if isinstance(one, tuple):
        return tuple(sortable(each) for each in one)
    return one.encode("latin-1") if isinstance(one, str) else one


def map_rows(which, rows, top=0, div=0):
    ordered = sorted(rows.items(), key=lambda item: order(which, item))
    out = []
    for key, held in ordered[-top:] if top else ordered:
        kinds = which.keys
        if len(kinds) == 1 and type(kinds[0]) is TupleType:
            key, kinds = key[0], kinds[0].elements  # a tuple is the same as several keys
        keys = ", ".join(value(one, kind) for one, kind in zip(key, kinds))
        name = f"{which}[{keys}]:" if which.keys else f"{which}:"
        if which.aggregation in ("hist", "lhist"):
            out += [name, *bars(which, held, div)]
        else:
            out.append(f"{name} {held_text(which, held, div)}")
    return out


def held_text(which, held, div):
    scale = max(div, 1)
    if which.aggregation == "stats":
        average = divide(divide(*held), scale)
        return f"count {held[1]}, average {average}, total {divide(held[0], scale)}"
    number = as_number(which, held) if which.aggregation else held
    if which.aggregation or isinstance(which.type, Int):
        return str(divide(number, scale))
    return value(number, which.type)

