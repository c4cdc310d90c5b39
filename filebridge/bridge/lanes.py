"""Which order leaves next: in the order in which they came, but those of very large files behind all others."""

from collections import deque
from collections.abc import Iterable


class Lanes:
    """Tags of orders that are ready to leave. One order of one file must not wait for a million of another."""

    def __init__(self, large: Iterable[int]) -> None:
        # The intake numbers of very large files.
        self.large = set(large)
        self._first: deque[str] = deque()
        self._behind: deque[str] = deque()

    def __bool__(self) -> bool:
        return bool(self._first or self._behind)

    def append(self, tag: str, intake_no: int) -> None:
        (self._behind if intake_no in self.large else self._first).append(tag)

    def put_back(self, waited: Iterable[tuple[str, int]]) -> None:
        """Tags with their intake numbers, that could not leave before, to the front of their lanes."""
        for tag, intake_no in reversed(list(waited)):
            (self._behind if intake_no in self.large else self._first).appendleft(tag)

    def popleft(self) -> str:
        return (self._first or self._behind).popleft()
