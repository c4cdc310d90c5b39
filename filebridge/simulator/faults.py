"""What a test may make the counter do wrong, as one table, and the client that asks for it.

The faults themselves are applied where they belong (desk and server read this table); here are their names, types and
defaults. Nothing here is on by itself, except that pushes come before the answer, as they do at a fast counter.
"""

import copy
from collections import deque
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge.simulator.books import Books, Record
from filebridge.simulator.endpoint import dial, read_terminal

CONTROL_SECONDS = 10.0


@dataclass(slots=True)
class Faults:
    """Settings that hold until changed; the drop_ and _next counts run down to 0 by themselves.

    Only orders and cancels are counted for dropping, so that a query in the background does not use the count up.
    """

    mute: bool = False
    answer_delay_seconds: float = 0.0
    drop_next_requests: int = 0
    drop_next_answers: int = 0
    drop_next_pushes: int = 0
    query_lag_seconds: float = 0.0
    duplicate_pushes: bool = False
    reorder_pushes: bool = False
    push_before_answer: bool = True
    reject_next: int = 0
    reject_text: str = "[251099]柜台拒绝"
    refuse_next: int = 0
    refuse_text: str = "[100099]终端拒绝"

    def set(self, name: str, value: Any) -> None:
        """ValueError for a name or a type that is not in the table."""
        wanted = {f.name: type(f.default) for f in fields(self)}.get(name)
        if wanted is None:
            raise ValueError(f"no such fault: {name}")
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise ValueError(f"{name} takes {wanted.__name__}, not {value!r}")
        setattr(self, name, value)

    def use(self, name: str) -> bool:
        """Takes one from a count; False when it is used up."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


# Commands: things done once, with the type of their argument.
COMMANDS: dict[str, type] = {
    "disconnect": bool,
    "forget_orders": list,
    "set_price": list,
    "account_status": int,
    "settle": str,
    "stop": bool,
}


@dataclass(slots=True)
class LaggedBooks:
    """Books that follow the real ones some time behind: what a query shows while query_lag_seconds is set."""

    books: Books
    pending: deque[tuple[datetime, Record]] = field(default_factory=deque)

    @classmethod
    def of(cls, books: Books) -> "LaggedBooks":
        return cls(copy.deepcopy(books))

    def feed(self, now: datetime, records: list[Record]) -> None:
        self.pending.extend((now, record) for record in records)

    def at(self, now: datetime, lag_seconds: float) -> Books:
        shown_until = now - timedelta(seconds=lag_seconds)
        while self.pending and self.pending[0][0] <= shown_until:
            self.books.apply(self.pending.popleft()[1])
        return self.books


def control(userdata: Path, **faults: Any) -> dict[str, Any]:
    """Sets faults or runs commands at the counter of `userdata`; returns the table as it is afterwards.

    Extra names beside the table: disconnect=True, forget_orders=[ids], set_price=[symbol, last], account_status=n,
    settle="YYYY-MM-DD", stop=True. ConnectionError if no counter answers, ValueError if it does not know the name.
    """
    terminal = read_terminal(userdata)
    if terminal is None:
        raise ConnectionError(f"no counter serves {userdata}")
    link, answer = dial(terminal, {"hello": "control", "control": faults}, CONTROL_SECONDS)
    link.close()
    if "error" in answer:
        raise ValueError(answer["error"])
    table: dict[str, Any] = answer["faults"]
    return table
