"""The thousandth day: one order's latency and the start, with much in the ledger."""

import time
from datetime import datetime, timedelta
from statistics import median

from benchmarks.bench import Bench
from benchmarks.ledgers import copy_day
from benchmarks.scenarios.latency import one_by_one
from benchmarks.sides import Filebridge
from filebridge.app import LEDGER
from filebridge.domain.orders import SHANGHAI

# As many days, whatever the size; what a bridge has to read of the last two days is a part of it.
DAYS = 1000


def run(bench: Bench) -> None:
    sizes = bench.sizes
    wanted = {"ledger.middle": sizes.ledger_middle, "ledger.large": sizes.ledger_large}
    sides = {"empty": bench.filebridge("empty")}
    bench.start(sides["empty"])
    started: dict[str, list[float]] = {}
    for key, size in wanted.items():
        if size:
            sides[key] = _home_with(bench, key, size)
            started[key] = [_start(sides[key])]
    times: dict[str, list[float]] = {key: [] for key in sides}
    for side in sides.values():
        one_by_one(side, sizes.warm_up)
    for _ in range(sizes.ledger_trials // sizes.latency_block or 1):
        for key, side in sides.items():
            times[key] += one_by_one(side, min(sizes.latency_block, sizes.ledger_trials))
    empty = median(times["empty"])
    for key, starts in started.items():
        size, mine = wanted[key], median(times[key])
        samples = {"empty": times["empty"], "full": times[key]}
        note = "the column floor is the empty ledger"
        bench.report(
            key, size=size, ours=mine, floor=empty, ratio=mine / empty, value=mine / empty, samples=samples, note=note
        )
        for _ in range(sizes.starts - 1):
            sides[key].stop_program()
            starts.append(_start(sides[key]))
        bench.report(f"{key}.start", size=size, ours=median(starts), value=median(starts), samples={"ours": starts})


def _home_with(bench: Bench, name: str, size: int) -> Filebridge:
    """A home, not started, whose ledger holds `size` orders, all of them filled, over the days until yesterday."""
    days = min(DAYS, size)
    template = bench.filebridge(f"{name}.template")
    bench.start(template)
    template.drop_orders("day.csv", range(size // days))
    template.received_all()
    template.filled_all()
    template.stop_program()
    side = bench.filebridge(name)
    yesterday = datetime.now(SHANGHAI).date() - timedelta(days=1)
    copy_day(template.folder / LEDGER, side.folder / LEDGER, days, yesterday)
    side.start_counter()
    return side


def _start(side: Filebridge) -> float:
    """Seconds from the start of the process until it has agreed with the broker and trades."""
    began = time.monotonic()
    side.start_program()
    return time.monotonic() - began
