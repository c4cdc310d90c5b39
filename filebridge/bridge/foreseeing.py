"""What would become of orders if they left now: the bridge's own judge over what the ledger has, and nothing leaves.

Nobody is asked and nothing is waited for. What only the broker or a source of market data could say is called unknown,
and the order is taken to leave, so that those behind it are judged as they would be.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from filebridge.bridge.book import OrderBook
from filebridge.bridge.guard import Guard
from filebridge.bridge.judging import Judge, Judgement
from filebridge.bridge.quoting import Quotations
from filebridge.bridge.sending import judged, submission
from filebridge.domain import risk
from filebridge.domain.counters import Balance
from filebridge.domain.lifecycle import apply
from filebridge.domain.market import market_age
from filebridge.domain.orders import SHANGHAI, Order, Status, price_text
from filebridge.domain.quote_checks import needs_quote
from filebridge.domain.quotes import Quote, is_believed
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Verdict
from filebridge.ledger.views import LedgerReader
from filebridge.quotes import SOURCE as FILE

_READY = (Status.RECEIVED, Status.APPROVED)
_ANY_AGE = timedelta.max
_NO_THROTTLE = 10**9
_NO_QUOTE = ("QUOTE_MISSING", "QUOTE_STALE")
# What is true of now alone says nothing of an order that waits.
_OF_NOW = ("HOUR_NOT_ALLOWED", "BALANCE_NOT_KNOWN")


class Foreseen(NamedTuple):
    """An order as it would leave, or why it would not. `quote` is what that was judged by, `notes` what its sender
    should know, `leaves_at` when an order goes that waits; None where that depends on another order."""

    order: Order
    verdict: Verdict | Reason
    quote: Quote | None = None
    notes: tuple[Reason, ...] = ()
    leaves_at: datetime | None = None


class Foresight:
    """Judges what is ready in a book that forgets, in the order in which it would leave. `balances` are what the broker
    told last of each account; of the sources of market data `unasked` cannot be asked now."""

    def __init__(
        self,
        book: OrderBook,
        reader: LedgerReader,
        rules: risk.Rules,
        guard: Guard,
        quotations: Quotations,
        now: datetime,
        *,
        balances: Mapping[str, Balance],
        unasked: tuple[str, ...],
    ) -> None:
        self._book = book
        self._rules = rules
        self._now = now
        self._balances = balances
        self._unasked = unasked
        # The bridge would ask for newer balances, and what is throttled waits in line and is not lost.
        limits = rules.limits._replace(balance_age_max=_ANY_AGE, orders_per_second_max=_NO_THROTTLE)
        at_once = replace(rules, limits=limits)
        self._moment = risk.moment_of(now, rules)
        self._judge = Judge(
            *(book, reader, at_once, guard, quotations, now), may_send=lambda account: True, answer_seconds=0
        )
        for account, balance in balances.items():
            book.tally.tell(account, balance)
        self._no_price = Reason("CHECK_QUOTE_NOT_KNOWN", {"source": ", ".join(unasked)})
        # In these symbols an own order may stand at any price: whether another would meet it nobody can say.
        self._unpriced: set[str] = set()
        # By account.
        self._said: dict[str, tuple[Reason, ...]] = {}

    def orders(self) -> dict[str, Foreseen]:
        """By tag, what would become of each order that is ready; those of earlier files come first."""
        found: dict[str, Foreseen] = {}
        waiting: list[Order] = []
        while (place := self._book.ready.next()) is not None:
            order = self._book.get_open(place.tag)
            if order is None or order.status not in _READY:
                continue
            seen = found[place.tag] = self._foresee(order, is_fit=place.is_fit)
            if seen.verdict is Verdict.WAIT:
                waiting.append(order)
        # They leave behind all that leaves now.
        for order in waiting:
            found[order.terms.tag] = self._foresee_later(order)
        return found

    def _foresee(self, order: Order, *, is_fit: bool) -> Foreseen:
        judgement, left = judged(order, self._book, self._judge, is_fit=is_fit)
        unknown: tuple[Reason, ...] = ()
        if _code(judgement) in _NO_QUOTE and self._unasked:
            unknown = (self._price_unknown(order),)
            judgement, left = judged(order, self._book, self._judge, is_fit=is_fit, by_quote=False)
        elif _code(judgement) == "SELF_TRADE" and order.terms.symbol in self._unpriced:
            unknown = (self._price_unknown(order),)
        verdict = judgement.verdict
        if _code(judgement) == "BALANCE_NOT_KNOWN" or (unknown and _code(judgement) == "SELF_TRADE"):
            verdict = Verdict.SEND
        if verdict is Verdict.SEND:
            order = self._leaves(order, judgement, left)
        notes = (*judgement.warnings, *unknown, *self._quote_age(judgement.quote), *self._of_account(order))
        return Foreseen(order, verdict, judgement.quote, notes if verdict is not Verdict.WAIT else ())

    def _foresee_later(self, order: Order) -> Foreseen:
        """An order that waits, and what its limits would say of it now: by then they may say something else."""
        at = risk.leaves_at(order.terms, self._moment, self._rules)
        if at is None or at <= self._now:
            return Foreseen(order, Verdict.WAIT)
        judgement = self._judge.by_limits(order, by_quote=False)
        notes = self._of_account(order)
        if isinstance(judgement.verdict, Reason) and judgement.verdict.code not in _OF_NOW:
            found = judgement.verdict
            notes += (Reason("CHECK_DENIED_BY_NOW", {"text": found.message, "text_zh": found.message_zh}),)
        else:
            self._leaves(order, judgement, 0)
        return Foreseen(order, Verdict.WAIT, notes=notes, leaves_at=at)

    def _leaves(self, order: Order, judgement: Judgement, left: int) -> Order:
        """Those behind it are judged as if it had left."""
        after = apply(order, submission(judgement, left, self._now))
        self._book.tally.put(after)
        return after

    # ---- what could not be looked at

    def _price_unknown(self, order: Order) -> Reason:
        self._unpriced.add(order.terms.symbol)
        return self._no_price

    def _quote_age(self, quote: Quote | None) -> tuple[Reason, ...]:
        if quote is None or quote.source == FILE:
            return ()
        age = market_age(quote.symbol, quote.at, self._now, self._rules.calendar, self._rules.hours)
        if is_believed(age, self._rules.limits.quote_age_max):
            return ()
        return (
            Reason("CHECK_QUOTE_RECORDED", {"symbol": quote.symbol, "source": quote.source, "at": _time(quote.at)}),
        )

    def _of_account(self, order: Order) -> tuple[Reason, ...]:
        """What is not known of an account's cash and holdings, or is of long ago."""
        account = order.terms.account
        if account not in self._said:
            balance, reason = self._balances.get(account), None
            if balance is None:
                reason = Reason("CHECK_BALANCE_NOT_KNOWN", {"account": account})
            elif self._now - balance.asked_at > self._rules.limits.balance_age_max:
                said = {"at": _time(balance.asked_at), "value": price_text(balance.cash)}
                reason = Reason("CHECK_BALANCE_RECORDED", {"account": account, **said})
            self._said[account] = () if reason is None else (reason,)
        return self._said[account]


def symbols_wanted(book: OrderBook, rules: risk.Rules) -> list[str]:
    """Of what is ready or waits, the symbols whose market data it needs."""
    orders = book.in_status(*_READY)
    return list(dict.fromkeys(order.terms.symbol for order in orders if needs_quote(order.terms, rules)))


def _code(judgement: Judgement) -> str:
    return judgement.verdict.code if isinstance(judgement.verdict, Reason) else ""


def _time(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
