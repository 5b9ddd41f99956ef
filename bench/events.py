"""What tracing adds to one getppid call."""

from processes import Refused, WrongOutput
from reading import BUCKET, HAND_BUCKET, HAND_COUNT, KEYED, PLAIN, expect, expect_about, keyed, numbers
from table import Row, median

CALLS = 200_000
ENTER = "tracepoint:syscalls:sys_enter_getppid"
EXIT = "tracepoint:syscalls:sys_exit_getppid"
LATENCY = (f"{ENTER} {{ @s[tid] = nsecs; }} "
           f"{EXIT} /@s[tid]/ {{ @l = hist(nsecs - @s[tid]); delete(@s[tid]); }}")


def check_count(run, is_hand):
    counts = list(keyed(run, HAND_COUNT).values()) if is_hand else numbers(run, PLAIN)
    expect_about(sum(counts), CALLS, "count")


def check_pid(run, is_hand):
    pid = run.loop["pid"]
    key = pid.to_bytes(4, "little").hex() if is_hand else str(pid)
    expect(keyed(run, HAND_COUNT if is_hand else KEYED).get(key) == CALLS, f"the count of {pid} is not {CALLS}")


def check_comm(run, is_hand):
    key = b"getppid".ljust(16, b"\0").hex() if is_hand else "getppid"
    expect(keyed(run, HAND_COUNT if is_hand else KEYED).get(key) == CALLS, f"the count of getppid is not {CALLS}")


def check_hist(run, is_hand):
    expect_about(sum(numbers(run, HAND_BUCKET if is_hand else BUCKET)), CALLS, "sum of the buckets")


def check_nothing(run, is_hand):
    counts = list(keyed(run, HAND_COUNT).values()) if is_hand else numbers(run, PLAIN)
    expect(sum(counts) == 0, f"counted {counts}")


def added(runs, plain, which):
    return [run.loop[which] - without.loop[which] for run, without in zip(runs, plain)]


def measure(bench, title, script, hand, check):
    """Rounds of untraced, ours, peer, by hand; a run's cost is what it has over the untraced run of its round."""
    tracers = bench.tracers if script else {name: bench.tracers[name] for name in bench.tracers if name == "hand"}
    runs = {name: [] for name in tracers}
    plain, failures = [], {}
    for _ in range(bench.rounds(15)):
        plain.append(bench.workshop.run(bench.workshop.loop_command("getppid", CALLS)))
        for name, tracer in tracers.items():
            if name in failures:
                continue
            try:
                run = tracer.run(hand if name == "hand" else script, bench.workshop.loop_command("getppid", CALLS))
                check(run, name == "hand")
                runs[name].append(run)
            except (Refused, WrongOutput) as reason:
                failures[name] = reason
    costs = {(name, which): added(of_name, plain, f"{which}_ns") for name, of_name in runs.items()
             if name not in failures for which in ("least", "median")}
    return rows_of_costs(title, costs, plain), failures


def rows_of_costs(title, costs, plain):
    names = {name for name, _ in costs}
    # The least of all traced runs over the least of all untraced ones: what remains when nothing disturbs.
    floor = min(run.loop["least_ns"] for run in plain)
    rounds_floor = [run.loop["least_ns"] - floor for run in plain]
    least = {name: min(cost + above for cost, above in zip(costs[name, "least"], rounds_floor)) for name in names}
    middle = {name: median(costs[name, "median"]) for name in names}
    worst = None
    if {"ours", "hand"} <= names:
        ratios = [ours / by_hand for ours, by_hand in zip(costs["ours", "median"], costs["hand", "median"])
                  if by_hand > 0]
        worst = max(ratios, default=None)
    return [Row(f"{title}: least", "ns", **least), Row(f"{title}: median", "ns", **middle, worst=worst)]


def floor(bench):
    return measure(bench, "event, empty program", None, "empty", check_nothing)


def count(bench):
    return measure(bench, "event, count()", f"{ENTER} {{ @ = count(); }}", "count", check_count)


def count_by_pid(bench):
    return measure(bench, "event, @[pid] = count()", f"{ENTER} {{ @[pid] = count(); }}", "count_by_pid", check_pid)


def count_by_comm(bench):
    return measure(bench, "event, @[comm] = count()", f"{ENTER} {{ @[comm] = count(); }}", "count_by_comm", check_comm)


def hist(bench):
    return measure(bench, "event, hist(nsecs & 0xffff)", f"{ENTER} {{ @ = hist(nsecs & 0xffff); }}", "hist",
                   check_hist)


def never_true(bench):
    return measure(bench, "event, /pid == 1/", f"{ENTER} /pid == 1/ {{ @ = count(); }}", "filter", check_nothing)


def latency(bench):
    return measure(bench, "event, latency (hand: hash)", LATENCY, "latency_hash", check_hist)


def latency_storage(bench):
    return measure(bench, "event, latency (hand: task storage)", LATENCY, "latency_storage", check_hist)
