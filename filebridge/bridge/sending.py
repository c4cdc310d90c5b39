"""Out to the broker: which orders may leave now, in small groups, each recorded and flushed before it leaves."""

from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from filebridge import failpoints
from filebridge.bridge.book import OrderBook
from filebridge.bridge.judging import AS_IT_IS, Judge, Judgement
from filebridge.bridge.lanes import Place
from filebridge.bridge.quoting import Quotations
from filebridge.domain import replacing, risk
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.orders import Order, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import TRANSFERS
from filebridge.errors import GatewayNotReady
from filebridge.gateways.base import Gateway, Quotes

# How long an answer of -1 may wait for the error that explains it.
SUSPECT_SECONDS = 2.0
# Why something is in doubt or proven unsent, in English and Chinese.
Why = tuple[str, str]
NO_ANSWER: Why = ("no answer in time", "未在时限内应答")
NO_REASON: Why = ("the terminal answered -1 and gave no reason", "终端返回 -1 且未说明原因")
TOO_LATE: Why = ("the machine or the terminal stood still before the call", "调用券商前机器或终端曾停顿")
STARTED_AGAIN: Why = ("the bridge was started again", "filebridge 曾重新启动")
_RECHECK = timedelta(seconds=1)
GROUPS_OUT_MAX = 2
# More than hearing waits for the sending (mailbox.py), and well under what an answer may take.
BEHIND_MAX = timedelta(seconds=3)


class _Given(NamedTuple):
    """What lies with the worker: the tags of its orders, none of cancels, and the account of each."""

    tags: frozenset[str]
    accounts: tuple[str, ...]


