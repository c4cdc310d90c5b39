"""Thousands of files of one order each, dropped as fast as renames go."""

from benchmarks.bench import Bench, CpuUse
from benchmarks.orders import order_file
from benchmarks.sides import Side

# The program by hand may never finish: when nothing has come for so long, what is missing is lost.
QUIET_SECONDS = 3.0


def run(bench: Bench) -> None:
    size = bench.sizes.flood
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    bench.may_lose(by_hand)
    began = _drop_all(by_hand, size)
    bench.deadline.still(by_hand.arrivals.total, size, QUIET_SECONDS)
    came = by_hand.arrivals.total()
    theirs = _rate(by_hand, began, came)
    use = CpuUse(ours)
    began = _drop_all(ours, size)
    try:
        ours.received_all(poll_seconds=0.005)
    finally:
        # Also when the time is over: then these say how far it came.
        received = ours.arrivals.total()
        mine, missing = _rate(ours, began, received), float(size - received)
        cpu = {ours.name: use.until_now()}
        bench.report("flood.rate", size=size, ours=mine, byhand=theirs, ratio=mine / theirs, value=mine, cpu=cpu)
        bench.report("flood.lost", size=size, ours=missing, byhand=float(size - came), value=missing)


def _drop_all(side: Side, size: int) -> int:
    """Drop all files; when the first was."""
    for number in range(size):
        side.prepare(f"flood-{number}.csv", order_file([number]))
    began = side.drop("flood-0.csv")
    for number in range(1, size):
        side.drop(f"flood-{number}.csv")
    return began


def _rate(side: Side, began: int, came: int) -> float:
    """Files a second, from the first rename to the last request received."""
    return came / (side.arrivals.at(came) - began) * 1e9 if came else 0.0
