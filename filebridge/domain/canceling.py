"""Which orders a cancel means, also those that are no orders yet: rows of very large files that are under way.

Pure, as all of the domain.
"""

from datetime import date
from typing import NamedTuple

from filebridge.domain.orders import OrderTerms, Side


class Selection(NamedTuple):
    """The orders that fit every field that is filled in; an empty one means all."""

    account: str = ""
    trade_date: date | None = None
    client_order_id: str = ""
    symbol: str = ""
    side: Side | None = None
    strategy: str = ""
    basket: str = ""

    def fits(self, terms: OrderTerms) -> bool:
        return all(not wanted or getattr(terms, name) == wanted for name, wanted in self._asdict().items())


class Stops:
    """Cancels that were accepted and hold for rows that are not orders yet. Thousands may name an id each, and a
    million rows ask."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[Selection]] = {}
        self._others: list[Selection] = []

    def add(self, stop: Selection) -> None:
        (self._by_id.setdefault(stop.client_order_id, []) if stop.client_order_id else self._others).append(stop)

    def hit(self, terms: OrderTerms) -> bool:
        """Whether a row may not become an order with these terms."""
        named = self._by_id.get(terms.client_order_id, ())
        return any(stop.fits(terms) for stop in (*named, *self._others))
