"""What leaves the counter for its clients: pushes, answers and errors, in the shape and order that the faults want.

Every fault that concerns a message is applied here, each in one place. What the messages say is the desk's; sockets
are the sessions'.
"""

import heapq
import itertools
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from filebridge.simulator.faults import Faults
from filebridge.simulator.wire import ANSWERS, PUSHES, ROWS, Message, encode

# A kind of push and its row.
Push = tuple[str, Message]

COUNTED = ("order", "cancel", "bank_transfer", "transfer")
# Where a row holds what a fault may change.
_CHANGED = ("order_status", "order_sysid", "order_remark")
_PLACES = {
    name: {field: place for place, field in enumerate(row) if field in _CHANGED}
    for name, row in ROWS.items()
    if set(row) & set(_CHANGED)
}


class Outgoing:
    """`lines` holds encoded lines per session; the server empties it."""

    def __init__(self, faults: Faults) -> None:
        self.lines: defaultdict[int, list[bytes]] = defaultdict(list)
        self._faults = faults
        self._subscribers: defaultdict[str, dict[int, None]] = defaultdict(dict)
        self._pushes: list[tuple[str, bytes]] = []
        self._delayed: list[tuple[datetime, int, int, bytes]] = []
        self._delayed_number = itertools.count()

    def subscribe(self, session: int, account: str) -> None:
        self._subscribers[account][session] = None

    def unsubscribe(self, session: int, account: str) -> bool:
        """Whether it was subscribed."""
        sessions = self._subscribers[account]
        was_subscribed = session in sessions
        sessions.pop(session, None)
        return was_subscribed

    def is_heard(self, account: str) -> bool:
        return bool(self._subscribers.get(account))

    def push(self, account: str, kind: str, row: Message) -> None:
        """Kept until the answer to the request that caused it, or until `send_pushes`."""
        self._pushes.append((account, encode([kind, self._shown(PUSHES[kind][1], row, self._faults.pushed_status)])))

    def send_pushes(self) -> None:
        pushes, self._pushes = self._pushes, []
        if self._faults.reorder_pushes:
            pushes.reverse()
        times = 2 if self._faults.duplicate_pushes else 1
        for account, line in pushes:
            for session in self._subscribers[account]:
                self.lines[session] += [line] * times

    def answer(self, session: int, request: Message, payload: Any, now: datetime, error: Push | None = None) -> None:
        """The answer to a request, with the pushes that it caused and its error around it as the faults want it.

        An error belongs to the session that sent the request, whether it subscribed or not.
        """
        kind, faults = request[0], self._faults
        counted = kind in COUNTED
        if counted and faults.use("drop_next_pushes"):
            self._pushes.clear()
        if error is not None and faults.use("drop_next_errors"):
            error = None
        if faults.push_before_answer:
            self.send_pushes()
        if error is not None and faults.error_before_answer:
            self._send_error(session, error)
        if not (counted and faults.use("drop_next_answers")):
            line = encode([kind, request[1], self._answered(kind, payload)])
            if faults.answer_delay_seconds:
                due = now + timedelta(seconds=faults.answer_delay_seconds)
                heapq.heappush(self._delayed, (due, next(self._delayed_number), session, line))
            else:
                self.lines[session].append(line)
        self.send_pushes()
        if error is not None and not faults.error_before_answer:
            self._send_error(session, error)

    def release(self, now: datetime) -> None:
        """Answers that were held back and are due."""
        while self._delayed and self._delayed[0][0] <= now:
            _, _, session, line = heapq.heappop(self._delayed)
            self.lines[session].append(line)

    def next_due(self) -> datetime | None:
        return self._delayed[0][0] if self._delayed else None

    def left(self, session: int) -> None:
        for sessions in self._subscribers.values():
            sessions.pop(session, None)
        self.lines.pop(session, None)
        self._delayed = [entry for entry in self._delayed if entry[2] != session]
        heapq.heapify(self._delayed)

    def _send_error(self, session: int, error: Push) -> None:
        kind, row = error
        self.lines[session].append(encode([kind, self._shown(PUSHES[kind][1], row, 0)]))

    def _answered(self, kind: str, payload: Any) -> Any:
        if kind in self._faults.none_queries:
            return None
        if kind in self._faults.empty_queries:
            return []
        shape = ANSWERS[kind][1]
        if shape.startswith("list["):
            return [self._shown(shape[5:-1], row, self._faults.listed_status) for row in payload]
        return self._shown(shape, payload, 0)

    def _shown(self, row_class: str, row: Any, status: int) -> Any:
        """A row as the client gets to see it."""
        faults, places = self._faults, _PLACES.get(row_class)
        if places is None or not (status or faults.sysid_hidden or faults.remark_bytes >= 0):
            return row
        row = list(row)
        if status and "order_status" in places:
            row[places["order_status"]] = status
        if faults.sysid_hidden and "order_sysid" in places:
            row[places["order_sysid"]] = ""
        if faults.remark_bytes >= 0 and "order_remark" in places:
            row[places["order_remark"]] = _cut(row[places["order_remark"]], faults.remark_bytes)
        return row


def _cut(text: str, size: int) -> str:
    """By UTF-8 byte, as the native module's buffers cut: perhaps within a character."""
    return text.encode("utf-8", "surrogateescape")[:size].decode("utf-8", "surrogateescape")
