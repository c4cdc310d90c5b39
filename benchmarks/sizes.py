"""How much of each scenario is done: all of it, or a sample in under a minute."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Numbers of orders, files, rows and repeats."""

    warm_up: int = 20
    latency_trials: int = 1000
    latency_block: int = 50
    basket: int = 5_000
    repeats: int = 5
    # The loop of synchronous order_stock: its time is its number of orders, so a sample of it is scaled up.
    sync_rows: int = 5_000
    large: int = 100_000
    large_repeats: int = 3
    flood: int = 10_000
    flush_basket: int = 5_000
    ledger_middle: int = 300_000
    # 0: not measured, which is the difference between all of it and `--full`.
    ledger_large: int = 0
    ledger_trials: int = 200
    starts: int = 3
    day: int = 200_000
    million: int = 1_000_000
    idle_seconds: float = 20.0
    command_repeats: int = 15
    check_rows: int = 5_000

    @property
    def is_full(self) -> bool:
        return self.ledger_large > 0


NORMAL = Sizes()
FULL = Sizes(ledger_large=3_000_000)
QUICK = Sizes(
    warm_up=5,
    latency_trials=40,
    latency_block=20,
    repeats=1,
    sync_rows=200,
    large=10_000,
    large_repeats=1,
    flood=1_000,
    flush_basket=2_000,
    ledger_middle=10_000,
    ledger_trials=20,
    starts=1,
    day=5_000,
    million=10_000,
    idle_seconds=3.0,
    command_repeats=1,
)
