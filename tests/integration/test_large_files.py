"""Very large files: loaded and answered in parts, with everything else between; they mean what a small one means."""

import io
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from filebridge import app
from filebridge.bridge import large
from filebridge.bridge.large import WAITING_MAX
from filebridge.config import load_settings
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.reconcile import Lists
from filebridge.inbox import ClaimedFile
from filebridge.ledger.verify import verify
from filebridge.tables import RECEIPT
from tests.integration.homes import ACCOUNT, Home, Row, living_in, orders_file, until

HEADER = "client_order_id,symbol,side,quantity,limit_price,note"
# A file of more than 20 rows is a very large one here, and comes in parts of 20.
LARGE: dict[str, Any] = {"inbox__rows_at_once": 20, "inbox__settle_seconds": 0.05}


def rows_of(count: int, *, ids: bool = True) -> list[str]:
    """Rows that are all filled at once; no two ask for the same."""
    return [
        f"{f'L-{n}' if ids else ''},600000.SH,BUY,{100 + n // 90 * 100},{10.51 + n % 90 / 100:.2f},"
        for n in range(count)
    ]


def killed_at(home: Home, failpoint: str) -> None:
    """Run until the bridge dies at a failpoint."""
    done = home.folder.with_name("fault-happened")
    home.start(failpoint=f"{failpoint}:{done}", **LARGE)
    home.ended()
    assert done.exists(), home.said()
    until(home.worker_is_gone, "the end of the worker")


@pytest.mark.parametrize("failpoint", ["large.part:kill:3", "large.loaded:kill:1", "large.answered:kill:2"])
def test_killed_while_a_large_file_is_loaded(home: Home, failpoint: str) -> None:
    rows = [*rows_of(60), *rows_of(60, ids=False)]
    text = orders_file(*rows, header=HEADER)
    home.drop("large.csv", text)
    killed_at(home, failpoint)
    assert home.receipts("large.csv") == []
    if not failpoint.startswith("large.answered"):
        assert home.requests() == [], "nothing of a file is sent before all of it is loaded"
    assert home.once(**LARGE).returncode in (0, 1)
    (receipt,) = home.receipts("large.csv")
    assert [row["row"] for row in receipt.rows] == [str(number) for number in range(2, 122)]
    assert receipt.outcomes == ["ACCEPTED"] * 120
    assert receipt.end[:2] == ["#END", "120"]
    sent = [line["order_remark"] for line in home.requests()]
    # What a group took along that the worker never called for may be dropped again.
    unsent = {row["tag"] for row in home.orders() if row["status"] == "NOT_SENT"}
    assert len(sent) == len(set(sent)) == 120 - len(unsent)
    assert {*sent, *unsent} == set(receipt.tags)
    assert not unsent or failpoint.startswith("large.answered")
    assert [path.read_bytes() for path in home.archived("accepted")] == [text.encode()]
    assert list(home.inbox.iterdir()) == []
    assert home.command("verify").returncode == 0
    # Once more: it has the same keys as the first.
    home.drop("large.csv", text)
    home.once(**LARGE)
    answered = Counter(home.receipts("large.csv")[-1].outcomes)
    assert answered == Counter({"DUPLICATE": 120 - len(unsent), "ACCEPTED": len(unsent)})
    assert len(home.requests()) == 120
    assert home.command("rebuild").returncode == 0
    assert [len(receipt.rows) for receipt in home.receipts("large.csv")] == [120, 120]
    assert home.command("verify").returncode == 0


