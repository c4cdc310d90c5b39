"""What the counter may be made to do wrong, as one table, and the client that asks for it.

Faults hold until they are changed; commands are done once. A person or a test sets them over a control connection
(`control`), or beforehand by a scenario file (`scenario.py`). Here are their names, types, defaults and meanings; each
is applied in one place: messages in `outgoing`, requests and numbers in `desk`, connections in `sessions`. Nothing is
on by itself, except that pushes and errors come before the answer, as they do at a fast counter.
"""

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge.simulator.books import Books, Record
from filebridge.simulator.endpoint import dial, read_terminal
from filebridge.simulator.wire import ANSWERS

CONTROL_SECONDS = 10.0


def _fault(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(slots=True)
class Faults:
    """The table. The drop_ and _next counts run down to 0 by themselves; only orders, cancels and transfers count for
    them, so that a query in the background does not use a count up."""

    mute: bool = _fault(False, "Reads nothing, says nothing and lets nobody in; whoever connects waits in vain.")
    logged_out: bool = _fault(False, "As at night: every client is cut off, and connecting fails (-1).")
    answer_delay_seconds: float = _fault(0.0, "Answers come so much later; pushes do not wait.")
    drop_next_requests: int = _fault(0, "So many orders, cancels and transfers are lost before the counter sees them.")
    drop_next_answers: int = _fault(0, "The answers to so many orders, cancels and transfers are lost.")
    drop_next_pushes: int = _fault(0, "The pushes that so many orders and cancels cause at once are lost.")
    drop_next_errors: int = _fault(0, "The errors of so many failed orders and cancels are lost: -1 stands alone.")
    push_before_answer: bool = _fault(True, "Pushes come before the answer to the request that caused them.")
    error_before_answer: bool = _fault(True, "The error of a failed order or cancel comes before its answer.")
    duplicate_pushes: bool = _fault(False, "Every push comes twice.")
    reorder_pushes: bool = _fault(False, "The pushes that one request causes come in reverse.")
    pushed_status: int = _fault(
        0, "Pushed orders show this status, such as 86 or 255, and not their own (0: their own)."
    )
    listed_status: int = _fault(0, "Listed orders show this status and not their own (0: their own).")
    sysid_hidden: bool = _fault(False, "order_sysid is empty in all that is shown; switched off again, it came late.")
    remark_bytes: int = _fault(-1, "Remarks are cut to so many bytes in all that is shown (0: dropped, -1: whole).")
    query_lag_seconds: float = _fault(0.0, "Queries show the books as they were so long ago.")
    empty_queries: tuple[str, ...] = _fault((), "These queries answer an empty list (query_asset: None).")
    none_queries: tuple[str, ...] = _fault((), "These queries answer None.")
    ids_restart: bool = _fault(False, "Order ids and counter ids begin at 1 again with the next trade date.")
    reject_next: int = _fault(0, "So many orders are rejected by the counter (57).")
    reject_text: str = _fault("[251099]柜台拒绝", "What it says of them.")
    refuse_next: int = _fault(0, "So many orders are refused by the terminal: -1 and an error.")
    refuse_text: str = _fault("[100099]终端拒绝", "What it says of them.")

    def use(self, name: str) -> bool:
        """Takes one from a count; False when it is used up."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


# Things done once: the type of the argument, and what happens.
COMMANDS: dict[str, tuple[type, str]] = {
    "disconnect": (bool, "Cuts every client off; it may connect again at once."),
    "forget_orders": (list, "The orders with these ids are in no list any more."),
    "set_price": (list, "`[symbol, price]`: a new price, which resting orders meet."),
    "account_status": (int, "Pushes this status of every account and tells it from now on (0 is ready)."),
    "settle": (str, "Settles overnight into this trade date (`YYYY-MM-DD`)."),
    "stop": (bool, "Ends the counter."),
}


def meanings() -> dict[str, tuple[str, Any, str]]:
    """name -> (type, default or None, meaning) of every fault and command, for the page about them."""
    table = {f.name: (_type_name(type(f.default)), f.default, f.metadata["meaning"]) for f in fields(Faults)}
    return table | {name: (_type_name(kind), None, meaning) for name, (kind, meaning) in COMMANDS.items()}


def checked(changes: dict[str, Any]) -> dict[str, Any]:
    """The same faults and commands with values of the right types; ValueError for whatever is not in the table."""
    wanted = {f.name: type(f.default) for f in fields(Faults)} | {name: kind for name, (kind, _) in COMMANDS.items()}
    found = {}
    for name, value in changes.items():
        if name not in wanted:
            raise ValueError(f"no such fault: {name}")
        kind = wanted[name]
        made = float(value) if kind is float and type(value) is int else value
        made = tuple(value) if kind is tuple and type(value) is list else made
        if type(made) is not kind or not _FITS.get(name, _anything)(made):
            raise ValueError(f"{name} takes {_type_name(kind)}, not {value!r}")
        found[name] = made
    return found


def _type_name(kind: type) -> str:
    return {"tuple": "list of queries"}.get(kind.__name__, kind.__name__)


def _anything(_: Any) -> bool:
    return True


def _are_queries(names: tuple[Any, ...]) -> bool:
    return all(ANSWERS.get(name, ("", ""))[1].startswith("list[") for name in names)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# What the type alone does not say.
_FITS: dict[str, Callable[[Any], bool]] = {
    "empty_queries": _are_queries,
    "none_queries": _are_queries,
    "forget_orders": lambda ids: all(type(number) is int for number in ids),
    "set_price": lambda pair: [type(part) for part in pair] in ([str, float], [str, int]),
    "settle": _is_date,
    "answer_delay_seconds": lambda seconds: seconds >= 0,
    "query_lag_seconds": lambda seconds: seconds >= 0,
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
    """Sets faults and runs commands at the counter of `userdata`; returns the table as it is afterwards.

    ConnectionError if no counter answers; ValueError, with nothing done, for a name or value that the table does not
    know.
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
