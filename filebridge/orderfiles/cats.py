"""中信 CATS order files (扫单): `instructions.dbf`, appended to all day, and CSV without a header, moved in whole.

A line of CSV is one instruction, and has no place for an id. A cancel names the order by ord_no, which is our tag.
"""

import re
from collections.abc import Mapping

from filebridge.domain.orders import Action, OrderType, Side
from filebridge.orderfiles.base import Origin
from filebridge.orderfiles.foreign import Cells, Code, Table, Values, parse_dbf, parse_text
from filebridge.orderfiles.native import Slices

FORMAT = "cats"
NAMES = re.compile(r"instructions\.dbf", re.IGNORECASE)
# How a CSV begins.
LINE = re.compile(rb"(?:\xef\xbb\xbf)?[OC],[^,\r\n]{0,8},[^,\r\n]{0,16},")

SIDES: dict[str, Code] = {
    "1": Code("BUY", "buy", "买入"),
    "2": Code("SELL", "sell", "卖出"),
    "A": Code("MARGIN_BUY", "buy on margin", "融资买入"),
    "B": Code("SHORT_SELL", "sell short", "融券卖出"),
    "C": Code("BUY_TO_RETURN", "buy to return securities", "买券还券"),
    "D": Code("SELL_TO_REPAY", "sell to repay", "卖券还款"),
    "E": Code("", "return securities, then buy collateral", "先买券还券，再担保品买入"),
    "F": Code("CREATE", "create ETF units", "ETF 申购"),
    "G": Code("REDEEM", "redeem ETF units", "ETF 赎回"),
    "FA": Code("BUY_OPEN", "buy to open (futures)", "期货开多仓"),
    "FB": Code("SELL_OPEN", "sell to open (futures)", "期货开空仓"),
    "FC": Code("BUY_CLOSE", "buy to close (futures)", "期货平空仓"),
    "FD": Code("SELL_CLOSE", "sell to close (futures)", "期货平多仓"),
}
# Kinds of accounts on which a plain buy or sell is one of collateral.
_CREDIT_ACCOUNTS = ("C", "FC", "SHFC")
_CREDIT = {
    "1": Code("COLLATERAL_BUY", "buy collateral", "担保品买入"),
    "2": Code("COLLATERAL_SELL", "sell collateral", "担保品卖出"),
}
ORDER_TYPES: Mapping[str, Code] = {
    "0": Code("LIMIT", "limit", "限价"),
    "Q": Code("COUNTERPARTY_BEST", "best price of the other side", "对手方最优价格"),
    "R": Code("BEST5_OR_LIMIT", "best five, the rest as a limit", "最优五档即时成交剩余转限价"),
    "S": Code("OWN_BEST", "best price of the own side", "本方最优价格"),
    "T": Code("IMMEDIATE_OR_CANCEL", "immediate or cancel", "即时成交剩余撤销"),
    "U": Code("BEST5_OR_CANCEL", "best five or cancel", "最优五档即时成交剩余撤销"),
    "V": Code("FILL_OR_KILL", "fill or kill", "全额成交或撤单"),
}
_ORDER, _CANCEL = "O", "C"


def _row(cells: Cells) -> Values:
    kind = cells.text("inst_type")
    if kind == _CANCEL:
        return {
            "action": Action.CANCEL,
            "account": _account(cells),
            "broker_order_id": cells.read("ord_no", "broker_order_id", required=True),
        }
    if kind != _ORDER:
        cells.refuse("inst_type", "CODE_UNKNOWN", known=f"{_CANCEL}, {_ORDER}")
    cells.blank("ord_param")
    sides = SIDES | _CREDIT if cells.text("acct_type") in _CREDIT_ACCOUNTS else SIDES
    order_type = cells.code("ord_type", ORDER_TYPES, kind=OrderType)
    return {
        "client_order_id": cells.read("client_id", "client_order_id"),
        "account": _account(cells),
        "symbol": cells.read("symbol", "symbol", required=True),
        "quantity": cells.read("ord_qty", "quantity", required=True),
        "side": (side := cells.code("tradeside", sides, kind=Side)),
        **cells.pricing("ord_price", order_type, side),
    }


def _account(cells: Cells) -> str:
    kind, account = cells.text("acct_type"), cells.text("acct")
    return cells.account("acct", f"{kind}/{account}" if kind and account else "", account)


_COLUMNS = (
    *("inst_type", "client_id", "acct_type", "acct", "ord_no", "symbol", "tradeside", "ord_qty", "ord_price"),
    *("ord_type", "ord_param"),
)
INSTRUCTIONS = Table(
    {name: ("ord_px",) if name == "ord_price" else () for name in _COLUMNS},
    required=("inst_type", "acct", "ord_no", "symbol", "tradeside", "ord_qty", "ord_price", "ord_type"),
    read=_row,
)
_ORDER_LINE = ("inst_type", "acct_type", "acct", "symbol", "ord_qty", "tradeside", "ord_price", "ord_type")
_CANCEL_LINE = ("inst_type", "acct_type", "acct", "ord_no")


def _line(cells: Cells) -> Values:
    """A cancel is four cells long: the fourth is the order's number, and nothing follows."""
    if cells.text("inst_type") == _CANCEL:
        for column in _ORDER_LINE[len(_CANCEL_LINE) :]:
            if cells.text(column):
                cells.refuse(column, "ROW_TEXT_AFTER_LAST_COLUMN", expected=str(len(_CANCEL_LINE)))
        cells.cells = dict(zip(_CANCEL_LINE, cells.cells.values(), strict=False))
    return _row(cells)


LINES = Table(dict.fromkeys(_ORDER_LINE, ()), required=_ORDER_LINE, read=_line, least=len(_CANCEL_LINE))
TABLES = {"instructions.dbf": INSTRUCTIONS, "a line of CSV": LINES}


def parse(data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices:
    if name.casefold().endswith(".dbf"):
        return (
            yield from parse_dbf(
                data, (INSTRUCTIONS,), format_name=FORMAT, name=name, origin=origin, rows_a_slice=rows_a_slice
            )
        )
    # Its programs end the last line nowhere; a cut shows all the same, for it takes the code of the order's type.
    return (
        yield from parse_text(
            data,
            (LINES,),
            format_name=FORMAT,
            name=name,
            origin=origin,
            rows_a_slice=rows_a_slice,
            columns=_ORDER_LINE,
            must_end=False,
        )
    )
