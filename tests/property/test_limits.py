"""No sequence of orders passes a limit: not with fills, cancels, doubts, rejections, lagging balances and restarts.

A broker that is nobody's code but this file's keeps the true books. Hypothesis looks for steps that bring an order past
a limit of narrow settings, and a seeded walk shows that every limit is met on the way. What is asserted is counted here
again, from what left, never from the tally.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.domain.bounds import Limits
from filebridge.domain.counters import Balance, Counters, Holding, Past
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import apply
from filebridge.domain.limits import CHECKS, ST_BUY_MAX, Asked, Need, breach, must_wait
from filebridge.domain.orders import SHANGHAI, Fill, Order, OrderTerms, Side, Status
from filebridge.domain.quotes import Quote
from filebridge.domain.symbols import InstrumentKind, instrument_kind
from filebridge.domain.tally import Tally
from tests.property.stories import stories
from tests.unit.test_lifecycle import TERMS
from tests.unit.test_limits import WIDE

D = Decimal
TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)
START = datetime(2026, 11, 20, 9, 55, tzinfo=SHANGHAI)
LAG = timedelta(seconds=2)
ACCOUNTS = ("1", "2")
SYMBOLS = (*("600000.SH",) * 5, *("688981.SH", "600001.SH") * 2, "204001.SH", "600009.SH", "159915.SZ")
ST_STOCK = "600001.SH"
LAST, PREV_CLOSE = D(10), D("9.5")
HELD = ("600000.SH", "688981.SH", "600001.SH")
ASSET = D(40_000)
OPENING_CASH = D(6_000)
OPENING_QTY = 450
NARROW = WIDE._replace(
    order_quantity_max=500,
    order_value_cny_max=D(5_000),
    orders_per_second_max=3,
    orders_per_day_max=8,
    total_orders_per_day_max=12,
    day_value_cny_max=D(10_000),
    total_day_value_cny_max=D(15_000),
    open_orders_max=5,
    total_open_orders_max=7,
    position_value_cny_max=D(9_000),
    position_percent_max=D(20),
    price_from_last_percent_max=D(15),
    price_from_prev_close_percent_max=D(21),
    repeats_max=1,
    repeat_time=timedelta(seconds=5),
    cancel_percent_max=D(50),
    cancel_percent_from=4,
    balance_age_max=timedelta(seconds=30),
    hours_allowed=((time(9, 30), time(9, 59)),),
    symbols_allowed=("60*", "68*", "20*"),
    symbols_forbidden=("600009.SH",),
    strategies_allowed=("", "s*"),
    strategies_forbidden=("stop",),
)
STRATEGIES = (*("",) * 20, "s1", "stop", "other")
QUANTITIES = (*(100,) * 9, *(200,) * 4, *(300, 400, 501, 50, 30))
PRICES = (*(D("9.9"), D(10), D("10.1")) * 4, D("11.4"), D("11.5"), D("11.9"), D("8.6"), D("8.4"), D(7))
PAUSES = tuple(timedelta(seconds=s) for s in (*(0,) * 9, 0.3, 0.7, 1.1, 1.1, 1.9, 1.9, 3, 8))
STEPS = (
    *(("place",) * 24 + ("tell",) * 8 + ("fill",) * 6 + ("report", "cancel") * 4 + ("canceled", "ask", "ask") * 3),
    *("reject", "doubt", "not_sent", "hear", "restart", "day", "sleep"),
)
Numbers = tuple[int, int, int, int, int]


def is_loan(symbol: str) -> bool:
    return instrument_kind(symbol) is InstrumentKind.REPO


def counted(counters: Counters) -> Counters:
    """What a restart must not change at all."""
    return counters._replace(exposed_qty=0, cash_reserved=D(0), sell_reserved=0, balance=None)


def price_of(terms: OrderTerms) -> Decimal:
    assert terms.limit_price is not None
    return terms.limit_price


def worth(terms: OrderTerms, quantity: int) -> Decimal:
    return (D(100) if is_loan(terms.symbol) else price_of(terms)) * quantity


@dataclass
class Books:
    """The broker's truth of one account: what is free, and what is held."""

    cash: Decimal
    quantity: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(HELD, OPENING_QTY)))
    available: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(HELD, OPENING_QTY)))

    def balance(self, asked_at: datetime) -> Balance:
        held = {symbol: Holding(self.quantity[symbol], self.available[symbol]) for symbol in HELD}
        return Balance(asked_at, self.cash, ASSET, held)


