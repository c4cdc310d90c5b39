"""How much was sent, and how much of it still binds money, shares and risk: the counters that the limits look at.

A `Tally` is a fold over orders: `put` takes an order as it stands after each change, as often as wanted, and only the
difference to what was put before counts. So the counters survive a restart without a table of their own: `remade` puts
the orders of this trade date that the ledger holds, all that are still open, and what changed in the last minute (the
trade date may have turned since), then the cancels that left (events of the ledger: CANCEL into PENDING_CANCEL, as
`sent_counts` finds them). Then the counters are what they were, but for what only the process knew: the broker's
balance, which is asked for anew, and since when the broker knows an order, for which its last change stands, which is
later and so never reserves less.

What counts, and how:

- Orders, cancels and value of a day: what left (SUBMITTING), whatever became of it. What was proven unsent counts too:
  the limit is then reached early, never late.
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
from typing import NamedTuple, Self

from filebridge.domain.orders import Order, OrderTerms, Side, Status
from filebridge.domain.symbols import InstrumentKind, instrument_kind

SECOND = timedelta(seconds=1)
# What one 张 lent by a reverse repo is worth, whatever its rate.
_REPO_FACE_CNY = Decimal(100)
_Likeness = tuple[str, str, Side, int, Decimal]
_IN_FLIGHT = frozenset({Status.SUBMITTING, Status.UNKNOWN})


class Holding(NamedTuple):
    quantity: int = 0
    available_qty: int = 0


class Balance(NamedTuple):
    """An account's books as the broker told them; they are as old as the question, `asked_at`."""

    asked_at: datetime
    cash: Decimal
    total_asset: Decimal
    holdings: Mapping[str, Holding]


class DayCounts(NamedTuple):
    """What left on this trade date, and what still works, in one account or in all."""

    orders: int = 0
    cancels: int = 0
    value: Decimal = Decimal(0)
    open_orders: int = 0


class Counters(NamedTuple):
    """What was before one order, of its account unless it says otherwise. The module tells how each is counted.

    `last_second` orders and cancels that left within a second; `repeats` orders like this one within `repeat_time`;
    `own_opposite` the own working price that it would meet, in any account; `bought_qty` shares of its symbol bought
    today or still to be; `exposed_qty`, `cash_reserved` and `sell_reserved` what the balance does not show yet.
    """

    account: DayCounts = DayCounts()
    total: DayCounts = DayCounts()
    last_second: int = 0
    repeats: int = 0
    own_opposite: Decimal | None = None
    bought_qty: int = 0
    exposed_qty: int = 0
    cash_reserved: Decimal = Decimal(0)
    sell_reserved: int = 0
    balance: Balance | None = None


class _Line(NamedTuple):
    """What one order binds. `filled_qty` is booked, or counted by the broker and still to come; `known_at` since when
    the broker knows it; `shown_qty` how much of its fills the balance holds; `is_shown` whether the balance has taken
    off what it needs."""

    terms: OrderTerms
    filled_qty: int
    filled_at: datetime
    is_open: bool
    known_at: datetime | None
    shown_qty: int = 0
    is_shown: bool = False

    @property
    def bound_qty(self) -> int:
        """What was or may still be filled."""
        return max(self.terms.quantity, self.filled_qty) if self.is_open else self.filled_qty

    @property
    def unseen_qty(self) -> int:
        return self.bound_qty - self.shown_qty


def value_of(terms: OrderTerms, quantity: int) -> Decimal:
    """What so many of an order's shares are worth at its price, in CNY; of a repo, what is lent."""
    price = _REPO_FACE_CNY if instrument_kind(terms.symbol) is InstrumentKind.REPO else terms.limit_price
    return price * quantity


