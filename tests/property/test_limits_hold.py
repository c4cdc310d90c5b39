"""No sequence of files passes a limit of [risk], whatever worker, broker and crashes do: the real bridge over a ledger.

A bank that is nobody's code but this file's keeps the true money and shares, and a market its prices. Each limit is set
narrow alone, and an auditor counts again, from what was handed over and what bank and market have, at the moment when
an order leaves. With its check taken out of the program, each limit is passed, and the auditor sees it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from filebridge.bridge import quoting
from filebridge.config import HIGH_FREQUENCY_PER_DAY, HIGH_FREQUENCY_PER_SECOND, Settings
from filebridge.domain import limits, quote_checks
from filebridge.domain.events import EventKind
from filebridge.domain.limits import CHECKS, ST_BUY_MAX
from filebridge.domain.orders import Order, OrderTerms, Side
from filebridge.domain.reconcile import Lists
from filebridge.gateways import base
from tests.property.broken import tried
from tests.property.broker_model import ACCOUNT, BookOrder, BrokerModel, Connection, Fate, Truth
from tests.property.program import MAX_AGE, Program
from tests.property.stories import stories

D = Decimal
ACCOUNTS = (ACCOUNT, "10000002")
SYMBOLS = ("600000.SH", "000001.SZ")
# Few that would meet each other, for most other limits need orders on both sides.
PRICES = {"BUY": ("10.3", "10.4", "10.4", "10.5"), "SELL": ("10.5", "10.6", "10.6", "10.7")}
OPENING_QTY = 1_000
PLENTY = D(10**9)
SECOND = timedelta(seconds=1)
QUOTE_AGE = timedelta(seconds=30)
FATES = (*(Fate.GOOD,) * 6, Fate.REJECT, Fate.REFUSE, Fate.LATE, Fate.LOST)
STEPS = (
    ("file",) * 8 + ("kind",) * 5 + ("work", "fill") * 2 + ("cancel",) * 3 + ("crash", "die", "wait", "wait", "night")
)


def price_of(terms: OrderTerms) -> Decimal:
    assert terms.limit_price is not None
    return terms.limit_price


def worth(terms: OrderTerms) -> Decimal:
    return price_of(terms) * terms.quantity


class Bank(BrokerModel):
    """A broker that keeps the money and shares of its accounts."""

    opening_cash = PLENTY
    opening_qty = OPENING_QTY
    _witness: "Audited"

    def __init__(self, clock: Callable[[], datetime], witness: "Audited") -> None:
        super().__init__(clock, witness)
        every = [(account, symbol) for account in ACCOUNTS for symbol in SYMBOLS]
        self.cash = dict.fromkeys(ACCOUNTS, self.opening_cash)
        self.held = dict.fromkeys(every, self.opening_qty)
        self.sellable = dict.fromkeys(every, self.opening_qty)
        # When the questions left that are not answered yet, and the last one that was answered.
        self._questions: deque[datetime] = deque()
        self.known_at = clock()

    def query(self, lists: Lists, *, expected: int) -> None:
        super().query(lists, expected=expected)
        self._questions.append(self._clock())

    def balances(self) -> None:
        super().balances()
        self._questions.append(self._clock())

    def _forget_commands(self) -> None:
        super()._forget_commands()
        self._questions.clear()

    def receive(self, order: Order, *, reject: bool = False) -> None:
        super().receive(order, reject=reject)
        if not reject:
            self._freeze(self.books[-1], order.terms.quantity)

    def work(self, fate: Fate) -> bool:
        if self.commands and isinstance(self.commands[0][1], Order):
            self._witness.broker_is_called(self.commands[0][1])
        return super().work(fate)

    def fill(self, book: BookOrder, quantity: int) -> None:
        sign = 1 if book.side is Side.BUY else -1
        self.held[book.account, book.symbol] += sign * quantity
        if book.side is Side.SELL:
            self.cash[book.account] += book.price * quantity
        super().fill(book, quantity)

    def begin_day(self) -> None:
        for book in self.books:
            if book.is_working:
                self._freeze(book, book.filled_qty - book.quantity)
        self.sellable |= self.held
        super().begin_day()

    def _become(self, book: BookOrder, status: EventKind) -> None:
        if status is EventKind.REPORT_CANCELED and book.is_working:
            self._freeze(book, book.filled_qty - book.quantity)
        super()._become(book, status)

    def _freeze(self, book: BookOrder, quantity: int) -> None:
        """Take off what so many of its shares need; a negative quantity gives it back."""
        if book.side is Side.BUY:
            self.cash[book.account] -= book.price * quantity
        else:
            self.sellable[book.account, book.symbol] -= quantity

    def _snapshots(self, fate: Fate, lists: Lists) -> base.Snapshots:
        (whole,) = super()._snapshots(fate, lists).accounts
        asked_at = self._questions.popleft()
        if whole.complete:
            self.known_at = asked_at
        return base.Snapshots(self.generation, tuple(self._snapshot(whole, account) for account in ACCOUNTS))

    def _snapshot(self, whole: base.Snapshot, account: str) -> base.Snapshot:
        held = [
            base.Position(account, symbol, "", self.held[account, symbol], self.sellable[account, symbol], *(D(1),) * 3)
            for symbol in SYMBOLS
        ]
        return whole._replace(
            account=account,
            orders=tuple(row for row in whole.orders if row[0].account == account),
            fills=tuple(row for row in whole.fills if row[0].account == account),
            positions=tuple(held),
            asset=base.Asset(account, self.cash[account], D(0), D(0), PLENTY),
        )


class Audited(Program):
    """The program, with an auditor at the door."""

    broker: Bank

    def __init__(self, case: "Case") -> None:
        self.case = case
        self.left: list[tuple[datetime, OrderTerms]] = []
        self.cancels: list[tuple[datetime, str]] = []
        # When the broker was called for each account, be it for an order or a cancel.
        self.calls: list[tuple[datetime, str]] = []
        self._names = count(1)
        accounts = [{"id": account, "bank_no": "1"} for account in ACCOUNTS]
        chosen: dict[str, Any] = {"max_order_age": MAX_AGE.total_seconds(), **case.risk}
        given = {
            "broker": {"accounts": accounts, "group_size": 3},
            "inbox": {"settle_seconds": 0, "max_file_age": MAX_AGE.total_seconds()},
            "risk": chosen,
            "ledger": {"free_bytes_min": 0},
        }
        if case.moves:
            given["quotes"] = {"sources": ["file"], "ask": "always"}
        super().__init__(Settings.model_validate(given), case.bank)
        # The last price and the previous close of each symbol, and since when.
        self.market = dict.fromkeys(SYMBOLS, (D("10.5"), D("10.5")))
        self.quoted_at = self.now
        self._quote()

    # ---- the witness

    def handed_over(self, orders: Sequence[Order]) -> None:
        super().handed_over(orders)
        for order in orders:
            self.left.append((self.now, order.terms))
        for number in range(len(orders)):
            mine = self.left[: len(self.left) - len(orders) + number + 1]
            assert self.case.keeps(self, mine[-1][1], mine), f"{mine[-1][1]} passed the limit"

    def cancel_handed_over(self, orders: Sequence[Order]) -> None:
        super().cancel_handed_over(orders)
        self.cancels += [(self.now, order.terms.account) for order in orders]

    def broker_is_called(self, order: Order) -> None:
        self.calls.append((self.now, order.terms.account))
        late = [name for at, name in self.calls if self.now - at < SECOND and name == order.terms.account]
        bound = self.case.risk.get("orders_per_second_max")
        assert bound is None or len(late) <= bound, "more calls within a second than are allowed"

    def received(self, order: Order) -> None:
        """The same may be meant several times here."""

    # ---- the market

    def _quote(self) -> None:
        """Prices are known by a file alone, which may be old."""
        self.quoted_at = self.now
        names = dict(zip(SYMBOLS, ("ST浦发", "平安银行"), strict=True))
        rows = [
            f"{symbol},{names[symbol]},{self.now.isoformat()},{last},{before}"
            for symbol, (last, before) in self.market.items()
        ]
        text = "\n".join(("symbol,name,at,last,prev_close", *rows)) + "\n"
        (self.folder / "quotes.csv").write_text(text, encoding="utf-8")

    @property
    def is_quote_fresh(self) -> bool:
        return self.now - self.quoted_at <= QUOTE_AGE

    # ---- what the auditor knows

    def of_today(self, terms: OrderTerms, left: "Left", *, account: bool) -> "Left":
        return [
            each
            for each in left
            if each[1].trade_date == terms.trade_date and each[1].account in ((terms.account,) if account else ACCOUNTS)
        ]

    def cancels_of_today(self, terms: OrderTerms, *, account: bool) -> int:
        names = (terms.account,) if account else ACCOUNTS
        return sum(at.date() == terms.trade_date and name in names for at, name in self.cancels)

    def open_tags(self, left: "Left") -> list[OrderTerms]:
        ended = ("REJECTED", "CANCELED", "EXPIRED", "NOT_SENT", "FILLED")
        return [terms for _, terms in left if self._status(terms.tag) not in ended]

    def on_the_way(self, left: "Left") -> list[OrderTerms]:
        """Handed over, and the bank may still get it."""
        coming = (None, Truth.QUEUED, Truth.ON_ITS_WAY)
        return [terms for _, terms in left if self.broker.truth.get(terms.tag) in coming]

    def codes(self) -> set[str]:
        return {row["reason_code"] for row in self.orders()}

    # ---- what may happen

    def step(self, number: int) -> None:
        chance = Random(number)
        if self.bridge is None:
            self.start()
        self.broker.come_up()
        steps = STEPS + ("market",) * self.case.moves + ("mute",) * self.case.is_mute
        getattr(self, f"_do_{chance.choice(steps)}")(chance)
        self.turn()
        self.check_always()

    def _do_file(self, chance: Random) -> None:
        if self.case.bank is Till:
            self._do_transfers(chance)
            return
        rows = ["client_order_id,account,symbol,side,quantity,limit_price,strategy"]
        for _ in range(chance.randint(1, 4)):
            values = (chance.choice(ACCOUNTS), chance.choice(SYMBOLS), chance.choice(("BUY", "SELL")))
            quantity, price = chance.choice(self.case.quantities), chance.choice(PRICES[values[2]])
            strategy = chance.choice(("", "", "s1", "stop"))
            rows.append(",".join(map(str, (f"A-{next(self._names)}", *values, quantity, price, strategy))))
        self.drop(f"file-{next(self._names)}.csv", "\n".join(rows) + "\n")
        self.turn(chance.randint(0, 2))

    def _do_market(self, chance: Random) -> None:
        """Both move; that the previous close does within a day is no worse."""
        lasts, closes = ("10.3", "10.4", "10.5", "10.6", "10.7"), ("10.3", "10.5", "10.7")
        self.market = {symbol: (D(chance.choice(lasts)), D(chance.choice(closes))) for symbol in SYMBOLS}
        self._quote()

    def _do_mute(self, chance: Random) -> None:
        for _ in range(14):
            self.wait(0.75)
            self.turn()

    def _do_transfers(self, chance: Random) -> None:
        rows = ["action,client_order_id,account,side,transfer_amount"]
        for _ in range(chance.randint(1, 3)):
            way = (chance.choice(ACCOUNTS), chance.choice(("BANK_IN", "BANK_OUT")), chance.choice((100, 200, 300)))
            rows.append(",".join(map(str, ("transfer", f"T-{next(self._names)}", *way))))
        self.drop(f"file-{next(self._names)}.csv", "\n".join(rows) + "\n")
        self.turn(chance.randint(0, 2))

    def _do_kind(self, chance: Random) -> None:
        self.kind_turn(chance.randint(1, 3))

    def _do_work(self, chance: Random) -> None:
        for _ in range(chance.randint(1, 6)):
            self.broker.work(chance.choice(FATES))
        for order in list(self.broker.on_their_way):
            if chance.random() < 0.5:
                self.broker.receive(order)
        self.broker.flow()
        while self.broker.words and chance.random() < 0.8:
            self.broker.hear(chance.randrange(len(self.broker.words)))

    def _do_fill(self, chance: Random) -> None:
        for book in [book for book in self.broker.books if book.is_working][:4]:
            left = book.quantity - book.filled_qty
            self.broker.fill(book, chance.choice((min(100, left), left)))
        self.broker.hear_all()

    def _do_cancel(self, chance: Random) -> None:
        working = self.orders("ACCEPTED") + self.orders("PARTIALLY_FILLED")
        for row in working[: chance.randint(1, 2)]:
            self.ask("cancel", row["tag"])

    def _do_crash(self, chance: Random) -> None:
        self.crash(last_gasp=chance.random() < 0.3)
        if chance.random() < 0.5:
            # After a minute what has ended counts by its sums.
            self.wait(61)
        self.start()
        self.kind_turn(3)

    def _do_die(self, chance: Random) -> None:
        if self.broker.connection is Connection.UP:
            self.broker.die("the terminal is gone", speechless=chance.random() < 0.3)
        self.turn(2)
        self.kind_turn(2)

    def _do_wait(self, chance: Random) -> None:
        self.wait(chance.choice((0.4, 1.1, 4, 20)))

    def _do_night(self, chance: Random) -> None:
        if chance.random() < 0.3:
            # What lies with the worker is done by then.
            self.kind_turn(2)
            self.wait(14 * 3600)


Left = list[tuple[datetime, OrderTerms]]


class Case(NamedTuple):
    """Narrow settings of [risk], and whether they still hold with an order that leaves, the last of `left`."""

    risk: dict[str, Any]
    keeps: Callable[[Audited, OrderTerms, Left], bool]
    bank: type[Bank] = Bank
    quantities: tuple[int, ...] = (100, 100, 200, 300)
    # How often the market moves; where it does not, no order needs a price of it.
    moves: int = 0
    # Whether the broker may say nothing for a while.
    is_mute: bool = False


class PoorBank(Bank):
    """Money for one or two orders."""

    opening_cash = D(2_600)


class OddBank(Bank):
    """Shares that are no whole lots."""

    opening_qty = 1_050


class Till(Bank):
    """Takes and gives money, and holds back nothing."""

    def fill(self, book: BookOrder, quantity: int) -> None:
        BrokerModel.fill(self, book, quantity)

    def _freeze(self, book: BookOrder, quantity: int) -> None:
        """Enough is there."""


BOTH_WAYS = ["BANK_IN", "BANK_OUT"]


def _number_of_the_day(program: Audited, terms: OrderTerms, left: Left, *, account: bool) -> int:
    return len(program.of_today(terms, left, account=account)) + program.cancels_of_today(terms, account=account)


def _value_of_the_day(program: Audited, terms: OrderTerms, left: Left, *, account: bool) -> Decimal:
    return sum((worth(each) for _, each in program.of_today(terms, left, account=account)), D(0))


def _open(program: Audited, terms: OrderTerms, left: Left, *, account: bool) -> int:
    names = (terms.account,) if account else ACCOUNTS
    return sum(each.account in names for each in program.open_tags(left))


def _repeats(program: Audited, terms: OrderTerms, left: Left, seconds: float) -> int:
    def likeness(each: OrderTerms) -> tuple[object, ...]:
        return (each.account, each.symbol, each.side, each.quantity, each.limit_price, each.trade_date)

    late = [each for at, each in left if (program.now - at).total_seconds() < seconds]
    return sum(likeness(each) == likeness(terms) for each in late)


def _cancel_percent(program: Audited, terms: OrderTerms, left: Left) -> bool:
    before = len(program.of_today(terms, left, account=True)) - 1
    return before < 3 or program.cancels_of_today(terms, account=True) * 100 <= 20 * before


def _meets_nobody(program: Audited, terms: OrderTerms, left: Left) -> bool:
    open_now = [each for each in program.open_tags(left) if each.symbol == terms.symbol and each.side is not terms.side]
    sign = 1 if terms.side is Side.BUY else -1
    return all(sign * price_of(terms) < sign * price_of(each) for each in open_now)


def _position(program: Audited, terms: OrderTerms, left: Left) -> Decimal:
    """What it could come to be worth."""
    if terms.side is not Side.BUY:
        return D(0)
    mine = (terms.account, terms.symbol, Side.BUY)
    bank = program.broker
    working = sum(
        b.quantity - b.filled_qty for b in bank.books if b.is_working and (b.account, b.symbol, b.side) == mine
    )
    coming = sum(o.quantity for o in program.on_the_way(left) if (o.account, o.symbol, o.side) == mine)
    return (bank.held[terms.account, terms.symbol] + working + coming) * price_of(terms)


def _has_cash(program: Audited, terms: OrderTerms, left: Left) -> bool:
    coming = [o for o in program.on_the_way(left) if (o.account, o.side) == (terms.account, Side.BUY)]
    return sum(map(worth, coming), D(0)) <= program.broker.cash[terms.account]


def _has_shares(program: Audited, terms: OrderTerms, left: Left) -> bool:
    mine = (terms.account, terms.symbol, Side.SELL)
    coming = sum(o.quantity for o in program.on_the_way(left) if (o.account, o.symbol, o.side) == mine)
    return coming <= program.broker.sellable[terms.account, terms.symbol]


def _sells_the_odd_rest_whole(program: Audited, terms: OrderTerms, left: Left) -> bool:
    if terms.side is Side.BUY or terms.quantity % 100 == 0:
        return True
    mine = (terms.account, terms.symbol, Side.SELL)
    others = [o for o in program.on_the_way(left[:-1]) if (o.account, o.symbol, o.side) == mine and o is not terms]
    free = program.broker.sellable[terms.account, terms.symbol] - sum(o.quantity for o in others)
    return terms.quantity <= free and terms.quantity % 100 == free % 100


def _near(program: Audited, terms: OrderTerms, base: Decimal) -> bool:
    """No worse than a percent, by a price that is not old."""
    sign = 1 if terms.side is Side.BUY else -1
    return program.is_quote_fresh and (price_of(terms) - base) * sign * 100 <= base


def _buys_of_st(program: Audited, terms: OrderTerms, left: Left) -> bool:
    if (terms.symbol, terms.side) != (SYMBOLS[0], Side.BUY):
        return True
    mine = (terms.account, terms.symbol, Side.BUY)
    books = [book for book in program.broker.books if (book.account, book.symbol, book.side) == mine]
    bought = sum(book.quantity if book.is_working else book.filled_qty for book in books)
    coming = sum(o.quantity for o in program.on_the_way(left) if (o.account, o.symbol, o.side) == mine)
    return program.is_quote_fresh and bought + coming <= ST_BUY_MAX


def _rate(program: Audited, terms: OrderTerms, left: Left) -> bool:
    orders = sum(program.now - at < SECOND and each.account == terms.account for at, each in left)
    cancels = sum(program.now - at < SECOND and name == terms.account for at, name in program.cancels)
    return orders + cancels <= 2


CASES: dict[str, Case] = {
    "TRANSFER_NOT_ALLOWED": Case({"transfers_allowed": ["BANK_IN"]}, lambda p, t, left: t.side is Side.BANK_IN, Till),
    "TRANSFER_VALUE_ABOVE_LIMIT": Case(
        {"transfers_allowed": BOTH_WAYS, "transfer_value_cny_max": 200}, lambda p, t, left: worth(t) <= 200, Till
    ),
    "TRANSFER_DAY_VALUE_ABOVE_LIMIT": Case(
        {"transfers_allowed": BOTH_WAYS, "transfer_day_value_cny_max": 700},
        lambda p, t, left: _value_of_the_day(p, t, left, account=True) <= 700,
        Till,
    ),
    "SYMBOL_FORBIDDEN": Case({"symbols_forbidden": ["60*"]}, lambda p, t, left: t.symbol == "000001.SZ"),
    "SYMBOL_NOT_ALLOWED": Case({"symbols_allowed": ["60*"]}, lambda p, t, left: t.symbol == "600000.SH"),
    "STRATEGY_FORBIDDEN": Case({"strategies_forbidden": ["st*"]}, lambda p, t, left: t.strategy != "stop"),
    "STRATEGY_NOT_ALLOWED": Case({"strategies_allowed": ["s1"]}, lambda p, t, left: t.strategy == "s1"),
    "ORDER_QUANTITY_ABOVE_LIMIT": Case({"order_quantity_max": 200}, lambda p, t, left: t.quantity <= 200),
    "ORDER_VALUE_ABOVE_LIMIT": Case({"order_value_cny_max": 2_100}, lambda p, t, left: worth(t) <= 2_100),
    "HOUR_NOT_ALLOWED": Case(
        {"hours_allowed": ["23:00-10:01"]}, lambda p, t, left: p.now.hour < 10 or p.now.minute < 1
    ),
    "ORDERS_PER_DAY_EXCEEDED": Case(
        {"orders_per_day_max": 6}, lambda p, t, left: _number_of_the_day(p, t, left, account=True) <= 6
    ),
    "TOTAL_ORDERS_PER_DAY_EXCEEDED": Case(
        {"total_orders_per_day_max": 9}, lambda p, t, left: _number_of_the_day(p, t, left, account=False) <= 9
    ),
    "DAY_VALUE_ABOVE_LIMIT": Case(
        {"day_value_cny_max": 9_000}, lambda p, t, left: _value_of_the_day(p, t, left, account=True) <= 9_000
    ),
    "TOTAL_DAY_VALUE_ABOVE_LIMIT": Case(
        {"total_day_value_cny_max": 12_000}, lambda p, t, left: _value_of_the_day(p, t, left, account=False) <= 12_000
    ),
    "OPEN_ORDERS_ABOVE_LIMIT": Case({"open_orders_max": 2}, lambda p, t, left: _open(p, t, left, account=True) <= 2),
    "TOTAL_OPEN_ORDERS_ABOVE_LIMIT": Case(
        {"total_open_orders_max": 3}, lambda p, t, left: _open(p, t, left, account=False) <= 3
    ),
    "ORDER_REPEATED": Case({"repeats_max": 1, "repeat_time": 20}, lambda p, t, left: _repeats(p, t, left, 20) <= 1),
    "CANCEL_RATIO_ABOVE_LIMIT": Case({"cancel_percent_max": 20, "cancel_percent_from": 3}, _cancel_percent),
    "SELF_TRADE": Case({}, _meets_nobody),
    "POSITION_VALUE_ABOVE_LIMIT": Case(
        {"position_value_cny_max": 14_000}, lambda p, t, left: _position(p, t, left) <= 14_000
    ),
    "CONCENTRATION_ABOVE_LIMIT": Case(
        {"position_percent_max": "0.0014"}, lambda p, t, left: _position(p, t, left) * 100 <= D("0.0014") * PLENTY
    ),
    "CASH_NOT_ENOUGH": Case({}, _has_cash, PoorBank),
    "SELLABLE_NOT_ENOUGH": Case({}, _has_shares),
    "ODD_LOT_NOT_WHOLE": Case({}, _sells_the_odd_rest_whole, OddBank, (50, 50, 100, 150)),
    "PRICE_FAR_FROM_LAST": Case(
        {"price_from_last_percent_max": 1}, lambda p, t, left: _near(p, t, p.market[t.symbol][0]), moves=8
    ),
    "PRICE_FAR_FROM_PREV_CLOSE": Case(
        {"price_from_prev_close_percent_max": 1}, lambda p, t, left: _near(p, t, p.market[t.symbol][1]), moves=8
    ),
    "ST_BUY_ABOVE_LIMIT": Case({}, _buys_of_st, quantities=(100, 100_000, 200_000, 300_000), moves=8),
    # Of an order that cannot be judged: nobody knows a price of this moment, or what the account has.
    "BALANCE_NOT_KNOWN": Case(
        {"balance_age_max": 2}, lambda p, t, left: p.now - p.broker.known_at <= 2 * SECOND, is_mute=True
    ),
    "QUOTE_STALE": Case({}, lambda p, t, left: p.is_quote_fresh, moves=1, is_mute=True),
    # A full second denies nothing: see below.
    "": Case({"orders_per_second_max": 2}, _rate),
}
# So long a story meets each limit; it ends soon after it has.
STEPS_MIN, STEPS_MAX = 40, 600


@contextmanager
def audited(case: Case) -> Iterator[Audited]:
    program = Audited(case)
    try:
        program.start()
        program.kind_turn(3)
        yield program
    finally:
        program.close()


@pytest.mark.parametrize("code", CASES)
@settings(
    max_examples=stories(2, each=25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(st.integers(0, 10**6), min_size=20, max_size=50))
def test_no_sequence_of_files_passes_it(code: str, steps: list[int]) -> None:
    with audited(CASES[code]) as program:
        for step in steps:
            program.step(step)


def test_a_worker_that_outlives_its_bridge_counts_to_the_second() -> None:
    """It calls the broker for two orders, long after the ledger said that they leave, and dies with its bridge."""
    with audited(CASES[""]) as program:
        rows = [f"A-{number},{ACCOUNTS[0]},600000.SH,BUY,100,10,\n" for number in range(4)]
        program.drop("a.csv", f"client_order_id,account,symbol,side,quantity,limit_price,strategy\n{''.join(rows)}")
        program.turn(2)
        program.wait(0.9)
        while program.broker.commands and len(program.calls) < 2:
            program.broker.work(Fate.LOST)
        assert len(program.calls) == 2
        program.crash()
        program.start()
        program.kind_turn(3)
        assert len(program.calls) == 2
        program.kind_turn(6)
        assert len(program.calls) == 4


@pytest.mark.parametrize("code", CASES)
def test_a_long_story_meets_it_and_does_not_pass_it(code: str) -> None:
    with audited(CASES[code]) as program:
        random = Random(20261120)
        for step in range(STEPS_MAX):
            program.step(random.randrange(10**6))
            if step >= STEPS_MIN and program.left and code in program.codes():
                return
        raise AssertionError(f"{code} was not met: {program.codes()}")


@pytest.mark.parametrize("code", tried(CASES))
def test_a_broken_limit_is_seen(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(code, monkeypatch)
    with audited(CASES[code]) as program:
        random = Random(20261120)
        with pytest.raises(AssertionError, match=r"passed the limit|more calls within a second"):
            for _ in range(STEPS_MAX):
                program.step(random.randrange(10**6))


def take_out(code: str, patch: pytest.MonkeyPatch) -> None:
    """The program as it would be without the check of this code."""
    if not code:
        patch.setattr(limits, "must_wait", lambda asked: False)
    elif code == "QUOTE_STALE":
        patch.setattr(quote_checks, "is_believed", lambda age, age_max: True)
        patch.setattr(limits, "is_believed", lambda age, age_max: True)
        patch.setattr(quoting, "is_believed", lambda age, age_max: True)
    elif code == "BALANCE_NOT_KNOWN":
        patch.setattr(limits, "balance_is_old", lambda asked: asked.counters.balance is None)
    else:
        kept = tuple(check for check in CHECKS if check.code != code)
        patch.setattr(limits, "CHECKS", kept)
        patch.setattr(limits, "_by_need", limits._by_need.__wrapped__)


@given(second=st.integers(1, 10**6), day=st.integers(1, 10**6), reported=st.booleans())
def test_no_settings_pass_what_the_exchanges_call_high_frequency(second: int, day: int, reported: bool) -> None:
    """300 a second or 20,000 a day and account, of orders and cancels; only who has reported it may."""
    risk = {"orders_per_second_max": second, "orders_per_day_max": day, "high_frequency_reported": reported}
    try:
        found = Settings.model_validate({"broker": {"mode": "live"}, "risk": risk}).limits
    except ValidationError:
        return
    is_high = (
        found.orders_per_second_max > HIGH_FREQUENCY_PER_SECOND or found.orders_per_day_max > HIGH_FREQUENCY_PER_DAY
    )
    assert HIGH_FREQUENCY_PER_SECOND < 300
    assert HIGH_FREQUENCY_PER_DAY < 20_000
    assert reported or not is_high


def test_every_limit_has_its_case() -> None:
    assert {check.code for check in CHECKS} | {"BALANCE_NOT_KNOWN", "QUOTE_STALE"} == CASES.keys() - {""}
