"""Messages of the gateway on their way into a turn: how many at a time, and when."""

import queue
import time
from collections import deque

from filebridge.gateways import base
from filebridge.gateways.wire import opened

MESSAGES_A_TURN = 2000
# While orders wait to be sent, hearing waits for the sending: an order that has left is safe, one that waits is late.
# But no message waits longer than this (seconds), so a rejected basket or a fill is known soon after, and no more of
# them than this wait here.
_LAG_SECONDS = 1.0
_WAITING_MAX = 20_000


class Mailbox:
    """Takes messages from the bridge's queue and gives them out in their order.

    One kind may overtake: that the worker has handed over a group. It says nothing of any order, and the next group
    waits for it.
    """

    def __init__(self, messages: "queue.Queue[list[base.Message]]") -> None:
        self._messages = messages
        self._overtaking: list[base.Message] = []
        self._held: deque[base.Message] = deque()
        # Since when (monotonic seconds) something has lain here; all of it is given out before this begins again.
        self._since = 0.0

    def take(self, wait_seconds: float, *, hurried: bool) -> list[base.Message]:
        """The messages of the next turn; waits for the first that matters now. `hurried`: orders wait to be sent."""
        now = time.monotonic()
        if not self._held:
            self._since = now
        is_called = self._take_in(0)
        may_wait = hurried and len(self._held) < _WAITING_MAX and now - self._since < _LAG_SECONDS
        until = now + wait_seconds
        while not (is_called or self._overtaking) and (may_wait or not self._held):
            left = until - time.monotonic()
            if left <= 0:
                break
            is_called = self._take_in(left)
        overtaking, self._overtaking = self._overtaking, []
        count = 0 if may_wait else min(MESSAGES_A_TURN, len(self._held))
        return overtaking + [opened(self._held.popleft()) for _ in range(count)]

    def _take_in(self, wait_seconds: float) -> bool:
        """Take in what has come, waiting for the first of it. Returns whether an empty list was among it: a call to
        look elsewhere."""
        is_called = False
        try:
            part = self._messages.get(timeout=wait_seconds) if wait_seconds else self._messages.get_nowait()
            while True:
                is_called |= not part
                for message in part:
                    (self._overtaking if type(message) is base.GroupHanded else self._held).append(message)
                if len(self._held) >= _WAITING_MAX:
                    break
                part = self._messages.get_nowait()
        except queue.Empty:
            pass
        return is_called
