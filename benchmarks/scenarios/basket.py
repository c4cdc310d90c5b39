"""Baskets: one file of thousands of rows, until the counter has received the last request, and until the last fill."""

from statistics import median

from benchmarks.bench import Bench, CpuUse
from benchmarks.sides import Side

ANSWER_SECONDS = 0.005
SECONDS = 1e9
# By program: what each repeat took, or reached.
Figures = dict[str, list[float]]


def basket(bench: Bench) -> None:
    """5,000 rows, beside the by-hand loop of order_stock_async."""
    size = bench.sizes.basket
    sides: dict[str, Side] = {"ours": bench.filebridge(), "byhand": bench.by_hand(is_async=True)}
    bench.start(*sides.values())
    times: Figures = {name: [] for name in sides}
    cpu = {}
    for _ in range(bench.sizes.repeats):
        for name, side in sides.items():
            received, _, cpu[name] = drop_basket(side, size)
            times[name].append(received)
        _report(bench, "basket", size, times, cpu)


def large(bench: Bench) -> None:
    """100,000 rows: the rate at which the counter receives them, and at which fills come home."""
    size = bench.sizes.large
    sides: dict[str, Side] = {"byhand": bench.by_hand(is_async=True), "ours": bench.filebridge()}
    bench.start(*sides.values())
    received: Figures = {name: [] for name in sides}
    filled: Figures = {name: [] for name in sides}
    cpu = {}
    for _ in range(bench.sizes.large_repeats):
        for name, side in sides.items():
            received_seconds, filled_seconds, cpu[name] = drop_basket(side, size)
            received[name].append(size / received_seconds)
            filled[name].append(size / filled_seconds)
        _report(bench, "large.received", size, received, cpu)
        _report(bench, "large.filled", size, filled, cpu)


def slow_counter(bench: Bench) -> None:
    """5,000 rows at a counter that answers after 5 ms, beside the by-hand loop that waits for each answer."""
    sizes = bench.sizes
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=False)
    bench.start(ours, by_hand)
    for side in (ours, by_hand):
        side.fault(answer_delay_seconds=ANSWER_SECONDS)
    mine = [drop_basket(ours, sizes.basket)[0] for _ in range(sizes.repeats)]
    theirs = drop_basket(by_hand, sizes.sync_rows)[0] * sizes.basket / sizes.sync_rows
    faster = theirs / median(mine)
    bench.report(
        "basket.slow_counter",
        size=sizes.basket,
        ours=median(mine),
        byhand=theirs,
        ratio=faster,
        value=faster,
        samples={"ours": mine, "byhand": [theirs]},
        note=f"by hand: from {sizes.sync_rows:,} rows" if sizes.sync_rows != sizes.basket else "",
    )


def drop_basket(side: Side, size: int) -> tuple[float, float, dict[str, float]]:
    """Seconds from the rename until the last request was received, until the last fill, and the processors' work."""
    number = side.given
    name = f"basket-{number}.csv"
    side.prepare_orders(name, range(number, number + size))
    use = CpuUse(side)
    dropped_at = side.drop(name)
    received_at = side.received_all(poll_seconds=0.005)
    wall = (side.filled_all() - dropped_at) / SECONDS
    return (received_at - dropped_at) / SECONDS, wall, use.until_now() | {"wall": round(wall, 3)}


def _report(bench: Bench, key: str, size: int, figures: Figures, cpu: dict[str, dict[str, float]]) -> None:
    """Medians of the repeats until now, so that a run that is cut short says what it reached."""
    mine, theirs = median(figures["ours"]), median(figures["byhand"])
    used = {name: dict(seconds) for name, seconds in cpu.items()}
    bench.report(
        key,
        size=size,
        ours=mine,
        byhand=theirs,
        ratio=mine / theirs,
        value=mine / theirs,
        samples=figures,
        cpu=used,
        note=_shares(used["ours"]),
    )


def _shares(cpu: dict[str, float]) -> str:
    """How much of one core each process took until the last fill; near 100 % it is what bounds the rate."""
    wall = cpu["wall"]
    return "cores: " + ", ".join(f"{name} {seconds / wall:.0%}" for name, seconds in cpu.items() if name != "wall")
