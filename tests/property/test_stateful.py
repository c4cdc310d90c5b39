"""Any story of files, people, brokers and crashes: nothing twice, nothing lost, nothing silent."""

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from filebridge.gateways.base import FillPushed
from tests.property.broker_model import Connection, Fate, Truth
from tests.property.program import Crash, Fault, Program, Row
from tests.property.stories import stories

INDEX = st.integers(0, 5)
FATES = st.lists(st.sampled_from([Fate.GOOD, Fate.LATE, *Fate]), min_size=1, max_size=5)
SYMBOLS = ("600000.SH", "000001.SZ")
CRASH_POINTS = (
    *("inbox.claim", "inbox.claimed", "intake.read", "ledger.write", "ledger.commit", "ledger.committed"),
    *("sending.submit", "sending.submitted", "sending.cancel", "archive.link", "archive.flush", "archive.unlink"),
    *("outbox.replace", "outbox.append", "control.answer", "recovery.snapshot"),
)
START_POINTS = ("start.leftovers", "start.recorded", "ledger.write", "ledger.commit", "ledger.committed")
# Where the disk may fail; the ledger's errors end the program, the others it outlives.
ERROR_POINTS = (
    *("inbox.claim", "inbox.claimed", "ledger.write", "ledger.commit", "ledger.committed", "archive.link"),
    *("archive.flush", "archive.unlink", "outbox.replace", "outbox.append", "control.answer"),
)


