"""Rows of an order file as the ledger keeps them while a very large file is loaded: what a row says, and its key."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from filebridge.domain.orders import Action, OrderInstruction, OrderType, Query, Side, price_text
from filebridge.domain.reasons import Reason
from filebridge.ledger.codec import Body

# The outcome of a very large file between the commit that accepted it and the answer to its last row.
LOADING = "LOADING"

_FIELDS = OrderInstruction._fields
_DEFAULTS = tuple(OrderInstruction._field_defaults.get(name) for name in _FIELDS)

# Field -> how it is stored, and how it is read again; the others are stored as they are.
_STORED: dict[str, Callable[[Any], Any]] = {
    "limit_price": price_text,
    "notes": lambda notes: [[note.code, dict(note.context)] for note in notes],
}
_READ: dict[str, Callable[[Any], Any]] = {
    "action": Action,
    "side": Side,
    "order_type": OrderType,
    "query": Query,
    "limit_price": Decimal,
    "trade_date": date.fromisoformat,
    "start_at": datetime.fromisoformat,
    "expire_at": datetime.fromisoformat,
    "notes": lambda notes: tuple(Reason(code, context) for code, context in notes),
}


def instruction_body(row: OrderInstruction) -> Body:
    """A row without what it does not say; JSON writes its dates and times as ISO 8601."""
    said = {name: value for name, value, default in zip(_FIELDS, row, _DEFAULTS, strict=True) if value != default}
    return {name: _STORED[name](value) if name in _STORED else value for name, value in said.items()}


def instruction_from(body: Body) -> OrderInstruction:
    return OrderInstruction(**{name: _READ[name](value) if name in _READ else value for name, value in body.items()})
