"""A broker's list on its way in, part by part: what has been heard of it, and which of its rows were there before."""

from array import array
from dataclasses import dataclass, field

from filebridge.domain.events import OrderReport
from filebridge.gateways.base import Raw


@dataclass(slots=True, kw_only=True)
class Listing:
    """What the parts of one account's list have said until now.

    `in_doubt` are the orders that were in doubt when it began: of a later doubt this list says nothing.
    """

    in_doubt: frozenset[str]
    rows: int = 0
    # The tags of orders of ours that it names, of those that something can still change.
    listed: set[str] = field(default_factory=set)
    # Rows without a tag of ours that may be an order in doubt.
    strangers: list[tuple[OrderReport, Raw]] = field(default_factory=list)


class SeenRows:
    """Hashes of the rows that were looked at. A day has hundreds of thousands: a table of plain numbers takes a quarter
    of what a set of them does."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        # A power of two; 0 is a free place.
        self._table = array("q", bytes(8 * 1024))
        self._count = 0

    def __contains__(self, row: int) -> bool:
        return self._table[self._place_of(row)] != 0

    def add(self, row: int) -> None:
        place = self._place_of(row)
        if self._table[place]:
            return
        self._table[place] = row or 1
        self._count += 1
        if self._count * 3 > len(self._table) * 2:
            before, self._table = self._table, array("q", bytes(8 * 2 * len(self._table)))
            for each in before:
                if each:
                    self._table[self._place_of(each)] = each

    def _place_of(self, row: int) -> int:
        """Where the row lies, or the free place that it would take."""
        table, wanted = self._table, row or 1
        last = len(table) - 1
        place = wanted & last
        while table[place] not in (0, wanted):
            place = (place + 1) & last
        return place
