"""One order in a file of its own: from the rename to the counter's receiving the request."""

import random
import threading
from statistics import median

from benchmarks.bench import Bench
from benchmarks.rows import percentile
from benchmarks.sides import Side

# Between two files, so that everything which one order leaves behind is done before the next one comes.
PAUSE_SECONDS = (0.02, 0.05)
Times = dict[str, list[float]]


def run(bench: Bench) -> None:
    """The three programs by turns, in blocks, so that noise of the machine falls on all of them."""
    sizes = bench.sizes
    sides: dict[str, Side] = {
        "ours": bench.filebridge(),
        "byhand": bench.by_hand(is_async=False),
        "floor": bench.floor(),
    }
    bench.start(*sides.values())
    for side in sides.values():
        one_by_one(side, sizes.warm_up)
    times: Times = {name: [] for name in sides}
    for _ in range(sizes.latency_trials // sizes.latency_block):
        for name, side in sides.items():
            times[name] += one_by_one(side, sizes.latency_block)
        _report(bench, times)


def _report(bench: Bench, times: Times) -> None:
    p50 = {name: median(values) for name, values in times.items()}
    p99 = {name: percentile(values, 99) for name, values in times.items()}
    ratio = p50["ours"] / p50["floor"]
    bench.report("latency.p50.floor", **p50, ratio=ratio, value=ratio, samples=times)
    bench.report("latency.p50", **p50, ratio=ratio, value=p50["ours"])
    bench.report("latency.p99", **p99, ratio=p99["ours"] / p99["floor"], value=p99["ours"])


def one_by_one(side: Side, count: int) -> list[float]:
    """Drop `count` files of one order, each when the one before was received and rested; milliseconds of each."""
    pause, dice = threading.Event(), random.Random(1)
    times = []
    for _ in range(count):
        number = side.given
        dropped_at = side.drop_orders(f"one-{number}.csv", range(number, number + 1))
        times.append((side.received_all() - dropped_at) / 1e6)
        pause.wait(dice.uniform(*PAUSE_SECONDS))
    return times
