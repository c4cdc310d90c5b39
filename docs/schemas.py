"""The schemas of order files in docs/schema/, made from the code by `python dev.py docs`.

JSON Schema 2020-12, with patterns that ECMAScript and Python both understand. What it lets pass is read; it is stricter
than filebridge in notation only (case of column names, spaces, full width, numbers for ids). The reports are in
report_schemas.py.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from filebridge.domain import symbols
from filebridge.domain.order_types import FACTS as TYPE_FACTS
from filebridge.domain.order_types import UNPRICED, Price
from filebridge.domain.orders import Action, Query, Side
from filebridge.domain.sides import TRANSFERS, Pricing, facts_of
from filebridge.domain.symbols import InstrumentKind
from filebridge.orderfiles import jsonfile, together, values, wording
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.sidewords import ORDER_TYPES, SIDES

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MADE = "Made by `python dev.py docs`; edit the code, not this file."
_DATE = (
    r"20[0-9]{2}(?:-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])|/(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
)
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
# A text that is a quantity. Larger ones than these nine digits can be written as numbers.
_QUANTITY = "0{0,9}[1-9][0-9]{0,8}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,2}"
_DECIMALS = r"\.[0-9]{1,4}0{0,9}"
_PRICE = f"[0-9]{{1,7}}(?:{_DECIMALS})?|(?:[1-9][0-9]{{0,2}}|[1-9],[0-9]{{3}}),[0-9]{{3}}{_DECIMALS}"
_AMOUNT = r"(?:[0-9]{1,12}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?"
_UNPRINTABLE = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff"

_NEEDED = ("symbol", "side", "quantity")
# What a cancel is about: one of them is enough.
_EARLIER = ("orig_client_order_id", "broker_order_id")

# Column -> what stands in it.
_ABOUT = {
    "action": "order (the default), cancel, cancel_all: all open orders that fit what is filled in, replace, query, or "
    "transfer",
    "client_order_id": "your own id; without one an id is derived from the row",
    "orig_client_order_id": "for a cancel or a replace: the id of the order that is meant",
    "broker_order_id": "for a cancel: the broker's number of the order; beside an id it is compared",
    "account": "may be left out where one account is configured",
    "symbol": "which security, as 600000.SH, 600000, sh600000, SHSE.600000; or all: the new issues of the day",
    "side": "buy, sell, or a side of credit accounts, futures, options, funds and new issues: docs/language.md",
    "quantity": "shares; for bonds 张, for futures and options lots; of new issues also max",
    "order_type": "limit, the default, or one of docs/language.md",
    "limit_price": "CNY, at most four decimals; the protective limit of a market order",
    "price_offset": "added to a price from the market, of OWN_n and OPPOSITE_n: ticks as +2t, or percent as -0.5%",
    "strategy": "free text, carried to the reports",
    "note": "free text, carried to the reports",
    "basket": "free text, carried to the reports; rows without an id are told apart by it",
    "trade_date": "an order is only sent on this day; left out: the current trade date",
    "start_at": "not sent before this time",
    "expire_at": "not sent at or after this time",
    "mode": "a row for the other mode is refused",
    "transfer_amount": "for a transfer of money: how much, in CNY",
    "query": "for a query: assets, positions, orders, trades, ipo, or quotes of the symbol that the row names",
}


def order_file() -> Schema:
    """A whole `.json` order file."""
    rows = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/row"}}
    wrapped = {"type": "object", "properties": {"orders": rows}, "required": ["orders"], "additionalProperties": False}
    about = "An order file: a list of rows, or an object whose one key is `orders`."
    return _document("Order file (.json)", about, {"anyOf": [rows, wrapped]})


def order_line() -> Schema:
    """One line of a `.jsonl` order file."""
    count = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
    end = {
        "type": "object",
        "properties": {jsonfile.END_KEY: count},
        "required": [jsonfile.END_KEY],
        "additionalProperties": False,
    }
    about = "One line of an order file: a row, or, as the last line, the number of rows."
    return _document("Line of an order file (.jsonl)", about, {"anyOf": [{"$ref": "#/$defs/row"}, end]})


def text(schema: Schema) -> str:
    """A schema as it stands on disk."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "schema/order-file.json": lambda: text(order_file()),
    "schema/order-line.json": lambda: text(order_line()),
}


