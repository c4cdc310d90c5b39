"""Programs of other systems, as their users run them: each knows its own files alone, and has nothing of ours.

All of them are asked for the same: an order, a cancel, and what their own reports say. What became of an order is said
in one set of words for all: "" (nothing yet), waiting, reported, part, filled, canceling, canceled, rejected.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Seen(NamedTuple):
    """What a system's own reports say of an order."""

    state: str = ""
    filled: int = 0
    why: str = ""


class Client(Protocol):
    def make(self) -> None:
        """What it does in the morning."""

    def order(self, own: str, code: str, quantity: int, price: float) -> None:
        """Buys a share of Shanghai with a limit; `own` is its own name for the order."""

    def nonsense(self, own: str) -> None:
        """An order with a code that its format does not have."""

    def cancel(self, own: str) -> None: ...

    def seen(self, own: str) -> Seen: ...

    def rows(self, own: str) -> int:
        """How many orders its table of orders holds under that name."""

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        """Each change and each fill that it was told of, as a text of its own; empty where it is told of none."""
