"""The columns of the native order file: their names in both languages, and which header cell means which column.

How a value in a column is read stands in values.py.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.symbols import half_width
from filebridge.orderfiles.base import problem

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
    "strategy": "策略名称",
    "note": "备注",
    "basket": "篮子",
    "trade_date": "交易日",
    "start_at": "开始时间",
    "expire_at": "失效时间",
    "mode": "模式",
}
RANK = {column: rank for rank, column in enumerate(COLUMNS)}

# Columns of terminals' exports that say nothing about what to order: they are passed over. Not the market, which could
# contradict the symbol, and nothing about what became of an order, which a list of orders to send cannot know.
_PASSED_OVER = (
    "序号", "证券名称", "股票名称", "名称", "币种", "股东代码",
    "股东账号", "股东账户", "股东姓名", "客户姓名", "账号名称", "委托日期", "委托时间", "申报时间",
    "委托金额", "冻结金额",
    "最新价", "现价", "涨跌幅", "手续费", "name", "security_name",
)  # fmt: skip

# What other programs call a column: too unsure to be read as ours, sure enough to suggest ours.
_MEANT = {
    "code": "symbol", "ticker": "symbol", "stock_code": "symbol", "secid": "symbol", "stock": "symbol",
    "qty": "quantity", "volume": "quantity", "vol": "quantity", "amount": "quantity", "shares": "quantity",
    "order_volume": "quantity", "order_qty": "quantity", "px": "limit_price", "order_price": "limit_price",
    "direction": "side", "bs": "side", "order_side": "side", "price_type": "order_type", "ord_type": "order_type",
    "account_id": "account", "acct": "account", "id": "client_order_id", "cl_ord_id": "client_order_id",
    "sid": "client_order_id", "signal_id": "client_order_id", "strategy_name": "strategy", "remark": "note",
    "comment": "note", "date": "trade_date",
    "代码": "symbol", "股票代码": "symbol", "基金代码": "symbol", "债券代码": "symbol",
    "数量": "quantity", "股数": "quantity", "委托股数": "quantity", "价格": "limit_price", "报价": "limit_price",
    "限价": "limit_price", "方向": "side", "操作": "side", "买卖": "side", "买卖标志": "side", "委托方向": "side",
    "委托类别": "side", "交易类别": "side", "价格类型": "order_type", "委托类型": "order_type",
    "资金账户": "account", "账号": "account", "账户": "account", "编号": "client_order_id",
    "合同编号": "broker_order_id", "策略": "strategy", "交易日期": "trade_date", "日期": "trade_date",
}  # fmt: skip

_INVISIBLE = re.compile(r"[\s_\-\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """One header cell: its place, how the file spells it, and the column that it means ('' = passed over)."""

    index: int
    spelled: str
    column: str


def column_key(text: str) -> str:
    """What is left of a header cell when case, width, spaces, hyphens and underscores do not count."""
    return _INVISIBLE.sub("", half_width(text)).casefold()


_BY_KEY = {column_key(name): column for column, name_zh in COLUMNS.items() for name in (column, name_zh)}
_PASSED_OVER_KEYS = frozenset(map(column_key, _PASSED_OVER))
_MEANT_BY_KEY = {column_key(name): column for name, column in _MEANT.items()}


@lru_cache(maxsize=256)
def column_of(text: str) -> str | Reason:
    """The column that a header cell or a JSON key means, '' for one that is passed over, or why it is neither."""
    key = column_key(text)
    if key in _BY_KEY:
        return _BY_KEY[key]
    if key in _PASSED_OVER_KEYS:
        return ""
    if not key:
        return Reason("COLUMN_UNNAMED")
    near = difflib.get_close_matches(key[:40], _BY_KEY, n=1, cutoff=0.6)
    meant = _MEANT_BY_KEY.get(key) or (_BY_KEY[near[0]] if near else "")
    if meant:
        return Reason("COLUMN_MISSPELT", column_names(meant, "suggestion"))
    return Reason("COLUMN_UNKNOWN")


def column_names(column: str, role: str = "name") -> dict[str, str]:
    """Both names of a column as the context of a reason: the English one first for English, the Chinese for Chinese."""
    return {role: f"{column} ({COLUMNS[column]})", f"{role}_zh": f"{COLUMNS[column]}（{column}）"}


def read_header(row: int, cells: Sequence[str]) -> tuple[list[HeaderCell], list[Problem]]:
    """The header cells that can be used, and every problem of the header; trailing blank cells are no columns."""
    known: list[HeaderCell] = []
    problems: list[Problem] = []
    first_spelling: dict[str, str] = {}
    for index, cell in enumerate(cells[: header_width(cells)]):
        spelled = cell.strip("\ufeff \t\u3000")
        column = column_of(spelled)
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


def header_width(cells: Sequence[str]) -> int:
    """How many cells a row has: up to the last one that is not blank."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width