def test_a_workbook_that_takes_long_is_loaded_in_parts_and_survives_a_kill(home: Home) -> None:
    book: Any = openpyxl.Workbook(write_only=True)
    sheet, junk = book.create_sheet("orders"), book.create_sheet("说明")
    for line in (HEADER, *rows_of(60)):
        sheet.append(line.split(","))
    # So much beside the orders that it is read by a process of its own.
    for n in range(12_000):
        junk.append([f"line {n}", "text " * 20])
    data = io.BytesIO()
    book.save(data)
    home.drop("slow.xlsx", data.getvalue())
    home.drop("after.csv", orders_file("S-1,601318.SH,BUY,100,52.11,", header=HEADER))
    killed_at(home, "large.part:kill:3")
    assert home.receipts("slow.xlsx") == []
    assert {line["stock_code"] for line in home.requests()} <= {"601318.SH"}, "nothing of it is sent before it is read"
    # The small one may have been on its way.
    assert home.once(**LARGE).returncode in (0, 1)
    (receipt,) = home.receipts("slow.xlsx")
    assert receipt.outcomes == ["ACCEPTED"] * 60
    assert [row["row"] for row in receipt.rows] == [str(number) for number in range(2, 62)]
    assert len([line for line in home.requests() if line["stock_code"] == "600000.SH"]) == 60
    assert home.twice() == []
    assert [path.suffix for path in home.archived("accepted")] == [".csv", ".xlsx"]
    # What came behind it did not wait for it.
    told = [(event["kind"], event["body"]) for event in home.events()]
    answered = next(place for place, (kind, body) in enumerate(told) if kind == "FILE" and body["name"] == "after.csv")
    assert answered < next(place for place, (kind, _) in enumerate(told) if kind == "LOADED")
    assert home.command("verify").returncode == 0


def test_a_malformed_last_row_refuses_the_whole_file(home: Home) -> None:
    home.drop("large.csv", orders_file(*rows_of(90), "L-90,600000.SH,BUY,1e3,10.51,", header=HEADER))
    assert home.once(**LARGE).returncode == 1
    (receipt,) = home.receipts("large.csv")
    assert receipt.outcomes == ["REFUSED"] * 91
    assert receipt.codes == ["FILE_HAS_OTHER_PROBLEMS"] * 90 + ["QUANTITY_NOT_INTEGER"]
    assert receipt.whole["outcome"] == "REFUSED"
    assert home.requests() == []
    assert len(home.archived("refused")) == 1
    assert home.command("verify").returncode == 0


def test_a_cut_large_file_is_refused_as_a_whole(home: Home) -> None:
    home.drop("large.csv", orders_file(*rows_of(90), "#END,91", header=HEADER))
    home.once(**LARGE)
    (receipt,) = home.receipts("large.csv")
    assert receipt.codes == ["FILE_ROW_COUNT_MISMATCH"]
    assert home.requests() == []


def test_small_files_go_before_a_large_one(home: Home) -> None:
    home.drop("large.csv", orders_file(*rows_of(2000), header=HEADER))
    home.drop("first.csv", orders_file("S-1,601318.SH,BUY,100,52.11,", header=HEADER))
    # At this rate the large file is on its way for four seconds, however fast the machine.
    home.ready(risk__orders_per_second_max=500, **LARGE)
    until(lambda: len(home.requests()) > 100, "the large file on its way")
    home.drop("second.csv", orders_file("S-2,601318.SH,BUY,200,52.11,", header=HEADER))
    home.receipt_no(1, "second.csv")
    until(lambda: len(home.requests()) == 2002, "all orders at the counter")
    sent = [line["order_volume"] for line in home.requests() if line["stock_code"] == "601318.SH"]
    places = [place for place, line in enumerate(home.requests()) if line["stock_code"] == "601318.SH"]
    assert sent == [100, 200]
    assert places[0] == 0
    assert places[1] < 1500
    assert len(home.receipt_no(1, "large.csv").rows) == 2000


# All but the tag, and the messages, which name it.
ANSWERED = [name for name in RECEIPT if name not in ("tag", "message", "message_zh")]
FILES = {
    "keys and cancels": [
        *rows_of(25),
        "L-3,600000.SH,BUY,100,10.54,the same again",
        "L-3,600000.SH,BUY,100,10.55,another body",
        *rows_of(25, ids=False),
        *rows_of(25, ids=False),
    ],
    "a symbol that is not ours": [*rows_of(40), "X,900901.SH,BUY,100,1.00,", *rows_of(3, ids=False)],
}


@pytest.mark.parametrize("name", FILES)
def test_in_parts_or_at_once_the_answers_are_the_same(tmp_path: Path, name: str) -> None:
    answers = []
    for rows_at_once in (6000, 20):
        with living_in(Home.made(tmp_path / f"home-{rows_at_once}")) as home:
            # Held, so that no row's answer depends on how far an earlier one has come.
            home.ready(**LARGE | {"inbox__rows_at_once": rows_at_once}, approval__required="always")
            sheet = home.trade("sheet.csv", orders_file(*FILES[name], header=HEADER))
            # A sheet that was corrected: a row at its top has another price, the overlap is far below it.
            corrected = [row.replace(",10.51,", ",10.50,") for row in rows_of(1, ids=False)]
            other = orders_file(*corrected, *rows_of(25), *rows_of(9, ids=False), header=HEADER)
            found = [sheet, home.trade("other.csv", other)]
            answers.append([[{name: row[name] for name in ANSWERED} for row in each.rows] for each in found])
    assert answers[0] == answers[1]
    assert "LOOKS_LIKE_CORRECTION" in {row["reason_code"] for row in answers[0][1]}


