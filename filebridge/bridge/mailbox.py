"""Messages of the gateway on their way into a turn: how many at a time, and when."""

import queue
import time
from collections import deque
from datetime import timedelta

from filebridge.gateways import base
from filebridge.gateways.wire import opened

# A turn stays short: an order that comes meanwhile waits for its end.
MESSAGES_A_TURN = 500
# While orders wait to be sent, hearing waits for the sending: an order that has left is safe, one that waits is late.
# But no message waits longer than this (seconds), so a rejected basket or a fill is known soon after, and no more of
# them than this wait here.
_LAG_SECONDS = 1.0
_WAITING_MAX = 20_000
# What may wait: news of single orders. The rest is about the connection, or all orders, and is heard at once.
_PATIENT = (
    *(base.Sealed, base.OrderPushed, base.FillPushed),
    *(base.OrderAnswer, base.OrderRefused, base.CancelAnswer, base.NotCalled),
)


class Mailbox:
    """Takes messages from the bridge's queue and gives them out in their order.

    One kind may overtake: that the worker has handed over a group. It says nothing of any order, and the next group
    waits for it.
    """

    def __init__(self, messages: "queue.Queue[list[base.Message]]") -> None:
        self._messages = messages
        self._overtaking: list[base.Message] = []
        # When it was taken in (monotonic seconds), and the message.
        self._held: deque[tuple[float, base.Message]] = deque()
        # Since when (monotonic seconds) something has lain here, and whether something among it cannot wait; all of it
        # is given out before this begins again.
        self._since, self._is_urgent = 0.0, False
        self._looked_at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        return not self._held and self._messages.empty()

    @property
    def behind(self) -> timedelta:
        """For how long the oldest message has waited here that nobody has heard yet."""
        return timedelta(seconds=time.monotonic() - self._held[0][0] if self._held else 0.0)

    def take(self, wait_seconds: float, *, hurried: bool) -> list[base.Message]:
        """The messages of the next turn; waits for the first that matters now. `hurried`: orders wait to be sent."""
        now = time.monotonic()
        until = now + wait_seconds
        if not self._held:
            # What came while nobody looked (a long turn, a paused machine) has waited already.
            self._since = now if now - self._looked_at < _LAG_SECONDS else self._looked_at
            self._is_urgent = False
        is_called = self._take_in(0)
        while not (is_called or self._overtaking) and self._may_wait(hurried):
            left = until - time.monotonic()
            if left <= 0:
                break
            is_called = self._take_in(left)
        self._looked_at = time.monotonic()
        overtaking, self._overtaking = self._overtaking, []
        count = 0 if self._may_wait(hurried) else min(MESSAGES_A_TURN, len(self._held))
        return overtaking + [opened(self._held.popleft()[1]) for _ in range(count)]

    def _may_wait(self, hurried: bool) -> bool:
        """Whether nothing that lies here must be heard now."""
        is_late = len(self._held) >= _WAITING_MAX or time.monotonic() - self._since >= _LAG_SECONDS
        return not self._held or (hurried and not (is_late or self._is_urgent))

    def _take_in(self, wait_seconds: float) -> bool:
        """Take in what has come, waiting for the first of it. Returns whether an empty list was among it: a call to
        look elsewhere."""
        is_called = False
        try:
            part = self._messages.get(timeout=wait_seconds) if wait_seconds else self._messages.get_nowait()
            at = time.monotonic()
            while True:
                is_called |= not part
                for message in part:
                    if type(message) is base.GroupHanded:
                        self._overtaking.append(message)
                    else:
                        self._held.append((at, message))
                    self._is_urgent |= not isinstance(message, (base.GroupHanded, *_PATIENT))
                if len(self._held) >= _WAITING_MAX:
                    break
                part = self._messages.get_nowait()
        except queue.Empty:
            pass
        return is_called
