"""Nothing to do: what filebridge takes of a core, its scan of the folder included."""

import threading

from benchmarks.bench import Bench, CpuUse
from benchmarks.scenarios.latency import one_by_one

SETTLE_SECONDS = 1.0


def run(bench: Bench) -> None:
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    # Not from the very start: an idle bridge is one that has traded.
    for side in (ours, by_hand):
        one_by_one(side, 10)
    pause = threading.Event()
    pause.wait(SETTLE_SECONDS)
    uses = {side.name: CpuUse(side) for side in (ours, by_hand)}
    pause.wait(bench.sizes.idle_seconds)
    cpu = {name: use.until_now() for name, use in uses.items()}
    per_second = 100 / bench.sizes.idle_seconds
    mine = (cpu[ours.name]["bridge"] + cpu[ours.name]["worker"]) * per_second
    theirs = cpu[by_hand.name]["program"] * per_second
    bench.report("idle", ours=mine, byhand=theirs, value=mine, cpu=cpu, note="bridge and worker")