def test_what_does_not_fit_waits_in_the_ledger_and_a_person_can_stop_it(home: Home) -> None:
    home.ready(inbox__rows_at_once=1000, approval__required="always")
    count = WAITING_MAX + 1500
    home.drop("large.csv", orders_file(*rows_of(count), header=HEADER))

    def waiting() -> Row | None:
        return next((file for file in loading(home) if file["rows_answered"] >= WAITING_MAX), None)

    seen: Row = until(waiting, "all that may wait")
    assert seen == {"file": "large.csv", "rows": count, "rows_loaded": count, "rows_answered": WAITING_MAX}
    assert home.receipts("large.csv") == []
    done = home.command("cancel", "--all")
    assert done.returncode == 0, done.stdout
    receipt = home.receipt_no(1, "large.csv")
    assert Counter(receipt.codes) == {"APPROVAL_REQUIRED": WAITING_MAX, "CANCELED_BEFORE_ARRIVAL": 1500}
    until(lambda: not loading(home), "status.json without it")
    home.drop("after.csv", orders_file("S-1,601318.SH,BUY,100,52.11,", header=HEADER))
    home.receipt_no(1, "after.csv")
    assert home.command("approve", "--file", "after.csv").returncode == 0
    until(home.requests, "an order at the counter")
    assert [line["stock_code"] for line in home.requests()] == ["601318.SH"]


def loading(home: Home) -> list[Row]:
    found: list[Row] = home.status_since(0).get("files_loading", [])
    return found


