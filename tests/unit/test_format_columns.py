"""docs/formats.md says of each column what is read of it and what stands in it; the readers and reports are asked."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from docs.format_columns import BLANK, IN, NOT_READ, OUT
from filebridge.domain.admission import terms_of
from filebridge.domain.events import Change, EventKind, OrderEvent
from filebridge.domain.orders import SHANGHAI, Fill, Order, OrderInstruction, OrderType, Side, Status
from filebridge.domain.reasons import Reason
from filebridge.orderfiles import Origin, cats, goldminer, hundsun, ptrade, xuntou
from filebridge.orderfiles.foreign import Cells, Table
from filebridge.reports import REPORTS, Reporter
from filebridge.reports.base import Told
from filebridge.reports.goldminer import CASH, EXECUTION, ORDER_STATUS, POSITION
from tests.golden.tables import CT, GM, HS, XT
from tests.integration.clients import tables

DAY, AT = date(2026, 11, 20), datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
TABLES: Mapping[str, Mapping[str, Table]] = {
    "goldminer": goldminer.TABLES,
    "xuntou": xuntou.TABLES,
    "hundsun": hundsun.TABLES,
    "cats": cats.TABLES,
    "ptrade": ptrade.TABLES,
}
PTRADE = {"symbol": "600000.SS", "side": "buy", "order_volume": "100", "order_price": "10.5", "price_type": "limit"}
# Good rows of each table: an order, a cancel.
ROWS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "goldminer": (GM | {"order_business": "1"}, {"sid": "A1"}),
    "xuntou": (XT, {"order_type": "201", "mode_price": "17"}),
    "hundsun": (HS, {"WTXH": "2"}),
    "cats": (CT, {"inst_type": "C", "acct": "10000001", "ord_no": "T"}),
    "ptrade": (PTRADE,),
}
# Written into, but for that not read.
ANSWERED = "not read; the answer is written into it"


class Asked(dict[str, str]):
    """Cells that note which of them were asked for."""

    def __init__(self, row: Mapping[str, str]) -> None:
        super().__init__(row)
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)

    def values(self) -> Iterator[str]:  # type: ignore[override]
        self.names |= set(self)
        return iter(super().values())


def tables_of_all() -> list[tuple[str, str]]:
    return [(system, name) for system, named in TABLES.items() for name in named]


@pytest.mark.parametrize(("system", "name"), tables_of_all())
def test_of_each_column_of_an_order_file_the_page_says_whether_it_is_read(system: str, name: str) -> None:
    table, said = TABLES[system][name], IN[system, name]
    assert list(said) == list(table.columns)
    asked: set[str] = set()
    for row in ROWS[system]:
        cells = Asked(dict.fromkeys(table.columns, "") | {key: row[key] for key in table.columns if key in row})
        table.read(Cells("XHPT_WT20261120.dbf", 2, Origin(), cells, {}))
        asked |= cells.names
    unread = {column for column, text in said.items() if text.startswith(NOT_READ)}
    assert set(table.columns) - asked == unread


def test_the_page_knows_every_table_of_every_system() -> None:
    assert set(IN) == set(tables_of_all())


# ---- out

TAG = "T" * 20


def order(status: Status, *, filled: int = 0, **more: object) -> Order:
    row = OrderInstruction(
        *(2,), symbol="600000.SH", side=Side.BUY, quantity=300, order_type=OrderType.LIMIT, limit_price=Decimal("10.5")
    )
    said = {"client_order_id": "A1", "body": "", "account": "1", "mode": "paper", "trade_date": DAY, "intake_no": 1}
    terms = terms_of(row, tag=TAG, received_at=AT, **said)._replace(note="100000001")  # type: ignore[arg-type]
    order = Order(terms, status, AT, filled_qty=filled, filled_amount=Decimal("10.5") * filled)
    numbers = {"broker_order_id": "17", "counter_order_id": "C18", "submitted_at": AT}
    return order._replace(**numbers, **more)  # type: ignore[arg-type]


CHANGES = (
    (order(Status.ACCEPTED), OrderEvent(EventKind.REPORT_WORKING, AT)),
    (
        order(Status.PARTIALLY_FILLED, filled=100),
        OrderEvent(
            kind=EventKind.FILL_PARTIAL,
            at=AT,
            fill=Fill("t1", 100, Decimal("10.5"), Decimal(1050), Decimal(5), "C18", ""),
        ),
    ),
    (order(Status.CANCELED, filled=100), OrderEvent(EventKind.REPORT_CANCELED, AT)),
    (
        order(Status.ACCEPTED),
        OrderEvent(
            kind=EventKind.REPORT_CANCEL_REJECTED, at=AT, reason=Reason("CANCEL_REJECTED", {"text": "不能撤单"})
        ),
    ),
    (
        order(Status.REJECTED, reason=Reason("BROKER_REJECTED", {"text": "废单"})),
        OrderEvent(kind=EventKind.REPORT_REJECTED, at=AT, reason=Reason("BROKER_REJECTED", {"text": "废单"})),
    ),
)
ASSET = {"cash": "5", "frozen_cash": "1", "market_value": "7", "total_asset": "13"}
HELD = {"symbol": "600000.SH", "quantity": 100, "available_qty": 50, "avg_cost": "10.5", "last_price": "11",
        "market_value": "1100"}  # fmt: skip
FILES = {"hundsun": "XHPT_WT20261120.dbf", "xuntou": "XT_DBF_ORDER.dbf"}
# The page's name of a report -> its file.
NAMES = {
    "order_status": "9/order_status.dbf",
    "execution_report": "9/execution_report.dbf",
    "cash": "9/cash.dbf",
    "position": "9/position.dbf",
    "<order file>_result.dbf": "XT_DBF_ORDER_result.dbf",
    "XHPT_WTCX": "XHPT_WTCX20261120.dbf",
    "XHPT_CJCX": "XHPT_CJCX20261120.dbf",
}
HEADERS = {"order_status": ORDER_STATUS, "execution_report": EXECUTION, "cash": CASH, "position": POSITION}


@pytest.mark.parametrize(("system", "name"), OUT)
def test_of_each_column_of_a_report_the_page_says_whether_it_is_blank(tmp_path: Path, system: str, name: str) -> None:
    theirs = {"goldminer": "9", "hundsun": "9/1/1", "cats": "0/9"}.get(system, "9")
    reports = REPORTS[system](Reporter(tmp_path, {"1": theirs}, tmp_path, "dbf"))
    reports.begin(DAY)
    for seq, (after, event) in enumerate(CHANGES):
        # Each is another order, in a row of its own, for some reports hold the latest only.
        after = after._replace(terms=after.terms._replace(row=2 + seq, tag=f"{TAG}{seq}"))
        reports.tell(Told(Change(seq, AT, 1, after, event, {}), FILES.get(system, "a.dbf")))
    reports.books("1", ASSET, [HELD], AT)
    assert reports.write() == {}
    rows = tables.read(tmp_path / NAMES.get(name, name))
    said = OUT[system, name]
    columns = HEADERS.get(name, list(said))
    short = [column.rpartition("(")[2].removesuffix(")") for column in columns]
    assert sorted(said) == sorted(columns)
    assert sorted(rows[0]) == sorted(short)
    blank = {column for column, key in zip(columns, short, strict=True) if not any(row[key] for row in rows)}
    assert blank == {column for column, text in said.items() if text.startswith(BLANK)}


def test_numbers_of_a_row_without_an_order_are_numbers(tmp_path: Path) -> None:
    """Programs that run against the real product read each row with int and float."""
    reports = REPORTS["goldminer"](Reporter(tmp_path, {"1": "9"}, tmp_path))
    reports.begin(DAY)
    refused = {"row": 2, "outcome": "REFUSED", "reason_code": "CODE_UNKNOWN", "client_order_id": "A1"}
    reports.tell(Told(Change(1, AT, 1, None, None, refused), "a.order.csv"))
    market = order(Status.ACCEPTED)
    market = market._replace(terms=market.terms._replace(order_type=OrderType.BEST5_OR_CANCEL, limit_price=None))
    reports.tell(Told(Change(2, AT, 1, market, OrderEvent(EventKind.REPORT_WORKING, AT), {}), "a.order.csv"))
    assert reports.write() == {}
    header, *rows = (
        line.split(",") for line in (tmp_path / "9" / "order_status.csv").read_text("utf-8-sig").splitlines()
    )
    for row in (dict(zip(header, row, strict=True)) for row in rows):
        for column in ("order_type", "order_business(order_biz)", "status", "ord_rej_reason(rej_reason)", "volume"):
            int(row[column])
        float(row["price"])
        assert row["account_id"] == "9"
        assert datetime.fromisoformat(row["created_at"]) == datetime.fromisoformat(row["recv_at"])
