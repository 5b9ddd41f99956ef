"""What the figures should be, and whether they are."""


class Target:
    """Holds when all that is given does: the value is at most `most`; the peer's is `times` ours; ours is at most `hand` times that
    of the program written by hand, or `or_more` above it."""

    def __init__(self, most=None, times=None, hand=None, or_more=0):
        self.most = most
        self.times = times
        self.hand = hand
        self.or_more = or_more

    def __str__(self):
        parts = []
        if self.most is not None:
            parts.append(f"<= {self.most:g}")
        if self.times is not None:
            parts.append(f"peer >= {self.times:g}x")
        if self.hand is not None:
            parts.append(f"<= {self.hand:g}x hand" + (f" or +{self.or_more:g}" if self.or_more else ""))
        return ", ".join(parts)

    def verdict(self, row):
        """met, missed, or nothing where a figure is missing."""
        if row.ours is None or (self.times and row.peer is None) or (self.hand and row.hand is None):
            return ""
        holds = self.most is None or row.ours <= self.most
        holds &= self.times is None or row.peer >= self.times * row.ours
        holds &= self.hand is None or row.ours <= max(self.hand * row.hand, row.hand + self.or_more)
        return "met" if holds else "missed"


EVENT = Target(hand=1.25, or_more=5)
TARGETS = {
    "start, one map and printf: time": Target(most=30, times=8),
    "start, the same once more: time": Target(most=15),
    "start, opens-failed: time": Target(times=10),
    "start, opens-failed: peak memory": Target(most=40),
    "start, linux/sched.h: time": Target(most=120),
    "attach, all system calls: time": Target(most=250),
    "attach, no args, 500 tracepoints: time": Target(times=20),
    "attach, args, 500 tracepoints: time": Target(hand=1.1),
    "event, count(): median": EVENT,
    "event, @[pid] = count(): median": EVENT,
    "event, @[comm] = count(): median": EVENT,
    "event, hist(nsecs & 0xffff): median": EVENT,
    "event, /pid == 1/: median": EVENT,
    "event, latency (hand: hash): median": EVENT,
    "1M lines, text: said to be lost": Target(most=0),
    "1M lines, text: reader's CPU per line": Target(most=300),
    "1M lines, str(): reader's CPU per line": Target(times=5),
    "1M lines, json: reader's CPU per line": Target(times=5),
    "100k lines, kstack: reader's CPU per line": Target(times=5),
    "map of 200 000 keys: end of the loop to exit": Target(most=150),
    "map of 200 000 keys: peak memory": Target(most=100),
    "idle: CPU": Target(most=0.02),
    "idle: wake-ups a second": Target(most=0),
}
