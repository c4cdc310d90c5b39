"""What an earlier run left on its way: proof, order by order, that it never reached the worker's call."""

import json
from collections.abc import Callable, Iterable, Iterator

from filebridge.domain.orders import Order
from filebridge.domain.reconcile import is_ours
from filebridge.ledger.views import LedgerReader


class Leftovers:
    """Looks up which worker an order was given to, and that worker's hand-over log.

    The log was never flushed, so it speaks only on the boot under which that worker ran; a log that is missing or not
    whole says nothing. To be asked once no other process can be sending.
    """

    def __init__(self, reader: LedgerReader, boot_id: str, handed_over: Callable[[str], frozenset[str] | None]) -> None:
        self._reader = reader
        self._boot_id = boot_id
        self._handed_over = handed_over
        self._logs: dict[str, frozenset[str] | None] = {}

    def never_handed(self, order: Order) -> bool:
        """Whether it is proven that the broker was never called for this order."""
        tag = order.terms.tag
        submitted = self._reader.submitted(order)
        worker = self._reader.worker_before(submitted["seq"]) if submitted else None
        if worker is None:
            return False
        body = json.loads(worker["body"])
        if not self._boot_id or body["boot"] != self._boot_id:
            return False
        log = body["log"]
        if log not in self._logs:
            self._logs[log] = self._handed_over(log)
        handed = self._logs[log]
        return handed is not None and tag not in handed

    def not_recorded(self, handed: Iterable[str], home_mark: str) -> Iterator[str]:
        """Of tags that a worker noted before it called the broker, those whose sending the ledger does not have: an
        older one was put back. Of a transfer, which is in no list of the broker's, nothing else tells."""
        for tag in handed:
            order = self._reader.order(tag) if is_ours(tag, home_mark) else None
            if is_ours(tag, home_mark) and (order is None or order.submitted_at is None):
                yield tag
