"""docs/schema/order-file.json says what filebridge reads: what it lets pass is read, what it refuses is refused.

Both ways are tried on random documents; the samples are held against it as well.
"""

import csv
import io
import json
import string
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from docs import schemas
from filebridge.domain.orders import Action
from filebridge.domain.reasons import Problem
from filebridge.domain.sides import TRANSFERS, Pricing, facts_of
from filebridge.orderfiles import FORMATS, ParsedFile, parse, values
from filebridge.orderfiles.base import FILE_ROW
from filebridge.orderfiles.columns import COLUMNS, column_of
from filebridge.orderfiles.csvfile import CsvTable, read_slices
from filebridge.orderfiles.sidewords import SIDES
from filebridge.orderfiles.text import read_text
from tests.golden.regenerate import answer_path, samples

TODAY = date(2026, 11, 20)
WHOLE = schemas.order_file()
DEFS: dict[str, Any] = WHOLE["$defs"]
ROW = {"$ref": "#/$defs/row", "$defs": DEFS}
DOCUMENT, ROWS, LINES = map(Draft202012Validator, (WHOLE, ROW, schemas.order_line()))
NEEDED = ("symbol", "side", "quantity", "limit_price")
EARLIER = ("orig_client_order_id", "broker_order_id")
PASSED_OVER = "证券名称"
OF_ALL = ("account", "strategy", "note", "basket", "trade_date", "mode")
SELDOM = (*OF_ALL, "order_type", "start_at")
# What a row needs (a cancel one of them), and what it may have.
OF_ACTION: dict[Action, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Action.ORDER: (NEEDED, ("client_order_id", *SELDOM)),
    Action.CANCEL: (EARLIER, ("client_order_id", *SELDOM, *NEEDED)),
    Action.CANCEL_ALL: ((), (*OF_ALL, "symbol", "side")),
    Action.QUERY: (("query",), ("account", "symbol", "note", "mode")),
    Action.TRANSFER: (("client_order_id", "side", "transfer_amount"), OF_ALL),
    Action.REPLACE: (("orig_client_order_id", "quantity"), ("client_order_id", "limit_price", *SELDOM)),
}
WAYS = [word for word, side in SIDES.items() if side in TRANSFERS and facts_of(side).pricing is Pricing.AMOUNT]
# What is wrong is the file's form, which is gone when its rows are looked at; and what no schema can say.
FORM = {"ROW_JSON_BROKEN", "COLUMN_UNNAMED", "COLUMN_DUPLICATE", "ROW_TOO_SHORT", "ROW_TEXT_AFTER_LAST_COLUMN"}
BEYOND_A_SCHEMA = {"EXPIRE_BEFORE_START"}

# With its mark: without one, a few letters that no Chinese file holds would be read as GBK.
MARKED = "utf-8-sig"

Row = dict[str, Any]


# ---- documents that fit ----------------------------------------------------------------------------------------------


@cache
def filled(column: str) -> st.SearchStrategy[Any]:
    """Values that the schema has for a column, but for none at all."""
    fits = Draft202012Validator({**DEFS[column], "$defs": DEFS})
    kinds = [kind for kind in DEFS[column]["anyOf"] if "$ref" not in kind]
    return st.one_of([_of(kind) for kind in kinds]).filter(lambda value: fits.is_valid(value) and _is_meant(value))


@cache
def words_for(action: Action) -> st.SearchStrategy[Any]:
    """Made once for each action: to make a strategy of patterns takes far longer than to draw from it."""
    return filled("action").filter(lambda word: values.read_action(word) is action)


def _of(kind: Row) -> st.SearchStrategy[Any]:
    if kind["type"] == "integer":
        return st.integers(kind["minimum"], kind["maximum"])
    if kind["type"] == "number":
        # In ten-thousandths, as no schema can say that there are no finer prices.
        return st.integers(1, kind["exclusiveMaximum"] * 10_000 - 1).map(lambda price: price / 10_000)
    return st.from_regex(kind["pattern"], fullmatch=True)