class Story(RuleBasedStateMachine):
    """What may happen in a few days of the program's life, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.program = Program()
        self.sheets: list[tuple[str, list[Row]]] = []
        self.meant = self.replaced = 0

    @initialize(agreed=st.sampled_from([True, True, True, False]))
    def begin(self, agreed: bool) -> None:
        self.program.start()
        if agreed:
            self.program.kind_turn(3)

    @property
    def lives(self) -> bool:
        return self.program.bridge is not None

    # ---- files

    @rule(
        count=st.integers(1, 3),
        kind=st.sampled_from(["id", "id", "derived", "derived", "basket"]),
        symbol=INDEX,
        fates=st.none() | FATES,
        waits=st.sampled_from([False, False, True]),
    )
    def drop_new(self, count: int, kind: str, symbol: int, fates: list[Fate] | None, waits: bool) -> None:
        self._drop(f"sheet-{len(self.sheets)}.csv", [self._row(kind, symbol + n) for n in range(count)])
        self._work_on_it(fates)
        if waits:
            # What is not answered by now is in doubt.
            self.program.wait(11)
            self.program.turn()

    @precondition(lambda self: self.sheets)
    @rule(
        index=INDEX,
        how=st.sampled_from(["same", "one more", "other price", "other price"]),
        which=INDEX,
        cents=st.integers(1, 3),
        fates=st.none() | FATES,
    )
    def drop_again(self, index: int, how: str, which: int, cents: int, fates: list[Fate] | None) -> None:
        name, rows = self.sheets[-1 - index % len(self.sheets)]
        rows = list(rows)
        if how == "one more":
            rows.append(replace(self._row("id" if rows[0].name else "derived", which), basket=rows[0].basket))
        elif how == "other price":
            rows[which % len(rows)] = replace(rows[which % len(rows)], price=f"10.5{cents}")
        self._drop(name, rows)
        self._work_on_it(fates)

    @rule(index=INDEX, known=st.sampled_from([True, True, False]))
    def drop_cancel(self, index: int, known: bool) -> None:
        ids = [row["client_order_id"] for row in self.program.orders()]
        to_come = f"A-{self.meant + 1 + index % 2}"
        name = ids[-1 - index % len(ids)] if known and ids else to_come
        self.program.drop_cancel(f"cancel-{len(self.program.dropped)}.csv", name)

    @precondition(lambda self: self.program.orders())
    @rule(index=INDEX, quantity=st.none() | st.integers(1, 8), fates=st.none() | FATES)
    def drop_replace(self, index: int, quantity: int | None, fates: list[Fate] | None) -> None:
        """Another price, perhaps another quantity, for an order of whatever status."""
        orders = self.program.orders()
        old = orders[-1 - index % len(orders)]["client_order_id"]
        self.replaced += 1
        new, price = f"R-{self.replaced}", f"9.{self.replaced:02d}"
        self.program.drop_replace(f"replace-{self.replaced}.csv", new, old, quantity and quantity * 100, price)
        self._work_on_it(fates)

    def _work_on_it(self, fates: list[Fate] | None) -> None:
        """The file is taken and its orders handed over; the worker has its ups and downs."""
        if fates is not None:
            self.program.turn(2)
            self.work(fates, flows=True)

    def _row(self, kind: str, symbol: int) -> Row:
        self.meant += 1
        name = f"A-{self.meant}" if kind == "id" else ""
        basket = f"basket {self.meant % 2}" if kind == "basket" else ""
        return Row(name, SYMBOLS[symbol % 2], 100 * self.meant, "10.5", basket)

    def _drop(self, name: str, rows: list[Row]) -> None:
        if self.program.lies_there(name):
            self.program.turn()
        if self.program.drop_rows(name, rows):
            self.sheets.append((name, rows))

    # ---- a person

    @precondition(lambda self: self.program.orders("HELD"))
    @rule(verb=st.sampled_from(["approve", "approve", "deny"]), index=INDEX)
    def decide(self, verb: str, index: int) -> None:
        held = self.program.orders("HELD")
        self.program.ask(verb, held[index % len(held)]["tag"])

    @precondition(lambda self: self.program.orders("UNKNOWN"))
    @rule(index=INDEX)
    def resolve(self, index: int) -> None:
        """The person looks at the broker's terminal first, and says nothing as long as it may still come."""
        doubtful = self.program.orders("UNKNOWN")
        tag = doubtful[index % len(doubtful)]["tag"]
        truth = self.program.broker.truth.get(tag)
        if any(book.tag == tag for book in self.program.broker.books):
            self.program.ask("resolve", tag, sent=True)
        elif truth in (Truth.LOST, Truth.NEVER_LEFT, Truth.REFUSED):
            self.program.ask("resolve", tag, sent=False)

    @precondition(lambda self: self.program.orders())
    @rule(index=INDEX, verb=st.sampled_from(["cancel", "cancel", "cancel", "approve", "deny"]))
    def ask_about_one(self, index: int, verb: str) -> None:
        orders = self.program.orders()
        self.program.ask(verb, orders[-1 - index % len(orders)]["tag"])

    @rule(
        what=st.sampled_from(["halt", "reduce_only", "resume", "resume", "cancel", "reconcile", "release", "release"]),
        index=INDEX,
    )
    def ask_about_all(self, what: str, index: int) -> None:
        if what == "cancel":
            self.program.ask("cancel", all=True)
        elif what == "release":
            if self.sheets:
                self.program.ask("release", file=self.sheets[index % len(self.sheets)][0])
        else:
            self.program.ask(what, reason="so be it")

    # ---- time

    @precondition(lambda self: self.lives)
    @rule(turns=st.integers(1, 4))
    def turn(self, turns: int) -> None:
        self.program.turn(turns)

    @precondition(lambda self: self.lives)
    @rule(turns=st.integers(1, 4))
    def kind_turn(self, turns: int) -> None:
        self.program.kind_turn(turns)

    @rule(seconds=st.sampled_from([1.1, 3, 11, 11, 61, 599, 700, 14 * 3600]))
    def wait(self, seconds: float) -> None:
        self.program.wait(seconds)

    # ---- the broker

    @precondition(lambda self: self.lives)
    @rule(fates=FATES, flows=st.sampled_from([True, True, False]))
    def work(self, fates: list[Fate], flows: bool) -> None:
        for fate in fates:
            self.program.broker.work(fate)
        if flows:
            self.program.broker.flow()

    @precondition(lambda self: self.lives and (self.program.broker.words or self.program.broker.said))
    @rule(index=INDEX, what=st.sampled_from(["hear", "hear", "twice", "lose", "lose all", "hear all"]))
    def word(self, index: int, what: str) -> None:
        broker = self.program.broker
        broker.flow()
        if what == "hear all":
            broker.hear_all()
        elif what == "lose all":
            broker.words.clear()
        elif broker.words and what == "lose":
            broker.words.pop(index % len(broker.words))
        elif broker.words:
            broker.hear(index % len(broker.words), keep=what == "twice")

    @rule(
        index=INDEX,
        what=st.sampled_from(
            ["fill", "fill", "part", "part", "end", "end", "arrive", "reject", "lose", "lag", "no lag", "stranger"]
        ),
    )
    def counter(self, index: int, what: str) -> None:
        broker = self.program.broker
        if what == "stranger":
            broker.trade_for_somebody_else()
        elif what in ("lag", "no lag"):
            broker.lag(what == "lag")
        working = [book for book in broker.books if book.is_working and book.tag]
        if what in ("arrive", "reject", "lose") and broker.on_their_way:
            order = broker.on_their_way[index % len(broker.on_their_way)]
            if what == "lose":
                broker.lose(order)
            else:
                broker.receive(order, reject=what == "reject")
        elif what in ("fill", "part", "end") and working:
            book = working[-1 - index % len(working)]
            left = book.quantity - book.filled_qty
            if what == "end":
                broker.end(book)
            else:
                broker.fill(book, left if what == "fill" else max(left // 2, 1))

    @precondition(lambda self: self.lives)
    @rule(
        what=st.sampled_from(["up", "up", "die", "no terminal", "locked"]),
        speechless=st.booleans(),
        overtaken=st.booleans(),
    )
    def worker(self, what: str, speechless: bool, overtaken: bool) -> None:
        broker = self.program.broker
        if what == "up":
            broker.come_up()
        elif what == "die":
            broker.die("the worker's heartbeat stopped", speechless=speechless, overtaken=overtaken)
        elif broker.connection is Connection.STARTING:
            broker.fail_to_connect(alone=what == "no terminal")

    # ---- the end, and a new start

    @precondition(lambda self: self.lives)
    @rule(
        point=st.sampled_from(["", "", *CRASH_POINTS]),
        passing=st.integers(1, 3),
        kind=st.booleans(),
        starts=st.sampled_from([True, True, False]),
    )
    def crash(self, point: str, passing: int, kind: bool, starts: bool) -> None:
        """kill -9, between two turns or at a failpoint; `kind` says whether the worker still ends what it has begun,
        or what the broker is like before the failpoint comes."""
        if point:
            self._turn_with(Fault(point, passing, Crash(point)), kind)
        else:
            self.program.crash(last_gasp=kind)
        if starts and not self.lives:
            self.program.start()

    @precondition(lambda self: self.lives)
    @rule(point=st.sampled_from(ERROR_POINTS), passing=st.integers(1, 3), kind=st.booleans())
    def disk_error(self, point: str, passing: int, kind: bool) -> None:
        self._turn_with(Fault(point, passing, OSError(5, "Input/output error")), kind)

    def _turn_with(self, fault: Fault, kind: bool) -> None:
        self.program.fault = fault
        (self.program.kind_turn if kind else self.program.turn)(3)
        self.program.fault = None

    @precondition(lambda self: not self.lives)
    @rule(
        point=st.sampled_from(["", "", *START_POINTS]),
        reboot=st.sampled_from([False, False, True]),
        agreed=st.sampled_from([True, True, False]),
    )
    def start(self, point: str, reboot: bool, agreed: bool) -> None:
        if point:
            self.program.fault = Fault(point, 1, Crash(point))
        self.program.start(reboot=reboot)
        self.program.fault = None
        if agreed and self.lives:
            self.program.kind_turn(3)

    # ---- what must hold

    @invariant()
    def holds_always(self) -> None:
        self.program.check_always()

    def teardown(self) -> None:
        try:
            if not self.program.is_broken:
                at_rest(self.program)
        finally:
            self.program.close()


# Where no disk is in memory, a story takes seconds.
TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=stories(60 if sys.platform == "linux" else 20),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# ---- what such stories have found


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.close()


def agreed(program: Program) -> Program:
    program.start()
    program.kind_turn(3)
    return program


def at_rest(program: Program) -> None:
    program.come_to_rest()
    program.check_always()
    program.check_at_rest()


def test_a_claim_is_not_forgotten_when_the_scan_fails_behind_it(program: Program) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    program.fault = Fault("inbox.claimed", 1, OSError(5, "Input/output error"))
    program.turn(3)
    assert program.fault is None
    at_rest(program)
    assert program.order(100)["status"] == "ACCEPTED"


@pytest.mark.parametrize("point", ["ledger.committed", "outbox.replace"])
def test_what_was_not_reported_before_midnight_is_reported_after_it(program: Program, point: str) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "IF2612.CFFEX", 100, "10.5", "")])
    program.fault = Fault(point, 1, Crash(point))
    program.turn(3)
    assert program.bridge is None
    program.wait(14 * 3600)
    at_rest(program)


