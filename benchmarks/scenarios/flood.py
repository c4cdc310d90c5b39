"""Thousands of files of one order each, dropped as fast as renames go."""

from math import inf

from benchmarks.bench import Bench, CpuUse
from benchmarks.orders import order_file
from benchmarks.processes import cpu_seconds
from benchmarks.sides import Side

# A program that has used no processor time for so long has seen the files that are still being written.
REST_SECONDS = 0.5
# The program by hand may never finish: when nothing has come for so long, what is missing is lost.
QUIET_SECONDS = 3.0


def run(bench: Bench) -> None:
    size = bench.sizes.flood
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    bench.may_lose(by_hand)
    began = _drop_all(bench, by_hand, size)
    bench.deadline.still(by_hand.arrivals.total, size, QUIET_SECONDS)
    came = by_hand.arrivals.total()
    theirs = _rate(by_hand, began, came)
    use = CpuUse(ours)
    began = _drop_all(bench, ours, size)
    try:
        ours.received_all(poll_seconds=0.005)
    finally:
        # Also when the time is over: then these say how far it came.
        received = ours.arrivals.total()
        mine, missing = _rate(ours, began, received), float(size - received)
        cpu = {ours.name: use.until_now()}
        bench.report("flood.rate", size=size, ours=mine, byhand=theirs, ratio=mine / theirs, value=mine, cpu=cpu)
        bench.report("flood.lost", size=size, ours=missing, byhand=float(size - came), value=missing)


def _drop_all(bench: Bench, side: Side, size: int) -> int:
    """Drop all files, as the README says: written as `.part` in the inbox, then renamed; when the first was."""
    for number in range(size):
        side.prepare(f"flood-{number}.csv", order_file([number]), in_inbox=True)
    bench.deadline.still(lambda: _used(side), inf, REST_SECONDS)
    began = side.drop("flood-0.csv")
    for number in range(1, size):
        side.drop(f"flood-{number}.csv")
    return began


def _used(side: Side) -> float:
    """Processor seconds of the program itself, in tenths: an idle one uses a little as well."""
    return round(sum(cpu_seconds(pid) for name, pid in side.pids().items() if name != "counter"), 1)


def _rate(side: Side, began: int, came: int) -> float:
    """Files a second, from the first rename to the last request received."""
    return came / (side.arrivals.at(came) - began) * 1e9 if came else 0.0