def _is_meant(value: Any) -> bool:
    """No blank text, and a day that the calendar has; a schema can say neither."""
    if not isinstance(value, str):
        return True
    day = value.partition("T")[0].partition(" ")[0]
    parts = day.replace("/", "-").split("-") if "-" in day or "/" in day else [day[:4], day[4:6], day[6:]]
    if all(part.isdecimal() for part in parts) and len(parts) == 3 and len(parts[0]) == 4 and day.startswith("20"):
        try:
            date(*map(int, parts))
        except ValueError:
            return False
    return value.strip() == value != ""


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row that the schema lets pass."""
    action = draw(st.sampled_from([*[Action.ORDER] * 4, *Action]))
    row: Row = {}
    if action is not Action.ORDER or draw(st.booleans()):
        row[_name(draw, "action")] = draw(words_for(action))
    needed, others = OF_ACTION[action]
    for column in (draw(st.sampled_from(needed)),) if action is Action.CANCEL else needed:
        way = action is Action.TRANSFER and column == "side"
        row[_name(draw, column)] = draw(st.sampled_from(WAYS) if way else filled(column))
    more = draw(st.lists(st.sampled_from(others), unique=True, max_size=4))
    for column in more:
        row[_name(draw, column)] = draw(st.sampled_from(["", None]) | filled(column) | filled(column))
    # Whether a price may stand there is a matter of the side and the order type.
    assume(ROWS.is_valid(row))
    passed_over = draw(st.booleans())
    return {**row, PASSED_OVER: draw(st.sampled_from([None, "浦发银行", True, {}]))} if passed_over else row


def _name(draw: st.DrawFn, column: str) -> str:
    return draw(st.sampled_from([column, column, COLUMNS[column]]))


def read(document: Any) -> ParsedFile:
    return parse(json.dumps(document, ensure_ascii=False).encode(MARKED), name="orders.json", today=TODAY)


GOOD = {"symbol": "600000", "side": "BUY", "quantity": 100, "limit_price": 10.51}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(rows(), min_size=1, max_size=3))
@example([GOOD | {"start_at": "9:35", "expire_at": "2026-11-20 14:57:00.5Z", "trade_date": "2026/1/5"}])
@example([GOOD | {"symbol": text} for text in ("1", "2594", "SHO.10004358", "if2401.if", "131810.sz", "970001.SH")])
@example([GOOD | {"quantity": "2,147,483", "limit_price": "1,680.50", "client_order_id": "策略 1/a"}])
def test_what_fits_the_schema_is_read_without_a_problem(document: list[Row]) -> None:
    assert DOCUMENT.is_valid(document), [error.message for error in DOCUMENT.iter_errors(document)]
    found = read(document)
    assert found.problems == ()
    assert len(found.instructions) == len(document)
    assert read({"orders": document}).instructions == found.instructions
    lines = "".join(json.dumps(row) + "\n" for row in [*document, {"end": len(document)}])
    assert [LINES.is_valid(json.loads(line)) for line in lines.splitlines()] == [True] * (len(document) + 1)
    assert parse(lines.encode(), name="orders.jsonl", today=TODAY).instructions == found.instructions


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(rows())
def test_the_cells_of_a_csv_are_the_same_values(row: Row) -> None:
    cells = {name: "" if value is None else str(value) for name, value in row.items() if name != PASSED_OVER}
    assume(any(cells.values()))
    buffer = io.StringIO()
    csv.writer(buffer).writerows([list(cells), list(cells.values())])
    found = parse(buffer.getvalue().encode(MARKED), name="orders.csv", today=TODAY)
    assert found.problems == ()
    assert [order._replace(row=1) for order in found.instructions] == list(read([row]).instructions)


# ---- documents that do not ------------------------------------------------------------------------------------------

NO_VALUE = st.sampled_from([True, False, [], {}, ["600000"], {"value": 1}])
WORD = st.text(string.ascii_letters + string.digits + string.punctuation + " 买卖限价", min_size=1, max_size=12)
# Of these the schema is stricter than filebridge: a text with many digits or with commas.
_DIGITS = frozenset(string.digits + ".,")


@st.composite
def broken(draw: st.DrawFn) -> Row:
    """A row that would pass but for one thing."""
    row = draw(rows())
    by_column = {column: name for name in row if isinstance(column := column_of(name), str) and column}
    action = row.get(by_column.get("action", "")) or "order"
    meant = values.read_action(action)
    assert isinstance(meant, Action)
    needed = [column for column in OF_ACTION[meant][0] if column in by_column]
    how = draw(st.sampled_from(["missing", "blank", "kind", "word", "unknown", "twice", "earlier"]))
    if meant is Action.CANCEL_ALL:
        how = draw(st.sampled_from(["kind", "unknown", "twice", "earlier"]))
    column = draw(st.sampled_from(sorted(by_column)))
    if how == "missing":
        return {name: value for name, value in row.items() if name != by_column[draw(st.sampled_from(needed))]}
    if how == "blank":
        return row | {by_column[draw(st.sampled_from(needed))]: draw(st.sampled_from(["", None]))}
    if how == "kind":
        return row | {by_column[column]: draw(NO_VALUE)}
    if how == "unknown":
        return row | {draw(WORD.filter(lambda text: not isinstance(column_of(text), str))): "1"}
    if how == "twice":
        other = COLUMNS[column] if by_column[column] == column else column
        return row | {other: row[by_column[column]]}
    if how == "earlier" and meant not in (Action.CANCEL, Action.REPLACE):
        return row | {draw(st.sampled_from(EARLIER)): "A-001"}
    if how == "earlier" and "query" not in by_column:
        return row | {"query": "assets"}
    word = draw(WORD.map(str.strip).filter(lambda text: text and not set(text) <= _DIGITS))
    return row | {by_column[column]: word}


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(broken())
@example(GOOD | {"symbol": "600000.SZ"})
@example(GOOD | {"symbol": "12345"})
@example(GOOD | {"quantity": 2**31})
@example(GOOD | {"quantity": 0})
@example(GOOD | {"quantity": -100})
@example(GOOD | {"quantity": 1.5})
@example(GOOD | {"quantity": "1e3"})
@example(GOOD | {"limit_price": 0})
@example(GOOD | {"limit_price": "0.00"})
@example(GOOD | {"limit_price": 10_000_000})
@example(GOOD | {"limit_price": "10,5"})
@example(GOOD | {"client_order_id": "nan"})
@example(GOOD | {"client_order_id": "2.02611E+17"})
@example(GOOD | {"client_order_id": "x" * 65})
@example(GOOD | {"note": "x" * 129})
@example(GOOD | {"trade_date": "2026-13-01"})
@example(GOOD | {"start_at": "24:00"})
def test_what_breaks_the_schema_in_one_place_is_refused(row: Row) -> None:
    assume(not ROWS.is_valid(row))
    assert read([GOOD, row]).problems != ()


def test_a_document_of_another_shape_is_refused() -> None:
    shapes: tuple[Any, ...] = ([], {}, {"orders": []}, {"orders": [GOOD], "by": "me"}, ["600000"], "600000", None, GOOD)
    for document in shapes:
        assert not DOCUMENT.is_valid(document)
        assert parse(json.dumps(document).encode(), name="orders.json", today=TODAY).problems != ()
    for line in ({"end": 0}, {"end": "1"}, {"end": 1, "by": "me"}, {"symbol": "600000"}):
        assert not LINES.is_valid(line)
        assert parse(f"{json.dumps(line)}\n".encode(), name="orders.jsonl", today=TODAY).problems != ()


# ---- the samples -----------------------------------------------------------------------------------------------------


def rows_of(sample: Path) -> list[Any]:
    """A sample as JSON: the columns by their English names where they have one, the cells as texts."""
    content = read_text(sample.read_bytes())
    assert not isinstance(content, Problem)
    kind = FORMATS[sample.suffix]
    if kind == "json":
        document = json.loads(content.text)
        return list(document["orders"] if isinstance(document, dict) else document)
    if kind == "jsonl":
        return [row for line in content.text.splitlines() if "end" not in (row := json.loads(line))]
    table = CsvTable()
    slices = read_slices(content.text, table, end_line_required=False, rows_a_slice=1000)
    rows = [row for part in slices for row in part]
    meant = [(place, name, column_of(name)) for place, name in enumerate(table.header) if name.strip("\ufeff")]
    names = [(place, column if isinstance(column, str) else name) for place, name, column in meant if column]
    return [{name: row.cells[place].strip() for place, name in names} for row in rows]


def has_rows(sample: Path) -> bool:
    """Whether a sample's rows can be looked at: not where its form is what is wrong, nor another system's files."""
    read = json.loads(answer_path(sample).read_text(encoding="utf-8"))
    native = read["format"] in ("", *FORMATS.values())
    return native and not any(found["row"] == FILE_ROW or found["code"] in FORM for found in read["problems"])


# A workbook's cells are no texts, so what it says is not in its cells alone.
TEXTS = (".csv", ".txt", ".tsv", ".json", ".jsonl")
WITH_ROWS = [sample for sample in samples() if sample.suffix in TEXTS and has_rows(sample)]


@pytest.mark.parametrize("sample", WITH_ROWS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_schema_agrees_with_the_samples(sample: Path) -> None:
    problems = json.loads(answer_path(sample).read_text(encoding="utf-8"))["problems"]
    fits = all(ROWS.is_valid(row) for row in rows_of(sample))
    assert fits is all(found["code"] in BEYOND_A_SCHEMA for found in problems)


def test_the_samples_are_there() -> None:
    assert {sample.parent.name for sample in WITH_ROWS} == {"accepted", "denied", "language", "refused"}
    assert len(WITH_ROWS) > 40