def test_a_report_of_yesterday_that_changed_today_is_made_again(program: Program) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    program.kind_turn(3)
    program.wait(14 * 3600)
    while program.order(100)["status"] == "ACCEPTED":
        program.kind_turn()
    assert program.order(100)["status"] == "EXPIRED"
    program.crash()
    at_rest(program)


def test_the_log_of_another_boot_proves_nothing_at_the_second_start_either(program: Program) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    program.turn(2)
    program.broker.work(Fate.LATE)
    assert program.order(100)["status"] == "SUBMITTING"
    # The power fails, and with it goes the log that was never flushed; the next bridge does not live long.
    program.crash()
    program.start(reboot=True)
    program.crash()
    agreed(program)
    assert program.order(100)["status"] == "UNKNOWN"
    at_rest(program)
    assert program.order(100)["status"] == "ACCEPTED"


def test_what_a_hung_worker_never_came_to_is_proven_unsent(program: Program) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", ""), Row("", "600000.SH", 200, "9", "")])
    program.turn(2)
    program.broker.work(Fate.LATE)
    # Its deadline and that of the answers are the same one.
    program.wait(11)
    program.turn()
    assert [row["status"] for row in program.orders()] == ["UNKNOWN", "UNKNOWN"]
    program.broker.die("the worker did not answer (handed) in time")
    program.kind_turn(3)
    assert [row["status"] for row in program.orders()] == ["UNKNOWN", "NOT_SENT"]
    at_rest(program)


