"""How much was sent, and how much of it still binds money, shares and risk: the counters that the limits look at.

A `Tally` is a fold over orders: `put` takes an order as it stands after each change, as often as wanted, and only the
difference to what was put before counts. So the counters survive a restart without a table of their own: `remade` puts
the orders that left and are open, and what ended in the last minute (the trade date may have turned since); of what
ended earlier on this trade date the ledger tells the sums (`Past`). Then the counters are what they were, but for what
only the process knew: the broker's balance, which is asked for anew, and since when the broker knows an order, for
which its last change stands, which is later and so never reserves less.

What counts, and how:

- Orders, cancels, value and money of transfers of a day: what left (SUBMITTING; a cancel that the ledger has), whatever
  became of it. What was proven unsent counts too: the limit is then reached early, never late.
- Open: in flight, in doubt or working. An order in doubt stays open until the doubt ends.
- Fees are not counted: the last word on them is the broker's.
- A balance is as old as the question. It shows an order if the broker knew the order before the question, by at least
  `lag`, because terminals answer from a cache. What it does not show is taken off: money of buys, shares of sales. What
  was filled since is added to the position. All of this errs on the side of having less.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from typing import Self

from filebridge.domain.counters import Balance, Counters, DayCounts, Past, share_value
from filebridge.domain.orders import FINAL, Order, OrderTerms, Side, Status
from filebridge.domain.sides import TRANSFERS, Takes, direction, facts_of, takes

SECOND = timedelta(seconds=1)
_ZERO = Decimal(0)
# What an order without a limit counts as where its price is compared: the worst there is.
_LOWEST, _HIGHEST = _ZERO, Decimal("Infinity")
_IN_FLIGHT = frozenset({Status.SUBMITTING, Status.UNKNOWN})


class _Day:
    """DayCounts that grow."""

    __slots__ = ("cancels", "moved", "open_orders", "orders", "value")

    def __init__(self) -> None:
        self.orders = self.cancels = self.open_orders = 0
        self.value = self.moved = _ZERO

    def sent(self, side: Side, orders: int, value: Decimal) -> None:
        self.orders += orders
        if side in TRANSFERS:
            self.moved += value
        else:
            self.value += value

    def counts(self) -> DayCounts:
        return DayCounts(self.orders, self.cancels, self.value, self.open_orders, self.moved)


class _Held:
    """What was bought today of one symbol in one account, and what of it the balance does not show."""

    __slots__ = ("bought_qty", "exposed_qty", "sell_reserved")

    def __init__(self) -> None:
        self.bought_qty = self.exposed_qty = self.sell_reserved = 0


class _Account:
    """One account: its day, how many orders and cancels are with the worker, when the broker was called for the last of
    the others, its balance and what that does not show."""

    __slots__ = ("balance", "called", "cash_reserved", "day", "held", "out", "unseen")

    def __init__(self) -> None:
        self.day = _Day()
        self.out = 0
        self.called: deque[datetime] = deque()
        self.balance: Balance | None = None
        self.cash_reserved = _ZERO
        self.held: defaultdict[str, _Held] = defaultdict(_Held)
        # Of the orders that bind something, those that changed since a balance showed them: it looks at no other.
        self.unseen: dict[str, _Line] = {}


class _Line:
    """What one order binds. `filled_qty` is booked, or counted by the broker and still to come; `known_at` since when
    the broker knows it; `shown_qty` how much of its fills the balance holds; `is_shown` whether the balance has taken
    off what it needs."""

    __slots__ = (
        *("account", "adds", "direction", "filled_at", "filled_qty", "held", "in_doubt", "is_of_today", "is_open"),
        *("is_shown", "known_at", "share_value", "shown_qty", "takes", "terms"),
    )

    def __init__(self, terms: OrderTerms, account: _Account, *, is_of_today: bool, shown_qty: int) -> None:
        facts = facts_of(terms.side)
        self.terms, self.account, self.held = terms, account, account.held[terms.symbol]
        self.is_of_today = is_of_today
        self.direction, self.takes = facts.direction, takes(terms)
        self.adds = facts.direction > 0 and not facts.reduces
        self.share_value = share_value(terms.symbol, terms.limit_price)
        self.filled_qty = self.shown_qty = shown_qty
        self.filled_at: datetime | None = None
        self.known_at: datetime | None = None
        self.is_open = self.in_doubt = self.is_shown = False

    @property
    def is_counted(self) -> bool:
        """Whether it binds anything, or a balance shows something of it."""
        return self.is_open or bool(self.filled_qty or self.shown_qty)

    def count(self, sign: int) -> None:
        """Count what it binds, or (sign -1) count it no more."""
        # What was or may still be filled.
        bound_qty = max(self.terms.quantity, self.filled_qty) if self.is_open else self.filled_qty
        bound, held, account = sign * bound_qty, self.held, self.account
        unseen = bound - sign * self.shown_qty
        if self.adds:
            held.exposed_qty += unseen
        if self.direction > 0 and self.is_of_today:
            held.bought_qty += bound
        if self.is_shown:
            return
        if self.takes is Takes.CASH:
            account.cash_reserved += unseen * self.share_value
        elif self.takes is Takes.SHARES:
            held.sell_reserved += unseen


class _Prices:
    """The prices at which own orders of one symbol and direction work, in all accounts."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._count: dict[Decimal, int] = {}
        # Each of them once, the smallest first; perhaps some at which nothing works any more.
        self._heap: list[Decimal] = []

    def add(self, price: Decimal) -> None:
        count = self._count.get(price)
        if count is None:
            heappush(self._heap, price)
        self._count[price] = (count or 0) + 1

    def remove(self, price: Decimal) -> None:
        self._count[price] -= 1

    def smallest(self) -> Decimal | None:
        while self._heap and not self._count[self._heap[0]]:
            del self._count[heappop(self._heap)]
        return self._heap[0] if self._heap else None


