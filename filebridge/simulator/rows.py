"""The books in xtquant's words: rows for the wire, in the order that `wire.ROWS` fixes.

One function per row class; numbers become float here, and nowhere before. Nothing is decided here.
"""

from filebridge.simulator.books import Account, Fill, Order, Position
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

ORDER_TYPE_OF_SIDE = {"BUY": 23, "SELL": 24}
OFFSET_FLAG_OF_SIDE = {"BUY": 48, "SELL": 49}
# Terminals show the broker's own price types (50 limit, 49 market), not the one that was sent.
PRICE_TYPE_SHOWN = {"LIMIT": 50}
PRICE_TYPE_SHOWN_ELSE = 49
DIRECTION = 48
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
    return [
        account_type,
        order.account,
        order.symbol,
        order.broker_order_id,
        # The counter's own number is assigned by the report, so the first push does not have it.
        order.counter_order_id,
        order.entered_at,
        ORDER_TYPE_OF_SIDE[order.side],
        order.quantity,
        PRICE_TYPE_SHOWN.get(order.order_type, PRICE_TYPE_SHOWN_ELSE),
        order.limit_price / market.price_unit(order.symbol),
        filled_qty,
        order.filled_amount / filled_qty / market.price_unit(order.symbol) if filled_qty else 0.0,
        status,
        order.message,
        order.strategy,
        order.tag,
        DIRECTION,
        OFFSET_FLAG_OF_SIDE[order.side],
        "",
        _name(order.symbol, market),
    ]


def trade_row(fill: Fill, account_type: int, market: Market) -> Message:
    order = fill.order
    return [
        account_type,
        order.account,
        order.symbol,
        ORDER_TYPE_OF_SIDE[order.side],
        fill.trade_id,
        fill.traded_at,
        fill.last_price / market.price_unit(order.symbol),
        fill.last_qty,
        fill.last_qty * fill.last_price / YUAN,
        order.broker_order_id,
        order.counter_order_id,
        order.strategy,
        order.tag,
        DIRECTION,
        OFFSET_FLAG_OF_SIDE[order.side],
        fill.commission / YUAN,
        "",
        _name(order.symbol, market),
    ]


def asset_row(account: Account, market: Market) -> Message:
    market_value = sum(held.quantity * _last(symbol, market) for symbol, held in account.positions.items())
    total_asset = account.cash + account.frozen_cash + market_value
    fetch_balance = max(0, account.cash - account.sold_today)
    return [
        account.account_type,
        account.account,
        account.cash / YUAN,
        account.frozen_cash / YUAN,
        market_value / YUAN,
        total_asset / YUAN,
        fetch_balance / YUAN,
        (account.cash + account.frozen_cash) / YUAN,
    ]


def position_row(account: Account, symbol: str, held: Position, market: Market) -> Message:
    last = _last(symbol, market)
    avg_cost = held.cost / held.quantity / YUAN if held.quantity else 0.0
    profit = (held.quantity * last - held.cost) / YUAN
    return [
        account.account_type,
        account.account,
        symbol,
        held.quantity,
        held.available_qty,
        avg_cost,
        held.quantity * last / YUAN,
        held.frozen_qty,
        held.unsettled_qty,
        held.opening_qty,
        avg_cost,
        DIRECTION,
        last / market.price_unit(symbol),
        profit / (held.cost / YUAN) if held.cost else 0.0,
        profit,
        profit,
        "",
        "",
        _name(symbol, market),
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


def _last(symbol: str, market: Market) -> int:
    instrument = market.instrument(symbol)
    return market.quote(instrument).last if instrument else 0
