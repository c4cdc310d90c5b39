"""The books in xtquant's words: rows for the wire, in the order that `wire.ROWS` fixes.

One function per row class; numbers become float here, and nowhere before. Nothing is decided here.
"""

from filebridge.simulator.accounts import Account, Fill, Order
from filebridge.simulator.effects import SHOWN
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

# Terminals show the broker's own price types (50 limit, 49 market), not the one that was sent.
PRICE_TYPE_SHOWN = {"LIMIT": 50}
PRICE_TYPE_SHOWN_ELSE = 49
YUAN = 1000

# xtconstant's numbers of the exchanges.
MARKET_NUMBERS = {
    "SH": 0,
    "SZ": 1,
    "IF": 2,
    "SF": 3,
    "DF": 4,
    "ZF": 5,
    "INE": 6,
    "SHO": 7,
    "SZO": 67,
    "BJ": 70,
    "GF": 75,
}
STATUS_OK = 0


def order_row(order: Order, status: int, account_type: int, market: Market) -> Message:
    filled_qty = order.filled_qty
    order_type, direction, offset_flag = SHOWN[order.business]
    return [
        account_type,
        order.account,
        order.symbol,
        order.broker_order_id,
        # The counter's own number is assigned by the report, so the first push does not have it.
        order.counter_order_id,
        order.entered_at,
        order_type,
        order.quantity,
        PRICE_TYPE_SHOWN.get(order.order_type, PRICE_TYPE_SHOWN_ELSE),
        order.limit_price / market.price_unit(order.symbol),
        filled_qty,
        order.filled_amount / filled_qty / market.price_unit(order.symbol) if filled_qty else 0.0,
        status,
        order.message,
        order.strategy,
        order.tag,
        direction,
        offset_flag,
        "",
        _name(order.symbol, market),
    ]


def trade_row(fill: Fill, account_type: int, market: Market) -> Message:
    order = fill.order
    order_type, direction, offset_flag = SHOWN[order.business]
    return [
        account_type,
        order.account,
        order.symbol,
        order_type,
        fill.trade_id,
        fill.traded_at,
        fill.last_price / market.price_unit(order.symbol),
        fill.last_qty,
        fill.amount / YUAN,
        order.broker_order_id,
        order.counter_order_id,
        order.strategy,
        order.tag,
        direction,
        offset_flag,
        fill.commission / YUAN,
        "",
        _name(order.symbol, market),
    ]


def market_number(symbol: str) -> int:
    return MARKET_NUMBERS.get(symbol.rpartition(".")[2], -1)


def account_status_row(account: Account, status: int = STATUS_OK) -> Message:
    return [account.account_type, account.account, status]


def account_info_row(account: Account) -> Message:
    return [account.account_type, account.account, account.account_type, 0, "", "模拟柜台", 0, "", "", STATUS_OK]


def _name(symbol: str, market: Market) -> str:
    instrument = market.instrument(symbol)
    return instrument.name if instrument else ""
