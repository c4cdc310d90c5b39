"""Statistics of futures positions in xtquant's words: a row for each contract and direction, as `wire.ROWS` orders it.

What this counter does not count (how often was opened, shares of the assets) is 0. Nothing is decided here.
"""

from filebridge.simulator.accounts import CANCELED, PARTIALLY_CANCELED, Account, Position
from filebridge.simulator.effects import (
    DIRECTION_LONG,
    DIRECTION_SHORT,
    LONG,
    LONG_TODAY,
    SHORT,
    SHORT_LEGS,
    SHORT_TODAY,
)
from filebridge.simulator.market import Market
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.wire import Message

# Yesterday's leg and today's.
DIRECTIONS = {DIRECTION_LONG: (LONG, LONG_TODAY), DIRECTION_SHORT: (SHORT, SHORT_TODAY)}
SPECULATION = 49
CANCELS = (CANCELED, PARTIALLY_CANCELED)


def statistics_rows(account: Account, market: Market) -> list[Message]:
    rows = []
    for direction, (history, today) in DIRECTIONS.items():
        for symbol in dict.fromkeys([*account.legs[history], *account.legs[today]]):
            parts = (account.held(history, symbol), account.held(today, symbol))
            if any(part.quantity for part in parts):
                rows.append(_row(account, symbol, direction, parts, market))
    return rows


def _row(account: Account, symbol: str, direction: int, parts: tuple[Position, Position], market: Market) -> Message:
    instrument = market.instrument(symbol)
    assert instrument is not None
    board, quote = instrument.board, market.quote(instrument)
    number, _, exchange = symbol.partition(".")
    history, today = parts
    quantity, cost, margin = (history.quantity + today.quantity, history.cost + today.cost,
                              history.margin + today.margin)  # fmt: skip
    value = board.amount(quote.last, quantity)
    profit = (cost - value if DIRECTIONS[direction][0] in SHORT_LEGS else value - cost) / THOUSANDTHS
    average = cost / quantity / board.multiplier / THOUSANDTHS
    fees = sum(fill.commission for fill in account.fills if fill.order.symbol == symbol)
    cancels = sum(o.symbol == symbol and o.status in CANCELS for o in account.orders.values())
    rise = quote.last / quote.prev_close - 1 if quote.prev_close else 0.0
    used = margin / THOUSANDTHS
    return [
        account.account,
        exchange,
        exchange,
        board.prefix,
        number,
        instrument.name,
        direction,
        SPECULATION,
        quantity,
        history.quantity,
        today.quantity,
        history.available_qty + today.available_qty,
        cost / THOUSANDTHS,
        average,
        profit,
        profit,
        average,
        used,
        fees / THOUSANDTHS,
        0.0,
        0.0,
        value / THOUSANDTHS,
        0,
        0,
        cancels,
        quote.last / board.price_unit,
        rise,
        board.product,
        0.0,
        "",
        0.0,
        rise,
        0.0,
        profit / used if used else 0.0,
        0.0,
        profit,
        history.opening_qty,
        0.0,
        0.0,
        0.0,
        board.product,
        cost / THOUSANDTHS,
    ]
