"""迅投 PB / QMT order files (预埋单): `XT_DBF_ORDER*.dbf` in GBK, every cell a text, columns found by their names.

Rows are appended all day. A row is good for a minute from the time that it names; a cancel names the order by the
broker's number, in the column of the price.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from filebridge.domain.orders import SHANGHAI, Action, OrderType, Side
from filebridge.orderfiles.base import Origin
from filebridge.orderfiles.foreign import Cells, Code, Table, Values, parse_dbf
from filebridge.orderfiles.native import Slices

FORMAT = "xuntou"
NAMES = re.compile(r"XT_DBF_ORDER.*(?<!_result)\.dbf", re.IGNORECASE)
VALID = timedelta(seconds=60)

SIDES: dict[str, Code] = {
    "23": Code("BUY", "buy", "买入"),
    "24": Code("SELL", "sell", "卖出"),
    "27": Code("MARGIN_BUY", "buy on margin", "融资买入"),
    "28": Code("SHORT_SELL", "sell short", "融券卖出"),
    "29": Code("BUY_TO_RETURN", "buy to return securities", "买券还券"),
    "30": Code("DIRECT_RETURN", "return securities", "直接还券"),
    "31": Code("SELL_TO_REPAY", "sell to repay", "卖券还款"),
    "32": Code("DIRECT_REPAY", "repay", "直接还款"),
    "92": Code("SUBSCRIBE", "subscribe to a new issue", "新股申购"),
    "134": Code("CREATE", "create ETF units", "ETF 申购"),
    "135": Code("REDEEM", "redeem ETF units", "ETF 赎回"),
}
CANCELS = ("201", "cancel_order")
_LEVELS = {f"{side}{n}": Code("", f"level {n} of the book ({side})", f"盘口{n}档（{side}）") for side in "BS"
           for n in range(1, 11)}  # fmt: skip
ORDER_TYPES: Mapping[str, Code] = {
    "3": Code("LIMIT", "limit", "限价"),
    "1": Code("LATEST", "latest price", "最新价"),
    "2": Code("", "counterparty price", "对手价"),
    "4": Code("", "previous close", "昨收价"),
    "5": Code("", "price of the own side", "本方价"),
    **{f"M{n}": Code("", f"market type M{n}", f"市价类型 M{n}") for n in range(1, 8)},
    **_LEVELS,
}
# `brokertype` -> its sides; on a credit account a plain buy or sell is one of collateral.
_CREDIT = {
    "23": Code("COLLATERAL_BUY", "buy collateral", "担保品买入"),
    "24": Code("COLLATERAL_SELL", "sell collateral", "担保品卖出"),
}
SIDES_OF = {"": SIDES, "2": SIDES, "3": SIDES | _CREDIT}


def _row(cells: Cells) -> Values:
    return _cancel(cells) if cells.text("order_type").casefold() in CANCELS else _order(cells)


def _order(cells: Cells) -> Values:
    cells.blank("tradeparam", "basketpath", "extraparam")
    kind = cells.text("brokertype")
    if kind not in SIDES_OF:
        cells.refuse("brokertype", "CODE_UNKNOWN", known=", ".join(filter(None, SIDES_OF)))
    order_type = cells.code("price_type", ORDER_TYPES, kind=OrderType)
    return {
        "client_order_id": cells.read("note", "client_order_id"),
        "account": cells.account("account_id", cells.text("account_id")),
        "symbol": cells.read("stock_code", "symbol", required=True),
        "quantity": cells.read("volume", "quantity", required=True),
        "side": (side := cells.code("order_type", SIDES_OF.get(kind, SIDES), kind=Side)),
        **cells.pricing("mode_price", order_type, side),
        "strategy": cells.read("strategy", "strategy"),
        "note": cells.read("note1", "note"),
        "expire_at": _expire_at(cells),
    }


def _cancel(cells: Cells) -> Values:
    return {
        "action": Action.CANCEL,
        "account": cells.account("account_id", cells.text("account_id")),
        "broker_order_id": cells.read("mode_price", "broker_order_id", required=True),
        "expire_at": _expire_at(cells),
    }


def _expire_at(cells: Cells) -> datetime | None:
    """The end of the minute for which the row is good; None where it does not say when it was written."""
    text = cells.text("inserttime")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{10}", text):
        cells.refuse("inserttime", "UNIX_TIME_NOT_READABLE")
        return None
    return (datetime.fromtimestamp(int(text), UTC) + VALID).astimezone(SHANGHAI)


ORDERS = Table(
    dict.fromkeys(
        (
            *("order_type", "price_type", "mode_price", "stock_code", "volume", "account_id", "act_type", "brokertype"),
            *("strategy", "note", "note1", "tradeparam", "command_id", "basketpath", "inserttime", "extraparam"),
            "batch_id",
        ),
        (),
    ),
    required=("order_type", "price_type", "mode_price", "stock_code", "volume", "account_id"),
    read=_row,
)
TABLES = {"order and cancel": ORDERS}


def parse(data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices:
    return (
        yield from parse_dbf(data, (ORDERS,), format_name=FORMAT, name=name, origin=origin, rows_a_slice=rows_a_slice)
    )
