"""The columns of the native order file: their names in both languages, and which header cell means which column.

How a value in a column is read stands in values.py.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.symbols import SymbolReading, half_width, read_symbol
from filebridge.orderfiles.base import problem
from filebridge.orderfiles.wording import (
    ALSO,
    BARE,
    EXCHANGES,
    LOTS,
    PASSED_OVER,
    PLACED,
    POSITION,
    TWO_MEANINGS,
    UNITS,
    UNITS_MEANT,
    Meaning,
)

# Column -> its Chinese name. The order is the order in which problems of one row are told.
COLUMNS = {
    "action": "动作",
    "client_order_id": "自定义编号",
    "orig_client_order_id": "原自定义编号",
    "broker_order_id": "委托编号",
    "account": "资金账号",
    "symbol": "证券代码",
    "side": "买卖方向",
    "quantity": "委托数量",
    "order_type": "报价类型",
    "limit_price": "委托价格",
    "price_offset": "价格偏移",
    "strategy": "策略名称",
    "note": "备注",
    "basket": "篮子",
    "trade_date": "交易日",
    "start_at": "开始时间",
    "expire_at": "失效时间",
    "mode": "模式",
    "query": "查询内容",
    "transfer_amount": "划转金额",
}
RANK = {column: rank for rank, column in enumerate(COLUMNS)}

# What may be meant, but is too unsure to be read as ours.
_MEANT = {
    "secid": "symbol", "stock": "symbol", "security": "symbol", "instrument": "symbol",
    "id": "client_order_id", "sid": "client_order_id", "signal_id": "client_order_id",
}  # fmt: skip

_INVISIBLE = re.compile(r"[\s_\-\u200b-\u200f\u2060\ufeff]+")
# So far down a header is looked for, to say where it stands.
LOOK_ROWS = 20
_UNIT = re.compile(r"(?<=.)\((?:股|张|份|元|人民币|%)\)$")
# 委托数量(万股), 数量/手: a name, and what it is counted in.
_NAME_AND_UNIT = re.compile(r"(.+?)(?:\((.+)\)|\[(.+)\]|【(.+)】|/(.+))", re.DOTALL)
_LOT = "手"


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """One header cell: its place, how the file spells it, and the column that it means ('' = passed over)."""

    index: int
    spelled: str
    column: str


@lru_cache(maxsize=256)
def column_key(text: str) -> str:
    """What is left of a header cell when case, width, spaces, hyphens and underscores do not count."""
    return _UNIT.sub("", _INVISIBLE.sub("", half_width(text)).casefold())


_OWN_BY_KEY = {column_key(name): column for column, name_zh in COLUMNS.items() for name in (column, name_zh)}
# Both names in one cell, as in the template.
_BOTH_BY_KEY = {column_key(name_zh + column): column for column, name_zh in COLUMNS.items()}
_ALSO_BY_KEY = {column_key(name): column for column, names in ALSO.items() for name in names}
_BY_KEY = _ALSO_BY_KEY | _BOTH_BY_KEY | _OWN_BY_KEY
_PASSED_OVER_KEYS = frozenset(map(column_key, PASSED_OVER))
_MEANT_BY_KEY = {column_key(name): column for name, column in _MEANT.items()}
_POSITION_KEYS = frozenset(map(column_key, POSITION))
_PLACED_KEYS = frozenset(map(column_key, PLACED))
_LOTS_KEYS = frozenset(map(column_key, LOTS))
_EXCHANGE_KEYS = frozenset(map(column_key, EXCHANGES))
_BARE_BY_KEY = {column_key(name): meanings for name, meanings in BARE.items()}
_TWO_BY_KEY = {column_key(name): meanings for name, meanings in TWO_MEANINGS.items()}


@lru_cache(maxsize=256)
def column_of(text: str) -> str | Reason:
    """The column that a header cell or a JSON key means, '' for one that is passed over, or why it is neither."""
    key = column_key(text)
    if (unit := _unit_of(text)) and (column := _BY_KEY.get(unit[0])):
        return _in_unit(column, unit[1])
    if key in _BY_KEY:
        return _BY_KEY[key]
    if key in _PASSED_OVER_KEYS:
        return ""
    if not key:
        return Reason("COLUMN_UNNAMED")
    if key in _PLACED_KEYS:
        return Reason("COLUMN_OF_PLACED_ORDER")
    if key in _LOTS_KEYS or (unit and unit[1] == _LOT):
        return Reason("COLUMN_IN_LOTS")
    if key in _EXCHANGE_KEYS:
        return Reason("COLUMN_OF_EXCHANGE")
    if key in _TWO_BY_KEY:
        return _ambiguous(_TWO_BY_KEY[key])
    near = difflib.get_close_matches(key[:40], _OWN_BY_KEY, n=1, cutoff=0.6)
    meant = _MEANT_BY_KEY.get(key) or (_OWN_BY_KEY[near[0]] if near else "")
    if meant:
        return Reason("COLUMN_MISSPELT", column_names(meant, "suggestion"))
    return Reason("COLUMN_UNKNOWN")


def _unit_of(text: str) -> tuple[str, str] | None:
    """The name and the unit of a header cell that has both."""
    match = _NAME_AND_UNIT.fullmatch(_INVISIBLE.sub("", half_width(text)).casefold())
    return (match[1], next(filter(None, match.groups()[1:]))) if match else None


def _in_unit(column: str, unit: str) -> str | Reason:
    """The column, if its values are counted so; 委托价格(limit_price) names it twice."""
    if unit in UNITS.get(column, ()) or _BY_KEY.get(unit) == column:
        return column
    if unit == _LOT:
        return Reason("COLUMN_IN_LOTS")
    if column not in UNITS:
        return Reason("COLUMN_MISSPELT", column_names(column, "suggestion"))
    ours, ours_zh = UNITS_MEANT[column]
    context = {"unit": unit, "ours": ours, "ours_zh": ours_zh, **column_names(column)}
    return Reason("COLUMN_UNIT_UNKNOWN", context)


def column_names(column: str, role: str = "name") -> dict[str, str]:
    """Both names of a column as the context of a reason: the English one first for English, the Chinese for Chinese."""
    return {role: f"{column} ({COLUMNS[column]})", f"{role}_zh": f"{COLUMNS[column]}（{column}）"}


def read_header(row: int, cells: Sequence[str]) -> tuple[list[HeaderCell], list[Problem]]:
    """The header cells that can be used, and every problem of the header; trailing blank cells are no columns."""
    known: list[HeaderCell] = []
    problems: list[Problem] = []
    first_spelling: dict[str, str] = {}
    names = [unquoted(cell.strip("\ufeff \t\u3000")) for cell in cells[: header_width(cells)]]
    holdings = any(column_key(name) in _POSITION_KEYS for name in names)
    for index, spelled in enumerate(names):
        column = _column_beside_holdings(spelled) if holdings else column_of(spelled)
        if isinstance(column, Reason):
            reason = Reason(column.code, {**column.context, "place": str(index + 1)})
            problems.append(problem(row, spelled, spelled, reason))
        elif column and column in first_spelling:
            reason = Reason("COLUMN_DUPLICATE", {"first": first_spelling[column], **column_names(column)})
            problems.append(problem(row, spelled, spelled, reason))
        else:
            first_spelling[column] = spelled
            known.append(HeaderCell(index, spelled, column))
    return known, problems


def header_elsewhere(rows: Sequence[Sequence[str]]) -> int:
    """The place of the row that looks like the header, by naming two columns more than the first; 0 if none does."""
    first = len(named_columns(rows[0])) if rows else 0
    if first > 2:
        return 0
    return next((place for place, row in enumerate(rows) if len(named_columns(row)) >= first + 2), 0)


def is_no_header(cells: Sequence[str]) -> bool:
    """Whether a first row is an order already: it names no column, and a number or a code stands in it."""
    plain = (unquoted(cell.strip("\ufeff \t\u3000")) for cell in cells)
    return not named_columns(cells) and any(isinstance(read_symbol(cell), SymbolReading) for cell in plain)


def named_columns(cells: Iterable[str]) -> set[str]:
    """The columns that the cells of a row name, if it were a header; no suggestions are looked for."""
    return {column for cell in cells if (column := _BY_KEY.get(column_key(unquoted(cell.strip("\ufeff \t\u3000")))))}


def unquoted(text: str) -> str:
    """`="000001"`, by which exports keep Excel from changing a cell, means the text between the quotation marks."""
    return text[2:-1].strip() if text[:2] == '="' and text[-1:] == '"' and text.count('"') == 2 else text


def _column_beside_holdings(spelled: str) -> str | Reason:
    """In an export of positions their columns are passed over, and a bare 数量 may be the holding."""
    key = column_key(spelled)
    if key in _POSITION_KEYS:
        return ""
    if key in _BARE_BY_KEY:
        return _ambiguous(_BARE_BY_KEY[key])
    return column_of(spelled)


def _ambiguous(meanings: tuple[Meaning, Meaning]) -> Reason:
    (first, first_zh), (second, second_zh) = meanings
    return Reason("COLUMN_AMBIGUOUS", {"first": first, "first_zh": first_zh, "second": second, "second_zh": second_zh})


def header_width(cells: Sequence[str]) -> int:
    """How many cells a row has: up to the last one that is not blank."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width
