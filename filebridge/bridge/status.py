"""What status.json says: the state of the bridge at a glance, for a person or a watchdog."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.bridge.parts import Parts
from filebridge.domain.orders import FINAL, Status
from filebridge.gateways.base import Connection

# Of the orders that need a person, so many are named; the count says how many there are.
NAMED_MAX = 20

Part = dict[str, Any]


def whole_status(
    parts: Parts,
    book: OrderBook,
    now: datetime,
    *,
    connection: Connection,
    agreed: Set[str],
    guard: Part,
    loading: Sequence[Part],
    problems: list[str],
) -> Part:
    """All of it; `guard` is how things stand, `loading` the very large files, `problems` those of the bridge itself."""
    for room in (parts.inbox, parts.follower, parts.outbox, parts.replies, parts.control, parts.quotations):
        problems = problems + room.problems()
    return {
        "at": now.isoformat(timespec="milliseconds"),
        "mode": parts.settings.broker.mode,
        **connection_status(connection, agreed),
        **guard,
        **orders_status(book),
        "problems": problems,
        "files_waiting": parts.inbox.waiting,
        "files_loading": loading,
        "ledger_seq": parts.ledger.seq,
        "chain_head": parts.ledger.head,
    }


def ended_status(connection: Connection, error: Exception, now: datetime) -> Part:
    """What differs once the ledger failed and the program ends."""
    said = f"{error}; filebridge has ended and sends nothing filebridge 已退出，不再发送"
    return {
        "at": now.isoformat(timespec="milliseconds"),
        **connection_status(connection, frozenset()),
        "problems": [said],
    }


def connection_status(connection: Connection, agreed: Set[str]) -> Part:
    """The way to the broker; `agreed` are the accounts whose books were reconciled on this connection."""
    since = connection.since
    return {
        "connected": connection.up,
        "connection": connection.reason.message,
        "connection_zh": connection.reason.message_zh,
        "connection_code": connection.reason.code,
        "connection_since": since.isoformat(timespec="milliseconds") if since else "",
        "agreed_accounts": sorted(agreed),
    }


def orders_status(book: OrderBook) -> Part:
    """How many orders are open by status, and which need a person."""
    people = [order for order in book.open_orders() if order.needs_person]
    return {
        "open_orders": {
            status.value: len(tags) for status, tags in book.by_status.items() if tags and status not in FINAL
        },
        "in_doubt": len(book.by_status[Status.UNKNOWN]),
        "needs_person": [f"{order.terms.tag} {order.status}" for order in people[:NAMED_MAX]],
        "needs_person_count": len(people),
    }
