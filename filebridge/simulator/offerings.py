"""New issues: what may be subscribed to today, and how much of it each account may ask for.

offerings.csv lists made-up issues under subscription codes of Shanghai, on offer every day at the price that the
market shows as their previous close. New bonds, and Shenzhen's issues (whose code is the stock's own), are not listed.
"""

from datetime import datetime
from pathlib import Path

from filebridge.simulator.books import Books
from filebridge.simulator.market import Market
from filebridge.simulator.money import read_rows
from filebridge.simulator.wire import Message

YUAN = 1000
STOCK, CREDIT = 2, 3
# Both exchanges, rules of 2023: from 10,000 yuan of their shares on, 500 shares for every 5,000 yuan.
VALUE_MIN, VALUE_PER_UNIT, UNIT = 10_000 * YUAN, 5_000 * YUAN, 500
STOCK_BOARDS = frozenset({"MAIN", "CHINEXT", "STAR"})
# The terminal's names of the quotas, and the exchange whose holdings count.
QUOTAS = {"KCB": "SH", "SH": "SH", "SZ": "SZ"}

_OFFERED = read_rows(Path(__file__).parent / "offerings.csv")


def offerings(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    """`ipo_type` may narrow the list down to STOCK or BOND."""
    listed = []
    for row in _OFFERED:
        instrument = market.instrument(row["symbol"])
        if instrument is None or request[2] not in ("", row["ipo_type"]):
            continue
        issue_price = market.quote(instrument).prev_close / YUAN
        limits = [int(row["max_quantity"]), instrument.board.buy_min]
        listed.append([row["symbol"], row["name"], row["ipo_type"], *limits, f"{now:%Y%m%d}", issue_price])
    return listed


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
