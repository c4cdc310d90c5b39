"""What 恒生 PB programs read back: `XHPT_WTCXyyyymmdd.dbf` with orders, `XHPT_CJCXyyyymmdd.dbf` with fills, and the
answers in the rows of their own order and cancel files.

Those answers are the one thing that is written into a file of somebody else's, for their programs look there: only into
the columns that are for it, only into a row that was taken in, and once.
"""

import io
import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from filebridge import dbf, failpoints
from filebridge.domain.orders import Order, Status
from filebridge.plainfiles import open_plain
from filebridge.reports.base import Reporter, Row, Told, amount_text, cut, rest_canceled, text_of
from filebridge.reports.files import AppendedDbf, Whole, columns, record, table, write_all

_WHOSE = "CPBH C32 ZCDYBH C16 ZHBH C16 GDDM C20 JYSC C3 ZQDM C16 WTFX C4"
ORDERS = columns(
    f"WTRQ N8 WTSJ N6 WTXH N8 WBZDYXH N9 {_WHOSE} WTJGLX C1 WTJG F11.4 WTSL N12 YMDJJE F16.2 YMSRJE F16.2 WTZT C1 "
    "WTCCSL N12 FDYY C254 JYSSBBH C64 CLBZ C1 BYZD C2 WTJE F16.2 TSBS C64"
)
FILLS = columns(
    f"CJRQ N8 CJBH C64 WTXH N8 WBZDYXH N9 {_WHOSE} CJSL N16 CJJG F11.4 CJJE F16.2 ZFY F16.2 CJSJ N6 JYSCJBH C64 "
    "CLBZ C1 BYZD C2 TSBS C64"
)
STATUSES: Mapping[Status, str] = {
    **dict.fromkeys((Status.RECEIVED, Status.HELD, Status.APPROVED, Status.SUBMITTING, Status.UNKNOWN), "0"),
    Status.ACCEPTED: "4",
    **dict.fromkeys((Status.REJECTED, Status.DENIED, Status.NOT_SENT), "5"),
    Status.PARTIALLY_FILLED: "6",
    Status.FILLED: "7",
    **dict.fromkeys((Status.CANCELED, Status.EXPIRED), "9"),
    Status.PENDING_CANCEL: "a",
}
_PART_CANCELED = "8"
_MARKETS = {"SH": "1", "SZ": "2", "BJ": "r"}
_SIDES = {"BUY": "1", "SELL": "2", "BUY_OPEN": "V", "SELL_OPEN": "X", "BUY_CLOSE": "Y", "SELL_CLOSE": "W"}
_TYPES_OF = {
    "SH": {"LIMIT": "0", "BEST5_OR_CANCEL": "a", "BEST5_OR_LIMIT": "b", "COUNTERPARTY_BEST": "D", "OWN_BEST": "E"},
    "SZ": {"LIMIT": "0", "BEST5_OR_CANCEL": "A", "IMMEDIATE_OR_CANCEL": "C", "COUNTERPARTY_BEST": "D",
           "OWN_BEST": "E", "FILL_OR_KILL": "F"},
}  # fmt: skip
# Of a row that made no order: the number says so, the code is ours, and the text says why.
_NO_ORDER, _FAILED = "0", "-1"
_FIRST_ROW = 2


