"""What status.json says: the state of the bridge at a glance, for a person or a watchdog."""

from collections.abc import Set
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.domain.orders import FINAL, Status
from filebridge.gateways.base import Connection

# Of the orders that need a person, so many are named; the count says how many there are.
NAMED_MAX = 20

Part = dict[str, Any]


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
