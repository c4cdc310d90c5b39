"""What the books keep beside accounts and orders: transfers of cash, tasks of algorithms; values only."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Transfer(NamedTuple):
    """`amount` in thousandths of a yuan, into the account (negative: out of it); `at` is an ISO time."""

    account: str
    number: int
    amount: int
    at: str


@dataclass(slots=True)
class Task:
    """An algorithm at work on one large order. `order` is what was asked for, in the words of the request; times are
    seconds since 1970, `ended_at` is 0 until then. `slices` have been done, and
    `children` are the numbers of the orders that they placed."""

    number: int
    account: str
    order: dict[str, Any]
    slice_seconds: int
    slices: int = 0
    children: list[int] = field(default_factory=list)
    status: str = ""
    message: str = ""
    ended_at: int = 0
