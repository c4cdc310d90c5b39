"""The statements with which a turn is written, each with what makes the values of its places from a row.

Rows go to SQLite as tuples: SQLAlchemy's own way with parameters costs several times what SQLite takes for a row.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Insert, Update, bindparam, insert, update
from sqlalchemy.dialects import sqlite

from filebridge.domain.orders import Order, price_text
from filebridge.ledger import codec, schema

Statement = tuple[str, Callable[[Any], tuple[Any, ...]]]
Values = tuple[Any, ...]

_INDEXED = ("open", "broker_order_id", "counter_order_id")
_SENT = ("limit_price", "quantity")
# A row of the orders that changed.
_CHANGED = (*codec.STATE, "of_tag", *_SENT)


def _prepared(statement: Insert | Update, columns: Sequence[str] = ()) -> Statement:
    """A row is a dict, or a tuple of these columns."""
    compiled = statement.compile(dialect=sqlite.dialect())
    places = compiled.positiontup
    assert places is not None
    return str(compiled), itemgetter(*(map(columns.index, places) if columns else places))


def _change_of(*names: str) -> Statement:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return _prepared(update(schema.ORDERS).where(schema.ORDERS.c.tag == bindparam("of_tag")).values(values), _CHANGED)


NEW_EVENT, NEW_FILL = (_prepared(insert(table)) for table in (schema.EVENTS, schema.FILLS))
# A very large file is recorded twice: when it is loaded, and when it is answered.
NEW_FILE = _prepared(insert(schema.FILES).prefix_with("OR REPLACE"))
# A cancel of an unknown id may come twice.
NEW_MARK = _prepared(insert(schema.CANCEL_MARKS).prefix_with("OR IGNORE"))
NEW_STOP = _prepared(insert(schema.CANCEL_STOPS))
# A query is recorded twice: when it is asked, and when it is answered.
NEW_QUERY = _prepared(insert(schema.QUERIES).prefix_with("OR REPLACE"))
NEW_FEED = _prepared(insert(schema.FEEDS).prefix_with("OR REPLACE"))
NEW_ORDER = _prepared(insert(schema.ORDERS), (*codec.TERMS, *codec.STATE))
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
