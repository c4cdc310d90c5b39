"""The ledger: what it refuses, what it keeps, and what `verify` sees."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from filebridge import failpoints
from filebridge.domain.counters import Past
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import SHANGHAI, Order, OrderType, Status, price_text
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason
from filebridge.errors import LedgerError, LedgerTooNew
from filebridge.ledger import codec, prepared, questions
from filebridge.ledger.backup import backup
from filebridge.ledger.codec import Body
from filebridge.ledger.opening import WAL_BYTES, open_ledger
from filebridge.ledger.prepared import Prepared
from filebridge.ledger.questions import Question
from filebridge.ledger.store import Ledger
from filebridge.ledger.verify import fold, verify
from filebridge.ledger.views import LedgerReader
from tests.unit.test_lifecycle import TERMS

AT = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
DAY = date(2026, 11, 20)
INDEXES_OF_VERSION_1 = {
    *("events_intake", "files_name", "files_date", "files_claim", "orders_key", "orders_derived", "orders_open"),
    *("orders_broker", "fills_date"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # Windows allows no question mark in a name.
    folder = tmp_path / ("我的 home#1x 100%25" if sys.platform == "win32" else "我的 home#1?x 100%25")
    folder.mkdir()
    return folder / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = open_ledger(path, at=AT)
    yield opened
    opened.close()


def record(ledger: Ledger, *tags: str) -> list[Order]:
    """Orders born and sent, one turn each."""
    sent = []
    for tag in tags:
        born = Order(terms=TERMS._replace(tag=tag), status=Status.RECEIVED, updated_at=AT)
        with ledger.turn(AT, DAY) as turn:
            turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=1, order=born)
            submit = OrderEvent(kind=EventKind.SUBMIT, at=AT)
            sent.append(apply(born, submit))
            turn.happen(born, submit, sent[-1])
    return sent


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_what_was_recorded_is_read_again_and_whole(ledger: Ledger, path: Path) -> None:
    orders = record(ledger, "A" * 20, "B" * 20)
    reader = LedgerReader(path)
    assert reader.open_orders() == orders
    assert reader.order("A" * 20) == orders[0]
    reader.close()
    found = verify(path)
    assert (found.events, found.head, found.problems) == (4, ledger.head, [])


_HELD = Reason("LOOKS_LIKE_CORRECTION", {"tag": "T1"})


@pytest.mark.parametrize(
    ("status", "events"),
    [
        (Status.RECEIVED, [OrderEvent(EventKind.SUBMIT, AT)]),
        (Status.RECEIVED, [OrderEvent(EventKind.SUBMIT, AT, reason=Reason("PRICE_NEAR_LIMIT", {"value": "1"}))]),
        (Status.RECEIVED, [OrderEvent(EventKind.SUBMIT, AT, limit_price=Decimal("9.9"))]),
        (Status.HELD, [OrderEvent(EventKind.APPROVE, AT), OrderEvent(EventKind.SUBMIT, AT)]),
        (
            Status.RECEIVED,
            [OrderEvent(EventKind.SUBMIT, AT), OrderEvent(EventKind.REPORT_WORKING, AT, broker_order_id="7")],
        ),
        (Status.RECEIVED, [OrderEvent(EventKind.SUBMIT, AT), OrderEvent(EventKind.DOUBT, AT, reason=_HELD)]),
    ],
)
def test_whatever_one_turn_does_to_an_order_is_written(
    ledger: Ledger, path: Path, status: Status, events: list[OrderEvent]
) -> None:
    reason = _HELD if status is Status.HELD else None
    order = Order(terms=TERMS._replace(tag="T1"), status=status, updated_at=AT - timedelta(seconds=9), reason=reason)
    with ledger.turn(AT, DAY) as turn:
        turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=1, order=order)
    with ledger.turn(AT, DAY) as turn:
        for event in events:
            before, order = order, apply(order, event)
            turn.happen(before, event, order)
    reader = LedgerReader(path)
    assert reader.order("T1") == order
    reader.close()
    assert verify(path).problems == []


def test_nothing_of_a_turn_that_fails_is_kept(ledger: Ledger, path: Path) -> None:
    record(ledger, "A" * 20)
    with pytest.raises(RuntimeError), ledger.turn(AT, DAY) as turn:
        turn.append("STARTED", {})
        raise RuntimeError
    assert verify(path).events == 2


@pytest.mark.parametrize("point", ["ledger.write", "ledger.commit"])
def test_a_failed_write_is_a_ledger_error(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    record(ledger, "A" * 20)
    monkeypatch.setattr(failpoints, "_armed", failpoints._Armed(f"{point}:enospc:1:{tmp_path / 'done'}"))
    with pytest.raises(LedgerError, match="could not be written"):
        record(ledger, "B" * 20)
    assert verify(path).events == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 2",
        "INSERT OR REPLACE INTO events SELECT seq, at, trade_date, 'X', tag, intake_no, body, hash FROM events",
    ],
)
def test_events_are_append_only(ledger: Ledger, path: Path, statement: str) -> None:
    record(ledger, "A" * 20)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        edit(path, "PRAGMA recursive_triggers=ON", statement)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE events SET body = replace(body, '600000', '600001') WHERE seq = 1", "event 1 was changed"),
        ("UPDATE events SET at = '2020-01-01' WHERE seq = 2", "event 2 was changed"),
        ("DELETE FROM events WHERE seq = 2", "event 2 is missing"),
        ("UPDATE orders SET quantity = 2000", "orders"),
        ("DELETE FROM orders", "is missing"),
    ],
)
def test_tampering_is_seen(ledger: Ledger, path: Path, statement: str, problem: str) -> None:
    record(ledger, "A" * 20, "B" * 20)
    edit(path, "DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", statement)
    problems = verify(path).problems
    assert problems
    assert problem in problems[0]


def test_events_cut_off_the_end_are_seen_by_a_head_written_elsewhere(ledger: Ledger, path: Path) -> None:
    with ledger.turn(AT, DAY) as turn:
        turn.append("FILE", {"intake_no": 0})
    head = ledger.head
    assert head in verify(path, {head: "a.receipt.csv"}).hashes
    edit(path, "DROP TRIGGER events_no_delete", "DELETE FROM events", "DELETE FROM files")
    assert verify(path).problems == []
    assert "a.receipt.csv" in verify(path, {head: "a.receipt.csv"}).problems[0]


def test_views_are_made_again_from_the_events(ledger: Ledger, path: Path) -> None:
    record(ledger, "A" * 20, "B" * 20)
    edit(path, "DELETE FROM orders", "UPDATE orders SET quantity = 1")
    assert verify(path).problems
    reader = LedgerReader(path)
    ledger.rewrite_views(fold(reader.events()).rows())
    reader.close()
    assert verify(path).problems == []


def test_a_later_version_is_refused(ledger: Ledger, path: Path) -> None:
    ledger.close()
    edit(path, "INSERT INTO migrations VALUES (99, 'from the future', '')")
    with pytest.raises(LedgerTooNew):
        open_ledger(path, at=AT)


def indexes(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return dict(found.fetchall())


def test_a_ledger_of_version_1_becomes_like_a_new_one(ledger: Ledger, path: Path) -> None:
    record(ledger, "A" * 20, "B" * 20)
    ledger.close()
    new = indexes(path)
    edit(
        path,
        *(f"DROP INDEX {name}" for name in set(new) - INDEXES_OF_VERSION_1),
        "CREATE INDEX events_tag ON events (tag) WHERE tag != ''",
        "CREATE INDEX events_date ON events (trade_date)",
        "CREATE INDEX orders_counter ON orders (counter_order_id) WHERE counter_order_id != ''",
        "DROP TABLE cancel_stops",
        "DROP TABLE queries",
        "ALTER TABLE orders DROP COLUMN replaces",
        "DELETE FROM migrations WHERE version > 1",
    )
    open_ledger(path, at=AT).close()
    assert indexes(path) == new
    assert (verify(path).events, verify(path).problems) == (4, [])


def plan(path: Path, question: Prepared) -> str:
    sql, _ = question.filled_in(dict.fromkeys(question.names))
    with closing(sqlite3.connect(path)) as connection:
        # A list that is given as JSON is scanned, of course.
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * len(question.names))]
    return "; ".join(step for step in steps if "VIRTUAL TABLE" not in step)


QUESTIONS = {name: Prepared(*each.prepared()) for name, each in vars(questions).items() if isinstance(each, Question)}


def test_what_was_written_out_is_what_is_asked() -> None:
    assert prepared._FILE.read_text(encoding="utf-8") == prepared.written(), "python dev.py docs"
    assert QUESTIONS["ORDER"] == prepared.questions.ORDER


def test_whoever_only_reads_does_not_wait_for_sqlalchemy() -> None:
    asked = "import filebridge.trial, filebridge.ledger.verify, sys; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_finds_its_way_by_an_index(ledger: Ledger, path: Path, name: str) -> None:
    # The newest event is where a walk from the end begins, and it stops there.
    walks = name.startswith("ALL_") or name == "NEWEST_EVENT"
    assert ("SCAN" in plan(path, QUESTIONS[name])) == walks


def test_a_question_sees_what_was_committed_last(ledger: Ledger, path: Path) -> None:
    reader = LedgerReader(path)
    assert reader.order("A" * 20) is None
    # A long answer that is still being read holds up neither the next commit nor the next question.
    story = reader.events()
    record(ledger, "A" * 20)
    assert next(story)["tag"] == "A" * 20
    record(ledger, "B" * 20)
    assert reader.order("B" * 20) is not None
    assert len(list(story)) == 1
    reader.close()


def test_the_books_of_each_account_are_found_alone(ledger: Ledger, path: Path) -> None:
    for account, cash in (("1", "5"), ("2", "6"), ("1", "7")):
        with ledger.turn(AT, DAY) as turn:
            turn.append("BOOKS", {"account": account, "positions": [], "asset": {"cash": cash}})
    reader = LedgerReader(path)
    found = [json.loads(row["body"]) for row in reader.newest_books()]
    reader.close()
    assert [(books["account"], books["asset"]["cash"]) for books in found] == [("1", "7"), ("2", "6")]


def test_what_left_on_a_day_is_counted(ledger: Ledger, path: Path) -> None:
    sent = record(ledger, "A" * 20, "B" * 20)
    born = Order(terms=TERMS._replace(tag="C" * 20), status=Status.RECEIVED, updated_at=AT)
    with ledger.turn(AT, DAY) as turn:
        turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=1, order=born)
        working = OrderEvent(kind=EventKind.REPORT_WORKING, at=AT, broker_order_id="1")
        cancel = OrderEvent(kind=EventKind.CANCEL, at=AT)
        accepted = apply(sent[0], working)
        turn.happen(sent[0], working, accepted)
        turn.happen(accepted, cancel, apply(accepted, cancel))
        # Before it left, a cancel sends nothing.
        turn.happen(born, cancel, apply(born, cancel))
        rejected = OrderEvent(kind=EventKind.REPORT_REJECTED, at=AT)
        turn.happen(sent[1], rejected, apply(sent[1], rejected))
    reader = LedgerReader(path)
    later, other = AT + timedelta(seconds=1), TERMS.trade_date + timedelta(days=1)
    alike = (TERMS.account, TERMS.symbol, TERMS.side, TERMS.limit_price)
    for mode, trade_date, count in (
        (TERMS.mode, TERMS.trade_date, 1),
        ("live", TERMS.trade_date, 0),
        (TERMS.mode, other, 0),
    ):
        past = reader.sent_and_ended_before(later, trade_date=trade_date, mode=mode)
        assert past == [Past(*alike, 1, TERMS.quantity, 0)] * count
        assert reader.sent_and_ended_before(AT, trade_date=trade_date, mode=mode) == []
        ended = reader.sent_and_ended_since(AT, trade_date=trade_date, mode=mode)
        assert [order.terms.tag for order in ended] == ["B" * 20] * count
        assert reader.sent_and_ended_since(later, trade_date=trade_date, mode=mode) == []
        assert reader.cancels_since(AT, trade_date=trade_date, mode=mode) == [(TERMS.account, AT)] * count
        assert reader.cancels_before(later, trade_date=trade_date, mode=mode) == dict([(TERMS.account, 1)] * count)
        assert reader.cancels_before(AT, trade_date=trade_date, mode=mode) == {}
    assert [order.terms.tag for order in reader.sent_and_open(TERMS.mode)] == ["A" * 20]
    assert reader.sent_and_open("live") == []
    reader.close()


def test_orders_are_found_by_every_name(ledger: Ledger, path: Path) -> None:
    order = record(ledger, "A" * 20)[0]
    record(ledger, "B" * 20)
    numbered = OrderEvent(kind=EventKind.REPORT_WORKING, at=AT, broker_order_id="17", counter_order_id="C18")
    with ledger.turn(AT, DAY) as turn:
        turn.happen(order, numbered, apply(order, numbered))
    reader = LedgerReader(path)
    for name in ("A" * 20, "17", "C18"):
        assert [found.terms.tag for found in reader.orders_named(name)] == ["A" * 20]
    assert {found.terms.tag for found in reader.orders_named(TERMS.client_order_id)} == {"A" * 20, "B" * 20}
    assert reader.orders_named("") == []
    story = reader.story("A" * 20)
    assert [row["kind"] for row in story] == ["ROW", "ORDER", "ORDER"]
    submitted = reader.submitted(order)
    assert submitted is not None
    assert submitted["seq"] == story[1]["seq"]
    reader.close()


def test_days_whose_reports_may_be_old_are_found(ledger: Ledger, path: Path) -> None:
    days = [DAY + timedelta(days=ahead) for ahead in range(5)]
    for number, day in enumerate(days):
        at = AT + timedelta(days=number)
        born = Order(terms=TERMS._replace(tag=f"{number:020d}", trade_date=day), status=Status.RECEIVED, updated_at=at)
        with ledger.turn(at, day) as turn:
            turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=number, order=born)
            if number == 0:
                oldest = born
            if number == 4:
                # Late news of the first day's order.
                submit = OrderEvent(kind=EventKind.SUBMIT, at=at)
                turn.happen(oldest, submit, apply(oldest, submit))
    reader = LedgerReader(path)
    assert reader.days() == days
    assert reader.days_touched() == {days[0], days[3], days[4]}
    reader.close()


def test_the_day_of_a_file_that_was_answered_on_a_later_one_is_found(ledger: Ledger, path: Path) -> None:
    """A very large one, refused as a whole: no order is of its day, and its receipt may be missing."""
    columns = ("name", "claim", "sha256", "format", "encoding", "reason_code", "received_at", "archived_as")
    file = dict.fromkeys(columns, "") | {"intake_no": 1, "size": 1, "rows": 9, "trade_date": DAY.isoformat()}
    days = [DAY + timedelta(days=ahead) for ahead in range(3)]
    for day in days:
        with ledger.turn(AT, day) as turn:
            if day == days[0]:
                turn.accept_loaded(file | {"outcome": "LOADING"})
            elif day == days[1]:
                turn.append("STARTED", {})
            else:
                turn.close_loaded(file | {"outcome": "REFUSED"})
    reader = LedgerReader(path)
    assert reader.days_touched() == set(days)
    reader.close()


def test_the_log_is_grown_before_it_is_needed(ledger: Ledger, path: Path) -> None:
    assert path.with_name(path.name + "-wal").stat().st_size >= WAL_BYTES
    # In the log only: the ledger itself stays small.
    assert path.stat().st_size < 1_000_000


def test_a_file_that_is_no_ledger_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is a letter to my bank" * 100)
    with pytest.raises(LedgerError):
        open_ledger(path, at=AT)
    assert path.read_bytes() == b"this is a letter to my bank" * 100


def test_readers_cannot_write(ledger: Ledger, path: Path) -> None:
    reader = LedgerReader(path)
    with pytest.raises(LedgerError, match="readonly"):
        reader._fetched("DELETE FROM orders", [])
    reader.close()


def test_a_backup_is_whole_while_the_ledger_grows(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    record(ledger, "A" * 20)
    target = tmp_path / "backup.sqlite"
    found = backup(path, target)
    record(ledger, "B" * 20)
    assert (found.events, verify(target).problems) == (2, [])
    assert verify(path).events == 4
    assert [item.name for item in tmp_path.glob("backup*")] == ["backup.sqlite"]
    with pytest.raises(LedgerError, match="exists already"):
        backup(path, target)


def test_tags_name_their_home_ascend_and_never_repeat(ledger: Ledger) -> None:
    given = ledger.new_tags(2000)
    tags = set(given)
    assert len(tags) == 2000
    assert given == sorted(given)
    assert {(len(tag), tag[:4], tag.isalnum(), tag.isascii()) for tag in tags} == {(20, ledger.home_mark, True, True)}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"quantity": TERMS.quantity, "limit_price": price_text(TERMS.limit_price), "symbol": TERMS.symbol},
        # What the row of a replacement leaves open, or says of the order that it replaces.
        {"quantity": "", "limit_price": "", "symbol": "", "row": 0, "account": "another"},
    ],
)
def test_terms_are_read_from_what_an_answer_says_and_what_it_does_not(answer: Body) -> None:
    for terms in (TERMS, TERMS._replace(limit_price=None, note="a note", price_offset="+2t", replaces="A" * 20)):
        values = codec.terms_values(terms)
        assert codec.terms_from(answer | codec.terms_said(values, answer)) == terms
        # As older versions stored them.
        assert codec.terms_from(answer | dict(zip(codec.TERMS, values, strict=True))) == terms


@pytest.mark.parametrize("born_before", [True, False])
def test_a_price_from_market_data_is_the_orders_price_from_its_sending_on(
    ledger: Ledger, path: Path, born_before: bool
) -> None:
    terms = TERMS._replace(tag="A" * 20, limit_price=Decimal("10.4"))
    born = Order(terms=terms, status=Status.RECEIVED, updated_at=AT)
    quote = Quote(terms.symbol, AT, "terminal", "浦发银行", bids=(Decimal("10.5"), Decimal("10.49")), listed_on=DAY)
    warning = Reason("PRICE_BEYOND_CAGE", {"symbol": terms.symbol, "value": "10.5", "nearest": "10.4"})
    price = Decimal("10.50")
    submit = OrderEvent(EventKind.SUBMIT, AT, reason=warning, also=(warning,), limit_price=price, quote=quote)
    sent = apply(born, submit)
    assert sent.terms == terms._replace(limit_price=price)
    with ledger.turn(AT, DAY) as turn:
        turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=1, order=born)
        if not born_before:
            turn.happen(born, submit, sent)
    if born_before:
        with ledger.turn(AT, DAY) as turn:
            turn.happen(born, submit, sent)
    reader = LedgerReader(path)
    assert reader.order(terms.tag) == sent
    *_, last = reader.story(terms.tag)
    assert codec.event_from(json.loads(last["body"]), last["at"]) == submit
    reader.close()
    assert verify(path).problems == []


def test_an_offset_is_read_again_and_an_older_ledger_gets_its_column(ledger: Ledger, path: Path) -> None:
    ledger.close()
    edit(path, "ALTER TABLE orders DROP COLUMN price_offset", "DELETE FROM migrations WHERE version >= 5")
    opened = open_ledger(path, at=AT)
    terms = TERMS._replace(tag="A" * 20, order_type=OrderType.OWN_1, limit_price=None, price_offset="-0.5%")
    born = Order(terms=terms, status=Status.RECEIVED, updated_at=AT)
    with opened.turn(AT, DAY) as turn:
        turn.answer_row({"row": 2, "outcome": "ACCEPTED", "reason_code": ""}, intake_no=1, order=born)
    reader = LedgerReader(path)
    assert reader.order(terms.tag) == born
    reader.close()
    opened.close()
    assert verify(path).problems == []


def test_a_reader_of_an_older_ledger_says_what_brings_it_up_to_date(ledger: Ledger, path: Path) -> None:
    ledger.close()
    edit(path, "ALTER TABLE orders DROP COLUMN price_offset")
    with pytest.raises(LedgerError, match="older version") as caught:
        list(LedgerReader(path).order_rows(None))
    assert "filebridge run" in caught.value.hint_zh
