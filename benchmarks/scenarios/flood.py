"""Thousands of files of one order each, dropped as fast as renames go."""

from benchmarks.bench import Bench, CpuUse
from benchmarks.orders import order_file
from benchmarks.sides import OutOfTime, Side

# The program by hand may never finish: when nothing has come for so long, what is missing is lost.
QUIET_SECONDS = 3.0


def run(bench: Bench) -> None:
    size = bench.sizes.flood
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    bench.may_lose(by_hand)
    use = CpuUse(ours)
    mine, lost = _drop_all(bench, ours, size)
    cpu = {ours.name: use.until_now()}
    theirs, lost_by_hand = _drop_all(bench, by_hand, size)
    measured = {"size": size, "cpu": cpu}
    bench.report("flood.rate", **measured, ours=mine, byhand=theirs, ratio=mine / theirs, value=mine)
    bench.report("flood.lost", size=size, ours=float(lost), byhand=float(lost_by_hand), value=float(lost))


def _drop_all(bench: Bench, side: Side, size: int) -> tuple[float, int]:
    """Files a second, from the first rename to the last request received; and how many never came."""
    for number in range(size):
        side.prepare(f"flood-{number}.csv", order_file([number]))
    began = side.drop("flood-0.csv")
    for number in range(1, size):
        side.drop(f"flood-{number}.csv")
    try:
        bench.deadline.still(side.arrivals.total, size, QUIET_SECONDS)
    except OutOfTime as late:
        raise OutOfTime(f"{late} ({side.name}: {side.arrivals.total():,} of {size:,})") from None
    came = side.arrivals.total()
    seconds = (side.arrivals.at(came) - began) / 1e9 if came else float("inf")
    return came / seconds, size - came
