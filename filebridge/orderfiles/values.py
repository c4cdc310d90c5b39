"""How the text of one cell becomes a value, column by column: a pattern is matched first, then converted.

Notation may be normalised (`1,000`, full width, spaces around); a value is never guessed, and what has two readings is
refused. What concerns several cells of a row is checked in native.py.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from filebridge.domain.orders import SHANGHAI, Action, OrderType, Query, Side
from filebridge.domain.pricing import read_offset
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import SymbolReading, half_width, read_symbol
from filebridge.orderfiles.base import UNPRINTABLE
from filebridge.orderfiles.cells import moment_text
from filebridge.orderfiles.sidewords import (
    ORDER_TYPES,
    SIDES,
    SIDES_AMBIGUOUS,
    SIDES_ELSEWHERE,
    TYPES_AMBIGUOUS,
    TYPES_ELSEWHERE,
)

Value = str | int | Decimal | date | datetime | time | Action | Side | OrderType | Query | SymbolReading

ID_CHARS_MAX = 64
TEXT_CHARS_MAX = 128
ACCOUNT_CHARS_MAX = 32
QUANTITY_MAX = 2**31 - 1  # the broker's interface carries a quantity as a signed 32-bit number
PRICE_LIMIT = Decimal(10_000_000)
PRICE_DECIMALS_MAX = 4
AMOUNT_LIMIT = Decimal(10**12)
_NUMBER_CHARS_MAX = 32
_SYMBOL_CHARS_MAX = 32

_ACTIONS = {
    **dict.fromkeys(("order", "委托", "下单"), Action.ORDER),
    **dict.fromkeys(("cancel", "撤单"), Action.CANCEL),
    **dict.fromkeys(("cancel_all", "全撤", "全部撤单"), Action.CANCEL_ALL),
    **dict.fromkeys(("replace", "改单"), Action.REPLACE),
    **dict.fromkeys(("query", "查询"), Action.QUERY),
    **dict.fromkeys(("transfer", "划转", "资金划转", "银证转账", "股份划转"), Action.TRANSFER),
}
# What xttrader can do beside.
_ACTIONS_ELSEWHERE = ("ctp_transfer", "内转", "资金内转", "algo", "算法委托", "约券")
_QUERIES = {
    **dict.fromkeys(("assets", "资产", "资金"), Query.ASSETS),
    **dict.fromkeys(("positions", "持仓"), Query.POSITIONS),
    **dict.fromkeys(("orders", "委托", "当日委托"), Query.ORDERS),
    **dict.fromkeys(("trades", "成交", "当日成交"), Query.TRADES),
    **dict.fromkeys(("ipo", "新股", "新股申购"), Query.IPO),
    **dict.fromkeys(("quotes", "行情", "报价"), Query.QUOTES),
}
# Every new issue of the day, and its largest size; what a native row may say, and no other system's file.
_ISSUES = {
    "all": "ALL",
    "全部": "ALL",
    "all_shares": "ALL_SHARES",
    "全部新股": "ALL_SHARES",
    "all_bonds": "ALL_BONDS",
    "全部新债": "ALL_BONDS",
}
_LARGEST = ("max", "最大", "顶格")
_MODES = {"paper": "paper", "模拟": "paper", "live": "live", "实盘": "live"}

# With one or two zeros behind the point it is still whole (pandas writes 100.0); three could be a thousand.
_WHOLE = re.compile(r"([0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.00?)?")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?|[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]+")
# Grouping is no decimal comma here: there are two decimals at most.
_AMOUNT = re.compile(r"([0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.([0-9]{1,2}))?")
_NEGATIVE = re.compile(r"-[0-9][0-9.,]*")
_COMMA_DECIMAL = re.compile(r"[0-9]+(?:,[0-9]+)+")
# The first character is one that a spreadsheet cannot take for a formula, so that ids come back unchanged.
_ID = re.compile(r"[A-Za-z0-9_\u3400-\u4dbf\u4e00-\u9fff][A-Za-z0-9_#\u3400-\u4dbf\u4e00-\u9fff .:/@+\-]*")
# What programs write for a missing value; as an id it would stand for many orders.
_MISSING = ("nan", "na", "n/a", "null", "none", "nil")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]+")
_DATE_TEXT = (
    r"(?P<year>20[0-9]{2})(?:(?P<mark>[-/])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
    r"|(?P<packed_month>[0-9]{2})(?P<packed_day>[0-9]{2}))"
)
_TIME_TEXT = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?)?"
_DATE = re.compile(_DATE_TEXT)
_CHINESE_DATE = re.compile(r"(20[0-9]{2})年([0-9]{1,2})月([0-9]{1,2})日")
_SERIAL = re.compile(r"[3-7][0-9]{4}")
_TIME = re.compile(_TIME_TEXT)
_DATE_TIME = re.compile(rf"{_DATE_TEXT}[T ]{_TIME_TEXT}(?P<offset>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?")


def read_action(text: str) -> Action | Reason:
    word = _word(text)
    if word in _ACTIONS_ELSEWHERE:
        return Reason("ACTION_NOT_SUPPORTED")
    return _ACTIONS.get(word) or Reason("ACTION_UNKNOWN")


def read_side(text: str) -> Side | Reason:
    word = _word(text)
    if word in SIDES:
        return SIDES[word]
    if word in SIDES_AMBIGUOUS:
        return Reason("SIDE_AMBIGUOUS", {"nearest": " / ".join(SIDES_AMBIGUOUS[word])})
    return Reason("SIDE_NOT_SUPPORTED" if SIDES_ELSEWHERE.search(word) else "SIDE_UNKNOWN")


def read_order_type(text: str) -> OrderType | Reason:
    word = _word(text)
    if word in ORDER_TYPES:
        return ORDER_TYPES[word]
    if word in TYPES_AMBIGUOUS:
        return Reason("ORDER_TYPE_AMBIGUOUS")
    return Reason("ORDER_TYPE_NOT_SUPPORTED" if TYPES_ELSEWHERE.search(word) else "ORDER_TYPE_UNKNOWN")


def read_mode(text: str) -> str | Reason:
    return _MODES.get(_word(text)) or Reason("MODE_UNKNOWN")


def read_query(text: str) -> Query | Reason:
    return _QUERIES.get(_word(text)) or Reason("QUERY_UNKNOWN")


def read_security(text: str) -> SymbolReading | Reason:
    if len(text) > _SYMBOL_CHARS_MAX:
        return Reason("SYMBOL_NOT_RECOGNISED")
    return read_symbol(text)


def read_security_or_issues(text: str) -> SymbolReading | Reason:
    """A security, or a word of ALL_ISSUES in its place."""
    meant = _ISSUES.get(_word(text))
    return SymbolReading(meant) if meant else read_security(text)


def read_quantity_or_largest(text: str) -> int | Reason:
    """A quantity; 0 is the largest that there may be."""
    return 0 if _word(text) in _LARGEST else read_quantity(text)


def read_quantity(text: str) -> int | Reason:
    """Shares (bonds: 张; futures and options: lots), 1 to 2,147,483,647."""
    number = half_width(text)
    if _NEGATIVE.fullmatch(number):
        return Reason("QUANTITY_NOT_POSITIVE")
    match = _WHOLE.fullmatch(number)
    if match is None:
        return Reason("QUANTITY_NOT_INTEGER")
    if len(number) > _NUMBER_CHARS_MAX:
        return Reason("QUANTITY_TOO_LARGE", {"limit": str(QUANTITY_MAX)})
    quantity = int(match[1].replace(",", ""))
    if quantity == 0:
        return Reason("QUANTITY_NOT_POSITIVE")
    return quantity if quantity <= QUANTITY_MAX else Reason("QUANTITY_TOO_LARGE", {"limit": str(QUANTITY_MAX)})


def read_price(text: str) -> Decimal | Reason:
    """CNY, at most four decimals. `10,5` and `1,680` are refused: the comma may group or may be the decimal point."""
    number = half_width(text)
    if _COMMA_DECIMAL.fullmatch(number):
        return Reason("PRICE_AMBIGUOUS")
    if _NEGATIVE.fullmatch(number):
        return Reason("PRICE_NOT_POSITIVE")
    if len(number) > _NUMBER_CHARS_MAX or not _DECIMAL.fullmatch(number):
        return Reason("PRICE_NOT_NUMBER")
    whole, _, decimals = number.replace(",", "").partition(".")
    # Zeros at the end are notation (programs print 10.500000); more digits than that are a rounding error of floats.
    decimals = decimals.rstrip("0")
    if len(decimals) > PRICE_DECIMALS_MAX:
        return Reason("PRICE_TOO_PRECISE", {"limit": str(PRICE_DECIMALS_MAX)})
    price = Decimal(f"{whole}.{decimals}" if decimals else whole)
    if price == 0:
        return Reason("PRICE_NOT_POSITIVE")
    return price if price < PRICE_LIMIT else Reason("PRICE_TOO_LARGE", {"limit": str(PRICE_LIMIT)})


def read_amount(text: str) -> Decimal | Reason:
    """Money to be moved, in CNY with two decimals at most."""
    number = half_width(text)
    refused = Reason("AMOUNT_NOT_READABLE", {"limit": str(AMOUNT_LIMIT)})
    match = _AMOUNT.fullmatch(number) if len(number) <= _NUMBER_CHARS_MAX else None
    amount = Decimal(number.replace(",", "")) if match else Decimal(0)
    return amount if 0 < amount < AMOUNT_LIMIT else refused


def read_price_offset(text: str) -> str | Reason:
    """`+2t` (ticks, also 2跳) or `-0.5%`, in its one spelling."""
    offset = read_offset(text)
    return Reason("PRICE_OFFSET_NOT_READABLE") if offset is None else str(offset)


def read_id(text: str) -> str | Reason:
    """An id, kept letter by letter, as programs look for it in the reports."""
    if _ROUNDED.fullmatch(text):
        return Reason("ID_ROUNDED_BY_SPREADSHEET")
    if text.casefold() in _MISSING:
        return Reason("ID_MEANS_MISSING")
    if len(text) > ID_CHARS_MAX:
        return Reason("ID_TOO_LONG", {"length": str(len(text)), "limit": str(ID_CHARS_MAX)})
    return text if _ID.fullmatch(text) else Reason("ID_CHARACTERS")


def read_account(text: str) -> str | Reason:
    account = half_width(text)
    if _ROUNDED.fullmatch(account):
        return Reason("ID_ROUNDED_BY_SPREADSHEET")
    if len(account) > ACCOUNT_CHARS_MAX or not _ACCOUNT.fullmatch(account):
        return Reason("ACCOUNT_CHARACTERS")
    return account


def read_free_text(text: str) -> str | Reason:
    """Kept as it is; a text that looks like a formula is defused where a report is written, not here."""
    if len(text) > TEXT_CHARS_MAX:
        return Reason("TEXT_TOO_LONG", {"length": str(len(text)), "limit": str(TEXT_CHARS_MAX)})
    if found := UNPRINTABLE.search(text):
        return Reason("TEXT_CONTROL_CHARACTER", {"character": f"U+{ord(found[0]):04X}"})
    return text


def read_date(text: str) -> date | Reason:
    plain = _plain_date(text)
    match = _DATE.fullmatch(plain)
    day = _date_of(match) if match else None
    return day or _day_number(plain) or Reason("DATE_NOT_READABLE")


def read_moment(text: str) -> datetime | time | Reason:
    """A date with time, at +08:00 unless it names its offset; or a time alone, which native.py puts on a date."""
    plain = _plain_date(text)
    if match := _TIME.fullmatch(plain):
        clock = _time_of(match)
        return Reason("TIME_NOT_READABLE") if clock is None else clock
    match = _DATE_TIME.fullmatch(plain)
    if match is None:
        return Reason("TIME_NOT_READABLE")
    day, clock, offset = _date_of(match), _time_of(match), _offset_of(match["offset"])
    if day is None or clock is None or offset is None:
        return Reason("TIME_NOT_READABLE")
    return datetime.combine(day, clock, offset).astimezone(SHANGHAI)


# Column -> its reader. Every reader takes text without spaces around it, never an empty one.
READERS: Mapping[str, Callable[[str], Value | Reason]] = {
    "action": read_action,
    "client_order_id": read_id,
    "orig_client_order_id": read_id,
    "broker_order_id": read_id,
    "account": read_account,
    "symbol": read_security,
    "side": read_side,
    "quantity": read_quantity,
    "order_type": read_order_type,
    "limit_price": read_price,
    "price_offset": read_price_offset,
    "strategy": read_free_text,
    "note": read_free_text,
    "basket": read_free_text,
    "trade_date": read_date,
    "start_at": read_moment,
    "expire_at": read_moment,
    "mode": read_mode,
    "query": read_query,
    "transfer_amount": read_amount,
}
# The same for native rows.
NATIVE_READERS = {**READERS, "symbol": read_security_or_issues, "quantity": read_quantity_or_largest}


def _word(text: str) -> str:
    return half_width(text).casefold()


def _plain_date(text: str) -> str:
    return _CHINESE_DATE.sub(r"\1-\2-\3", half_width(text))


def _day_number(text: str) -> Reason | None:
    """Why a spreadsheet's number of a day is no date: two kinds of workbooks begin to count on different days."""
    if not _SERIAL.fullmatch(text):
        return None
    first, second = (moment_text(int(text), since_1904=since_1904) for since_1904 in (False, True))
    return Reason("DATE_IS_SERIAL", {"first": first, "second": second})


def _date_of(match: re.Match[str]) -> date | None:
    month, day = match["month"] or match["packed_month"], match["day"] or match["packed_day"]
    try:
        return date(int(match["year"]), int(month), int(day))
    except ValueError:
        return None


def _time_of(match: re.Match[str]) -> time | None:
    microsecond = (match["fraction"] or "").ljust(6, "0")
    try:
        return time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), int(microsecond))
    except ValueError:
        return None


def _offset_of(text: str | None) -> timezone | None:
    """The named offset, +08:00 where none is named, None for one that does not exist."""
    if text is None:
        return SHANGHAI
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
