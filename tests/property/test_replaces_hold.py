"""Long walks through replacing: never two at the market for one, never more than is left, never what was taken back.

The walks are taken at random but always alike, and each of them is taken again with one safety of replacing taken out
of the program, which must be seen. What is asserted at the moment of handing over is what `Program` knows of the
broker's books, and what the person of the walk has been answered.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from filebridge.bridge import book, rows
from filebridge.domain import replacing
from filebridge.domain.orders import Order
from filebridge.domain.reasons import Reason
from tests.property.broken import tried
from tests.property.broker_model import Fate
from tests.property.program import Program, Row

SEEDS, STEPS = (1, 2, 3, 4), 250
Patch = pytest.MonkeyPatch
_FATES = (*(Fate.GOOD,) * 5, Fate.LATE, Fate.LATE, Fate.REJECT, Fate.LOST)
_UNSENT = ("RECEIVED", "HELD", "APPROVED")
_MOVES = (
    ("drop",) * 3
    + ("replace",) * 5
    + ("cancel", "change_of_mind", "chain", "too_late")
    + ("kind",) * 3
    + ("work", "fill") * 3
    + ("wait", "crash")
)


class Replacing(Program):
    """The program, and a person who changes his mind all the time."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self._chance = chance
        self._number = 0
        self.taken_back: set[str] = set()

    def received(self, order: Order) -> None:
        """The same may be meant several times here."""

    def handed_over(self, orders: Sequence[Order]) -> None:
        super().handed_over(orders)
        for order in orders:
            assert order.terms.tag not in self.taken_back, "sent though it was taken back"
            for old in self._before(order.terms.tag):
                assert old["status"] == "CANCELED", f"sent in the place of one that is {old['status']}"

    def _before(self, tag: str) -> list[Any]:
        """What an order stands in for, newest first."""
        found = []
        (row,) = self.rows("SELECT * FROM orders WHERE tag = ?", tag)
        while row["replaces"]:
            (row,) = self.rows("SELECT * FROM orders WHERE tag = ?", row["replaces"])
            found.append(row)
        return found

    def step(self) -> None:
        if self.bridge is None:
            self.start()
            self.kind_turn(self._chance.randint(0, 3))
        self.broker.come_up()
        getattr(self, f"_do_{self._chance.choice(_MOVES)}")()
        self.turn()
        self.check_always()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _taken(self, name: str) -> None:
        """The bridge looks into the inbox once a second."""
        for _ in range(6):
            if self.lies_there(name):
                self.turn()

    def _newest(self) -> str:
        """The id of one of the newest orders; before there are any, one that nobody knows."""
        ids = [row["client_order_id"] for row in self.orders()][-5:]
        return str(self._chance.choice(ids)) if ids else "nobody"

    def _do_drop(self) -> None:
        number = self._next()
        quantity = 100 * self._chance.randint(3, 9)
        self.drop_rows(f"{number}.csv", [Row(f"A-{number}", "600000.SH", quantity, "10.5", "")])
        self._taken(f"{number}.csv")

    def _do_replace(self, old: str = "", quantity: int | None = None) -> None:
        number = self._next()
        quantity = quantity or self._chance.choice((None, None, 100, 600, 900))
        price = f"{8 + number // 100}.{number % 100:02d}"
        self.drop_replace(f"{number}.csv", f"R-{number}", old or self._newest(), quantity, price)
        self._taken(f"{number}.csv")

    def _do_cancel(self, old: str = "") -> None:
        number, name = self._next(), old or self._newest()
        self.drop_cancel(f"{number}.csv", name)
        self._taken(f"{number}.csv")
        answers = self.rows(
            "SELECT body FROM events JOIN files USING (intake_no) WHERE kind = 'ROW' AND name = ?", f"{number}.csv"
        )
        if any(json.loads(row["body"])["outcome"] == "CANCEL_ACCEPTED" for row in answers):
            waiting = [row["tag"] for row in self.orders() if row["status"] in _UNSENT]
            named = {tag for tag in waiting if name in [old["client_order_id"] for old in self._before(tag)]}
            self.taken_back |= named

    def _do_change_of_mind(self) -> None:
        """He replaces an order that works, and cancels it before the broker has done anything about that."""
        working = self.orders("ACCEPTED") + self.orders("PARTIALLY_FILLED")
        if not working:
            return
        old = str(self._chance.choice(working)["client_order_id"])
        self._do_replace(old)
        if self._chance.random() < 0.5:
            self.crash()
            self.start()
            self._turns_without_cancels(20)
        self._do_cancel(old)
        self.kind_turn(4)

    def _do_chain(self) -> None:
        """One after the other, and each was filled a little before it was replaced."""
        self._do_drop()
        for _ in range(3):
            self.kind_turn(3)
            self._do_fill()
            self.broker.hear_all()
            self._do_replace(str(self.orders()[-1]["client_order_id"]))

    def _do_too_late(self) -> None:
        """He wants more of what is filled before its cancel comes."""
        self._do_drop()
        self.kind_turn(3)
        self._do_replace(str(self.orders()[-1]["client_order_id"]), 1_000)
        for each in [each for each in self.broker.books if each.is_working][-1:]:
            self.broker.fill(each, each.quantity - each.filled_qty)
        self.broker.hear_all()
        self.kind_turn(3)

    def _turns_without_cancels(self, turns: int) -> None:
        for _ in range(turns):
            self.broker.come_up()
            while self.broker.commands and self.broker.commands[0][0] != "cancel":
                self.broker.work(Fate.GOOD)
            self.broker.flow()
            self.broker.hear_all()
            self.turn()

    def _do_kind(self) -> None:
        self.kind_turn(self._chance.randint(1, 3))

    def _do_work(self) -> None:
        for _ in range(self._chance.randint(1, 4)):
            self.broker.work(self._chance.choice(_FATES))
        for order in list(self.broker.on_their_way):
            if self._chance.random() < 0.5:
                self.broker.receive(order)
        self.broker.flow()
        while self.broker.words and self._chance.random() < 0.8:
            self.broker.hear(self._chance.randrange(len(self.broker.words)))

    def _do_fill(self) -> None:
        for each in [each for each in self.broker.books if each.is_working][-1:]:
            left = each.quantity - each.filled_qty
            self.broker.fill(each, self._chance.choice((*(min(100, left),) * 4, left)))

    def _do_wait(self) -> None:
        self.wait(self._chance.choice((1.1, 11)))

    def _do_crash(self) -> None:
        self.crash(last_gasp=self._chance.random() < 0.3)


