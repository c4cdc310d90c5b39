"""恒生 PB order files (通用接口): `XHPT_WTyyyymmdd.dbf` with orders, `XHPT_CDyyyymmdd.dbf` with cancels, in GBK.

Rows are appended all day, and the answer goes into the row's own last columns. A cancel names an order by WTXH, which
such an answer gave: the place of the row in the file of orders, counted from 1. So that place is its id as well, and
the producer's own number WBZDYXH, which may be missing or come twice, is kept as the note.
"""

import re
from collections.abc import Collection, Mapping

from filebridge.domain.orders import Action, OrderType, Side
from filebridge.orderfiles.base import Origin
from filebridge.orderfiles.foreign import HEADER_ROW, Cells, Code, Table, Values, parse_dbf
from filebridge.orderfiles.native import Slices

FORMAT = "hundsun"
NAMES = re.compile(r"XHPT_(?:WT|CD)([0-9]{8})\.dbf", re.IGNORECASE)

MARKETS = {"1": "SH", "2": "SZ", "r": "BJ"}
_FUTURES = {"3": "SHFE", "4": "CZCE", "7": "CFFEX", "9": "DCE", "k": "INE"}
SIDES: Mapping[str, Code] = {
    "1": Code("BUY", "buy", "买入"),
    "2": Code("SELL", "sell", "卖出"),
    "V": Code("BUY_OPEN", "buy to open (futures)", "期货买开"),
    "X": Code("SELL_OPEN", "sell to open (futures)", "期货卖开"),
    "Y": Code("BUY_CLOSE", "buy to close (futures)", "期货买平"),
    "W": Code("SELL_CLOSE", "sell to close (futures)", "期货卖平"),
}
LIMIT = {"0": Code("LIMIT", "limit", "限价")}
ORDER_TYPES: Mapping[str, Mapping[str, Code]] = {
    "SH": {
        **LIMIT,
        "a": Code("BEST5_OR_CANCEL", "best five or cancel", "五档即成剩撤"),
        "b": Code("BEST5_OR_LIMIT", "best five, the rest as a limit", "五档即成剩转"),
        # Of its STAR board.
        "D": Code("COUNTERPARTY_BEST", "best price of the other side", "对手方最优"),
        "E": Code("OWN_BEST", "best price of the own side", "本方最优"),
    },
    "SZ": {
        **LIMIT,
        "A": Code("BEST5_OR_CANCEL", "best five or cancel", "五档即成剩撤"),
        "C": Code("IMMEDIATE_OR_CANCEL", "immediate or cancel", "即成剩撤"),
        "D": Code("COUNTERPARTY_BEST", "best price of the other side", "对手方最优"),
        "E": Code("OWN_BEST", "best price of the own side", "本方最优"),
        "F": Code("FILL_OR_KILL", "fill or kill", "全额成或撤"),
    },
}
# Written by whoever works on the row. The WTXH of a cancel is its producer's: the order that it cancels.
_ORDER_ANSWERS = ("WTXH", "WTSBDM", "SBYY", "CLBZ", "BYZD")
_CANCEL_ANSWERS = ("CDCGBZ", "SBYY", "CLBZ", "BYZD", "BYZD2")
_NO_NUMBER = re.compile(r"0*")


def answers_of(columns: Collection[str]) -> tuple[str, ...]:
    """The columns of a table (in capitals) that are for answers: orders and cancels have different ones."""
    return _CANCEL_ANSWERS if "CDCGBZ" in columns else _ORDER_ANSWERS


def order_number(row: int) -> str:
    """WTXH of the order in a row."""
    return str(row - HEADER_ROW)


def _order_id(name: str, row: int) -> str:
    """The id of the order in that row of the file of orders; `name` is that file's, or that of its day's cancels."""
    match = NAMES.fullmatch(name)
    return f"XHPT_WT{match[1]}#{row}" if match else ""


def _order(cells: Cells) -> Values:
    exchange = _market(cells)
    code = cells.text("ZQDM")
    if not _NO_NUMBER.fullmatch(cells.text("WTXH")):
        cells.refuse("WTXH", "ROW_ALREADY_ANSWERED")
    cells.blank("WTJE", "TSBS", "YWBS")
    own_number = cells.text("WBZDYXH")
    order_type = cells.code("WTJGLX", ORDER_TYPES.get(exchange, LIMIT), kind=OrderType)
    return {
        "client_order_id": "" if cells.origin.place else _order_id(cells.name, cells.number),
        "note": None if _NO_NUMBER.fullmatch(own_number) else cells.read("WBZDYXH", "note"),
        "account": _account(cells),
        "symbol": cells.read_text("ZQDM", f"{code}.{exchange}" if code and exchange else code, "symbol", required=True),
        "side": (side := cells.code("WTFX", SIDES, kind=Side)),
        **cells.pricing("WTJG", order_type, side),
        "quantity": cells.read("WTSL", "quantity", required=True),
    }


def _market(cells: Cells) -> str:
    text = cells.text("JYSC")
    if text in _FUTURES:
        meaning = f"the futures exchange {_FUTURES[text]}"
        cells.refuse("JYSC", "CODE_NOT_SUPPORTED", meaning=meaning, meaning_zh=f"期货交易所 {_FUTURES[text]}")
    elif text not in MARKETS:
        cells.refuse("JYSC", "CODE_UNKNOWN", known=", ".join([*MARKETS, *_FUTURES]))
    return MARKETS.get(text, "")


def _account(cells: Cells) -> str:
    """Product, unit and combination together say whose order it is; the map may name all three, two, or the product."""
    parts = [cells.text(column) for column in ("CPBH", "ZCDYBH", "ZHBH")]
    return cells.account("CPBH", "/".join(parts), "/".join(parts[:2]), parts[0])


def _cancel(cells: Cells) -> Values:
    number = cells.text("WTXH")
    if not re.fullmatch(r"0*[1-9][0-9]{0,7}", number):
        cells.refuse("WTXH", "ORDER_NUMBER_NOT_READABLE")
    elif not NAMES.fullmatch(cells.name):
        cells.refuse("WTXH", "FILE_NAME_WITHOUT_DAY")
    if cells.problems:
        return {}
    return {"action": Action.CANCEL, "orig_client_order_id": _order_id(cells.name, int(number) + HEADER_ROW)}


ORDERS = Table(
    dict.fromkeys(
        (
            *("CPBH", "ZCDYBH", "ZHBH", "GDDM", "JYSC", "ZQDM", "WTFX", "WTJGLX", "WTJG", "WTSL", "WBZDYXH"),
            *(*_ORDER_ANSWERS, "WTJE", "TSBS", "YWBS"),
        ),
        (),
    ),
    required=("CPBH", "JYSC", "ZQDM", "WTFX", "WTJGLX", "WTJG", "WTSL"),
    read=_order,
)
CANCELS = Table(
    dict.fromkeys(("WTXH", "JYSC", "ZQDM", *_CANCEL_ANSWERS), ()),
    required=("WTXH", "CDCGBZ"),
    read=_cancel,
)
TABLES = {"order": ORDERS, "cancel": CANCELS}


def parse(data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices:
    tables = (ORDERS, CANCELS)
    return (yield from parse_dbf(data, tables, format_name=FORMAT, name=name, origin=origin, rows_a_slice=rows_a_slice))
