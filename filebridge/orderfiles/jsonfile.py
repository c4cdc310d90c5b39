"""Text to JSON rows: an array of orders, an object with `orders`, or one object a line; numbers keep their digits.

JSON Lines end with a newline, or with a line `{"end": <rows>}` whose count must fit and after which nothing follows.
They may begin with a line `{"rows": <rows>}`, which shows every cut by itself.
Rows are the elements of the array, counted from 1; in JSON Lines they are the lines, as an editor counts them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from filebridge.domain.reasons import Problem, Reason
from filebridge.orderfiles.base import file_problem, problem

END_KEY, ROWS_KEY = "end", "rows"


class JsonNumber(str):
    """A number as the file spells it; what it is worth depends on the column."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class JsonConstant:
    """NaN, Infinity or -Infinity: not JSON, though programs write them, and no value of any column."""

    spelled: str


@dataclass(frozen=True, slots=True)
class JsonObject:
    """The pairs of an object in their order, a repeated key included."""

    pairs: Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class JsonRow:
    number: int
    pairs: Sequence[tuple[str, object]]


@dataclass(slots=True)
class JsonTable:
    """What could be read of a JSON file until now; `rows_found` counts the unusable rows too.

    `row_problems` are those of the slice that was read last.
    """

    rows_found: int = 0
    file_problems: list[Problem] = field(default_factory=list)
    row_problems: list[Problem] = field(default_factory=list)


def read_document(text: str, table: JsonTable) -> Iterator[list[JsonRow]]:
    """Every row of a JSON document; a document is read as a whole, so in one slice."""
    document = _loads(text)
    if isinstance(document, _Broken):
        table.file_problems.append(file_problem("FILE_JSON_BROKEN", line=document.line, place=document.place))
        return
    orders = _orders(document, table)
    if orders is not None:
        rows: list[JsonRow] = []
        for number, element in enumerate(orders, start=1):
            _add_row(number, element, rows, table)
        yield rows
        _check_any(table)


def read_lines(text: str, table: JsonTable, *, end_line_required: bool, rows_a_slice: int) -> Iterator[list[JsonRow]]:
    """Every row of JSON Lines, some at a time. A broken line is a problem of that row."""
    rows: list[JsonRow] = []
    end: int | None = None
    announced: int | None = None
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip():
            continue
        if end is not None:
            table.file_problems.append(file_problem("FILE_END_LINE_NOT_LAST", line, line=str(number)))
            break
        element = _loads(line)
        if isinstance(element, _Broken):
            table.rows_found += 1
            table.row_problems.append(problem(number, "", line, Reason("ROW_JSON_BROKEN", {"place": element.place})))
        elif number == 1 and (announced := _count_of(element, ROWS_KEY)) is not None:
            continue
        elif (end := _count_of(element, END_KEY)) is None:
            _add_row(number, element, rows, table)
        if len(rows) + len(table.row_problems) >= rows_a_slice:
            yield rows
            rows, table.row_problems = [], []
    yield rows
    table.row_problems = []
    counts = [count for count in (announced, end) if count is not None]
    _check_lines_whole(text, counts, table, has_end=end is not None, end_line_required=end_line_required)
    _check_any(table)


def _lines(text: str) -> Iterator[str]:
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def scalar_text(value: object) -> str | Reason:
    """The text of a JSON value that can stand in a cell ('' for null), or why it cannot."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return Reason("VALUE_TYPE_WRONG")


def raw_text(value: object) -> str:
    """A JSON value as a problem shows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, JsonConstant):
        return value.spelled
    return "{…}" if isinstance(value, JsonObject) else "[…]"


@dataclass(frozen=True, slots=True)
class _Broken:
    line: str
    place: str


def _loads(text: str) -> object | _Broken:
    try:
        element: object = json.loads(
            text.removeprefix("\ufeff"),
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=JsonConstant,
            object_pairs_hook=JsonObject,
        )
    except json.JSONDecodeError as error:
        return _Broken(str(error.lineno), str(error.colno))
    except RecursionError:
        # Nested thousands deep: no order file, whatever it is.
        return _Broken("1", "1")
    return element


def _orders(document: object, table: JsonTable) -> list[object] | None:
    if isinstance(document, list):
        return document
    if not isinstance(document, JsonObject):
        table.file_problems.append(file_problem("FILE_JSON_SHAPE"))
        return None
    keys = [key for key, _ in document.pairs]
    values = [value for key, value in document.pairs if key == "orders"]
    if len(keys) == 1 and values and isinstance(values[0], list):
        return values[0]
    table.file_problems.append(file_problem("FILE_JSON_SHAPE", ", ".join(keys)))
    return None


def _add_row(number: int, element: object, rows: list[JsonRow], table: JsonTable) -> None:
    table.rows_found += 1
    if isinstance(element, JsonObject):
        rows.append(JsonRow(number, element.pairs))
    else:
        table.row_problems.append(problem(number, "", raw_text(element), Reason("ROW_NOT_AN_OBJECT")))


def _count_of(element: object, key_wanted: str) -> int | None:
    """The count of the end line or the first line, -1 if it is no whole number; None for any other line."""
    if not isinstance(element, JsonObject) or [key.casefold() for key, _ in element.pairs] != [key_wanted]:
        return None
    count = element.pairs[0][1]
    digits = isinstance(count, JsonNumber) and count.isdecimal() and len(count) < 10
    return int(str(count)) if digits else -1


def _check_lines_whole(
    text: str, counts: Sequence[int], table: JsonTable, *, has_end: bool, end_line_required: bool
) -> None:
    wrong = next((count for count in counts if count != table.rows_found), None)
    if wrong is not None:
        context = {"promised": "?" if wrong < 0 else str(wrong), "found": str(table.rows_found)}
        table.file_problems.append(file_problem("FILE_ROW_COUNT_MISMATCH", **context))
    elif end_line_required and not counts:
        table.file_problems.append(file_problem("FILE_END_LINE_MISSING", found=str(table.rows_found)))
    elif not has_end and not text.endswith("\n"):
        table.file_problems.append(file_problem("FILE_NO_FINAL_NEWLINE"))


def _check_any(table: JsonTable) -> None:
    if not table.rows_found:
        table.file_problems.append(file_problem("FILE_NO_ORDERS"))
