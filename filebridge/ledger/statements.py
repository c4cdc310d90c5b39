"""The statements with which a turn is written, each with what makes the values of its places from a row.

Rows go to SQLite as tuples, which are cheaper than names.
"""

from collections.abc import Callable, Container, Mapping
from operator import itemgetter
from typing import Any

from filebridge.domain.orders import Order, price_text
from filebridge.ledger import codec, schema

Statement = tuple[str, Callable[[Any], tuple[Any, ...]]]
Values = tuple[Any, ...]

_INDEXED = ("open", "broker_order_id", "counter_order_id")
_SENT = ("limit_price", "quantity")
# A row of the orders that changed.
_CHANGED = (*codec.STATE, "of_tag", *_SENT)


def inserted(table: schema.Table, otherwise: str = "") -> Statement:
    """Of rows that are dicts; `otherwise` says what becomes of one whose key is there already."""
    return f"INSERT {otherwise} {table.inserted}", itemgetter(*table.columns)


def _change_of(*names: str) -> Statement:
    """Of rows that are tuples of `_CHANGED`."""
    said = ", ".join(f'"{name}" = ?' for name in names)
    return f"UPDATE orders SET {said} WHERE tag = ?", itemgetter(*map(_CHANGED.index, (*names, "of_tag")))


NEW_EVENT, NEW_FILL = inserted(schema.EVENTS), inserted(schema.FILLS)
# A very large file is recorded twice: when it is loaded, and when it is answered.
NEW_FILE = inserted(schema.FILES, "OR REPLACE")
# A cancel of an unknown id may come twice.
NEW_MARK = inserted(schema.CANCEL_MARKS, "OR IGNORE")
NEW_STOP = inserted(schema.CANCEL_STOPS)
# A query is recorded twice: when it is asked, and when it is answered.
NEW_QUERY = inserted(schema.QUERIES, "OR REPLACE")
NEW_FEED = inserted(schema.FEEDS, "OR REPLACE")
# Of a tuple of what the order's columns say.
NEW_ORDER: Statement = (
    f"INSERT {schema.ORDERS.inserted}",
    itemgetter(*map((*codec.TERMS, *codec.STATE).index, schema.ORDERS.columns)),
)
CHANGED_ORDER = _change_of(*codec.STATE)
# An UPDATE that names an indexed column writes its index as well, the value be the same or not.
MOVED_ORDER = _change_of(*(name for name in codec.STATE if name not in _INDEXED))
PRICED_ORDER = _change_of(*codec.STATE, *_SENT)


def order_rows(
    orders: Mapping[str, Order], born: Mapping[str, Values], *, renumbered: Container[str], priced: Container[str]
) -> list[tuple[Statement, list[Values]]]:
    """How a turn's orders are written; the arguments are its own (see store.Turn)."""
    new: list[Values] = []
    moved: list[Values] = []
    changed: list[Values] = []
    sent: list[Values] = []
    for tag, order in orders.items():
        terms, state = order.terms, codec.state_values(order)
        if tag in born:
            new.append((*(codec.terms_values(terms) if tag in priced else born[tag]), *state))
        elif tag in priced:
            sent.append((*state, tag, price_text(terms.limit_price), terms.quantity))
        else:
            (changed if tag in renumbered else moved).append((*state, tag, "", 0))
    return [(NEW_ORDER, new), (CHANGED_ORDER, changed), (MOVED_ORDER, moved), (PRICED_ORDER, sent)]
