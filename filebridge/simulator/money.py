"""Money and prices as exact ints, and the small CSV files that a user may write.

Money is in thousandths of a yuan. A price is in the price units of its board: thousandths too, but ten-thousandths
where the tick is finer (ETF options). No rule of any market here.
"""

import csv
import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

THOUSANDTHS = 1000


def price(text: str, unit: int = THOUSANDTHS) -> int:
    """`text` in parts of `unit` to a yuan, rounded half up; ValueError for what is no number of zero or more."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a number: {text!r}") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"not a price: {text!r}")
    return int((value * unit).to_integral_value(ROUND_HALF_UP))


def exact_price(value: float, unit: int = THOUSANDTHS) -> int | None:
    """A broker's float in parts of `unit`, or None if it is no number or finer than that."""
    if not math.isfinite(value) or abs(value) >= 2**31:
        return None
    nearest = round(value * unit)
    return nearest if abs(value * unit - nearest) < 1e-6 * max(1.0, abs(value)) else None


def to_tick(numerator: int, denominator: int, tick: int) -> int:
    """numerator / denominator, rounded half up to the tick, as the exchanges round a daily limit."""
    unit = denominator * tick
    return (2 * numerator + unit) // (2 * unit) * tick


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a small CSV file that a user may have saved with a spreadsheet; everything is text."""
    # Excel writes a byte order mark; utf-8-sig takes a file with one or without.
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {key.strip(): (value or "").strip() for key, value in row.items() if key} for row in csv.DictReader(file)
        ]