class Reports:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.begin(date(2000, 1, 1))

    def begin(self, day: date) -> None:
        folder, self._day = self._reporter.folder, day
        self._orders: dict[str, Mapping[str, str]] = {}
        self._orders_file = Whole(folder / f"XHPT_WTCX{day:%Y%m%d}.dbf", self._orders_table)
        self._fills_file = AppendedDbf(folder / f"XHPT_CJCX{day:%Y%m%d}.dbf", FILLS, day)
        self._answers: dict[Path, Answers] = {}

    def tell(self, told: Told) -> None:
        change, order = told.change, told.change.order
        if change.event is None:
            self._answer(told)
        if order is None:
            return
        self._orders[order.terms.tag] = self._order(order)
        self._orders_file.due = True
        if change.event is not None and change.event.fill is not None:
            self._fills_file.add(self._fill(told, order))

    def books(self, account: str, asset: Row, positions: Sequence[Row], at: datetime) -> None:
        """Their programs read positions from the terminal's own exports, which are none of ours."""

    def write(self) -> Mapping[Path, str]:
        return write_all((self._fills_file, *self._answers.values(), self._orders_file))

    def _answer(self, told: Told) -> None:
        """Into the row itself."""
        if told.row < _FIRST_ROW:
            return
        path = self._reporter.source / told.file
        if path not in self._answers:
            self._answers[path] = Answers(path)
        order, why = told.change.order, told.refusal
        if told.change.answer.get("action") == "cancel":
            taken = told.change.answer.get("outcome") == "CANCEL_ACCEPTED"
            said = {"CDCGBZ": "1" if taken else "0", "SBYY": "" if taken else text_of(why)}
        elif order is not None and order.status is not Status.DENIED:
            said = {"WTXH": str(told.row - _FIRST_ROW + 1)}
        else:
            reason = why if order is None else order.reason
            said = {"WTXH": _NO_ORDER, "WTSBDM": _FAILED, "SBYY": text_of(reason)}
        self._answers[path].add(told.row - _FIRST_ROW, said)

    def _orders_table(self) -> bytes:
        header = dbf.new_header(ORDERS)
        return table(ORDERS, [record(header, row) for row in self._orders.values()], self._day)

    def _whose(self, order: Order) -> dict[str, str]:
        terms = order.terms
        number, _, exchange = terms.symbol.partition(".")
        product, unit, combination = (self._reporter.theirs(terms.account) + "//").split("/")[:3]
        return {
            "WTXH": str(terms.row - _FIRST_ROW + 1),
            "WBZDYXH": terms.note if terms.note.isascii() and terms.note.isdigit() else "",
            "CPBH": product,
            "ZCDYBH": unit,
            "ZHBH": combination,
            "JYSC": _MARKETS.get(exchange, ""),
            "ZQDM": number,
            "WTFX": _SIDES.get(terms.side.value, ""),
        }

    def _order(self, order: Order) -> Mapping[str, str]:
        terms, status = order.terms, STATUSES[order.status]
        if status == "9" and order.filled_qty:
            status = _PART_CANCELED
        at = order.submitted_at or terms.received_at
        value = terms.limit_price * terms.quantity if terms.limit_price is not None else None
        return self._whose(order) | {
            "WTRQ": f"{at:%Y%m%d}",
            "WTSJ": f"{at:%H%M%S}",
            "WTJGLX": _TYPES_OF.get(terms.symbol.partition(".")[2], {}).get(terms.order_type.value, "0"),
            "WTJG": amount_text(terms.limit_price, 4),
            "WTSL": str(terms.quantity),
            "WTZT": status,
            "WTCCSL": str(rest_canceled(order)),
            "FDYY": text_of(order.reason),
            "JYSSBBH": order.counter_order_id,
            "WTJE": amount_text(value),
        }

    def _fill(self, told: Told, order: Order) -> Mapping[str, str]:
        assert told.change.event is not None
        assert told.change.event.fill is not None
        fill, at = told.change.event.fill, told.change.at
        return self._whose(order) | {
            "CJRQ": f"{at:%Y%m%d}",
            "CJSJ": f"{at:%H%M%S}",
            "CJBH": fill.trade_id,
            "CJSL": str(fill.last_qty),
            "CJJG": amount_text(fill.last_price, 4),
            "CJJE": amount_text(fill.amount),
            "ZFY": amount_text(fill.commission),
            "JYSCJBH": fill.trade_id,
        }


class Answers:
    """Answers that go into the rows of somebody else's DBF, each field by one write of its own bytes.

    A row that has an answer already keeps it; a file that is gone, or is another one by now, gets none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._due: dict[int, Mapping[str, str]] = {}

    def add(self, place: int, cells: Mapping[str, str]) -> None:
        self._due.setdefault(place, cells)

    def write(self) -> None:
        if not self._due:
            return
        try:
            with os.fdopen(open_plain(self.path, os.O_RDWR), "r+b", buffering=0) as file:
                header = dbf.read_header(file.read(dbf.HEAD_BYTES * (dbf.FIELDS_MAX + 2)))
                if isinstance(header, dbf.DbfHeader):
                    for place, cells in self._due.items():
                        self._write(file, header, place, cells)
        except FileNotFoundError:
            pass
        self._due.clear()

    def _write(self, file: io.FileIO, header: dbf.DbfHeader, place: int, cells: Mapping[str, str]) -> None:
        if place >= header.records:
            return
        at = header.offset(place) + 1
        for field in header.fields:
            if text := cells.get(field.name.upper(), ""):
                file.seek(at)
                if not file.read(field.length).strip(b" \0"):
                    failpoints.hit("reports.answer")
                    raw = cut(text, field.length).encode("gbk", "replace")
                    file.seek(at)
                    file.write(raw.rjust(field.length) if field.kind in "NF" else raw.ljust(field.length))
            at += field.length
