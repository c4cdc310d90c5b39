"""Limit prices that an order takes from market data at sending: a level of the own or the opposite side, and an offset.

The price that comes of it is rounded to the tick in the safe direction: a buy never goes above what was asked, a sale
never below. A certain daily limit holds it back in that direction as well; in the other one it would be more than was
asked, so there the limit denies. It is decided once, recorded with the sending, and stands from then on.
"""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import NamedTuple

from filebridge.domain.orders import OrderType, price_text
from filebridge.domain.price_limits import PriceBand
from filebridge.domain.quotes import LEVELS, Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import half_width


class OffsetUnit(StrEnum):
    TICKS = "t"
    PERCENT = "%"


class PriceOffset(NamedTuple):
    """What is added to a level's price: ticks (a whole number) or percent of it. Above zero is a higher price, whether
    one buys or sells."""

    amount: Decimal
    unit: OffsetUnit

    def __str__(self) -> str:
        return f"{'+' if self.amount > 0 else ''}{price_text(self.amount)}{self.unit}"


class LevelPrice(NamedTuple):
    """Which price of the market an order type means: the own side's (a buyer's is the bids) or the opposite one's."""

    is_own: bool
    level: int


LEVEL_PRICES: dict[OrderType, LevelPrice] = {
    OrderType[f"{side}_{level}"]: LevelPrice(side == "OWN", level)
    for side in ("OWN", "OPPOSITE")
    for level in range(1, LEVELS + 1)
}
# At most 9999 ticks and 99.9999 %: wider than any offset that is meant; what is within is for the limits to say.
TICKS = r"[+-]?[0-9]{1,4} *(?:t|ticks?|跳)"
PERCENT = r"[+-]?[0-9]{1,2}(?:\.[0-9]{1,4})? *%"
_NUMBER = re.compile(r"[+-]?[0-9.]+")


def read_offset(text: str) -> PriceOffset | None:
    """`+2t` (also 2跳) or `-0.5%`; None for anything else. A sign may be left out, a unit may not."""
    plain = half_width(text).strip()
    units = ((OffsetUnit.TICKS, TICKS), (OffsetUnit.PERCENT, PERCENT))
    unit = next((unit for unit, pattern in units if re.fullmatch(pattern, plain, re.IGNORECASE)), None)
    number = _NUMBER.match(plain)
    return PriceOffset(Decimal(number[0]), unit) if unit and number else None


def resolved(
    order_type: OrderType,
    offset: PriceOffset | None,
    quote: Quote,
    *,
    buys: bool,
    tick: Decimal | None,
    band: PriceBand | None,
) -> Decimal | Reason:
    """The limit price of an order in CNY, or why there is none. `tick` None where nobody knows the symbol's tick."""
    wanted = LEVEL_PRICES[order_type]
    levels = quote.bids if buys is wanted.is_own else quote.asks
    context = {"symbol": quote.symbol, "value": order_type.value, "source": quote.source, "at": f"{quote.at:%H:%M:%S}"}
    if len(levels) < wanted.level:
        return Reason("PRICE_LEVEL_EMPTY", context)
    price = levels[wanted.level - 1]
    if tick is None:
        return price if offset is None else Reason("TICK_NOT_KNOWN", context | {"value": str(offset)})
    exact = _moved(price, offset, tick)
    found = (exact / tick).to_integral_value(ROUND_FLOOR if buys else ROUND_CEILING) * tick
    if band is not None and band.is_certain:
        found = min(found, band.high) if buys else max(found, band.low)
    if found <= 0:
        return Reason("PRICE_NOT_POSITIVE", {"value": price_text(found)})
    return found


def _moved(price: Decimal, offset: PriceOffset | None, tick: Decimal) -> Decimal:
    if offset is None:
        return price
    return price + (offset.amount * tick if offset.unit is OffsetUnit.TICKS else price * offset.amount / 100)
