"""What is known of a security's market at a moment: a value, with its age and where it comes from. No rule here."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from filebridge.domain.orders import Side


class Quote(NamedTuple):
    """One security as a source shows it. Prices in CNY; None or empty is what the source does not say.

    `at` is when the values were true, not when they were read; `source` names the source for the ledger. `limit_down`
    and `limit_up` are the exchange's own limits of the day, which go before any that are worked out.
    """

    symbol: str
    at: datetime
    source: str
    name: str = ""
    prev_close: Decimal | None = None
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    limit_down: Decimal | None = None
    limit_up: Decimal | None = None
    listed_on: date | None = None

    def is_fresh(self, now: datetime, age_max: timedelta) -> bool:
        """Whether it may still be believed; one from the future may not, for a clock is wrong then."""
        return timedelta(0) <= now - self.at <= age_max

    def base(self, side: Side) -> Decimal | None:
        """What the price cage is measured from: the best opposite price, else the own best, the last, the previous
        close."""
        near, far = (self.ask, self.bid) if side is Side.BUY else (self.bid, self.ask)
        return next((price for price in (near, far, self.last, self.prev_close) if price), None)
