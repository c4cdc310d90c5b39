"""New issues: what may be subscribed to today, and how much of it each account may ask for.

On offer every day is every listed instrument of a board of subscription codes, at the price that the market has as its
previous close. New bonds, and Shenzhen's issues (whose code is the stock's own), are not among them.
"""

from datetime import datetime

from filebridge.simulator.books import Books
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

YUAN = 1000
BOARD, SHARES = "IPO", "STOCK"
STOCK, CREDIT = 2, 3
# Both exchanges, rules of 2023: from 10,000 yuan of their shares on, 500 shares for every 5,000 yuan.
VALUE_MIN, VALUE_PER_UNIT, UNIT = 10_000 * YUAN, 5_000 * YUAN, 500
STOCK_BOARDS = frozenset({"MAIN", "CHINEXT", "STAR"})
# The terminal's names of the quotas, and the exchange whose holdings count.
QUOTAS = {"KCB": "SH", "SH": "SH", "SZ": "SZ"}


def offerings(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    """`ipo_type` may narrow the list down to STOCK or BOND."""
    if request[2] not in ("", SHARES):
        return []
    known = [market.instrument(symbol) for symbol in market.instruments.listed()]
    offered = [instrument for instrument in known if instrument and instrument.board.board == BOARD]
    return [
        [
            instrument.symbol,
            instrument.name,
            SHARES,
            instrument.board.max_quantity,
            instrument.board.buy_min,
            f"{now:%Y%m%d}",
            market.quote(instrument).prev_close / instrument.board.price_unit,
        ]
        for instrument in offered
    ]


def purchase_limit(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    """From what the account holds now; a real counter takes the average of twenty days."""
    _, _, account_type, name = request
    account = books.accounts.get(name)
    if account is None or account.account_type != account_type or account_type not in (STOCK, CREDIT):
        return []
    value = dict.fromkeys(QUOTAS.values(), 0)
    for symbol, held in account.positions.items():
        instrument = market.instrument(symbol)
        if instrument and instrument.board.exchange in value and instrument.board.board in STOCK_BOARDS:
            value[instrument.board.exchange] += held.quantity * market.quote(instrument).last
    return [[quota, _units(value[exchange])] for quota, exchange in QUOTAS.items()]


def _units(value: int) -> int:
    return value // VALUE_PER_UNIT * UNIT if value >= VALUE_MIN else 0