def test_a_file_that_is_being_read_is_refused_when_all_is_canceled(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    app.init_home(folder, account=ACCOUNT, cash=1)
    settings = load_settings(folder, {"FILEBRIDGE_INBOX__ROWS_AT_ONCE": "20"})
    with app.open_bridge(folder, settings, lambda turn: None) as bridge:
        path = folder / "large.csv"
        path.write_text(orders_file(*rows_of(90), header=HEADER), encoding="utf-8")
        at = app.now()
        file = ClaimedFile(path, path.name, "1", path.stat().st_size, True, at, at)
        intake = bridge._intake
        with bridge.book.open_turn(at, at.date()):
            assert intake.take([file], (), at) == [None]
            intake.large.go_on(at)
        with bridge.book.open_turn(at, at.date()):
            assert intake.large.status()[0]["rows_loaded"] == 20
            assert intake.large.cancel_all() == 1
            ((_, taken),) = intake.large.take_done()
        assert (taken.outcome, intake.large.is_idle) == ("REFUSED", True)
    assert verify(folder / app.LEDGER).problems == []


def test_a_long_line_of_waiting_orders_is_no_reason_to_read_the_lists_of_the_day(tmp_path: Path) -> None:
    """What has not left yet cannot be listed; of a million rows, twenty thousand wait here for minutes."""
    folder = tmp_path / "home"
    app.init_home(folder, account=ACCOUNT, cash=1)
    settings = load_settings(folder, {})
    later = timedelta(seconds=2 * settings.recovery.reconcile_seconds)
    with app.open_bridge(folder, settings, lambda turn: None) as bridge:
        at, book, reconciler = app.now(), bridge.book, bridge._reconciler
        path = folder / "basket.csv"
        path.write_text(orders_file("S-1,601318.SH,BUY,100,52.11,", header=HEADER), encoding="utf-8")
        file = ClaimedFile(path, path.name, "1", path.stat().st_size, True, at, at)
        with book.open_turn(at, at.date()):
            bridge._intake.take([file], (), at)
        reconciler._pace.asked(Lists.ALL, at)
        assert reconciler._lists_due(at + later) is Lists.NONE
        with book.open_turn(at, at.date()):
            (order,) = book.open_orders()
            book.happen(order, OrderEvent(kind=EventKind.SUBMIT, at=at))
        # And one that has left asks for what works, not for all of the day.
        assert reconciler._lists_due(at + later) is Lists.WORKING


def test_what_became_of_malformed_rows_outlives_a_crash_before_the_first_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other rows are duplicates; forgotten, the bad one would make the file a duplicate as a whole."""
    folder = tmp_path / "home"
    app.init_home(folder, account=ACCOUNT, cash=1)
    settings = load_settings(folder, {"FILEBRIDGE_INBOX__ROWS_AT_ONCE": "20", "FILEBRIDGE_INBOX__ON_BAD_ROW": "skip"})
    at, rows = app.now(), rows_of(30)

    def file(name: str, *lines: str) -> ClaimedFile:
        path = folder / name
        path.write_text(orders_file(*lines, header=HEADER), encoding="utf-8")
        return ClaimedFile(path, path.name, name, path.stat().st_size, True, at, at)

    with app.open_bridge(folder, settings, lambda turn: None) as bridge:
        intake = bridge._intake
        with bridge.book.open_turn(at, at.date()):
            intake.take([file(f"{n}.csv", *rows[n : n + 15]) for n in (0, 15)], (), at)
        # No room for a row more: the file is loaded, and waits.
        monkeypatch.setattr(large, "WAITING_MAX", 0)
        for step in range(4):
            with bridge.book.open_turn(at, at.date()):
                if step == 0:
                    intake.take([file("large.csv", *rows, "L-99,600000.SH,BUY,1e3,10.51,")], (), at)
                intake.large.go_on(at)
        (status,) = intake.large.status()
        assert (status["rows_loaded"], status["rows_answered"]) == (30, 0)
    monkeypatch.undo()
    with app.open_bridge(folder, settings, lambda turn: None) as bridge:
        large_files = bridge._intake.large
        with bridge.book.open_turn(at, at.date()):
            large_files.resume({})
        while not large_files.is_idle:
            with bridge.book.open_turn(at, at.date()):
                large_files.go_on(at)
        assert [taken.outcome for _, taken in large_files.take_done()] == ["ACCEPTED"]
    assert verify(folder / app.LEDGER).problems == []


PLAIN = [row.removeprefix(",") for row in rows_of(30, ids=False)]
SHEET = [*PLAIN[:15], "000002.SZ,BUY,100,8.11,", *PLAIN[15:], "000001.SZ,BUY,100,11.32,"]
CORRECTED = ["000002.SZ,BUY,100,8.11,", "000001.SZ,BUY,100,11.33,"]


@pytest.mark.parametrize("first", [True, False], ids=["at the top", "at the end"])
@pytest.mark.parametrize("turns", range(8))
def test_a_row_corrected_while_its_sheet_is_under_way_is_not_bought_twice(
    tmp_path: Path, turns: int, first: bool
) -> None:
    """The sheet is loaded and answered in parts of ten; its correction comes after any number of turns."""
    folder = tmp_path / "home"
    app.init_home(folder, account=ACCOUNT, cash=1)
    settings = load_settings(folder, {"FILEBRIDGE_INBOX__ROWS_AT_ONCE": "10"})
    rows = [SHEET[-1], *SHEET[:-1]] if first else SHEET
    with app.open_bridge(folder, settings, lambda turn: None) as bridge:
        intake, at = bridge._intake, app.now()

        def take(name: str, lines: list[str]) -> None:
            path = folder / name
            path.write_text(orders_file(*lines, header=HEADER.removeprefix("client_order_id,")), encoding="utf-8")
            file = ClaimedFile(path, path.name, name, path.stat().st_size, True, at, at)
            with bridge.book.open_turn(at, at.date()):
                intake.take([file], (), at)

        def go_on() -> None:
            with bridge.book.open_turn(at, at.date()):
                intake.large.go_on(at)

        take("large.csv", rows)
        for _ in range(turns):
            go_on()
        take("corrected.csv", CORRECTED)
        while not intake.large.is_idle:
            go_on()
        wanted = [order for order in bridge.book.open_orders() if order.terms.symbol == "000001.SZ"]
        assert len(wanted) == 2
        assert "HELD" in [order.status for order in wanted]
        others = [order for order in bridge.book.open_orders() if order.terms.symbol != "000001.SZ"]
        assert Counter(order.status for order in others) == {"RECEIVED": 31}
    assert verify(folder / app.LEDGER).problems == []
