"""What waits in a very large file is canceled like an order: by id, whatever its day, and across a crash."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from filebridge import app
from filebridge.bridge.conductor import Bridge
from filebridge.config import load_settings
from filebridge.control import Request
from filebridge.domain.orders import Order
from filebridge.inbox import ClaimedFile
from filebridge.ledger.verify import verify
from tests.integration.homes import ACCOUNT, orders_file

HEADER = "client_order_id,symbol,side,quantity,limit_price,trade_date,basket"
TOMORROW = (app.now() + timedelta(days=1)).date()
ENVIRONMENT = {"FILEBRIDGE_INBOX__ROWS_AT_ONCE": "20"}


def rows_of(count: int, day: object = "") -> list[str]:
    return [f"L-{n},600000.SH,BUY,{100 * (n + 1)},10.51,{day},basket {n % 2}" for n in range(count)]


class Desk:
    """A bridge that never turns by itself: files are taken and read on one word after another, nothing is sent."""

    def __init__(self, folder: Path, bridge: Bridge) -> None:
        self.folder, self.bridge = folder, bridge
        self.large = bridge._intake.large

    def take(self, name: str, *rows: str, header: str = HEADER) -> None:
        path = self.folder / name
        path.write_text(orders_file(*rows, header=header), encoding="utf-8")
        self.take_again(path)

    def take_again(self, path: Path) -> None:
        """Take a file in, be it again under the claim that it had."""
        at = app.now()
        with self.bridge.book.open_turn(at, at.date()):
            self.bridge._intake.take([self.claimed(path)], (), at)

    def claimed(self, path: Path) -> ClaimedFile:
        return ClaimedFile(path, path.name, f"claim of {path.name}", path.stat().st_size, True, app.now(), app.now())

    def go_on(self, turns: int = 1) -> None:
        for _ in range(turns):
            at = app.now()
            with self.bridge.book.open_turn(at, at.date()):
                self.large.go_on(at)

    def to_the_end(self) -> None:
        while not self.large.is_idle:
            self.go_on()

    def ask(self, verb: str, **fields: object) -> tuple[bool, str]:
        at = app.now()
        with self.bridge.book.open_turn(at, at.date()):
            answer = self.bridge._controls.handle(Request("asked", verb, "李雷", dict(fields)), at)
        return answer["ok"], answer["reason_code"]

    def denied(self) -> dict[str, str]:
        """Id -> reason of every order that was denied."""
        found: dict[str, str] = {}
        for order in self.orders():
            if order.status == "DENIED":
                assert order.reason is not None
                found[order.terms.client_order_id] = order.reason.code
        return found

    def orders(self) -> Sequence[Order]:
        reader = self.bridge._parts.reader
        return reader.orders_tagged([row["tag"] for row in reader.order_rows(None)])


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[Desk]:
    """A start: what an earlier run has loaded goes on."""
    with app.open_bridge(folder, load_settings(folder, ENVIRONMENT | settings), lambda turn: None) as bridge:
        at = app.now()
        with bridge.book.open_turn(at, at.date()):
            bridge._intake.large.resume({})
        yield Desk(folder, bridge)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app.init_home(tmp_path / "home", account=ACCOUNT, cash=1)
    return tmp_path / "home"


@pytest.mark.parametrize("read", [2, 6], ids=["while it is read", "while it is answered"])
@pytest.mark.parametrize("crash", [False, True])
def test_a_cancel_by_id_holds_for_a_row_of_a_later_day(folder: Path, read: int, crash: bool) -> None:
    with opened(folder) as desk:
        desk.take("large.csv", *rows_of(90, TOMORROW))
        desk.go_on(read)
        desk.take("cancel.csv", "cancel,L-70", header="action,orig_client_order_id")
        if not crash:
            desk.to_the_end()
    if crash:
        with opened(folder) as desk:
            if read == 2:
                # Its loading was cut off: it comes again, under the same claim.
                desk.take_again(folder / "large.csv")
            desk.to_the_end()
    with opened(folder) as desk:
        assert desk.denied() == {"L-70": "CANCELED_BEFORE_ARRIVAL"}
        assert len(desk.orders()) == 90
    assert verify(folder / app.LEDGER).problems == []


@pytest.mark.parametrize("read", [2, 6], ids=["while it is read", "while it is answered"])
def test_a_cancel_of_what_was_denied_before_holds_for_its_row_that_waits(folder: Path, read: int) -> None:
    """A denied order's id may be used again: whoever cancels it must not hear that it has ended, and then see it go."""
    cancel = {"header": "action,orig_client_order_id"}
    with opened(folder) as desk:
        desk.take("denied.csv", "L-70,600000.SH,BUY,150,10.51,,")
        desk.take("nothing waits.csv", "cancel,L-70", **cancel)
        desk.take("large.csv", *rows_of(90))
        desk.go_on(read)
        desk.take("cancel.csv", "cancel,L-70", **cancel)
        desk.to_the_end()
        assert desk.denied() == {"L-70": "CANCELED_BEFORE_ARRIVAL"}
        assert len(desk.orders()) == 91
        said = [desk.bridge._parts.reader.last_file_event(number, "ROW") for number in (2, 4)]
        assert ["CANCEL_ORDER_FINAL" in row["body"] for row in said if row] == [True, False]
        assert ["CANCEL_ALL_REST" in row["body"] for row in said if row] == [False, True]
    assert verify(folder / app.LEDGER).problems == []