class Trading:
    def __init__(self, limits: Limits = NARROW, *, times: int = 1) -> None:
        """`times` multiplies every quantity and all cash."""
        self.limits, self.times = limits, times
        self.now = START
        self.today = TODAY
        self.tally = Tally(TODAY, lag=LAG, repeat_time=self.limits.repeat_time)
        self.orders: dict[str, Order] = {}
        # What the broker has not ended yet, and how much of it is left.
        self.at_broker: dict[str, int] = {}
        # Fills that happened and were not heard of yet.
        self.unheard: list[tuple[str, int]] = []
        self.books = {account: Books(OPENING_CASH * times) for account in ACCOUNTS}
        self.past: list[tuple[datetime, dict[str, Balance]]] = []
        self.asked: dict[str, list[datetime]] = {account: [] for account in ACCOUNTS}
        # With the trade date on which it left.
        self.cancels: list[tuple[str, datetime, date]] = []
        self.seen: Counter[str] = Counter()
        self.keep()

    def keep(self) -> None:
        self.past.append((self.now, {name: books.balance(self.now) for name, books in self.books.items()}))

    def step(self, numbers: Numbers) -> None:
        what, who, which, size, pause = numbers
        self.now += PAUSES[pause % len(PAUSES)]
        getattr(self, "do_" + STEPS[what % len(STEPS)])(ACCOUNTS[who % len(ACCOUNTS)], which, size)
        self.keep()

    # ---- ours

    def do_place(self, account: str, which: int, size: int) -> None:
        choose = Random(which * 10_007 + size).choice
        symbol = choose(SYMBOLS)
        side = Side.SELL if is_loan(symbol) else choose((Side.BUY, Side.SELL))
        terms = TERMS._replace(
            tag=f"T{len(self.orders)}",
            account=account,
            trade_date=self.today,
            symbol=symbol,
            side=side,
            quantity=choose((10, 20, 30, 60)) if is_loan(symbol) else choose(QUANTITIES) * self.times,
            limit_price=choose(PRICES),
            strategy=choose(STRATEGIES),
            received_at=self.now,
        )
        name = "*ST某某" if symbol == ST_STOCK else "某某股份"
        quote = Quote(symbol, self.now, "test", name, PREV_CLOSE, LAST)
        asked = Asked(terms, self.limits, self.now, self.tally.counters(terms, self.now), quote)
        if must_wait(asked):
            self.seen["WAIT"] += 1
            return
        found = breach(asked)
        if found is not None:
            self.seen[found.code] += 1
            return
        self.seen["SENT"] += 1
        order = Order(terms, Status.RECEIVED, self.now)
        self.change(order, EventKind.SUBMIT)
        self.tally.called(account, self.now)
        self.at_broker[terms.tag] = terms.quantity
        self.freeze(terms, terms.quantity)
        self.look(terms)

    def change(self, order: Order, kind: EventKind, fill: Fill | None = None) -> None:
        after = apply(order, OrderEvent(kind, self.now, fill=fill))
        self.orders[order.terms.tag] = after
        self.tally.put(after, order)

    def pick(self, which: int, *statuses: Status) -> Order | None:
        fitting = [order for order in self.orders.values() if order.status in statuses]
        return fitting[which % len(fitting)] if fitting else None

    def do_cancel(self, account: str, which: int, size: int) -> None:
        order = self.pick(which, Status.ACCEPTED, Status.PARTIALLY_FILLED)
        if order is None or self.tally.last_second(order.terms.account, self.now) >= self.limits.orders_per_second_max:
            return
        self.change(order, EventKind.CANCEL)
        self.cancels.append((order.terms.account, self.now, self.today))
        self.tally.canceled(order.terms.account)
        self.tally.cancel_leaves(order.terms.account)
        self.tally.called(order.terms.account, self.now)

    def do_doubt(self, account: str, which: int, size: int) -> None:
        if order := self.pick(which, Status.SUBMITTING):
            self.change(order, EventKind.DOUBT)

    def do_not_sent(self, account: str, which: int, size: int) -> None:
        order = self.pick(which, Status.SUBMITTING, Status.UNKNOWN)
        if order and self.at_broker.get(order.terms.tag) == order.terms.quantity:
            self.end_at_broker(order)
            self.change(order, EventKind.PROVE_NOT_SENT)

    def do_restart(self, account: str, which: int, size: int) -> None:
        before, again = self.tally, self.remade()
        for symbol in {*SYMBOLS}:
            for side in Side:
                terms = TERMS._replace(account=account, symbol=symbol, side=side, quantity=100, limit_price=D(10))
                old, new = before.counters(terms, self.now), again.counters(terms, self.now)
                assert counted(new) == counted(old)
                if not self.ended_long_ago():
                    # That every balance shows which is asked for from now on.
                    assert new.exposed_qty >= old.exposed_qty
                    assert new.cash_reserved >= old.cash_reserved
                    assert new.sell_reserved >= old.sell_reserved
        self.tally = again
        self.asked = {name: [] for name in ACCOUNTS}

    def ended_long_ago(self) -> list[Order]:
        recent = self.now - timedelta(minutes=1)
        return [order for order in self.orders.values() if order.is_settled and order.updated_at < recent]

    def remade(self) -> Tally:
        """As from a ledger: order by order what is open or ended in the last minute, and the sums of the rest."""
        old = self.ended_long_ago()
        late = [order for order in self.orders.values() if order not in old]
        past = [
            Past(o.terms.account, o.terms.symbol, o.terms.side, o.terms.limit_price, 1, o.terms.quantity, o.filled_qty)
            for o in old
            if self.is_todays(o)
        ]
        cancels = [(name, at) for name, at, day in self.cancels if day == self.today]
        repeat_time = self.limits.repeat_time
        return Tally.remade(self.today, late, cancels, now=self.now, past=past, lag=LAG, repeat_time=repeat_time)

    def do_sleep(self, account: str, which: int, size: int) -> None:
        self.now += timedelta(seconds=31)

    def do_day(self, account: str, which: int, size: int) -> None:
        """The next trade date begins, as at midnight where it is always open."""
        if size % 5 == 0 and self.today == TODAY:
            self.today = TOMORROW
            self.tally = self.remade()
            self.asked = {name: [] for name in ACCOUNTS}

    def is_todays(self, order: Order) -> bool:
        return order.terms.trade_date == self.today

    # ---- the broker's

    def freeze(self, terms: OrderTerms, quantity: int) -> None:
        """Take off what so much of an order needs; a negative quantity gives it back."""
        books = self.books[terms.account]
        if terms.side is Side.BUY or is_loan(terms.symbol):
            books.cash -= worth(terms, quantity)
        else:
            books.available[terms.symbol] -= quantity

    def end_at_broker(self, order: Order) -> None:
        self.freeze(order.terms, -self.at_broker.pop(order.terms.tag, 0))

    def do_report(self, account: str, which: int, size: int) -> None:
        if order := self.pick(which, Status.SUBMITTING, Status.UNKNOWN):
            self.change(order, EventKind.REPORT_WORKING)

    def do_reject(self, account: str, which: int, size: int) -> None:
        order = self.pick(which, Status.SUBMITTING, Status.UNKNOWN, Status.ACCEPTED)
        if order and self.at_broker.get(order.terms.tag) == order.terms.quantity:
            self.end_at_broker(order)
            self.change(order, EventKind.REPORT_REJECTED)

    def do_canceled(self, account: str, which: int, size: int) -> None:
        order = self.pick(which, Status.PENDING_CANCEL)
        if order is None:
            return
        self.end_at_broker(order)
        # What was filled before is told with it, and its fills may come later.
        unheard = sum(quantity for tag, quantity in self.unheard if tag == order.terms.tag)
        event = OrderEvent(EventKind.REPORT_CANCELED, self.now, reported_qty=order.filled_qty + unheard)
        after = apply(order, event)
        self.orders[order.terms.tag] = after
        self.tally.put(after, order)

    def do_fill(self, account: str, which: int, size: int) -> None:
        tags = list(self.at_broker)
        if not tags:
            return
        terms = self.orders[tags[which % len(tags)]].terms
        left = self.at_broker[terms.tag]
        quantity = left if size % 2 else min(left, 100 * self.times)
        if quantity == left:
            del self.at_broker[terms.tag]
        else:
            self.at_broker[terms.tag] = left - quantity
        books = self.books[terms.account]
        if terms.side is Side.BUY:
            books.quantity[terms.symbol] += quantity
        elif not is_loan(terms.symbol):
            books.quantity[terms.symbol] -= quantity
            books.cash += worth(terms, quantity)
        self.unheard.append((terms.tag, quantity))
        if size % 3 == 0:
            self.do_hear(account, which, size)

    def do_hear(self, account: str, which: int, size: int) -> None:
        if not self.unheard:
            return
        tag, quantity = self.unheard.pop(which % len(self.unheard))
        order = self.orders[tag]
        price = price_of(order.terms)
        complete = order.filled_qty + quantity >= order.terms.quantity
        kind = EventKind.FILL_COMPLETE if complete else EventKind.FILL_PARTIAL
        self.change(order, kind, Fill(f"{tag}-{order.filled_qty}", quantity, price, price * quantity, D(0), "", ""))

    def do_ask(self, account: str, which: int, size: int) -> None:
        self.asked[account].append(self.now)

    def do_tell(self, account: str, which: int, size: int) -> None:
        """The answer to an earlier question, perhaps overtaken, or to one now; it shows what was true before that, by
        as much as terminals may lag."""
        asked = self.asked[account]
        asked_at = asked.pop(size % len(asked)) if asked and size % 3 else self.now
        shown = next((kept for at, kept in reversed(self.past) if at <= asked_at - LAG), self.past[0][1])
        self.tally.tell(account, shown[account]._replace(asked_at=asked_at))

    # ---- what must hold

    def look(self, terms: OrderTerms) -> None:
        """After an order left: nothing that was asked for is past its limit."""
        limits = self.limits
        sent = [order for order in self.orders.values() if self.is_todays(order)]
        cancels = [name for name, _, day in self.cancels if day == self.today]
        own = [order for order in sent if order.terms.account == terms.account]
        own_cancels = [name for name in cancels if name == terms.account]
        assert terms.quantity <= limits.order_quantity_max
        assert worth(terms, terms.quantity) <= limits.order_value_cny_max
        assert len(own) + len(own_cancels) <= limits.orders_per_day_max
        assert len(sent) + len(cancels) <= limits.total_orders_per_day_max
        assert sum(worth(o.terms, o.terms.quantity) for o in own) <= limits.day_value_cny_max
        assert sum(worth(o.terms, o.terms.quantity) for o in sent) <= limits.total_day_value_cny_max
        working = [order for order in self.orders.values() if not order.is_final]
        assert len(working) <= limits.total_open_orders_max
        assert len([o for o in working if o.terms.account == terms.account]) <= limits.open_orders_max
        if len(own) - 1 >= limits.cancel_percent_from:
            assert len(own_cancels) * 100 <= limits.cancel_percent_max * (len(own) - 1)
        same = [o for o in own if o.terms[6:11] == terms[6:11] and self.within(o, limits.repeat_time)]
        assert len(same) <= limits.repeats_max
        last = [o for o in own if self.within(o, timedelta(seconds=1))]
        last_cancels = [
            1 for name, at, _ in self.cancels if name == terms.account and self.now - at < timedelta(seconds=1)
        ]
        assert len(last) + len(last_cancels) <= limits.orders_per_second_max
        assert terms.symbol != "600009.SH"
        assert terms.strategy in ("", "s1")
        assert any(starts <= self.now.time() < ends for starts, ends in limits.hours_allowed)
        bought = [o for o in own if (o.terms.symbol, o.terms.side) == (ST_STOCK, Side.BUY)]
        assert sum(o.filled_qty if o.is_settled else o.terms.quantity for o in bought) <= ST_BUY_MAX
        self.look_at_books(terms, working)

    def within(self, order: Order, window: timedelta) -> bool:
        assert order.submitted_at is not None
        return self.now - order.submitted_at < window

    def look_at_books(self, terms: OrderTerms, working: list[Order]) -> None:
        books = self.books[terms.account]
        assert books.cash >= 0
        assert min(books.available.values()) >= 0
        ahead = sum(
            left
            for tag, left in self.at_broker.items()
            if (self.orders[tag].terms[3], self.orders[tag].terms[6:8]) == (terms.account, (terms.symbol, Side.BUY))
        )
        if terms.side is Side.BUY:
            could_hold = worth(terms, books.quantity[terms.symbol] + ahead)
            assert could_hold <= self.limits.position_value_cny_max
            assert could_hold * 100 <= self.limits.position_percent_max * ASSET
            assert (price_of(terms) / LAST - 1) * 100 <= self.limits.price_from_last_percent_max
            assert (price_of(terms) / PREV_CLOSE - 1) * 100 <= self.limits.price_from_prev_close_percent_max
        elif not is_loan(terms.symbol):
            assert (1 - price_of(terms) / LAST) * 100 <= self.limits.price_from_last_percent_max
            assert (1 - price_of(terms) / PREV_CLOSE) * 100 <= self.limits.price_from_prev_close_percent_max
        for buy in working:
            for sale in working:
                pair = (buy.terms.side, sale.terms.side) == (Side.BUY, Side.SELL)
                if pair and buy.terms.symbol == sale.terms.symbol:
                    assert price_of(buy.terms) < price_of(sale.terms)


