"""掘金量化 / 东方财富 EMC order files (文件单): `*.order.csv`, `*.cancel_order.csv`, and the same as DBF.

CSV is UTF-8, usually with a byte order mark; a DBF has the shorter names. Cancels name the order by the user's own sid.
"""

import re
from collections.abc import Mapping

from filebridge.domain.orders import Action, OrderType, Side
from filebridge.domain.symbols import SymbolReading
from filebridge.orderfiles.base import Origin
from filebridge.orderfiles.foreign import Cells, Code, Table, Values, parse_dbf, parse_text
from filebridge.orderfiles.native import Slices

FORMAT = "goldminer"
NAMES = re.compile(r".+\.(?:cancel_)?order\.(?:csv|dbf)", re.IGNORECASE)
# One file for the whole day, appended to; any other is one hand-over.
GROWING = re.compile(r"[0-9]{8}\.(?:cancel_)?order\.(?:csv|dbf)", re.IGNORECASE)

SIDES: Mapping[str, Code] = {
    "1": Code("BUY", "buy", "买入"),
    "2": Code("SELL", "sell", "卖出"),
    "10": Code("BUY_OPEN", "buy to open (futures)", "期货买开"),
    "11": Code("SELL_CLOSE", "sell to close (futures)", "期货卖平"),
    "12": Code("SELL_CLOSE_TODAY", "sell to close today's (futures)", "期货卖平今"),
    "13": Code("SELL_CLOSE_YESTERDAY", "sell to close yesterday's (futures)", "期货卖平昨"),
    "14": Code("SELL_OPEN", "sell to open (futures)", "期货卖开"),
    "15": Code("BUY_CLOSE", "buy to close (futures)", "期货买平"),
    "16": Code("BUY_CLOSE_TODAY", "buy to close today's (futures)", "期货买平今"),
    "17": Code("BUY_CLOSE_YESTERDAY", "buy to close yesterday's (futures)", "期货买平昨"),
}
LIMIT = {"1": Code("LIMIT", "limit", "限价")}
# By exchange: 24 stands on both, with one meaning.
ORDER_TYPES: Mapping[str, Mapping[str, Code]] = {
    "SZ": {
        **LIMIT,
        "20": Code("COUNTERPARTY_BEST", "best price of the other side", "对手方最优价格"),
        "21": Code("OWN_BEST", "best price of the own side", "本方最优价格"),
        "22": Code("IMMEDIATE_OR_CANCEL", "immediate or cancel", "即时成交剩余撤销"),
        "23": Code("FILL_OR_KILL", "fill or kill", "全额成交或撤销"),
        "24": Code("BEST5_OR_CANCEL", "best five or cancel", "最优五档即时成交剩余撤销"),
    },
    "SH": {
        **LIMIT,
        "24": Code("BEST5_OR_CANCEL", "best five or cancel", "最优五档即时成交剩余撤销"),
        "25": Code("BEST5_OR_LIMIT", "best five, the rest as a limit", "最优五档即时成交剩余转限价"),
    },
}


def _order(cells: Cells) -> Values:
    reading = cells.read("symbol", "symbol", required=True)
    exchange = reading.symbol.rpartition(".")[2] if isinstance(reading, SymbolReading) else ""
    order_type = cells.code("order_type", ORDER_TYPES.get(exchange, LIMIT), kind=OrderType)
    return {
        "client_order_id": cells.read("sid", "client_order_id", required=True),
        "account": cells.account("account_id", cells.text("account_id")),
        "symbol": reading,
        "quantity": cells.read("volume", "quantity", required=True),
        "side": (side := cells.code("order_business", SIDES, kind=Side)),
        **cells.pricing("price", order_type, side),
        "note": cells.read("comment", "note"),
    }


def _cancel(cells: Cells) -> Values:
    return {
        "action": Action.CANCEL,
        "orig_client_order_id": cells.read("sid", "orig_client_order_id", required=True),
        "note": cells.read("comment", "note"),
    }


ORDERS = Table(
    {
        **dict.fromkeys(("sid", "account_id", "symbol", "volume", "order_type"), ()),
        "order_business": ("order_biz", "order_business(order_biz)"),
        **dict.fromkeys(("price", "comment"), ()),
    },
    required=("sid", "account_id", "symbol", "volume", "order_type", "order_business", "price"),
    read=_order,
)
CANCELS = Table({"sid": (), "comment": ()}, required=("sid",), read=_cancel)
TABLES = {"order": ORDERS, "cancel": CANCELS}


def parse(data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices:
    read = parse_dbf if name.casefold().endswith(".dbf") else parse_text
    return (
        yield from read(
            data, (ORDERS, CANCELS), format_name=FORMAT, name=name, origin=origin, rows_a_slice=rows_a_slice
        )
    )
