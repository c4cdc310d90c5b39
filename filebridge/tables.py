"""The tables of the reports: their columns, and rows as CSV that Excel reads and runs no formula of."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

Row = dict[str, Any]

RECEIPT = (
    "row client_order_id action account symbol side quantity limit_price outcome reason_code message message_zh tag "
    "earlier_status"
).split()
# What `check` says beside it.
CHECK = [*RECEIPT, *"foreseen price worth quote waits_for about notes notes_zh".split()]
ORDERS = (
    "client_order_id account symbol name side order_type quantity limit_price status filled_qty leaves_qty "
    "avg_fill_price reason_code message message_zh needs_person tag broker_order_id counter_order_id strategy basket "
    "note file row received_at submitted_at updated_at replaces"
).split()
FILLS = (
    "seq trade_id client_order_id account symbol side last_qty last_price amount commission filled_qty leaves_qty "
    "avg_fill_price tag counter_order_id traded_at recorded_at"
).split()
POSITIONS = "symbol name quantity available_qty avg_cost last_price market_value direction".split()
ASSET = "cash frozen_cash market_value total_asset at".split()

# The answers to what files asked of the broker, by what was asked.
_OF_ACCOUNT, _NO_ANSWER = ["account", "at"], ["reason_code", "message", "message_zh"]
QUERIES = {
    query: [*_OF_ACCOUNT, *columns.split(), *_NO_ANSWER]
    for query, columns in {
        "assets": "cash frozen_cash market_value total_asset",
        "positions": "symbol name quantity available_qty avg_cost last_price market_value direction",
        "orders": "symbol name side quantity limit_price status filled_qty text tag broker_order_id counter_order_id "
        "ordered_at",
        "trades": "symbol side trade_id last_qty last_price amount commission tag broker_order_id counter_order_id "
        "traded_at",
        "ipo": "symbol name type min_quantity max_quantity purchase_date issue_price limit_sh limit_sz limit_kcb",
        "quotes": "symbol name source quoted_at age_seconds last prev_close limit_down limit_up bid_1 bid_2 bid_3 "
        "bid_4 bid_5 ask_1 ask_2 ask_3 ask_4 ask_5",
    }.items()
}

# A cell that starts like this is a formula to Excel; a plain number is not.
_FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
# Where a piece of CSV has no such start, no cell of it needs a look: nearly always, and it is most of the work.
_MAY_BE_FORMULA = re.compile(r'(?:^|[,"\n])[=+\-@\t\r＝＋－＠]|"\n|\r')
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?$")
BOM = "\ufeff"
_LINES_A_PIECE = 500


def table(columns: list[str], rows: Iterable[Row]) -> str:
    """A whole CSV, as Excel reads it."""
    return BOM + ",".join(columns) + "\n" + "".join(csv_lines(columns, rows))


def csv_lines(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    """Whole lines, some hundred in a piece."""
    values = itemgetter(*columns)
    found = iter(rows)
    while part := list(islice(found, _LINES_A_PIECE)):
        plain = [values(row) for row in part]
        text = _csv(plain)
        yield text if _MAY_BE_FORMULA.search(text) is None else _csv([map(cell, row) for row in plain])


def _csv(rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def cell(value: object) -> str:
    """Text as it is, but never as a formula that Excel would run."""
    # A carriage return ends a line to Excel and is no reason to quote to Python: what follows it would be a row.
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text[:1] in _FORMULA_STARTS and text and not _NUMBER.match(text) else text