# ---- a row -----------------------------------------------------------------------------------------------------------


def _document(title: str, about: str, content: Schema) -> Schema:
    described = (
        f"{about} The columns of a CSV are the same properties, its cells the texts. filebridge also reads column "
        "names in other case and with spaces, values with spaces around and in full width, and numbers for ids, "
        f"accounts and symbols. {MADE}"
    )
    defs = {"row": _row(), "blank": {"enum": ["", None]}, **_columns()}
    return {"$schema": DRAFT, "title": title, "description": described, **content, "$defs": defs}


def _row() -> Schema:
    """A row needs and lacks what its action says; every column goes by either of its names, but not by both."""
    own = {name: {"$ref": f"#/$defs/{column}"} for column in COLUMNS for name in _names(column)}
    passed_over = dict.fromkeys(wording.PASSED_OVER, True)
    needed = (_filled(column) for column in _NEEDED)
    row: Schema = {"if": _of_issues(), "then": _issues(), "else": {"allOf": [*needed, _price(), _offset()]}}
    row |= {**_left_out(Action.ORDER), "not": _of("side", _transfers())}
    for action in Action:
        if action is not Action.ORDER:
            fitting = {
                **_one_filled(action),
                **_left_out(action),
                "not": {"anyOf": [_of_issues(), *([_of("side", _transfers())] if action is Action.REPLACE else [])]},
            }
            fitting |= _quoted() if action is Action.QUERY else {}
            fitting |= _moved() if action is Action.TRANSFER else {}
            row = {"if": _is(action), "then": fitting, "else": row}
    return {
        "type": "object",
        "properties": {**own, **passed_over},
        "additionalProperties": False,
        "dependentSchemas": {name: {"properties": {name_zh: False}} for name, name_zh in COLUMNS.items()},
        **row,
    }


def _is(action: Action) -> Schema:
    """A row with this action."""
    word = _matches(_action(action))
    return {"anyOf": [{"required": [name], "properties": {name: word}} for name in _names("action")]}


def _one_filled(action: Action) -> Schema:
    """A row with one at least of each kind that one of this action needs."""
    needed = [{"anyOf": [_filled(name) for name in columns]} for columns, _ in together.NEEDED_ONE.get(action, ())]
    return {"allOf": needed} if needed else {}


def _left_out(action: Action) -> Schema:
    """A row without what must stay empty in one of this action."""
    barred = [column for columns, _ in together.BARRED[action] for column in columns]
    return {"properties": {name: _blank() for column in barred for name in _names(column)}}


def _of_issues() -> Schema:
    """A row of all new issues, or of the largest size of one."""
    return {"anyOf": [_of("symbol", values._ISSUES), _of("quantity", values._LARGEST)]}


def _issues() -> Schema:
    """Size and price are for the broker to tell, and the ids of its orders begin with its own."""
    left_out = ("order_type", "limit_price", "price_offset")
    sides = (word for word, side in SIDES.items() if side is Side.SUBSCRIBE)
    ids = {name: {"maxLength": together.ISSUES_ID_CHARS_MAX} for name in _names("client_order_id")}
    empty = {name: _blank() for column in left_out for name in _names(column)}
    largest = {"anyOf": [_of("quantity", values._LARGEST), {"not": _filled("quantity")}]}
    return {"allOf": [_filled("symbol"), _of("side", sides), largest], "properties": {**ids, **empty}}


