"""The orders that every scenario drops: buys that the simulated market fills at once, each with content of its own.

The n-th order is the same in every run and for every program. Content repeats only after 1,267,200 orders, so that one
order dropped and another doubled cannot cancel out.
"""

from collections.abc import Iterable

HEADER = "client_order_id,symbol,side,quantity,limit_price"
SYMBOLS = [f"{600000 + number}.SH" for number in range(64)]
MARKET = "symbol,prev_close,last\n" + "".join(f"{symbol},10.00,10.00\n" for symbol in SYMBOLS)
# Between the last price and the day's upper limit, so that each buy is filled whole and at once.
_PRICES = [f"10.{cents:02d}" for cents in range(1, 100)]
# The simulated market offers at least 50,000 shares to each order: one order, one fill.
_LOTS = 200
CASH = 10**12


def order_line(number: int) -> str:
    """The row of the n-th order."""
    rest, symbol = divmod(number, len(SYMBOLS))
    rest, price = divmod(rest, len(_PRICES))
    return f"B{number:07d},{SYMBOLS[symbol]},BUY,{rest % _LOTS * 100 + 100},{_PRICES[price]}"


def order_file(numbers: Iterable[int]) -> str:
    """The text of an order file of these orders."""
    return "\n".join((HEADER, *map(order_line, numbers))) + "\n"
