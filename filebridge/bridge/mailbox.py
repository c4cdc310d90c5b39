"""Messages of the gateway on their way into a turn: how many at a time, and which first."""

import queue
from collections import deque

from filebridge.gateways import base

MESSAGES_A_TURN = 2000
# While orders wait to be sent: so few that the next group is not kept waiting for them, and so many may lie here. That
# is how far the sending can be ahead of the hearing: some five hundred orders.
_HURRIED_A_TURN = 500
_HURRIED_MAX = 2000


class Mailbox:
    """Takes messages from the bridge's queue and gives them out in their order.

    One kind may overtake: that the worker has handed over its group. It says nothing of any order, and the worker
    stands idle until the next group comes.
    """

    def __init__(self, messages: "queue.Queue[list[base.Message]]") -> None:
        self._messages = messages
        self._held: deque[base.Message] = deque()

    def take(self, wait_seconds: float, *, hurried: bool) -> list[base.Message]:
        """The messages of the next turn; waits for the first if there is none. `hurried`: orders wait to be sent."""
        self._gather(0 if self._held else wait_seconds)
        if hurried and len(self._held) <= _HURRIED_MAX:
            handed: list[base.Message] = [message for message in self._held if isinstance(message, base.GroupHanded)]
            if handed:
                self._held = deque(message for message in self._held if not isinstance(message, base.GroupHanded))
                return handed
        count = _HURRIED_A_TURN if hurried else MESSAGES_A_TURN
        return [self._held.popleft() for _ in range(min(count, len(self._held)))]

    def _gather(self, wait_seconds: float) -> None:
        try:
            self._held += self._messages.get(timeout=wait_seconds) if wait_seconds else self._messages.get_nowait()
            while len(self._held) <= _HURRIED_MAX:
                self._held += self._messages.get_nowait()
        except queue.Empty:
            pass