def _moved() -> Schema:
    """A transfer has an id and a side of its own; one of money an amount, one of shares a security and its quantity."""
    of_shares = _of("side", (word for word, side in SIDES.items() if facts_of(side).pricing is Pricing.NONE))
    amount, shares = ("transfer_amount",), ("symbol", "quantity")

    def only(filled: Iterable[str], blank: Iterable[str]) -> Schema:
        empty = {name: _blank() for column in blank for name in _names(column)}
        return {"allOf": [_filled(column) for column in filled], "properties": empty}

    by_kind = {"if": of_shares, "then": only(shares, amount), "else": only(amount, shares)}
    return {"allOf": [_filled("client_order_id"), _of("side", _transfers()), by_kind]}


def _transfers() -> Iterable[str]:
    return (word for word, side in SIDES.items() if side in TRANSFERS)


def _quoted() -> Schema:
    """Only a question for quotes names a security."""
    quotes = (word for word, meant in values._QUERIES.items() if meant is Query.QUOTES)
    none = {"properties": {name: _blank() for name in _names("symbol")}}
    return {"if": _of("query", quotes), "then": _filled("symbol"), "else": none}


def _price() -> Schema:
    """Whether a price stands there: a limit needs one, a market order may have one, what has no price has none."""
    unpriced = _of("side", (word for word, side in SIDES.items() if facts_of(side).pricing is Pricing.NONE))
    by_type = {
        price: _of("order_type", (word for word, meant in ORDER_TYPES.items() if TYPE_FACTS[meant].price in prices))
        for price, prices in (
            *((Price.LIMIT, {Price.LIMIT}), (Price.PROTECTIVE, {Price.PROTECTIVE})),
            (Price.NONE, UNPRICED),
        )
    }
    none = {"properties": {name: {"$ref": "#/$defs/blank"} for name in _names("limit_price")}}
    return {
        "if": {"anyOf": [unpriced, by_type[Price.NONE]]},
        # A type that needs a price beside a side that has none is read, and refused for the price that is missing.
        "then": {"allOf": [none, {"not": by_type[Price.LIMIT]}]},
        "else": {"if": by_type[Price.PROTECTIVE], "else": _filled("limit_price")},
    }


def _offset() -> Schema:
    """What is added to a price from the market needs an order type that has one."""
    priced = (word for word, meant in ORDER_TYPES.items() if TYPE_FACTS[meant].price is Price.LEVEL)
    return {"if": _filled("price_offset"), "then": _of("order_type", priced)}


def _of(column: str, words: Iterable[str]) -> Schema:
    """That a column is filled with one of these words, by either of its names."""
    value = _matches(any_case(words))
    return {"anyOf": [{"required": [name], "properties": {name: value}} for name in _names(column)]}


def _columns() -> dict[str, Schema]:
    """The value of each column; nothing at all is a value, where the row does not need the column."""
    identity = {**_matches(values._ID.pattern, values.ID_CHARS_MAX), "not": {"pattern": _id_that_is_none()}}
    account = {
        **_matches(values._ACCOUNT.pattern, values.ACCOUNT_CHARS_MAX),
        "not": {"pattern": f"^(?:{values._ROUNDED.pattern})$"},
    }
    free = _matches(f"[^{_UNPRINTABLE}]*", values.TEXT_CHARS_MAX)
    moment = _matches(f"{_TIME}|{_DATE}[T ]{_TIME}{_OFFSET}?")
    quantity = {"type": "integer", "minimum": 1, "maximum": values.QUANTITY_MAX}
    price = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": int(values.PRICE_LIMIT)}
    amount = {"type": "integer", "minimum": 1, "maximum": int(values.AMOUNT_LIMIT) - 1}
    found: dict[str, list[Schema]] = {
        "action": [_matches(_action(*Action))],
        **{column: [identity] for column in ("client_order_id", *_EARLIER)},
        "account": [account],
        "symbol": [_matches("|".join([*_symbol_patterns(), any_case(values._ISSUES)]))],
        "side": [_matches(any_case(SIDES))],
        "quantity": [quantity, _matches(f"{_QUANTITY}|{any_case(values._LARGEST)}")],
        "order_type": [_matches(any_case(ORDER_TYPES))],
        "limit_price": [price, {**_matches(_PRICE), "not": {"pattern": r"^0+(?:\.0+)?$"}}],
        "price_offset": [_matches(r"[+-]?[0-9]{1,4}(?:[tT]|跳)|[+-]?[0-9]{1,2}(?:\.[0-9]{1,4})?%")],
        **{column: [free] for column in ("strategy", "note", "basket")},
        "trade_date": [_matches(_DATE)],
        **{column: [moment] for column in ("start_at", "expire_at")},
        "mode": [_matches(any_case(values._MODES))],
        "query": [_matches(any_case(values._QUERIES))],
        "transfer_amount": [amount, {**_matches(_AMOUNT), "not": {"pattern": r"^0+(?:\.0+)?$"}}],
    }
    return {
        column: {"description": f"{COLUMNS[column]}: {_ABOUT[column]}", "anyOf": [*found[column], _blank()]}
        for column in COLUMNS
    }


