"""Long reports are written in pieces: nobody sees a half of one, and turns go on between the pieces."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from filebridge import app
from filebridge.bridge.conductor import Bridge
from filebridge.config import load_settings
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.inbox import ClaimedFile

ROWS = 1200
TEXT = "client_order_id,symbol,side,quantity,limit_price\n" + "".join(
    f"A{number},600000.SH,BUY,{100 * number + 100},10.51\n" for number in range(ROWS)
)


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    app.init_home(tmp_path / "home", account="10000001", cash=1)
    settings = load_settings(tmp_path / "home", {"FILEBRIDGE_INBOX__ROWS_AT_ONCE": "100"})
    with app.open_bridge(tmp_path / "home", settings, lambda turn: None) as bridge:
        yield bridge


def taken(bridge: Bridge, path: Path) -> None:
    """Take a very large file in, to its last row."""
    path.write_text(TEXT, encoding="utf-8")
    at = app.now()
    file = ClaimedFile(path, path.name, "1", path.stat().st_size, True, at, at)
    with bridge.book.open_turn(at, at.date()):
        assert bridge._intake.take([file], (), at) == [None]
    while not bridge._intake.large.is_idle:
        with bridge.book.open_turn(at, at.date()) as turn:
            bridge._intake.large.go_on(at)
    bridge._parts.outbox.long_receipt(next(iter(turn.loaded.values())))


def test_a_long_report_appears_whole_after_many_pieces(bridge: Bridge, tmp_path: Path) -> None:
    taken(bridge, tmp_path / "large.csv")
    outbox, folder = bridge._parts.outbox, tmp_path / "home" / "outbox"
    outbox.orders_changed([app.now().date()])
    outbox.write_due()
    pieces = 0
    while outbox.is_writing:
        assert len(list(folder.glob("[!.]*"))) <= pieces
        outbox.go_on(0)
        pieces += 1
    assert pieces > 5
    assert outbox.problems() == []
    (orders,) = folder.glob("orders-*.csv")
    ids = [f"A{number}" for number in range(ROWS)]
    with orders.open(encoding="utf-8-sig", newline="") as file:
        assert [row["client_order_id"] for row in csv.DictReader(file)] == ids
    (receipt,) = folder.glob("*.receipt.json")
    whole = json.loads(receipt.read_bytes())
    assert [row["client_order_id"] for row in whole["rows"]] == ids
    (table,) = folder.glob("*.receipt.csv")
    assert table.read_text(encoding="utf-8").splitlines()[-1] == f"#END,{ROWS},{whole['chain_head']}"


def test_a_long_report_is_read_while_it_is_written(bridge: Bridge, tmp_path: Path) -> None:
    """What has changed when its piece is made stands in the report: a day's orders are never in memory as a whole."""
    taken(bridge, tmp_path / "large.csv")
    outbox, book, at = bridge._parts.outbox, bridge.book, app.now()
    outbox.go_on(float("inf"))
    outbox.orders_changed([at.date()])
    outbox.write_due()
    outbox.go_on(0)
    with book.open_turn(at, at.date()):
        for order in book.open_orders():
            book.happen(order, OrderEvent(kind=EventKind.CANCEL, at=at))
    outbox.go_on(float("inf"))
    (orders,) = (tmp_path / "home" / "outbox").glob("orders-*.csv")
    with orders.open(encoding="utf-8-sig", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)][-1] == "CANCELED"
