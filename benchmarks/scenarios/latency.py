"""One order in a file of its own: from the rename to the counter's receiving the request."""

import random
import threading
from statistics import median

from benchmarks.bench import Bench
from benchmarks.rows import percentile
from benchmarks.sides import Side

# Between two files, so that everything which one order leaves behind is done before the next one comes.
PAUSE_SECONDS = (0.02, 0.05)


def run(bench: Bench) -> None:
    """The three programs by turns, in blocks, so that noise of the machine falls on all of them."""
    sizes = bench.sizes
    ours = bench.filebridge()
    by_hand = bench.by_hand(is_async=False)
    floor = bench.floor()
    bench.start(ours, by_hand, floor)
    times: dict[str, list[float]] = {}
    for side in (ours, by_hand, floor):
        one_by_one(side, sizes.warm_up)
        times[side.name] = []
    for _ in range(sizes.latency_trials // sizes.latency_block):
        for side in (ours, by_hand, floor):
            times[side.name] += one_by_one(side, sizes.latency_block)
    medians = {name: median(values) for name, values in times.items()}
    ratio = medians[ours.name] / medians[floor.name]
    p50 = {"ours": medians[ours.name], "byhand": medians[by_hand.name], "floor": medians[floor.name], "ratio": ratio}
    bench.report("latency.p50.floor", **p50, value=ratio, samples=times)
    bench.report("latency.p50", **p50, value=p50["ours"])
    p99 = {name: percentile(values, 99) for name, values in times.items()}
    bench.report(
        "latency.p99",
        ours=p99[ours.name],
        byhand=p99[by_hand.name],
        floor=p99[floor.name],
        ratio=p99[ours.name] / p99[floor.name],
        value=p99[ours.name],
    )


def one_by_one(side: Side, count: int, seed: int = 1) -> list[float]:
    """Drop `count` files of one order, each when the one before was received and rested; milliseconds of each."""
    pause, dice = threading.Event(), random.Random(seed)
    times = []
    for _ in range(count):
        number = side.given
        dropped_at = side.drop_orders(f"one-{number}.csv", range(number, number + 1))
        times.append((side.received_all() - dropped_at) / 1e6)
        pause.wait(dice.uniform(*PAUSE_SECONDS))
    return times
