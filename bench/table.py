"""Gathers what was measured, prints it as one table."""

import statistics

from targets import TARGETS


def median(values):
    return statistics.median(values)


class Row:
    """One measure: a value for each of ours, peer and hand; None where there is none."""

    def __init__(self, measure, unit, ours=None, peer=None, hand=None, worst=None, more_is_better=False):
        self.measure = measure
        self.unit = unit
        self.ours = ours
        self.peer = peer
        self.hand = hand
        self.worst = worst
        self.more_is_better = more_is_better

    def as_dict(self):
        return {**self.__dict__, "target": self.target(), "verdict": self.verdict(), "peer_ratio": ratio(self.peer, self.ours), "hand_ratio": ratio(self.ours, self.hand)}

    def target(self):
        return str(TARGETS.get(self.measure, ""))

    def verdict(self):
        target = TARGETS.get(self.measure)
        return target.verdict(self) if target else ""


def ratio(above, below):
    return above / below if above is not None and below is not None and below > 0 else None


def number(value):
    if value is None:
        return "-"
    if isinstance(value, int) and abs(value) >= 1000:
        return f"{value:,}".replace(",", " ")
    if 0 < abs(value) < 1:
        return f"{value:.3f}"
    return f"{value:.0f}" if abs(value) >= 100 or isinstance(value, int) else f"{value:.1f}"


def times(value):
    return "-" if value is None else f"{value:.2f}x"


HEADINGS = ("measure", "unit", "ours", "peer", "peer/ours", "by hand", "ours/hand", "worst", "target", "")


def cells(row):
    return (row.measure, row.unit, number(row.ours), number(row.peer), times(ratio(row.peer, row.ours)),
            number(row.hand), times(ratio(row.ours, row.hand)), times(row.worst), row.target(), row.verdict())


def format_table(rows):
    table = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]

    def line(texts):
        left = [texts[0].ljust(widths[0]), texts[1].ljust(widths[1])]
        right = [text.rjust(width) for text, width in zip(texts[2:-2], widths[2:-2])]
        right += [text.ljust(width) for text, width in zip(texts[-2:], widths[-2:])]
        return "  ".join(left + right).rstrip()

    return "\n".join([line(table[0]), "  ".join("-" * width for width in widths), *map(line, table[1:])])
