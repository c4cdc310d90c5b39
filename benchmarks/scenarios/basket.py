"""Baskets: one file of thousands of rows, until the counter has received the last request, and until the last fill."""

from statistics import median

from benchmarks.bench import Bench, CpuUse
from benchmarks.sides import Side

ANSWER_SECONDS = 0.005
SECONDS = 1e9


def basket(bench: Bench) -> None:
    """5,000 rows, beside the by-hand loop of order_stock_async."""
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    times: dict[str, list[float]] = {ours.name: [], by_hand.name: []}
    cpu = {}
    for number in range(bench.sizes.repeats):
        for side in (ours, by_hand) if number % 2 == 0 else (by_hand, ours):
            received, _, cpu[side.name] = drop_basket(side, bench.sizes.basket)
            times[side.name].append(received)
    mine, theirs = median(times[ours.name]), median(times[by_hand.name])
    ratio = mine / theirs
    bench.report(
        "basket",
        size=bench.sizes.basket,
        ours=mine,
        byhand=theirs,
        ratio=ratio,
        value=ratio,
        samples=times,
        cpu=cpu,
        note=_counter_share(cpu[ours.name]),
    )


def slow_counter(bench: Bench) -> None:
    """5,000 rows at a counter that answers after 5 ms, beside the by-hand loop that waits for each answer."""
    sizes = bench.sizes
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=False)
    bench.start(ours, by_hand)
    for side in (ours, by_hand):
        side.fault(answer_delay_seconds=ANSWER_SECONDS)
    mine = [drop_basket(ours, sizes.basket)[0] for _ in range(sizes.repeats)]
    theirs = drop_basket(by_hand, sizes.sync_rows)[0] * sizes.basket / sizes.sync_rows
    ratio = theirs / median(mine)
    scaled = f"by hand: from {sizes.sync_rows:,} rows" if sizes.sync_rows != sizes.basket else ""
    bench.report(
        "basket.slow_counter",
        size=sizes.basket,
        ours=median(mine),
        byhand=theirs,
        ratio=ratio,
        value=ratio,
        samples={ours.name: mine, by_hand.name: [theirs]},
        note=scaled,
    )


def large(bench: Bench) -> None:
    """100,000 rows: the rate at which the counter receives them, and at which fills come home."""
    size = bench.sizes.large
    ours, by_hand = bench.filebridge(), bench.by_hand(is_async=True)
    bench.start(ours, by_hand)
    received: dict[str, list[float]] = {ours.name: [], by_hand.name: []}
    filled: dict[str, list[float]] = {ours.name: [], by_hand.name: []}
    cpu = {}
    for _ in range(bench.sizes.large_repeats):
        for side in (by_hand, ours):
            received_seconds, filled_seconds, cpu[side.name] = drop_basket(side, size)
            received[side.name].append(size / received_seconds)
            filled[side.name].append(size / filled_seconds)
    for key, rates in (("large.received", received), ("large.filled", filled)):
        mine, theirs = median(rates[ours.name]), median(rates[by_hand.name])
        bench.report(
            key,
            size=size,
            ours=mine,
            byhand=theirs,
            ratio=mine / theirs,
            value=mine / theirs,
            samples=rates,
            cpu=cpu,
            note=_counter_share(cpu[ours.name]),
        )


def drop_basket(side: Side, size: int) -> tuple[float, float, dict[str, float]]:
    """Seconds from the rename until the last request was received, until the last fill, and the processors' work."""
    number = side.given
    name = f"basket-{number}.csv"
    side.prepare_orders(name, range(number, number + size))
    use = CpuUse(side)
    dropped_at = side.drop(name)
    received_at = side.received_all(poll_seconds=0.005)
    filled_at = side.filled_all()
    wall = (filled_at - dropped_at) / SECONDS
    return (received_at - dropped_at) / SECONDS, wall, use.until_now() | {"wall": round(wall, 3)}


def _counter_share(cpu: dict[str, float]) -> str:
    """How much of one core each process took until the last fill; near 100 % it is what bounds the rate."""
    wall = cpu["wall"]
    return "cores: " + ", ".join(f"{name} {seconds / wall:.0%}" for name, seconds in cpu.items() if name != "wall")
