"""What the cells of one row of the native order file must say together: which a row needs, and which stay empty.

Tables by the row's action; a schema of order files is made from them as well. How one cell is read stands in values.py.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, NamedTuple

from filebridge.domain.order_types import FACTS as ORDER_TYPES
from filebridge.domain.order_types import UNPRICED, Price, of_pricing
from filebridge.domain.orders import ALL_ISSUES, SHANGHAI, Action, OrderType, Query, Side, price_text
from filebridge.domain.sides import TRANSFERS, Pricing, facts_of
from filebridge.domain.symbols import CASH, SymbolReading
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.values import ID_CHARS_MAX

REQUIRED = {Action.ORDER: ("symbol", "side", "quantity"), Action.TRANSFER: ("side",)}
EARLIER_ORDER = ("orig_client_order_id", "broker_order_id")
# Of these columns a row needs one at least, by its action; else the problem stands at the first.
NEEDED_ONE: dict[Action, tuple[tuple[tuple[str, ...], str], ...]] = {
    Action.CANCEL: ((EARLIER_ORDER, "CANCEL_ID_REQUIRED"),),
    Action.REPLACE: (
        (EARLIER_ORDER[:1], "REPLACE_ID_REQUIRED"),
        (("quantity", "limit_price"), "REPLACE_NOTHING_NEW"),
    ),
    Action.QUERY: ((("query",), "QUERY_MISSING"),),
    Action.TRANSFER: ((("client_order_id",), "TRANSFER_ID_REQUIRED"),),
}
MOMENTS = ("start_at", "expire_at")
# Of the ids of such a row's orders, so much is the symbol's.
ISSUES_ID_CHARS_MAX = ID_CHARS_MAX - len("-787001.SH")
LARGEST = "MAX"
_OF_A_QUERY = ("action", "account", "symbol", "note", "mode", "query")
# What must stay empty, by the row's action, and why: it would be taken, but not do what its author means.
_NO_QUERY = (("query",), "QUERY_ON_OTHER_ACTION")
_NO_TRANSFER = (("transfer_amount",), "TRANSFER_AMOUNT_ON_OTHER_ACTION")
_NEITHER = (_NO_QUERY, _NO_TRANSFER)
_NO_PRICE = ("order_type", "limit_price", "price_offset")
BARRED: dict[Action, tuple[tuple[tuple[str, ...], str], ...]] = {
    Action.ORDER: ((EARLIER_ORDER, "CANCEL_ID_ON_ORDER"), *_NEITHER),
    Action.CANCEL: _NEITHER,
    Action.CANCEL_ALL: (
        (
            ("client_order_id", *EARLIER_ORDER, "quantity", "order_type", "limit_price", "price_offset", *MOMENTS),
            "CANCEL_ALL_NARROWED",
        ),
        *_NEITHER,
    ),
    Action.REPLACE: _NEITHER,
    Action.TRANSFER: (((*EARLIER_ORDER, *_NO_PRICE), "TRANSFER_NARROWED"), _NO_QUERY),
    Action.QUERY: ((tuple(column for column in COLUMNS if column not in _OF_A_QUERY), "QUERY_NARROWED"),),
}
_NOTHING: Mapping[str, str] = MappingProxyType({})
_Values = dict[str, Any]


class Finding(NamedTuple):
    """Something wrong with a column of a row, and the value that stands there."""

    column: str
    code: str
    value: str = ""
    context: Mapping[str, str] = _NOTHING

    @property
    def is_missing(self) -> bool:
        """Whether the column would help, if the file had it."""
        return self.code in ("VALUE_MISSING", "PRICE_MISSING")


def check(values: _Values, today: date) -> Iterator[Finding]:
    """What is wrong with a row of which these columns could be read; None stands for one that could not. Completes
    what the row leaves open: the order type, and the date of a time."""
    action = values.get("action", Action.ORDER)
    for columns, code in NEEDED_ONE.get(action, ()):
        if not any(column in values for column in columns):
            yield Finding(columns[0], code)
    for columns, code in BARRED.get(action, ()):
        yield from (Finding(column, code, _spelled(values[column])) for column in columns if values.get(column))
    if _is_of_issues(values):
        yield from _issues(action, values)
    elif action is Action.ORDER:
        yield from _price(values)
    elif action is Action.QUERY:
        yield from _asked(values)
    elif action is Action.TRANSFER:
        yield from _moved(values)
    if action in (Action.ORDER, Action.REPLACE) and values.get("side") in TRANSFERS:
        yield Finding("side", "TRANSFER_NOT_AN_ORDER", values["side"].value)
    for column in REQUIRED.get(action, ()):
        if column not in values:
            yield Finding(column, "VALUE_MISSING")
    yield from _put_on_dates(values, today)


def _asked(values: _Values) -> Iterator[Finding]:
    """Quotes are of the symbol that the row names; every other question is about an account."""
    query = values.get("query")
    if query is Query.QUOTES and "symbol" not in values:
        yield Finding("symbol", "QUERY_SYMBOL_MISSING")
    elif isinstance(query, Query) and query is not Query.QUOTES and values.get("symbol"):
        yield Finding("symbol", "QUERY_NARROWED", _spelled(values["symbol"]))


def _moved(values: _Values) -> Iterator[Finding]:
    """A transfer of money is of an amount, one of shares of a security and its quantity. Within an order it is money of
    which one is moved at its price."""
    side = values.get("side")
    if side is None:
        # Told already; of a column that is missing once, for the whole file.
        values.pop("transfer_amount", None)
        return
    if side not in TRANSFERS:
        yield Finding("side", "TRANSFER_SIDE_UNKNOWN", side.value)
        return
    shares = ("symbol", "quantity")
    of_shares = facts_of(side).pricing is Pricing.NONE
    for column in ("transfer_amount",) if of_shares else shares:
        if column in values:
            yield Finding(column, "TRANSFER_NARROWED", _spelled(values[column]))
    values["order_type"] = of_pricing(facts_of(side).pricing)[0]
    if of_shares:
        yield from (Finding(column, "VALUE_MISSING") for column in shares if column not in values)
    elif "transfer_amount" not in values:
        yield Finding("transfer_amount", "TRANSFER_AMOUNT_REQUIRED")
    else:
        values |= {"symbol": SymbolReading(CASH), "quantity": 1, "limit_price": values.pop("transfer_amount")}


def _is_of_issues(values: _Values) -> bool:
    """Whether a row speaks of all issues, or of the largest size of one."""
    return values.get("quantity") == 0 or _spelled(values.get("symbol")) in ALL_ISSUES


def _issues(action: Action, values: _Values) -> Iterator[Finding]:
    """Price and size are for the broker to tell; and its orders have ids that begin with the row's."""
    column = "quantity" if values.get("quantity") == 0 else "symbol"
    side = values.get("side", Side.SUBSCRIBE)
    if action is not Action.ORDER or side not in (None, Side.SUBSCRIBE):
        yield Finding(column, "ISSUES_NOT_OF_SIDE", LARGEST if column == "quantity" else _spelled(values["symbol"]))
        return
    for name in ("quantity", "order_type", "limit_price", "price_offset"):
        if values.get(name):
            yield Finding(name, "ISSUES_NARROWED", _spelled(values[name]))
    length = len(values.get("client_order_id") or "")
    if length > ISSUES_ID_CHARS_MAX:
        limit = {"length": str(length), "limit": str(ISSUES_ID_CHARS_MAX)}
        yield Finding("client_order_id", "ID_TOO_LONG", values["client_order_id"], limit)
    values |= {"quantity": 0, "order_type": OrderType.LIMIT}