class Tally:
    """The counters of all accounts on one trade date. Not a value: it belongs to whoever sends."""

    def __init__(self, today: date, *, lag: timedelta = timedelta(0), repeat_time: timedelta = SECOND) -> None:
        self.today = today
        self._lag = lag
        self._repeat_time = repeat_time
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)
        self._total = _Day()
        # Orders that may still change, or that a balance does not show wholly.
        self._lines: dict[str, _Line] = {}
        # What left within the last repeat_time, and how many of it are alike; as hashes, for a minute can have many.
        self._recent: deque[tuple[datetime, int]] = deque()
        self._alike: Counter[int] = Counter()
        # By symbol and direction; of buys the negative prices, for the highest one is the best.
        self._prices: defaultdict[tuple[str, int], _Prices] = defaultdict(_Prices)

    @classmethod
    def remade(
        cls,
        today: date,
        orders: Iterable[Order],
        cancels: Iterable[tuple[str, datetime]],
        *,
        now: datetime,
        past: Iterable[Past] = (),
        past_cancels: Mapping[str, int] | None = None,
        lag: timedelta = timedelta(0),
        repeat_time: timedelta = SECOND,
    ) -> Self:
        """From the ledger: what left and is open or ended lately, and the sums of what ended before on this date; the
        account and time of each late cancel, and how many there were before. What is from a time that is yet to come,
        for the clock went back, is from `now`."""
        tally = cls(today, lag=lag, repeat_time=repeat_time)
        for each in past:
            account = tally._accounts[each.account]
            for day in (account.day, tally._total):
                day.sent(each.side, each.orders, share_value(each.symbol, each.limit_price) * each.quantity)
            if direction(each.side) > 0:
                account.held[each.symbol].bought_qty += each.filled_qty
        for name, count in (past_cancels or {}).items():
            tally._cancel(name, count)
        # By the time at which they left: what left first is forgotten first.
        for order in sorted((_by(now, order) for order in orders), key=lambda o: o.submitted_at or o.updated_at):
            tally.put(order)
            if order.submitted_at is not None and order.terms.trade_date == today:
                tally._accounts[order.terms.account].called.append(order.submitted_at)
        for name, at in cancels:
            tally.canceled(name)
            tally._accounts[name].called.append(min(at, now))
        for account in tally._accounts.values():
            # Whoever had them is dead.
            account.out, account.called = 0, deque(sorted(account.called))
        return tally

    def go_on_from(self, before: "Tally", now: datetime) -> None:
        """In a process that goes on: what lies with the worker lies there still, and what left a moment ago did."""
        for name, books in before._accounts.items():
            mine = self._accounts[name]
            mine.out, mine.called = books.out, deque(min(at, now) for at in books.called)

    # ---- what happens

    def put(self, order: Order, before: Order | None = None) -> None:
        """An order as it stands after a change, and as it stood before, if it is not new here; one that never left
        counts for nothing."""
        if order.submitted_at is None:
            return
        terms = order.terms
        line = self._lines.get(terms.tag)
        if line is not None:
            self._change(line, order)
            return
        is_new = before is None or before.submitted_at is None
        # News of an order that had ended, such as a late fill: what it traded until then is counted already.
        traded = 0 if before is None or is_new else _filled_qty(before)
        of_today = terms.trade_date == self.today
        line = _Line(terms, self._accounts[terms.account], is_of_today=of_today, shown_qty=traded)
        if is_new and of_today:
            self._leaves(line, order.submitted_at)
        self._lines[terms.tag] = line
        self._change(line, order)

    def canceled(self, account: str) -> None:
        """A cancel stands on the ledger, once for each time that it leaves."""
        self._cancel(account, 1)

    def cancel_leaves(self, account: str) -> None:
        """A cancel is given to the worker; of orders `put` tells."""
        self._accounts[account].out += 1

    def called(self, account: str, at: datetime) -> None:
        """The worker has called the broker for an order or cancel, or never will: at that moment at the latest. Until
        then it may do so at any time, and counts."""
        books = self._accounts[account]
        books.out = max(books.out - 1, 0)
        books.called.append(at)

    def tell(self, account: str, balance: Balance) -> None:
        """The broker told an account's books; an answer that was overtaken by a newer one says nothing."""
        books = self._accounts[account]
        if books.balance is not None and balance.asked_at < books.balance.asked_at:
            return
        books.balance = balance
        until = balance.asked_at - self._lag
        for tag, line in list(books.unseen.items()):
            if line.known_at is None or line.known_at >= until:
                continue
            line.count(-1)
            line.is_shown = True
            if line.filled_at is None or line.filled_at < until:
                line.shown_qty = line.filled_qty
                del books.unseen[tag]
            line.count(1)
            self._forget_ended(line)

    # ---- what is asked

    def counters(self, terms: OrderTerms, now: datetime) -> Counters:
        """What was before this order."""
        account = self._accounts[terms.account]
        held = account.held[terms.symbol]
        sign = direction(terms.side)
        best = self._prices[(terms.symbol, -sign)].smallest() if sign else None
        return Counters(
            account.day.counts(),
            self._total.counts(),
            self.last_second(terms.account, now),
            self._repeats(terms, now),
            best if best is None or sign > 0 else -best,
            held.bought_qty,
            held.exposed_qty,
            account.cash_reserved,
            held.sell_reserved,
            account.balance,
        )

    def last_second(self, account: str, now: datetime) -> int:
        """For how many orders and cancels of an account the broker was called within the last second, or may be now."""
        books = self._accounts[account]
        return books.out + _within(books.called, now, SECOND)

    @property
    def orders_today(self) -> int:
        """How many orders left on this trade date, of all accounts."""
        return self._total.orders

    def is_shown(self, account: str) -> bool:
        """Whether the balance shows every order of the account that the broker is known to know or will soon answer:
        all but those in doubt."""
        return all(line.is_shown or line.in_doubt for line in self._accounts[account].unseen.values())

    # ---- inside

    def _change(self, line: _Line, order: Order) -> None:
        tag, is_open, filled_qty = order.terms.tag, order.status not in FINAL, _filled_qty(order)
        line.in_doubt = order.status is Status.UNKNOWN
        if line.known_at is None and order.status not in _IN_FLIGHT:
            line.known_at = order.updated_at
        if not line.is_shown:
            line.account.unseen[tag] = line
        if is_open == line.is_open and filled_qty == line.filled_qty:
            self._forget_ended(line)
            return
        if line.is_counted:
            line.count(-1)
        if is_open != line.is_open:
            line.is_open = is_open
            self._work(line)
        if filled_qty != line.filled_qty:
            line.filled_qty, line.filled_at = filled_qty, order.updated_at
            line.account.unseen[tag] = line
        line.count(1)
        if not is_open:
            self._forget_ended(line)

    def _forget_ended(self, line: _Line) -> None:
        """An order that binds nothing any more; what it traded today stays counted."""
        if not line.is_open and line.filled_qty == line.shown_qty:
            tag = line.terms.tag
            self._lines.pop(tag, None)
            line.account.unseen.pop(tag, None)

    def _work(self, line: _Line) -> None:
        """It works from now on, or no more."""
        sign = 1 if line.is_open else -1
        line.account.day.open_orders += sign
        self._total.open_orders += sign
        if not line.direction:
            return
        prices, price = self._prices[(line.terms.symbol, line.direction)], line.terms.limit_price
        if price is None:
            price = _HIGHEST if line.direction > 0 else _LOWEST
        price *= -line.direction
        if line.is_open:
            prices.add(price)
        else:
            prices.remove(price)

    def _leaves(self, line: _Line, at: datetime) -> None:
        value = line.share_value * line.terms.quantity
        line.account.day.sent(line.terms.side, 1, value)
        self._total.sent(line.terms.side, 1, value)
        line.account.out += 1
        likeness = _likeness(line.terms)
        self._recent.append((at, likeness))
        self._alike[likeness] += 1

    def _cancel(self, account: str, count: int) -> None:
        self._accounts[account].day.cancels += count
        self._total.cancels += count

    def _repeats(self, terms: OrderTerms, now: datetime) -> int:
        recent, alike = self._recent, self._alike
        while recent and now - recent[0][0] >= self._repeat_time:
            _, likeness = recent.popleft()
            alike[likeness] -= 1
            if not alike[likeness]:
                del alike[likeness]
        return alike[_likeness(terms)]


def _by(now: datetime, order: Order) -> Order:
    if order.submitted_at is None or max(order.submitted_at, order.updated_at) <= now:
        return order
    return order._replace(submitted_at=min(order.submitted_at, now), updated_at=min(order.updated_at, now))


def _filled_qty(order: Order) -> int:
    return max(order.filled_qty, order.reported_qty)


def _within(times: deque[datetime], now: datetime, window: timedelta) -> int:
    """How many lie within the window before `now`; older ones are forgotten, and one from the future counts."""
    while times and now - times[0] >= window:
        times.popleft()
    return len(times)


def _likeness(terms: OrderTerms) -> int:
    return hash((terms.account, terms.symbol, terms.side, terms.quantity, terms.limit_price))
