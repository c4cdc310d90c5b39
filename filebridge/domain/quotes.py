"""What is known of a security's market at a moment: a value, with its age and where it comes from. No rule here."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from filebridge.domain.orders import Side
from filebridge.domain.sides import direction

LEVELS = 5
# The exchange's clock and ours are never quite the same.
CLOCK_SLACK = timedelta(seconds=2)


class Quote(NamedTuple):
    """One security as a source shows it. Prices in CNY; None or empty is what the source does not say.

    `at` is when the values were true, not when they were read; `source` names the source for the ledger. `bids` and
    `asks` are the prices of the levels, the best first, as many as are known. `limit_down` and `limit_up` are the
    exchange's own limits of the day, which go before any that are worked out.
    """

    symbol: str
    at: datetime
    source: str
    name: str = ""
    prev_close: Decimal | None = None
    last: Decimal | None = None
    bids: tuple[Decimal, ...] = ()
    asks: tuple[Decimal, ...] = ()
    limit_down: Decimal | None = None
    limit_up: Decimal | None = None
    listed_on: date | None = None

    @property
    def bid(self) -> Decimal | None:
        return self.bids[0] if self.bids else None

    @property
    def ask(self) -> Decimal | None:
        return self.asks[0] if self.asks else None

    def base(self, side: Side) -> Decimal | None:
        """What the price cage is measured from: the best opposite price, else the own best, the last, the previous
        close."""
        near, far = (self.ask, self.bid) if direction(side) > 0 else (self.bid, self.ask)
        return next((price for price in (near, far, self.last, self.prev_close) if price), None)


def is_believed(age: timedelta, age_max: timedelta) -> bool:
    """Whether a quote of this age may be believed; one from the future may not, for a clock is wrong then."""
    return -CLOCK_SLACK <= age <= age_max
