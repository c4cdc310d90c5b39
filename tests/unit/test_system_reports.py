"""Reports of other systems: part of a fill, its rest canceled, and what a crash left of a file that is appended to."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from filebridge.domain.admission import terms_of
from filebridge.domain.events import Change, EventKind, OrderEvent
from filebridge.domain.orders import SHANGHAI, Fill, Order, OrderInstruction, OrderType, Side, Status
from filebridge.reports import REPORTS, Reporter
from filebridge.reports.base import Told
from filebridge.reports.files import Appended, AppendedDbf, columns
from tests.integration.clients import tables

DAY, AT = date(2026, 11, 20), datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
FILE = {"hundsun": "XHPT_WT20261120.dbf"}
# The system -> the file that tells of orders, its column of the status, and the codes of part, and of part canceled.
PART = {
    "goldminer": ("g/order_status_change.csv", "status", ["2", "5"]),
    "xuntou": ("a_result.dbf", "orderState", ["53"]),
    "hundsun": ("XHPT_WTCX20261120.dbf", "WTZT", ["8"]),
    "cats": ("order_updates.dbf", "ord_status", ["1", "3"]),
}


def order(status: Status, filled: int) -> Order:
    row = OrderInstruction(
        row=2, symbol="600000.SH", side=Side.BUY, quantity=300, order_type=OrderType.LIMIT, limit_price=Decimal("10.5")
    )
    terms = terms_of(
        row,
        tag="T" * 20,
        client_order_id="A1",
        body="",
        account="1",
        mode="paper",
        trade_date=DAY,
        intake_no=1,
        received_at=AT,
    )
    return Order(terms, status, AT, filled_qty=filled, filled_amount=Decimal("10.5") * filled)


@pytest.mark.parametrize("system", PART)
def test_a_part_and_its_canceled_rest_are_told(tmp_path: Path, system: str) -> None:
    reports = REPORTS[system](Reporter(tmp_path, {"1": "g"}, tmp_path))
    reports.begin(DAY)
    fill = Fill("t1", 100, Decimal("10.5"), Decimal(1050), Decimal(5), "c1", "")
    steps = (
        (order(Status.PARTIALLY_FILLED, 100), OrderEvent(kind=EventKind.FILL_PARTIAL, at=AT, fill=fill)),
        (order(Status.CANCELED, 100), OrderEvent(kind=EventKind.REPORT_CANCELED, at=AT)),
    )
    for seq, (after, event) in enumerate(steps):
        reports.tell(Told(Change(seq, AT, 1, after, event, {}), FILE.get(system, "a.dbf")))
    assert reports.write() == {}
    name, column, codes = PART[system]
    path = tmp_path / name
    if name.endswith(".csv"):
        header, *rows = (line.split(",") for line in path.read_text(encoding="utf-8-sig").splitlines())
        assert [row[header.index(column)] for row in rows] == codes
    else:
        assert [row[column] for row in tables.read(path)] == codes


@pytest.mark.parametrize("left", [0, 3, 7, 12, 99])
def test_what_a_crash_left_short_is_completed(tmp_path: Path, left: int) -> None:
    whole = b"head\none\ntwo\n"
    path = tmp_path / "a.csv"
    path.write_bytes(whole[:left] if left < 99 else b"something else\n")
    file = Appended(path, b"head\n")
    file.add(b"one\n")
    file.write()
    file.add(b"two\n")
    file.write()
    assert path.read_bytes() == whole


def test_a_table_grows_record_by_record(tmp_path: Path) -> None:
    path = tmp_path / "a.dbf"
    file = AppendedDbf(path, columns("NAME C4 QTY N6"), DAY)
    for number in range(3):
        file.add({"NAME": "茅台股份", "QTY": str(number)})
        file.write()
        assert tables.read(path) == [{"NAME": "茅台", "QTY": str(n)} for n in range(number + 1)]
    path.write_bytes(path.read_bytes()[:-5])
    file.add({"NAME": "x", "QTY": "9999999"})
    file.write()
    assert tables.read(path)[3] == {"NAME": "x", "QTY": ""}