def test_a_person_cancels_what_waits_in_a_large_file(folder: Path) -> None:
    with opened(folder) as desk:
        assert desk.ask("cancel", id="L-70") == (False, "CONTROL_UNKNOWN_ORDER")
        desk.take("large.csv", *rows_of(90))
        desk.go_on(2)
        assert desk.ask("cancel", id="L-3") == (True, "CONTROL_CANCEL_WAITING")
        assert desk.ask("cancel", id="L-70") == (True, "CONTROL_CANCEL_REMEMBERED")
        # All 90 are read in five parts; then it is known that no other row comes.
        desk.go_on(4)
        assert desk.ask("cancel", id="L-90") == (False, "CONTROL_UNKNOWN_ORDER")
        assert desk.ask("cancel", id="L-71") == (True, "CONTROL_CANCEL_WAITING")
        desk.to_the_end()
        assert desk.denied() == dict.fromkeys(("L-3", "L-70", "L-71"), "CANCELED_BEFORE_ARRIVAL")
        assert desk.ask("cancel", id="L-4") == (True, "CONTROL_DONE")
    assert verify(folder / app.LEDGER).problems == []


def test_rows_become_orders_of_the_mode_in_which_they_were_loaded(folder: Path) -> None:
    with opened(folder) as desk:
        desk.take("large.csv", *rows_of(90))
        desk.go_on(6)
        assert desk.large.status()[0]["rows_loaded"] == 90
    with opened(folder, FILEBRIDGE_BROKER__MODE="live") as desk:
        desk.to_the_end()
        assert {order.terms.mode for order in desk.orders()} == {"paper"}
        assert set(desk.denied().values()) == {"MODE_MISMATCH"}


@pytest.mark.parametrize("read", [2, 6], ids=["while it is read", "while it is answered"])
@pytest.mark.parametrize("crash", [False, True])
def test_a_cancel_of_a_basket_holds_for_what_waits(folder: Path, read: int, crash: bool) -> None:
    with opened(folder) as desk:
        desk.take("large.csv", *rows_of(90))
        desk.go_on(read)
        orders = len(desk.orders())
        desk.take("cancel.csv", "cancel_all,basket 1", header="action,basket")
        # What comes after it is not meant.
        desk.take("later.csv", "S-1,600000.SH,BUY,100,10.51,,basket 1")
        if not crash:
            desk.to_the_end()
    if crash:
        with opened(folder) as desk:
            if read == 2:
                desk.take_again(folder / "large.csv")
            desk.to_the_end()
    with opened(folder) as desk:
        of_basket = {f"L-{n}" for n in range(1, 90, 2)}
        ended = {order.terms.client_order_id for order in desk.orders() if order.is_final}
        assert ended == of_basket
        assert len(desk.denied()) == len([n for n in range(orders, 90) if n % 2])
        assert len(desk.orders()) == 91
    assert verify(folder / app.LEDGER).problems == []


def test_a_cancel_in_a_large_file_is_about_what_stands_above_it(folder: Path) -> None:
    header = f"action,{HEADER}"
    rows = [f"order,{row}" for row in rows_of(60)]
    rows.insert(30, "cancel_all,,,,,,,basket 1")
    with opened(folder) as desk:
        desk.take("large.csv", *rows, header=header)
        desk.to_the_end()
        ended = {order.terms.client_order_id for order in desk.orders() if order.is_final}
        assert ended == {f"L-{n}" for n in range(1, 30, 2)}