def _price(values: _Values) -> Iterator[Finding]:
    """Whether the price that stands there, or does not, is one of the order's side and type."""
    side = values.get("side")
    # A side or type that cannot be read is told by itself; most sides have a price.
    pricing = facts_of(side).pricing if side else Pricing.ANY
    order_type = values.setdefault("order_type", of_pricing(pricing)[0])
    if order_type is None:
        return
    price, offset = ORDER_TYPES[order_type].price, values.get("price_offset")
    of_type = {"type": order_type.value}
    if price is Price.LIMIT and "limit_price" not in values:
        yield Finding("limit_price", "PRICE_MISSING")
    elif price in UNPRICED and values.get("limit_price") is not None:
        yield Finding("limit_price", "PRICE_NOT_OF_TYPE", price_text(values["limit_price"]), of_type)
    elif offset and price is not Price.LEVEL:
        yield Finding("price_offset", "PRICE_OFFSET_NOT_OF_TYPE", offset, of_type)


def _put_on_dates(values: _Values, today: date) -> Iterator[Finding]:
    """A time without a date means the row's trade date."""
    if "start_at" not in values and "expire_at" not in values:
        return
    day = values.get("trade_date") or today
    for column in MOMENTS:
        if isinstance(clock := values.get(column), time):
            values[column] = datetime.combine(day, clock, SHANGHAI)
    start_at, expire_at = (values.get(column) for column in MOMENTS)
    if start_at and expire_at and expire_at <= start_at:
        context = {"start_at": start_at.isoformat(), "expire_at": expire_at.isoformat()}
        yield Finding("expire_at", "EXPIRE_BEFORE_START", expire_at.isoformat(), context)


def _spelled(value: object) -> str:
    return value.symbol if isinstance(value, SymbolReading) else str(value)
