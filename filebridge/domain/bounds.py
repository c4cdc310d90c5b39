"""What a person who answers for the orders allows, as values; limits.py asks them of each order."""

from datetime import time, timedelta
from decimal import Decimal
from typing import NamedTuple

ALL_DAY = ((time.min, time.max),)


class Limits(NamedTuple):
    """What the settings of [risk] allow, wide where nobody wrote anything; `total_…` is for all accounts together, the
    others for each."""

    order_quantity_max: int = 100_000_000
    order_value_cny_max: Decimal = Decimal(10**10)
    orders_per_second_max: int = 10**9
    orders_per_day_max: int = 10**9
    total_orders_per_day_max: int = 10**9
    day_value_cny_max: Decimal = Decimal(10**12)
    total_day_value_cny_max: Decimal = Decimal(10**12)
    open_orders_max: int = 1_000_000
    total_open_orders_max: int = 1_000_000
    position_value_cny_max: Decimal = Decimal(10**12)
    position_percent_max: Decimal = Decimal(10_000)
    price_from_last_percent_max: Decimal = Decimal(10_000)
    price_from_prev_close_percent_max: Decimal = Decimal(10_000)
    repeats_max: int = 1_000_000
    repeat_time: timedelta = timedelta(seconds=10)
    cancel_percent_max: Decimal = Decimal(10_000)
    cancel_percent_from: int = 100
    balance_age_max: timedelta = timedelta(seconds=60)
    balance_lag: timedelta = timedelta(0)
    quote_age_max: timedelta = timedelta(seconds=30)
    symbols_allowed: tuple[str, ...] = ("*",)
    symbols_forbidden: tuple[str, ...] = ()
    strategies_allowed: tuple[str, ...] = ("*",)
    strategies_forbidden: tuple[str, ...] = ()
    hours_allowed: tuple[tuple[time, time], ...] = ALL_DAY
    transfers_allowed: tuple[str, ...] = ()
    transfer_value_cny_max: Decimal = Decimal(10**10)
    transfer_day_value_cny_max: Decimal = Decimal(10**12)
