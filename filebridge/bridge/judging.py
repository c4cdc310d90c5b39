"""Whether an order may leave now: our rules, the broker's books, and what left before it."""

from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta

from filebridge.domain import risk
from filebridge.domain.orders import Order
from filebridge.domain.reasons import Reason


class Judge:
    """Judges one order after the other, at the moment of the last `look`. `may_send` says whether an account's books
    were reconciled on this connection."""

    def __init__(
        self, rules: risk.Rules, now: datetime, *, may_send: Callable[[str], bool], sent_today: dict[str, int]
    ) -> None:
        self._rules = rules
        self._may_send = may_send
        self._moment = risk.moment_of(now, rules)
        self._today = self._date()
        self._sent_today = sent_today
        self._sent_at: dict[str, deque[datetime]] = {}

    def look(self, now: datetime) -> None:
        """Take notice of the time: what is asked from here on is about this moment."""
        self._moment = risk.moment_of(now, self._rules)
        if self._date() != self._today:
            self._today, self._sent_today = self._date(), {}

    def verdict(self, order: Order, *, halted: bool) -> risk.Verdict | Reason:
        """Whether an order may leave; a reason ends it."""
        account = order.terms.account
        verdict = risk.at_sending(order, self._moment, self._rules, halted=halted)
        if verdict is not risk.Verdict.SEND:
            return verdict
        if not self.may_leave(account):
            return risk.Verdict.WAIT
        return risk.day_limit(self._sent_today.get(account, 0), self._rules) or verdict

    def may_leave(self, account: str) -> bool:
        """Whether the account's books agree with the broker's, and its rate allows one more order or cancel."""
        if not self._may_send(account):
            return False
        limit = self._rules.orders_per_second_max
        if limit is None:
            return True
        recent = self._sent_at.setdefault(account, deque())
        while recent and self._moment.now - recent[0] >= timedelta(seconds=1):
            recent.popleft()
        return len(recent) < limit

    def left(self, account: str, now: datetime) -> None:
        """An order or a cancel leaves."""
        self._sent_today[account] = self._sent_today.get(account, 0) + 1
        if self._rules.orders_per_second_max is not None:
            self._sent_at.setdefault(account, deque()).append(now)

    def _date(self) -> date:
        return self._moment.today or self._moment.now.date()
