"""A disk on which a flush takes five milliseconds more."""

import shutil
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench
from benchmarks.scenarios.basket import drop_basket

DELAY_MICROSECONDS = 5000
_FLUSHES = "fdatasync,fsync"


def run(bench: Bench) -> None:
    """The same basket with and without the delay, by turns.

    strace delays the return of each flush in the bridge. With --seccomp-bpf it stops at no other system call, so the
    rest runs as fast as ever; that takes -f, which follows the worker as well, but the worker flushes nothing.
    """
    strace = shutil.which("strace")
    if strace is None:
        bench.report("flush", size=bench.sizes.flush_basket, note="not measured: strace is not installed")
        return
    log = bench.folder / "strace.txt"
    fast = bench.filebridge("fast")
    slow = bench.filebridge("slow")
    slow.home.before = (strace, "-f", "--seccomp-bpf", "-o", str(log), "-e", f"trace={_FLUSHES}", "-e")
    slow.home.before += (f"inject={_FLUSHES}:delay_exit={DELAY_MICROSECONDS}",)
    bench.start(fast, slow)
    times: dict[str, list[float]] = {"fast": [], "slow": []}
    flushes = []
    for _ in range(bench.sizes.repeats):
        for side in (fast, slow):
            before = _delayed(log)
            times[side.name].append(drop_basket(side, bench.sizes.flush_basket)[0])
            flushes.append(_delayed(log) - before)
    assert max(flushes) > 0, "strace has delayed no flush"
    ratio = median(times["slow"]) / median(times["fast"])
    bench.report(
        "flush",
        size=bench.sizes.flush_basket,
        ours=median(times["slow"]),
        floor=median(times["fast"]),
        ratio=ratio,
        value=ratio,
        samples=times,
        note=f"the column floor is the fast disk; {max(flushes)} flushes until the last fill",
    )


def _delayed(log: Path) -> int:
    return log.read_bytes().count(b"(DELAYED)")