def _names(column: str) -> tuple[str, str]:
    return column, COLUMNS[column]


def _blank() -> Schema:
    return {"$ref": "#/$defs/blank"}


def _filled(column: str) -> Schema:
    value = {"not": _blank()}
    return {"anyOf": [{"required": [name], "properties": {name: value}} for name in _names(column)]}


def _matches(pattern: str, chars_max: int = 0) -> Schema:
    limit = {"maxLength": chars_max} if chars_max else {}
    return {"type": "string", "pattern": f"^(?:{pattern})$", **limit}


def _action(*actions: Action) -> str:
    return any_case(word for word, action in values._ACTIONS.items() if action in actions)


def _id_that_is_none() -> str:
    return f"^(?:{values._ROUNDED.pattern}|{any_case(values._MISSING)})$"


def any_case(words: Iterable[str]) -> str:
    """A pattern for these words in upper case, lower case and anything between."""
    return "|".join("".join(_any_case(letter) for letter in word) for word in words)


def _any_case(letter: str) -> str:
    both = sorted({letter.upper(), letter.lower()})
    return f"[{''.join(both)}]" if len(both) > 1 else letter


# ---- symbols ---------------------------------------------------------------------------------------------------------


def _symbol_patterns() -> list[str]:
    """Every spelling of a security that has one reading."""
    return [*_securities(), *_short_numbers(), *_options(), *_futures()]


def _securities() -> list[str]:
    """Six digits with their exchange, and those that some exchange lists without it."""
    listed = _either(prefix for rows in symbols._BY_EXCHANGE.values() for prefix in rows)
    found = [f"(?=(?:{listed}))[0-9]{{6}}"]
    for exchange, rows in symbols._BY_EXCHANGE.items():
        # A number that no exchange is known to list may be a new one: the exchange that is named stands.
        number = f"(?:(?={_either(rows)})|(?!{listed}))[0-9]{{6}}"
        names = any_case(name for name, meant in symbols._EXCHANGES.items() if meant == exchange)
        found += [rf"(?:{names})\.?{number}", rf"{number}\.?(?:{names})"]
    return found


def _short_numbers() -> list[str]:
    """Stocks of Shenzhen without the zeros that a spreadsheet eats."""
    found = []
    for prefix, listing in symbols._BY_EXCHANGE["SZ"].items():
        rest = prefix.lstrip("0")
        if listing.kind is InstrumentKind.STOCK and rest != prefix:
            found.append(f"{rest}[0-9]{{3}}" if rest else "[1-9][0-9]{0,2}")
    return found


def _options() -> list[str]:
    found = []
    for prefix, exchange in symbols._OPTION_BY_PREFIX.items():
        names = any_case(name for name, meant in symbols._OPTION_EXCHANGES.items() if meant == exchange)
        found.append(rf"{prefix}[0-9]{{6}}(?:\.(?:{names}))?|(?:{names})\.{prefix}[0-9]{{6}}")
    return found


def _futures() -> list[str]:
    names = any_case(symbols._FUTURES_EXCHANGES)
    return [rf"{symbols._CONTRACT}\.(?:{names})|(?:{names})\.{symbols._CONTRACT}"]


def _either(prefixes: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(set(prefixes)))})"
