"""Whether an order may leave now: our rules, what left before it, and the broker's word on money and positions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from filebridge.bridge.book import OrderBook
from filebridge.bridge.guard import Guard
from filebridge.bridge.quoting import Quotations
from filebridge.domain import limits, quote_checks, risk
from filebridge.domain.guard import Stance
from filebridge.domain.limits import Asked, Need
from filebridge.domain.orders import Order
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Verdict
from filebridge.domain.tally import Tally
from filebridge.ledger.views import LedgerReader

# What ended within this time is remembered order by order: no balance may show it yet.
_LATELY = timedelta(minutes=1)
# An account whose orders have asked for its balance within this time still waits for the same answer.
_STILL = timedelta(seconds=2)
_AT_SENDING = frozenset({Need.PAST, Need.BALANCE})
_WITH_QUOTE = _AT_SENDING | {Need.QUOTE}


class Judgement(NamedTuple):
    """Whether an order leaves, waits, or ends for a reason, and the quote by which that was judged, if it took one; of
    one that leaves also the price that market data gave it, and what its sender should know."""

    verdict: Verdict | Reason
    quote: Quote | None = None
    limit_price: Decimal | None = None
    warnings: tuple[Reason, ...] = ()


AS_IT_IS = Judgement(Verdict.SEND)
_NOT_YET, _NEXT = Judgement(Verdict.WAIT), Judgement(Verdict.KEEP_PLACE)


class Judge:
    """Judges one order after the other, at the moment of the last `look`. `may_send` says whether an account's books
    were reconciled on this connection, `answer_seconds` how long orders wait for the broker's word on their account."""

    def __init__(
        self,
        book: OrderBook,
        reader: LedgerReader,
        rules: risk.Rules,
        guard: Guard,
        quotations: Quotations,
        now: datetime,
        *,
        may_send: Callable[[str], bool],
        answer_seconds: float,
    ) -> None:
        self._book = book
        self._reader = reader
        self._rules = rules
        self._guard = guard
        self._quotations = quotations
        self._may_send = may_send
        self._answer_time = timedelta(seconds=answer_seconds)
        self._moment = risk.moment_of(now, rules)
        # Since when, and until when, orders of an account were kept back by what the broker said of it.
        self._wanting: dict[str, tuple[datetime, datetime]] = {}
        # Orders wait for the broker's word on money and positions.
        self.wants_balance = False
        book.tally = tally_of(reader, rules, now)

    def look(self, now: datetime) -> None:
        """Take notice of the time, before a turn: what is asked from here on is about this moment."""
        went_back = now < self._moment.now - risk.CLOCK_SLACK
        self._moment = risk.moment_of(now, self._rules)
        before = self._book.tally
        if went_back or before.today != _date(self._moment):
            # Balances and calls of a time that is yet to come would be believed for as long as the clock went back.
            self._book.tally = tally_of(self._reader, self._rules, now)
            self._book.tally.go_on_from(before, now)

    @property
    def stance(self) -> Stance:
        return self._guard.stance

    def judge(self, order: Order, *, is_fit: bool = False, by_quote: bool = True) -> Judgement:
        """Whether an order may leave; a reason ends it, or holds it. `is_fit`: this run, and so these rules, were asked
        whether such an order can ever be sent, and it can."""
        verdict = self.in_time(order) if is_fit else self._at_sending(order)
        if verdict is not Verdict.SEND:
            return Judgement(verdict)
        if not self._may_send(order.terms.account):
            return _NOT_YET
        return self.by_limits(order, by_quote=by_quote)

    def by_limits(self, order: Order, *, by_quote: bool = True) -> Judgement:
        """The same by the limits alone, whatever the time; without `by_quote` as far as that can be said where nobody
        knows the market's prices."""
        terms, now = order.terms, self._moment.now
        asked = Asked(terms, self._rules.limits, now, self._book.tally.counters(terms, now))
        if limits.must_wait(asked):
            return _NEXT
        if by_quote and quote_checks.needs_quote(terms, self._rules):
            return self._judge_by_quote(order, asked)
        verdict = self._limits(order, asked, _AT_SENDING)
        return AS_IT_IS if verdict is Verdict.SEND else Judgement(verdict)

    def _judge_by_quote(self, order: Order, asked: Asked) -> Judgement:
        """The same with the market's word: it may also say at which price the order goes."""
        terms, now = order.terms, asked.now
        found = self._quotations.find(terms.symbol, now)
        if found is None:
            return _NOT_YET
        rules = self._rules
        if found.age_max is not None:
            rules = replace(rules, limits=rules.limits._replace(quote_age_max=found.age_max))
        priced = quote_checks.priced(terms, found.quote, found.why, now, rules)
        if isinstance(priced, Reason):
            return Judgement(priced, found.quote)
        price = None
        if priced.terms is not terms:
            price = priced.terms.limit_price
            # What could not be said of an order without a price.
            verdict = self._at_sending(order._replace(terms=priced.terms))
            if verdict is not Verdict.SEND:
                return Judgement(verdict, found.quote)
            asked = replace(asked, terms=priced.terms, counters=self._book.tally.counters(priced.terms, now))
        asked = replace(asked, quote=found.quote, quote_age=priced.age, limits=rules.limits)
        return Judgement(self._limits(order, asked, _WITH_QUOTE), found.quote, price, priced.warnings)

    def _limits(self, order: Order, asked: Asked, needs: frozenset[Need]) -> Verdict | Reason:
        found = limits.breach(asked, needs)
        if found is None:
            return Verdict.SEND
        if limits.is_about(found, Need.BALANCE) and self._may_be_told_better(order, asked):
            return Verdict.KEEP_PLACE
        return found

    def _at_sending(self, order: Order) -> Verdict | Reason:
        return risk.at_sending(order, self._moment, self._rules, self._guard.stance)

    def in_time(self, order: Order) -> Verdict | Reason:
        """Whether this is a time at which an order may leave, whatever else there is to say of it."""
        return risk.in_time(order, self._moment, self._rules, self._guard.stance)

    def may_cancel(self, order: Order) -> bool:
        """Whether the account's books agree with the broker's, its rate allows one more cancel, and the exchange takes
        one now; no other limit holds for cancels."""
        account = order.terms.account
        last_second = self._book.tally.last_second(account, self._moment.now)
        allowed = last_second < self._rules.limits.orders_per_second_max
        return allowed and self._may_send(account) and risk.may_cancel(order, self._moment, self._rules)

    def cancel_leaves(self, account: str) -> None:
        self._book.tally.cancel_leaves(account)

    def _may_be_told_better(self, order: Order, asked: Asked) -> bool:
        """Whether an order is kept until the broker has said more of its account.

        It is denied only by a balance that was asked for after it could go, and that shows all that left before; or
        when there is none within the time for an answer.
        """
        account, now, balance = order.terms.account, asked.now, asked.counters.balance
        opened_at = risk.opening_of(order.terms, self._moment, self._rules).open_since
        since = max(risk.could_go_at(order), opened_at or now)
        is_new = balance is not None and balance.asked_at - asked.limits.balance_lag >= since
        if is_new and not limits.balance_is_old(asked) and self._book.tally.is_shown(account):
            return False
        began, last = self._wanting.get(account, (now, now))
        if not timedelta(0) <= now - last <= _STILL:
            began = now
        self._wanting[account] = (began, now)
        self.wants_balance = True
        return now - max(began, since) < self._answer_time


def tally_of(reader: LedgerReader, rules: risk.Rules, now: datetime) -> Tally:
    """The counters of the trade date of `now`, from what the ledger has."""
    today, mode = _date(risk.moment_of(now, rules)), rules.mode
    since = now - max(_LATELY, rules.limits.repeat_time)
    orders = reader.sent_and_open(mode)
    for day in {today, risk.current_date(since, rules)}:
        orders += reader.sent_and_ended_since(since, trade_date=day, mode=mode)
    return Tally.remade(
        today,
        orders,
        reader.cancels_since(since, trade_date=today, mode=mode),
        now=now,
        past=reader.sent_and_ended_before(since, trade_date=today, mode=mode),
        past_cancels=reader.cancels_before(since, trade_date=today, mode=mode),
        lag=rules.limits.balance_lag,
        repeat_time=rules.limits.repeat_time,
    )


def _date(moment: risk.Moment) -> date:
    return moment.today or moment.now.date()