class Sender:
    """At most two groups are with the worker: one that it hands over and one that lies ready for it, so that neither
    waits for the other. The judge says of each order whether it may leave now."""

    def __init__(
        self,
        book: OrderBook,
        gateway: Gateway,
        rules: risk.Rules,
        *,
        judge: Judge,
        quotations: Quotations,
        group_size: int,
        answer_seconds: float,
    ) -> None:
        self._book = book
        self._gateway = gateway
        self._rules = rules
        self._judge = judge
        # What the waiting orders were judged by.
        self._stance = judge.stance
        self._quotations = quotations
        self._group_size = group_size
        self._answer_time = timedelta(seconds=answer_seconds)
        self._waiting: deque[Place] = deque()
        # Accounts whose next order keeps its place for a moment.
        self._held_up: set[str] = set()
        self._canceling: list[Order] = []
        self._recheck_at: datetime | None = None
        self._suspects: dict[str, datetime] = {}
        # The tags of each hand-over that the worker has not reported back, oldest first; cancels make an empty one.
        self._out: deque[_Given] = deque()
        self._is_alone = False
        self._cancel_sent_at: dict[str, datetime] = {}
        # Orders of earlier days that still work, and the day on which the broker listed them last.
        self._listed_on: dict[str, date] = {}
        self._unsent: tuple[set[str], str] | None = None
        # Set when the bridge ends: what is out is waited for, nothing more goes.
        self.stopping = False
        # Set while there is no room to record what would be sent.
        self.disk_full = False

    # ---- within a turn

    def review(self, now: datetime, *, behind: timedelta) -> None:
        """What time alone does: answers that did not come, orders that waited and may go now or are too old.

        `behind` is how long the oldest message has waited that is not heard yet: what has come since may be the answer
        that seems to be missing.
        """
        heard_until = now - behind
        if self._unsent is not None:
            tags, why = self._unsent
            self._unsent = None
            for tag in tags & self._book.by_status[Status.SUBMITTING].keys():
                unsent = self._book.get(tag)
                assert unsent is not None
                self._book.happen(unsent, _not_sent(now, (why, why)))
        for tag in list(self._book.by_status[Status.SUBMITTING]) if self._is_alone else ():
            order = self._book.get(tag)
            assert order is not None
            assert order.submitted_at is not None
            # Also where the clock went back, and the time of sending lies ahead.
            due = order.submitted_at + self._answer_time
            if order.submitted_at - risk.CLOCK_SLACK <= now and heard_until <= due:
                # They were sent in this order, so none behind it is due either.
                break
            self.doubt(order, now, NO_ANSWER)
        for tag in [tag for tag, due in self._suspects.items() if heard_until > due]:
            del self._suspects[tag]
            suspect = self._book.get(tag)
            if suspect is not None and suspect.status is Status.SUBMITTING:
                self.doubt(suspect, now, NO_REASON)
        is_due = self._recheck_at is None or not self._recheck_at - _RECHECK <= now < self._recheck_at
        # Before the next turn could let out again what was not to leave.
        if is_due or self._stance is not self._judge.stance:
            self._stance = self._judge.stance
            self._recheck_at = now + _RECHECK
            self._book.ready.put_back(self._waiting)
            self._waiting.clear()
            self._expire_held(now)

    def look_again(self) -> None:
        """Something changed that orders wait for: judge them before any that comes now."""
        self._recheck_at = None

    def quotes_told(self, message: Quotes, now: datetime) -> None:
        """A source of market data has answered: orders may wait for it."""
        self._quotations.hear(message, now)
        self.look_again()

    def next_group(self, now: datetime, *, behind: timedelta) -> list[Order]:
        """The orders that leave after this turn's commit, now SUBMITTING; and the cancels, which go before them.

        No order leaves while what is said of the others is not heard for too long (`behind`): each one would add to it.
        """
        self._canceling = self._next_cancels(now)
        if behind > BEHIND_MAX or len(self._out) >= GROUPS_OUT_MAX or self.stopping or self.disk_full:
            return []
        group: list[Order] = []
        kept: list[Place] = []
        self._held_up.clear()
        leaves = OrderEvent(kind=EventKind.SUBMIT, at=now)
        while len(group) < self._group_size and (place := self._book.ready.next(but=self._held_up)):
            order = self._book.get(place.tag)
            assert order is not None
            if order.status not in (Status.RECEIVED, Status.APPROVED):
                continue
            judgement, left = judged(order, self._book, self._judge, is_fit=place.is_fit)
            verdict = judgement.verdict
            if verdict is risk.Verdict.SEND:
                # Most leave as they are: by one and the same event, which the ledger puts into words once.
                event = leaves if judgement is AS_IT_IS and not left else submission(judgement, left, now)
                group.append(self._book.happen(order, event))
            elif verdict is risk.Verdict.WAIT:
                self._waiting.append(place)
            elif verdict is risk.Verdict.KEEP_PLACE:
                kept.append(place)
                self._held_up.add(place.account)
            else:
                self._book.happen(
                    order, OrderEvent(kind=risk.event_of(verdict), at=now, reason=verdict, quote=judgement.quote)
                )
        self._book.ready.put_back(kept)
        return group

    def _next_cancels(self, now: datetime) -> list[Order]:
        """The cancels that leave after this turn's commit. Each is on the ledger once for every time that it leaves:
        one that was lost and leaves again, or leaves on another day, is recorded again."""
        part: list[Order] = []
        today = self._book.turn.trade_date
        for tag, recorded_on in list(self._book.cancels.items()) if len(self._out) < GROUPS_OUT_MAX else ():
            order = self._book.get(tag)
            if order is None or order.status is not Status.PENDING_CANCEL:
                # It ended by itself, or the broker refused the cancel.
                del self._book.cancels[tag]
            elif order.terms.mode != self._rules.mode or self._may_be_renumbered(order, today):
                # Another mode's or an earlier day's number would name somebody else's order at this broker.
                continue
            elif len(part) < self._group_size and order.broker_order_id and self._judge.may_cancel(order):
                if recorded_on != today:
                    order = self._book.happen(order, OrderEvent(kind=EventKind.CANCEL, at=now))
                self._judge.cancel_leaves(order.terms.account)
                part.append(order)
        return part

    def _expire_held(self, now: datetime) -> None:
        moment = risk.moment_of(now, self._rules)
        for order in self._book.in_status(Status.HELD):
            reason = risk.while_held(order, moment, self._rules)
            if reason is not None:
                self._book.happen(order, OrderEvent(kind=risk.event_of(reason), at=now, reason=reason))

    def doubt(self, order: Order, now: datetime, why: Why) -> Order:
        code = "TRANSFER_UNKNOWN" if order.terms.side in TRANSFERS else "OUTCOME_UNKNOWN"
        reason = Reason(code, {"text": why[0], "text_zh": why[1], "tag": order.terms.tag})
        return self._book.happen(order, OrderEvent(kind=EventKind.DOUBT, at=now, reason=reason))

    def suspect(self, tag: str, now: datetime) -> None:
        """The terminal answered -1: unless its error follows soon, nobody knows."""
        self._suspects[tag] = now + timedelta(seconds=SUSPECT_SECONDS)

    def settle_handed(self, handed: frozenset[str] | None, now: datetime, why: Why) -> None:
        """A worker is dead: what is not in its hand-over log never left, of the rest nobody knows.

        `handed` None means that the log proves nothing.
        """
        given = frozenset[str]().union(*(part.tags for part in self._out))
        while self._out:
            self.group_is_back(now)
        if not self._is_alone:
            return
        for order in self._book.in_status(Status.SUBMITTING, Status.UNKNOWN):
            if order.terms.tag not in given:
                continue
            if handed is not None and order.terms.tag not in handed:
                self._book.happen(order, _not_sent(now, why))
            elif order.status is Status.SUBMITTING:
                self.doubt(order, now, why)

    def is_sole_sender(self, never_handed: Callable[[Order], bool], now: datetime) -> None:
        """Our worker holds the accounts' locks: whoever sent before is dead, and its hand-over log is complete.

        What is still SUBMITTING the first time is an earlier run's; until now nothing could be said of it.
        """
        if self._is_alone:
            return
        self._is_alone = True
        for order in self._book.in_status(Status.SUBMITTING, Status.PENDING_CANCEL):
            # The worker before may have called the broker for it until a moment ago.
            self._book.tally.called(order.terms.account, now)
        for order in self._book.in_status(Status.SUBMITTING):
            if never_handed(order):
                self._book.happen(order, _not_sent(now, STARTED_AGAIN))
            else:
                self.doubt(order, now, STARTED_AGAIN)

    def not_called(self, tag: str, now: datetime) -> None:
        """The worker came to an order too late and left it: proof that it never left."""
        order = self._book.get_open(tag)
        if order is not None and order.status in (Status.SUBMITTING, Status.UNKNOWN):
            self._book.happen(order, _not_sent(now, TOO_LATE))

    def group_is_back(self, now: datetime) -> None:
        # The broker was called for all of them: no log can prove any of them unsent. The worker answers in order.
        for account in self._out.popleft().accounts if self._out else ():
            self._book.tally.called(account, now)

    def worker_is_gone(self) -> None:
        """A cancel may have died with the worker, and may be asked for again."""
        for tag in self._book.by_status[Status.PENDING_CANCEL]:
            self._book.cancels.setdefault(tag)
        self._quotations.not_asked()

    def cancel_again(self, order: Order, now: datetime) -> None:
        """The broker lists an order as working that was to be canceled: the cancel was lost if it is long ago."""
        sent_at = self._cancel_sent_at.get(order.terms.tag)
        if order.status is Status.PENDING_CANCEL and (sent_at is None or now - sent_at > self._answer_time):
            self._book.cancels.setdefault(order.terms.tag)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way to the broker or waits for its answer."""
        return not self._out and not self._book.by_status[Status.SUBMITTING]

    @property
    def is_hurried(self) -> bool:
        """Whether orders are ready to leave as soon as the worker takes them."""
        return not (self.stopping or self.disk_full) and self._book.ready.holds(but=self._held_up)

    # ---- after the commit

    def dispatch(self, group: list[Order], now: datetime) -> None:
        """Hand over what the turn has committed: cancels first, for they reduce what is at risk."""
        cancels, self._canceling = self._canceling, []
        kept = [*cancels, *group]
        try:
            if cancels:
                failpoints.hit("sending.cancel")
                self._gateway.cancel(cancels)
                self._out.append(_Given(frozenset(), tuple(order.terms.account for order in cancels)))
                kept = group
            for order in cancels:
                del self._book.cancels[order.terms.tag]
                self._cancel_sent_at[order.terms.tag] = now
            if group:
                failpoints.hit("sending.submit")
                self._gateway.submit(group)
                tags = frozenset(order.terms.tag for order in group)
                self._out.append(_Given(tags, tuple(order.terms.account for order in group)))
                failpoints.hit("sending.submitted")
        except GatewayNotReady as error:
            self._unsent = ({order.terms.tag for order in group}, str(error)) if group else None
            for order in kept:
                self._book.tally.called(order.terms.account, now)
        self._ask_for_quotes(now)

    def _ask_for_quotes(self, now: datetime) -> None:
        wanted = self._quotations.due(now)
        try:
            if wanted:
                self._gateway.quotes(wanted)
        except GatewayNotReady:
            # Nothing can be sent either; who waits will want it again.
            self._quotations.not_asked()

    def listed(self, order: Order, now: datetime) -> None:
        """The broker lists an order with our tag: its number is good on this day."""
        today = risk.current_date(now, self._rules)
        if order.terms.trade_date < today:
            self._listed_on[order.terms.tag] = today

    def _may_be_renumbered(self, order: Order, today: date) -> bool:
        """Whether the order's number may be another one's by now: brokers begin again every day."""
        return order.terms.trade_date < today and self._listed_on.get(order.terms.tag) != today


def judged(
    order: Order, book: OrderBook, judge: Judge, *, is_fit: bool, by_quote: bool = True
) -> tuple[Judgement, int]:
    """Whether an order may leave; and of one that replaces another how much, which is what is left when that one has
    ended."""
    if not order.terms.replaces:
        return judge.judge(order, is_fit=is_fit, by_quote=by_quote), 0
    replaced = list(book.replaced_by(order))
    left = replacing.quantity_left(order, replaced)
    if isinstance(left, Reason):
        return Judgement(left), 0
    in_time = judge.in_time(order)
    if left is None or isinstance(in_time, Reason):
        # While it waits it may become too old.
        return Judgement(in_time if isinstance(in_time, Reason) else risk.Verdict.WAIT), 0
    return judge.judge(replacing.rest_of(order, left, replaced), by_quote=by_quote), left


def submission(judgement: Judgement, quantity: int, now: datetime) -> OrderEvent:
    """That an order leaves, as it was judged; `quantity` is how much, if not all of it."""
    first, also = judgement.warnings[:1], judgement.warnings[1:]
    return OrderEvent(
        kind=EventKind.SUBMIT,
        at=now,
        reason=first[0] if first else None,
        also=also,
        limit_price=judgement.limit_price,
        quantity=quantity,
        quote=judgement.quote,
    )


def _not_sent(now: datetime, why: Why) -> OrderEvent:
    reason = Reason("NOT_SENT_PROVEN", {"text": why[0], "text_zh": why[1]})
    return OrderEvent(kind=EventKind.PROVE_NOT_SENT, at=now, reason=reason)