NUMBER = st.integers(0, 10_000)
STEPS_OF_A_DAY = st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER), min_size=20, max_size=120)
# Wide enough for the exchanges' own limit of what may be bought of one ST stock to be the next one.
ROOMY = WIDE._replace(position_percent_max=D(10**6), symbols_forbidden=("600009.SH",), strategies_allowed=("", "s1"))
# Only money, shares and positions are short, and the second.
POOR = ROOMY._replace(position_value_cny_max=D(9_000), orders_per_second_max=2)


def walk(trading: Trading, steps: Iterable[Numbers]) -> Counter[str]:
    for account in ACCOUNTS:
        trading.do_tell(account, 0, 0)
    for step in steps:
        trading.step(step)
    return trading.seen


@settings(max_examples=stories(60))
@given(STEPS_OF_A_DAY)
def test_no_sequence_passes_a_limit(steps: list[Numbers]) -> None:
    walk(Trading(), steps)


@settings(max_examples=stories(30))
@given(STEPS_OF_A_DAY)
def test_no_sequence_spends_or_sells_what_is_not_there(steps: list[Numbers]) -> None:
    walk(Trading(POOR), steps)


@settings(max_examples=stories(20))
@given(STEPS_OF_A_DAY)
def test_no_sequence_buys_too_much_of_an_st_stock(steps: list[Numbers]) -> None:
    walk(Trading(ROOMY, times=1_000), steps)


def test_long_walks_meet_every_limit_and_pass_none() -> None:
    random, seen = Random(20261120), Counter[str]()
    for number in range(160):
        steps = [tuple(random.randrange(10_000) for _ in range(5)) for _ in range(150)]
        trading = (Trading(), Trading(POOR), Trading(POOR), Trading(ROOMY, times=1_000))[number % 4]
        seen += walk(trading, cast("list[Numbers]", steps))
    # Nobody transfers here: test_limits_hold walks through what bounds that.
    bounds = {check.code for check in CHECKS if not check.code.startswith("TRANSFER_")}
    assert {"WAIT", "SENT", "BALANCE_NOT_KNOWN", *bounds} <= set(seen), seen
    assert set(Need) == {check.needs for check in CHECKS}