class Tally:
    """The counters of all accounts on one trade date. Not a value: it belongs to whoever sends."""

    def __init__(self, today: date, *, lag: timedelta = timedelta(0), repeat_time: timedelta = SECOND) -> None:
        self.today = today
        self._lag = lag
        self._repeat_time = repeat_time
        self._balances: dict[str, Balance] = {}
        # Lines that may still change or that a balance does not show wholly, by account.
        self._lines: defaultdict[str, dict[str, _Line]] = defaultdict(dict)
        # What of the day ended and is shown wholly; all that it still counts for is what was traded: tag -> how much.
        self._ended: dict[str, int] = {}
        # By account: orders and cancels of the day, its value, what is open now, when the last ones left.
        self._orders: Counter[str] = Counter()
        self._cancels: Counter[str] = Counter()
        self._value: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._open: Counter[str] = Counter()
        self._left: defaultdict[str, deque[datetime]] = defaultdict(deque)
        # Orders of the last repeat_time, and how many of them are alike.
        self._recent: deque[tuple[datetime, _Likeness]] = deque()
        self._alike: Counter[_Likeness] = Counter()
        # By account, symbol and side; by account and symbol; and by account.
        self._traded: Counter[tuple[str, str, Side]] = Counter()
        self._exposed: Counter[tuple[str, str]] = Counter()
        self._selling: Counter[tuple[str, str]] = Counter()
        self._cash: defaultdict[str, Decimal] = defaultdict(Decimal)
        # What works in all accounts, by symbol and side: its tags, and its prices with the best first, and perhaps some
        # before them that have ended.
        self._working: defaultdict[tuple[str, Side], set[str]] = defaultdict(set)
        self._prices: defaultdict[tuple[str, Side], list[tuple[Decimal, str]]] = defaultdict(list)

    @classmethod
    def remade(
        cls,
        today: date,
        orders: Iterable[Order],
        cancels: Iterable[tuple[str, datetime]],
        *,
        lag: timedelta = timedelta(0),
        repeat_time: timedelta = SECOND,
    ) -> Self:
        """From the ledger: the orders of today that left and all open ones; and each cancel's account and time."""
        tally = cls(today, lag=lag, repeat_time=repeat_time)
        for order in orders:
            tally.put(order)
        for account, at in cancels:
            tally.canceled(account, at)
        # They were put one kind after the other.
        tally._left = defaultdict(deque, {name: deque(sorted(times)) for name, times in tally._left.items()})
        tally._recent = deque(sorted(tally._recent, key=lambda sent: sent[0]))
        return tally

    def begin(self, today: date) -> "Tally":
        """The tally of a new trade date: what is still open goes on, and what no balance has shown yet."""
        fresh = Tally(today, lag=self._lag, repeat_time=self._repeat_time)
        for lines in self._lines.values():
            for tag, line in lines.items():
                if line.is_open or line.unseen_qty:
                    fresh._lines[line.terms.account][tag] = line
                    fresh._add(tag, line, 1)
        fresh._left = self._left
        return fresh

    # ---- what happens

    def put(self, order: Order) -> None:
        """An order as it stands after a change; one that never left counts for nothing."""
        if order.submitted_at is None:
            return
        terms = order.terms
        lines = self._lines[terms.account]
        before = lines.get(terms.tag)
        traded = None if before is not None else self._ended.pop(terms.tag, None)
        if traded is not None:
            ended = _Line(terms, traded, order.updated_at, False, order.updated_at, traded, is_shown=True)
            lines[terms.tag] = after = _line(order, ended)
        else:
            lines[terms.tag] = after = _line(order, before)
        if before is not None:
            if (after.is_open, after.filled_qty) == (before.is_open, before.filled_qty):
                return
            self._add(terms.tag, before, -1)
        elif traded is not None:
            # News of an order that had ended, such as a late fill.
            self._traded[(terms.account, terms.symbol, terms.side)] -= traded
        else:
            self._leaves(order, order.submitted_at)
        self._add(terms.tag, after, 1)

    def canceled(self, account: str, at: datetime) -> None:
        """A cancel left."""
        self._cancels[account] += 1
        self._left[account].append(at)

    def tell(self, account: str, balance: Balance) -> None:
        """The broker told an account's books; an answer that was overtaken by a newer one says nothing."""
        known = self._balances.get(account)
        if known is not None and balance.asked_at < known.asked_at:
            return
        self._balances[account] = balance
        until = balance.asked_at - self._lag
        lines = self._lines[account]
        for tag, line in list(lines.items()):
            if line.known_at is None or line.known_at >= until:
                continue
            shown_qty = line.filled_qty if line.filled_at < until else line.shown_qty
            self._add(tag, line, -1)
            after = line._replace(is_shown=True, shown_qty=shown_qty)
            if after.is_open or after.unseen_qty:
                lines[tag] = after
                self._add(tag, after, 1)
            else:
                self._end(tag, after)

    # ---- what is asked

    def counters(self, terms: OrderTerms, now: datetime) -> Counters:
        """What was before this order."""
        account, symbol, side = terms.account, terms.symbol, terms.side
        return Counters(
            account=DayCounts(self._orders[account], self._cancels[account], self._value[account], self._open[account]),
            total=DayCounts(
                self._orders.total(), self._cancels.total(), sum(self._value.values(), Decimal(0)), self._open.total()
            ),
            last_second=self.last_second(account, now),
            repeats=self._repeats(terms, now),
            own_opposite=self._best(symbol, Side.SELL if side is Side.BUY else Side.BUY),
            bought_qty=self._traded[(account, symbol, Side.BUY)],
            exposed_qty=self._exposed[(account, symbol)],
            cash_reserved=self._cash[account],
            sell_reserved=self._selling[(account, symbol)],
            balance=self._balances.get(account),
        )

    def last_second(self, account: str, now: datetime) -> int:
        """How many orders and cancels of an account left within the last second."""
        return _within(self._left[account], now, SECOND)

    # ---- inside

    def _leaves(self, order: Order, at: datetime) -> None:
        terms = order.terms
        if terms.trade_date != self.today:
            return
        self._orders[terms.account] += 1
        self._value[terms.account] += value_of(terms, terms.quantity)
        self._left[terms.account].append(at)
        self._recent.append((at, _likeness(terms)))
        self._alike[_likeness(terms)] += 1

    def _repeats(self, terms: OrderTerms, now: datetime) -> int:
        while self._recent and now - self._recent[0][0] >= self._repeat_time:
            _, likeness = self._recent.popleft()
            self._alike[likeness] -= 1
            if not self._alike[likeness]:
                del self._alike[likeness]
        return self._alike[_likeness(terms)]

    def _add(self, tag: str, line: _Line, sign: int) -> None:
        """Count what a line binds, or (sign -1) count it no more."""
        terms = line.terms
        key = (terms.account, terms.symbol)
        self._open[terms.account] += sign * line.is_open
        if sign > 0:
            self._work(tag, line)
        unseen = 0 if line.is_shown else sign * line.unseen_qty
        if terms.trade_date == self.today:
            self._traded[(*key, terms.side)] += sign * line.bound_qty
        if terms.side is Side.BUY:
            self._exposed[key] += sign * line.unseen_qty
        if terms.side is Side.BUY or instrument_kind(terms.symbol) is InstrumentKind.REPO:
            self._cash[terms.account] += value_of(terms, unseen)
        else:
            self._selling[key] += unseen

    def _work(self, tag: str, line: _Line) -> None:
        terms = line.terms
        working = self._working[(terms.symbol, terms.side)]
        if not line.is_open:
            working.discard(tag)
        elif tag not in working:
            working.add(tag)
            price = terms.limit_price if terms.side is Side.SELL else -terms.limit_price
            heappush(self._prices[(terms.symbol, terms.side)], (price, tag))

    def _best(self, symbol: str, side: Side) -> Decimal | None:
        """The lowest own price of sales, or the highest of buys, that works."""
        working, prices = self._working[(symbol, side)], self._prices[(symbol, side)]
        while prices and prices[0][1] not in working:
            heappop(prices)
        return abs(prices[0][0]) if prices else None

    def _end(self, tag: str, line: _Line) -> None:
        """Forget an order that binds nothing any more, but for what it traded today."""
        terms = line.terms
        del self._lines[terms.account][tag]
        if terms.trade_date == self.today:
            self._ended[tag] = line.bound_qty
            self._traded[(terms.account, terms.symbol, terms.side)] += line.bound_qty


def _line(order: Order, before: _Line | None) -> _Line:
    filled_qty = max(order.filled_qty, order.reported_qty)
    known_at = None if order.status in _IN_FLIGHT else order.updated_at
    if before is None:
        return _Line(order.terms, filled_qty, order.updated_at, not order.is_final, known_at)
    return before._replace(
        filled_qty=filled_qty,
        filled_at=before.filled_at if filled_qty == before.filled_qty else order.updated_at,
        is_open=not order.is_final,
        known_at=before.known_at or known_at,
    )


def _within(times: deque[datetime], now: datetime, window: timedelta) -> int:
    """How many lie within the window before `now`; older ones are forgotten, and one from the future counts."""
    while times and now - times[0] >= window:
        times.popleft()
    return len(times)


def _likeness(terms: OrderTerms) -> _Likeness:
    return (terms.account, terms.symbol, terms.side, terms.quantity, terms.limit_price)
