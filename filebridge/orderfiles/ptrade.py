"""Ptrade basket files: CSV in UTF-8 with a header, one order a row; it knows no cancel."""

from collections.abc import Mapping

from filebridge.domain.orders import OrderType, Side
from filebridge.orderfiles.base import Origin
from filebridge.orderfiles.foreign import Cells, Code, Table, Values, parse_text
from filebridge.orderfiles.native import Slices

FORMAT = "ptrade"
SIDES: Mapping[str, Code] = {"buy": Code("BUY", "buy", "买入"), "sell": Code("SELL", "sell", "卖出")}
ORDER_TYPES: Mapping[str, Code] = {
    "limit": Code("LIMIT", "limit", "限价"),
    "market": Code("", "at the market", "市价"),
}


def _order(cells: Cells) -> Values:
    order_type = cells.code("price_type", ORDER_TYPES, kind=OrderType)
    return {
        "client_order_id": cells.read("signal_id", "client_order_id", required=True),
        "symbol": cells.read("symbol", "symbol", required=True),
        "quantity": cells.read("order_volume", "quantity", required=True),
        "side": (side := cells.code("side", SIDES, kind=Side)),
        **cells.pricing("order_price", order_type, side),
        "strategy": cells.read("strategy_name", "strategy"),
    }


COLUMNS = ("symbol", "side", "order_volume", "order_price", "price_type", "strategy_name", "signal_id")
ORDERS = Table(dict.fromkeys(COLUMNS, ()), required=COLUMNS, read=_order)
TABLES = {"order": ORDERS}


def parse(data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices:
    return (
        yield from parse_text(data, (ORDERS,), format_name=FORMAT, name=name, origin=origin, rows_a_slice=rows_a_slice)
    )
