"""Which order leaves next: in the order in which they came, but those of very large files behind all others."""

from collections import defaultdict, deque
from collections.abc import Iterable, Set
from typing import NamedTuple

_NOBODY: Set[str] = frozenset()


class Place(NamedTuple):
    """Who stands in line. `is_fit`: this run has asked whether such an order may ever be sent, and the answer was yes;
    its terms and our rules are the same still."""

    tag: str
    account: str
    intake_no: int
    is_fit: bool = False


# The places of each account, with their numbers in the line of all: the smallest leaves first.
_Lane = defaultdict[str, deque[tuple[int, Place]]]


class Lanes:
    """Orders that are ready to leave. One order of one file must not wait for a million of another, nor one account's
    for those of another that may send no more for a moment."""

    def __init__(self, large: Iterable[int]) -> None:
        # The intake numbers of very large files.
        self.large = set(large)
        self._first: _Lane = defaultdict(deque)
        self._behind: _Lane = defaultdict(deque)
        self._last = self._front = 0

    def holds(self, *, but: Set[str] = _NOBODY) -> bool:
        """Whether there is an order, of other accounts than those."""
        return any(line and account not in but for lane in self._lanes for account, line in lane.items())

    def append(self, place: Place) -> None:
        self._last += 1
        self._line_of(place).append((self._last, place))

    def put_back(self, waited: Iterable[Place]) -> None:
        """Those that could not leave before, to the front of their lanes."""
        for place in reversed(list(waited)):
            self._front -= 1
            self._line_of(place).appendleft((self._front, place))

    def next(self, *, but: Set[str] = _NOBODY) -> Place | None:
        """The next one of other accounts than those, taken out of its line."""
        for lane in self._lanes:
            first: deque[tuple[int, Place]] | None = None
            # Without a list and a key: every order comes by here.
            for account, line in lane.items():
                if line and account not in but and (first is None or line[0][0] < first[0][0]):
                    first = line
            if first is not None:
                return first.popleft()[1]
        return None

    @property
    def _lanes(self) -> tuple[_Lane, _Lane]:
        return self._first, self._behind

    def _line_of(self, place: Place) -> deque[tuple[int, Place]]:
        lane = self._behind if place.intake_no in self.large else self._first
        return lane[place.account]
