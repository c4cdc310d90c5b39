"""xtquant's numbers (its xtconstant.py) for our sides and order types: one table each, read in both directions.

Futures' 14 and 15 (buy or sell without closing first) say nothing that BUY_OPEN and SELL_OPEN do not. 49, the fixed
price after hours, stands in the manual of the terminal's own `passorder` alone, which passes the number on as xttrader
does.
"""

from filebridge.domain.orders import AccountType, OrderType, Side
from filebridge.domain.sides import FACTS

_CREDIT = (
    *(Side.MARGIN_BUY, Side.SHORT_SELL, Side.BUY_TO_RETURN),
    *(Side.DIRECT_RETURN, Side.SELL_TO_REPAY, Side.DIRECT_REPAY),
)
_FUTURES = (
    *(Side.BUY_OPEN, Side.SELL_CLOSE_YESTERDAY, Side.SELL_CLOSE_TODAY),
    *(Side.SELL_OPEN, Side.BUY_CLOSE_YESTERDAY, Side.BUY_CLOSE_TODAY),
    *(Side.SELL_CLOSE_TODAY_FIRST, Side.SELL_CLOSE_YESTERDAY_FIRST),
    *(Side.BUY_CLOSE_TODAY_FIRST, Side.BUY_CLOSE_YESTERDAY_FIRST),
    *(Side.SELL_NET_TODAY_FIRST, Side.SELL_NET_YESTERDAY_FIRST),
    *(Side.BUY_NET_TODAY_FIRST, Side.BUY_NET_YESTERDAY_FIRST),
)
_OPTIONS = (
    *(Side.BUY_OPEN, Side.SELL_CLOSE, Side.SELL_OPEN, Side.BUY_CLOSE, Side.COVERED_OPEN, Side.COVERED_CLOSE),
    *(Side.EXERCISE_CALL, Side.EXERCISE_PUT, Side.LOCK, Side.UNLOCK),
)
# 501 and 502 are xttrader's own numbers of the two ways; 510 to 521 stand in xtconstant.py.
TRANSFERS: dict[Side, int] = {
    Side.BANK_IN: 501,
    Side.BANK_OUT: 502,
    Side.FUNDS_TO_FAST: 510,
    Side.FUNDS_TO_NORMAL: 511,
    Side.FUNDS_SH_TO_SZ: 512,
    Side.FUNDS_SZ_TO_SH: 513,
    Side.SHARES_TO_FAST: 520,
    Side.SHARES_TO_NORMAL: 521,
}
# Which shares are moved (transfer_type), by the account: those that its customer may move.
SHARES_MOVED: dict[AccountType, int] = {AccountType.STOCK: 0, AccountType.CREDIT: 2}
# Account -> side -> order_type. The first side with a number is the one that a report of it is read as.
SIDES: dict[AccountType, dict[Side, int]] = {
    AccountType.STOCK: {Side.BUY: 23, Side.SELL: 24, Side.SUBSCRIBE: 23, Side.CREATE: 134, Side.REDEEM: 135},
    AccountType.CREDIT: {
        Side.COLLATERAL_BUY: 23,
        Side.COLLATERAL_SELL: 24,
        Side.SUBSCRIBE: 23,
        **dict(zip(_CREDIT, range(27, 33), strict=True)),
        **{Side[f"{side}_SPECIAL"]: number for number, side in enumerate(_CREDIT, start=40)},
    },
    AccountType.FUTURE: {side: number for number, side in enumerate(_FUTURES)},
    AccountType.STOCK_OPTION: {side: number for number, side in enumerate(_OPTIONS, start=48)},
}
SIDE_OF: dict[int, Side] = {}
for _account, _rows in SIDES.items():
    _rows |= {side: number for side, number in TRANSFERS.items() if _account in FACTS[side].accounts}
for _rows in SIDES.values():
    for _side, _number in _rows.items():
        SIDE_OF.setdefault(_number, _side)
# Of xtquant's kinds of accounts those that may be configured here.
ACCOUNT_TYPE_OF = {
    1: AccountType.FUTURE,
    2: AccountType.STOCK,
    3: AccountType.CREDIT,
    6: AccountType.STOCK_OPTION,
}

LIMIT = 11
# Order type -> exchange -> price_type; where no exchange is named, all of them.
PRICE_TYPES: dict[OrderType, dict[str, int]] = {
    OrderType.LIMIT: {"": LIMIT},
    OrderType.NO_PRICE: {"": LIMIT},
    OrderType.LATEST: {"": 5},
    OrderType.COUNTERPARTY_BEST: {"": 44},
    OrderType.OWN_BEST: {"": 45},
    OrderType.BEST5_OR_CANCEL: {"SH": 42, "BJ": 42, "SZ": 47, "SZO": 47, "IF": 22},
    OrderType.BEST5_OR_LIMIT: {"SH": 43, "BJ": 43, "IF": 24},
    OrderType.BEST1_OR_CANCEL: {"IF": 21},
    OrderType.BEST1_OR_LIMIT: {"IF": 23},
    OrderType.IMMEDIATE_OR_CANCEL: {"SZ": 46, "SZO": 46, "DF": 19},
    OrderType.FILL_OR_KILL: {"SZ": 48, "SZO": 48, "DF": 20},
    OrderType.MARKET_BEST: {"ZF": 18},
    OrderType.AFTER_HOURS: {"": 49},
    # Their price is known when they leave.
    **{OrderType[f"{of}_{level}"]: {"": LIMIT} for of in ("OWN", "OPPOSITE") for level in range(1, 6)},
}


def side_number(side: Side, account: AccountType) -> int:
    """The order_type of a side on an account that knows it."""
    return SIDES[account][side]


def price_type(order_type: OrderType, symbol: str) -> int:
    """The price_type of an order type that the symbol's exchange takes."""
    numbers = PRICE_TYPES[order_type]
    return numbers[""] if "" in numbers else numbers[symbol.rpartition(".")[2]]