def walk(seed: int) -> None:
    """One story; AssertionError where something left that may not."""
    program = Replacing(Random(seed))
    try:
        for _ in range(STEPS):
            program.step()
    finally:
        program.close()


# ---- the program with one safety taken out

_left = replacing.quantity_left


def _without_fills(order: Order, replaced: Sequence[Order]) -> int | Reason | None:
    found = _left(order, replaced)
    return order.terms.quantity if isinstance(found, int) else found


def _with_the_last_ones_fills(order: Order, replaced: Sequence[Order]) -> int | Reason | None:
    found = _left(order, replaced)
    return order.terms.quantity - replaced[0].filled_qty if isinstance(found, int) else found


def _at_once(order: Order, replaced: Sequence[Order]) -> int | Reason | None:
    found = _left(order, replaced)
    return order.terms.quantity - sum(old.filled_qty for old in replaced) or 100 if found is None else found


def _whatever_became_of_it(order: Order, replaced: Sequence[Order]) -> int | Reason | None:
    found = _left(order, replaced)
    is_late = isinstance(found, Reason) and found.code == "REPLACE_TOO_LATE"
    left = order.terms.quantity - sum(old.filled_qty for old in replaced)
    return left if is_late and left > 0 else found


def _instead(quantity_left: Callable[..., Any]) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(replacing, "quantity_left", quantity_left)


def _a_cancel_leaves_the_new_one(patch: Patch) -> None:
    patch.setattr(rows.FileRows, "_with_replacement", lambda self, answer, target: answer)


def _a_restart_forgets(patch: Patch) -> None:
    whole = book.OrderBook.__init__

    def begin(self: book.OrderBook, *given: Any, **named: Any) -> None:
        whole(self, *given, **named)
        self._successors.clear()

    patch.setattr(book.OrderBook, "__init__", begin)


BROKEN: dict[str, Callable[[Patch], None]] = {
    "what was filled is not counted": _instead(_without_fills),
    "only the last one's fills count": _instead(_with_the_last_ones_fills),
    "the new one does not wait": _instead(_at_once),
    "it does not matter how the old one ended": _instead(_whatever_became_of_it),
    "a cancel of the old one leaves the new one": _a_cancel_leaves_the_new_one,
    "after a restart nobody knows what replaces what": _a_restart_forgets,
}


@pytest.mark.parametrize("seed", SEEDS)
def test_one_is_at_the_market_for_what_is_left(seed: int) -> None:
    walk(seed)


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("then", ["replace", "cancel"])
def test_what_waits_in_the_second_place_is_seen_by_whoever_names_the_first(then: str, is_restarted: bool) -> None:
    """A is replaced by B, and B by C, before A has ended: C waits for A, and only C."""
    program = Replacing(Random(0))
    try:
        program.start()
        program.kind_turn(3)
        program.drop_rows("A.csv", [Row("A", "600000.SH", 300, "10.5", "")])
        program.kind_turn(3)
        for new, old, price in (("B", "A", "10.6"), ("C", "B", "10.7")):
            program.drop_replace(f"{new}.csv", new, old, None, price)
            program._turns_without_cancels(6)
        if is_restarted:
            program.crash()
            program.start()
        if then == "replace":
            program.drop_replace("D.csv", "D", "A", None, "10.8")
        else:
            program.drop_cancel("D.csv", "A")
        program._turns_without_cancels(20)
        assert program.orders()[0]["status"] == "PENDING_CANCEL"
        program.kind_turn(8)
        ended = {row["client_order_id"]: row["status"] for row in program.orders()}
        assert ended.pop("D", "DENIED") == "DENIED"
        assert ended == {"A": "CANCELED", "B": "CANCELED", "C": "ACCEPTED" if then == "replace" else "CANCELED"}
        assert len(program.broker.books) == (2 if then == "replace" else 1)
    finally:
        program.close()


@pytest.mark.parametrize("broken", tried(BROKEN))
def test_a_broken_replace_is_seen(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[broken](monkeypatch)
    with pytest.raises(AssertionError, match=r"sent |both |what is left"):
        for seed in SEEDS:
            walk(seed)