def test_a_fill_that_is_only_counted_yet_makes_the_next_price_a_correction(program: Program) -> None:
    agreed(program).drop_rows("a.csv", [Row("", "600000.SH", 100, "10.5", "")])
    program.kind_turn(4)
    (book,) = program.broker.books
    program.broker.fill(book, 50)
    program.broker.end(book)
    # The fill's push comes late; the report of the end counts it.
    (fill,) = [word for word in program.broker.words if isinstance(word, FillPushed)]
    program.broker.words.remove(fill)
    program.broker.hear_all()
    program.turn()
    program.drop_rows("a.csv", [Row("", "600000.SH", 100, "10.6", "")])
    program.turn(2)
    program.broker.words.append(fill)
    at_rest(program)
    assert program.order(100, "10.6")["status"] == "HELD"


def test_a_dead_workers_late_word_does_not_stand_for_the_living_one(program: Program) -> None:
    program.start()
    program.broker.come_up()
    program.broker.die("the worker's heartbeat stopped", overtaken=True)
    program.turn()
    program.broker.come_up()
    program.broker.flow()
    program.turn()
    # Only now is read what the first worker said: that it is the sole sender, and which log is its.
    program.broker.hear_all()
    program.kind_turn(3)
    program.drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    program.turn(2)
    program.broker.work(Fate.LATE)
    program.crash()
    agreed(program)
    assert program.order(100)["status"] == "UNKNOWN"
    at_rest(program)


@pytest.mark.parametrize("error", [Crash("control.answer"), OSError(28, "No space left on device")])
def test_a_refusal_whose_answer_was_lost_is_answered_as_a_refusal(program: Program, error: BaseException) -> None:
    agreed(program).drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    program.kind_turn(3)
    program.ask("approve", program.order(100)["tag"])
    program.fault = Fault("control.answer", 1, error)
    program.turn(2)
    assert program.fault is None
    at_rest(program)
    (answer,) = [program.answers[name] for name, (verb, _) in program.asked.items() if verb == "approve"]
    assert (answer["ok"], answer["reason_code"]) == (False, "CONTROL_NOT_POSSIBLE")
