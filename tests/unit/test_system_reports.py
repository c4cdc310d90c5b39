"""Reports of other systems: part of a fill, its rest canceled, and what a crash left of a file that is appended to."""

import json
import os
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from filebridge.bridge.replies import Replies
from filebridge.domain.admission import terms_of
from filebridge.domain.events import Change, EventKind, OrderEvent
from filebridge.domain.orders import SHANGHAI, Fill, Order, OrderInstruction, OrderType, Side, Status
from filebridge.ledger.opening import open_ledger
from filebridge.ledger.store import Turn
from filebridge.ledger.views import LedgerReader
from filebridge.reports import REPORTS, Reporter
from filebridge.reports.base import Told
from filebridge.reports.files import Appended, AppendedDbf, Target, Whole, columns, write_all
from filebridge.reports.hundsun import Answers
from tests.golden.tables import HS, HUNDSUN, dbf
from tests.integration.clients import tables

DAY, AT = date(2026, 11, 20), datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
FILE = {"hundsun": "XHPT_WT20261120.dbf"}
# The system -> the file that tells of orders, its column of the status, and the codes of part, and of part canceled.
PART = {
    "goldminer": ("g/order_status_change.csv", "status", ["2", "5"]),
    "xuntou": ("a_result.dbf", "orderState", ["53"]),
    "hundsun": ("XHPT_WTCX20261120.dbf", "WTZT", ["8"]),
    "cats": ("order_updates.dbf", "ORD_STATUS", ["1", "3"]),
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


def appended(path: Path) -> Target:
    return Appended(path, b"head\n")


def appended_dbf(path: Path) -> Target:
    file = AppendedDbf(path, columns("NAME C4"), DAY)
    file.add({"NAME": "x"})
    return file


def answers(path: Path) -> Target:
    file = Answers(path)
    file.add(0, {"WTXH": "1"})
    return file


LEDGER = dbf(HUNDSUN, HS)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there, and pipes have no names in folders")
@pytest.mark.parametrize("planted", ["link", "other_name", "pipe"])
@pytest.mark.parametrize("make", [appended, appended_dbf, answers, lambda path: Whole(path, lambda: b"said")])
def test_nothing_is_written_through_what_somebody_planted(tmp_path: Path, make: object, planted: str) -> None:
    ledger, folder = tmp_path / "ledger.db", tmp_path / "theirs"
    folder.mkdir()
    ledger.write_bytes(LEDGER)
    path = folder / "a.dbf"
    for place in (path, folder / ".a.dbf.tmp"):
        if planted == "link":
            place.symlink_to(ledger)
        elif planted == "other_name":
            place.hardlink_to(ledger)
        else:
            os.mkfifo(place)
    target = make(path)  # type: ignore[operator]
    failed = write_all([target])
    # A whole file takes the place of what was planted; what is read or appended to is left alone, and told.
    assert ledger.read_bytes() == LEDGER
    assert failed or (path.is_file() and not path.is_symlink() and not path.samefile(ledger))
    assert not failed or "link" in failed[path]


def test_a_cell_that_cannot_stand_in_its_column_is_left_blank(tmp_path: Path) -> None:
    file = AppendedDbf(tmp_path / "a.dbf", columns("NAME C4 QTY N6 DAY D8"), DAY)
    file.add({"NAME": "a\0b", "QTY": "１２", "DAY": "today"})
    file.add({"NAME": "x", "QTY": "12"})
    file.write()
    assert [row["QTY"] for row in tables.read(tmp_path / "a.dbf")] == ["", "12"]


def test_a_fault_of_one_report_is_told_and_the_others_are_written(tmp_path: Path) -> None:
    def fails() -> bytes:
        return "\ud800".encode()

    targets = [Whole(tmp_path / "a", fails), Whole(tmp_path / "b", lambda: b"said")]
    assert "UnicodeEncodeError" in write_all(targets)[tmp_path / "a"]
    assert (tmp_path / "b").read_bytes() == b"said"


def test_a_value_that_no_report_can_say_is_a_problem_and_no_end(tmp_path: Path) -> None:
    """An amount that is no number; a view must not be able to end the bridge."""
    ledger = open_ledger(tmp_path / "ledger.db", at=AT)
    reader = LedgerReader(tmp_path / "ledger.db")
    replies = Replies(
        {"desk": REPORTS["goldminer"](Reporter(tmp_path, {"1": "g"}, tmp_path))}, reader, report_seconds=0
    )
    replies.begin(DAY)
    turn = Turn(AT, DAY, 0, "")
    asset = dict.fromkeys(("cash", "frozen_cash", "market_value", "total_asset"), "a lot")
    body = json.dumps({"account": "1", "asset": asset, "positions": []})
    turn.events.append({"kind": "BOOKS", "at": AT.isoformat(), "body": body})
    replies.add(turn)
    replies.finish(AT)
    assert "desk: InvalidOperation" in replies.problems()[0]
    assert (tmp_path / "g" / "position.csv").exists()
    reader.close()
    ledger.close()
