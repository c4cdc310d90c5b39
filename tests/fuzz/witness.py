"""A second reader of order files, small and strict, that shares no reading with the product: what rows a file has.

It answers with bare cells, and says whether an order that was read from a file is really what its row says. It uses the
product's list of column names, which is a table, and nothing else of it. A file that it cannot read is `Unreadable`;
the product must not have taken orders from one.
"""

import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree

from filebridge.domain.orders import Action, OrderInstruction, OrderType, Side
from filebridge.orderfiles import ParsedFile
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.wording import ALSO, PASSED_OVER, POSITION

# Row -> place -> what stands there: text, a number as a sheet holds it, or a kind of value that no order can hold.
Cells = dict[int, Any]
Table = dict[int, Cells]
# Row -> column -> what stands there.
Rows = dict[int, dict[str, Any]]
STRAY = "stray"
_ROOT_BYTES = 2_000
# Where a sheet begins; other parts name it, and may be swollen to what this library cannot hold.
_SHEET = re.compile(rb"<(?:[^<>\s:]+:)?worksheet[\s/>]")
_DAMAGE = (ElementTree.ParseError, ValueError, LookupError)


class Unreadable(Exception):
    """There is no sure reading."""


class Nonsense:
    """A truth value, an error, a list: nothing that a column of an order can hold."""


def rows_of(data: bytes, file: ParsedFile) -> list[Rows]:
    """What stands in the file, by row and column; of a workbook, for each of its sheets."""
    if file.format in ("json", "jsonl"):
        return [_json_rows(data, file)]
    if file.format == "csv":
        table, count = _csv_table(data, file)
        rows = _columns(table, is_csv=True)
        if count is not None and count != len(rows):
            raise Unreadable("another count of rows in the first line")
        return [rows]
    tables = _SHEETS[file.format](data)
    found = []
    for table in tables:
        try:
            found.append(_columns(table))
        except Unreadable:
            continue
    return found


def is_known(file: ParsedFile) -> bool:
    """Whether the format is one of ours; of other systems' files only what they say at all is compared."""
    return file.format in ("csv", "json", "jsonl", *_SHEETS)


def unsaid(data: bytes, order: OrderInstruction) -> Iterator[str]:
    """What an order says and no place of the file does, whatever its format: its number and its digits."""
    said = {
        "symbol": re.sub("[^0-9]", "", order.symbol).lstrip("0"),
        "quantity": str(order.quantity).rstrip("0"),
        "limit_price": str(order.limit_price or "").rstrip("0").rstrip("."),
    }
    # Digits of full width are digits, and 1,000 is 1000; whatever is no text here, its plain ones stay.
    folded = unicodedata.normalize("NFKC", data.decode("utf-8", "replace")).encode()
    for column, digits in said.items():
        if all(digits.encode() not in text for text in (data, folded, folded.replace(b",", b""))):
            yield f"{column} is {getattr(order, column)!r}, and the file says it nowhere"


def differences(row: Mapping[str, Any], order: OrderInstruction) -> Iterator[str]:
    """What an order says and its row does not."""
    if order.action is Action.TRANSFER and not row.get("symbol"):
        # Money has neither code nor quantity; its amount goes the way of a price.
        row = {**row, "symbol": order.symbol, "quantity": "1", "limit_price": row.get("transfer_amount")}
        if order.symbol != "CNY":
            yield f"symbol is {order.symbol!r}, and its cell is empty"
    if STRAY in row:
        yield f"its row has something outside of the columns: {row[STRAY]!r}"
    for column, check in CHECKS.items():
        said = row.get(column)
        value = getattr(order, column)
        if isinstance(said, str):
            said = _bare(said)
        if said is None or said == "":
            if value not in (None, "", 0, Action.ORDER, OrderType.LIMIT, OrderType.NO_PRICE):
                yield f"{column} is {value!r}, and its cell is empty"
        elif isinstance(said, Nonsense) or not check(said, value, order):
            yield f"{column} is {value!r}, and its cell says {said!r}"


def _bare(text: str) -> str:
    text = text.strip()
    match = re.fullmatch(r'="([^"]*)"', text)
    return match[1].strip() if match else text


# ---- what a cell may say ---------------------------------------------------------------------------------------------

_EXCHANGES = {"SH": "SH", "SS": "SH", "SZ": "SZ", "BJ": "BJ", "XSHG": "SH", "XSHE": "SZ", "BS": "BJ", "SSE": "SH"}
# What a bare number of a stock or fund means.
_BARE_NUMBERS = {"60": "SH", "68": "SH", "00": "SZ", "30": "SZ", "15": "SZ", "16": "SZ", "51": "SH", "58": "SH"}


def _plain(said: object) -> str:
    if isinstance(said, float):
        return format(Decimal(repr(said)), "f").removesuffix(".0")
    return unicodedata.normalize("NFKC", str(said)).strip()


def _symbol(said: object, value: str, order: OrderInstruction) -> bool:
    plain = _plain(said).upper()
    number, _, exchange = value.upper().partition(".")
    if value.startswith("ALL"):
        return {"全部": "ALL", "全部新股": "ALL_SHARES", "全部新债": "ALL_BONDS"}.get(plain, plain) == value
    if not number.isdecimal():
        # A future: IF2401.IF or CFFEX.IF2401.
        return number in plain
    if re.sub("[^0-9]", "", plain).zfill(6) != number:
        return False
    named = re.sub("[^A-Z]", "", plain)
    if len(number) != 6:
        return not named or named[:2] == exchange[:2]
    meant = _EXCHANGES.get(named) or _EXCHANGES.get(named[:2]) if named else _BARE_NUMBERS.get(number[:2], exchange)
    return meant == exchange


def _side(said: object, value: Side | None, order: OrderInstruction) -> bool:
    plain = _plain(said).casefold()
    buys, sells = plain[:1] == "b" or "买" in plain, plain[:1] == "s" or "卖" in plain
    return {Side.BUY: buys and not sells, Side.SELL: sells and not buys}.get(value, True) if value else True


def _quantity(said: object, value: int, order: OrderInstruction) -> bool:
    if _plain(said).casefold() in ("max", "最大", "顶格"):
        # As much as the account may subscribe: not known here.
        return value == 0
    match = re.fullmatch(r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.0{1,2})?", _plain(said))
    return match is not None and int(match[1].replace(",", "")) == value


def _price(said: object, value: Decimal | None, order: OrderInstruction) -> bool:
    if value is None:
        return order.order_type is not OrderType.LIMIT
    if isinstance(said, float):
        return abs(Decimal(repr(said)) - value) <= value * Decimal("1e-14")
    plain = _plain(said)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?|[0-9]{1,3}(,[0-9]{3})+\.[0-9]+", plain):
        return False
    try:
        return Decimal(plain.replace(",", "")) == value
    except InvalidOperation:
        return False


def _text(said: object, value: str, order: OrderInstruction) -> bool:
    return (_plain(said) if isinstance(said, float) else said) == value


def _folded(said: object, value: str, order: OrderInstruction) -> bool:
    return _plain(said) == value


def _action(said: object, value: Action, order: OrderInstruction) -> bool:
    """What begins like an order is one, and a cancel like a cancel; of the others there is no second reading."""
    plain = _plain(said).casefold()
    begins = {Action.ORDER: ("order", "委托", "下单"), Action.CANCEL: ("cancel", "撤单")}
    return plain.startswith(begins[value]) if value in begins else not plain.startswith(begins[Action.ORDER])


def _day(said: object, value: date | None, order: OrderInstruction) -> bool:
    if value is None or isinstance(said, float):
        return value is not None
    digits = re.findall("[0-9]+", _plain(said))
    if len(digits) == 1:
        digits = [digits[0][:4], digits[0][4:6], digits[0][6:]]
    return [int(part) for part in digits[:3]] == [value.year, value.month, value.day]


def _moment(said: object, value: datetime | None, order: OrderInstruction) -> bool:
    if value is None or isinstance(said, float):
        return value is not None
    plain = _plain(said)
    if re.search(r"Z$|[+-][0-9]{2}:?[0-9]{2}$", plain):
        # In another zone the hour differs.
        return f":{value.minute:02}" in plain or ":" in plain
    hour, minute = re.findall("[0-9]{1,2}(?=:)", plain)[:1], re.findall("(?<=:)[0-9]{2}", plain)[:1]
    return [int(part) for part in hour + minute] == [value.hour, value.minute]


def _mode(said: object, value: str, order: OrderInstruction) -> bool:
    return {"paper": "paper", "模拟": "paper", "live": "live", "实盘": "live"}.get(_plain(said).casefold()) == value


CHECKS: Mapping[str, Callable[[Any, Any, OrderInstruction], bool]] = {
    "action": _action,
    "client_order_id": _text,
    "orig_client_order_id": _text,
    "broker_order_id": _text,
    "account": _folded,
    "symbol": _symbol,
    "side": _side,
    "quantity": _quantity,
    "limit_price": _price,
    "strategy": _text,
    "note": _text,
    "basket": _text,
    "trade_date": _day,
    "start_at": _moment,
    "expire_at": _moment,
    "mode": _mode,
}


# ---- the header ------------------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = re.sub(r"[\s_\-\u200b-\u200f\u2060\ufeff]", "", plain)
    unit = "股|张|份|元|人民币|%|股/张|元/股|cny|rmb|shares"
    return re.sub(rf"(?<=.)(\(({unit})\)|\[({unit})\]|【({unit})】|/({unit}))$", "", plain)


_NAMES = {
    **{_key(name): column for column, names in ALSO.items() for name in names},
    **{_key(name_zh + column): column for column, name_zh in COLUMNS.items()},
    **{_key(name): column for column, name_zh in COLUMNS.items() for name in (column, name_zh)},
}
_IGNORED = {_key(name) for name in (*PASSED_OVER, *POSITION)}


def _column(name: str) -> str:
    """The column that a header cell means; '' where it is none of an order's."""
    key = _key(_bare(name.strip("\ufeff")))
    twice = re.fullmatch(r"(.+?)(?:\((.+)\)|\[(.+)\]|【(.+)】|/(.+))", key)
    if twice and twice[1] in _NAMES and _NAMES[twice[1]] in {_NAMES.get(name or "") for name in twice.groups()[1:]}:
        return _NAMES[twice[1]]
    if key not in _NAMES and key not in _IGNORED:
        raise Unreadable(f"a column {name!r}")
    return _NAMES.get(key, "")


def _columns(table: Table, *, is_csv: bool = False) -> Rows:
    """The rows below the header, by column. What no order may come from has `stray`: something beside the columns, or
    in a CSV fewer cells than the header."""
    rows = {number: row for number, row in table.items() if any(_is_there(cell) for cell in row.values())}
    if not rows:
        raise Unreadable("no rows")
    header_row, *others = sorted(rows)
    header: dict[int, str] = {}
    for place, cell in rows[header_row].items():
        if isinstance(cell, str) and cell.strip("\ufeff \t\u3000"):
            header[place] = _column(cell)
        elif _is_there(cell):
            raise Unreadable(f"a column {cell!r}")
    named = [column for column in header.values() if column]
    if len(named) != len(set(named)):
        raise Unreadable("two columns of one name")
    found: Rows = {}
    for number in others:
        row = rows[number]
        # In a sheet that begins in column B, so does its end row.
        first = row[0] if is_csv else next(cell for _, cell in sorted(row.items()) if _is_there(cell))
        if isinstance(first, str) and first.lstrip().upper().startswith("#END"):
            _check_end(row, len(found), last=number == others[-1])
            break
        stray = [cell for place, cell in row.items() if place not in header and _is_there(cell)]
        found[number] = {header[place]: cell for place, cell in row.items() if header.get(place)}
        if stray:
            found[number][STRAY] = stray[0]
        elif is_csv and len(row) <= max(header):
            found[number][STRAY] = "too few cells"
    return found


def _check_end(row: Cells, rows: int, *, last: bool) -> None:
    spelled = ",".join(_plain(cell) for _, cell in sorted(row.items()) if _is_there(cell))
    count_said = re.fullmatch("#END,([0-9]+)", spelled.upper())
    # In a template that a program filled in, the count is a formula without a result.
    if not last or (spelled.upper() != "#END" and (count_said is None or int(count_said[1]) != rows)):
        raise Unreadable(f"{spelled} after {rows} rows")


def _is_there(cell: object) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


# ---- text ------------------------------------------------------------------------------------------------------------


def _decoded(data: bytes, file: ParsedFile) -> str:
    return data.decode(file.encoding).removeprefix("\ufeff").removesuffix("\x1a")


def _csv_table(data: bytes, file: ParsedFile) -> tuple[Table, int | None]:
    """The rows as a spreadsheet numbers them, and how many there are by the first line, if it says so."""
    text = _decoded(data, file)
    delimiter = {"comma": ",", "semicolon": ";", "tab": "\t"}[file.delimiter]
    text = re.sub(rf'\A"?sep={delimiter}"?[ ,;\t]*(\r\n?|\n)', "", text, flags=re.IGNORECASE)
    said = re.match(r'\ufeff?"?#ROWS"?[,;\t]"?([0-9]{1,9})"?[ ,;\t]*(?:\r\n|\r|\n)', text, re.IGNORECASE)
    records = enumerate(_records(text[said.end() :] if said else text, delimiter), start=2 if said else 1)
    return {number: dict(enumerate(record)) for number, record in records if record}, int(said[1]) if said else None


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """RFC 4180, one character after the other; a line break is \\r\\n, \\r or \\n, and a blank line is a record too."""
    cells: list[str] = []
    cell: list[str] = []
    state, place = "start", 0
    while place <= len(text):
        letter = text[place : place + 1]
        place += 2 if text[place : place + 2] == "\r\n" and state != "quoted" else 1
        if state == "quoted":
            if not letter:
                raise Unreadable("a quotation mark is never closed")
            if letter == '"':
                state = "closed"
            else:
                cell.append(letter)
        elif letter == '"' and state in ("start", "closed"):
            # Twice inside of quotation marks it means itself.
            cell += letter if state == "closed" else ""
            state = "quoted"
        elif letter == delimiter:
            cells.append("".join(cell))
            cell, state = [], "start"
        elif letter in ("\r", "\n", ""):
            if letter or cells or cell or state != "start":
                yield [*cells, "".join(cell)]
            cells, cell, state = [], [], "start"
        elif state == "closed":
            raise Unreadable("text behind a closed quotation mark")
        else:
            cell.append(letter)
            state = "bare"


def _json_rows(data: bytes, file: ParsedFile) -> Rows:
    text = _decoded(data, file)
    if file.format == "json":
        document = _loaded(text)
        elements = (
            document if isinstance(document, list) and not isinstance(document, _Pairs) else dict(document)["orders"]
        )
        return {number: _json_row(element) for number, element in enumerate(elements, start=1)}
    found: Rows = {}
    first: int | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            element = _loaded(line)
        except Unreadable:
            # A broken line is a broken row.
            found[number] = {STRAY: line}
            continue
        if number == 1 and isinstance(element, _Pairs) and [key.casefold() for key, _ in element] == ["rows"]:
            first = int(element[0][1])
            continue
        if isinstance(element, _Pairs) and [key.casefold() for key, _ in element] == ["end"]:
            if int(element[0][1]) != len(found):
                raise Unreadable("another count of rows")
            continue
        found[number] = _json_row(element)
    if first not in (None, len(found)):
        raise Unreadable("another count of rows in the first line")
    return found


class _Pairs(list[tuple[str, Any]]):
    """The pairs of an object; a list stays a list."""


class _Number(str):
    __slots__ = ()


def _loaded(text: str) -> Any:
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=lambda _: Nonsense(),
            object_pairs_hook=_Pairs,
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def _json_row(element: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    # A row that is no object, or whose keys are unclear, can be no order: it is stray.
    if not isinstance(element, _Pairs):
        return {STRAY: element}
    for key, value in element:
        try:
            column = _column(key)
        except Unreadable:
            return {STRAY: key}
        if column in row:
            return {STRAY: key}
        if column:
            row[column] = value if value is None or isinstance(value, str) else Nonsense()
    return row


# ---- workbooks -------------------------------------------------------------------------------------------------------


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _xml(package: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """The product has taken it, so it has no entities."""
    data = package.read(name)
    try:
        return ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError:
        # A namespace may hold the bracket by which this library sets it apart.
        return ElementTree.fromstring(data.replace(b"}", b""))  # noqa: S314


def _letters(reference: str) -> int:
    place = 0
    for letter in re.sub("[^A-Z]", "", reference):
        place = place * 26 + ord(letter) - 64
    return place - 1


def _text_of(element: ElementTree.Element) -> str:
    """All runs of text but the phonetic ones."""
    if _local(element) == "rPh":
        return ""
    own = element.text or "" if _local(element) == "t" else ""
    return own + "".join(_text_of(child) for child in element)


def _unescaped(text: str) -> str:
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _xlsx(data: bytes) -> Iterator[Table]:
    with zipfile.ZipFile(BytesIO(data)) as package:
        texts: list[str] = []
        for name in package.namelist():
            if "sharedstrings" in name.casefold() and name.endswith(".xml") and not texts:
                texts = [_unescaped(_text_of(item)) for item in _xml(package, name) if _local(item) == "si"]
        for name in package.namelist():
            # A part that is not the sheet with the orders may be damaged.
            with suppress(*_DAMAGE, zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError):
                if name.endswith(".xml") and _SHEET.search(package.read(name)[:_ROOT_BYTES]):
                    root = _xml(package, name)
                    if _local(root) == "worksheet":
                        yield _xlsx_sheet(root, texts)


def _xlsx_sheet(root: ElementTree.Element, texts: list[str]) -> Table:
    table: Table = {}
    number = 0
    for row in root.iter():
        if _local(row) != "row":
            continue
        number = int(row.get("r") or number + 1)
        place = -1
        cells = table.setdefault(number, {})
        for cell in row.iter():
            if _local(cell) == "c":
                place = _letters(reference) if (reference := cell.get("r")) else place + 1
                cells[place] = _xlsx_value(cell, texts)
    return table


def _xlsx_value(cell: ElementTree.Element, texts: list[str]) -> Any:
    kind = cell.get("t", "n")
    values = [child.text or "" for child in cell.iter() if _local(child) == "v"]
    inline = "".join(_text_of(child) for child in cell)
    text = "".join(values) + inline
    if kind == "s":
        return texts[int(text)]
    if kind in ("str", "inlineStr"):
        return _unescaped(text)
    if kind in ("b", "e"):
        return Nonsense()
    if kind == "d":
        return text
    if not text.strip():
        return None
    return float(text)


def _ods(data: bytes) -> Iterator[Table]:
    with zipfile.ZipFile(BytesIO(data)) as package:
        root = _xml(package, "content.xml")
    for table in root.iter():
        if _local(table) == "table" and "table:" in table.tag:
            with suppress(*_DAMAGE):
                yield _ods_sheet(table)


def _ods_sheet(sheet: ElementTree.Element) -> Table:
    table: Table = {}
    number = 1
    for row in sheet.iter():
        if _local(row) != "table-row":
            continue
        cells: Cells = {}
        place = 0
        for cell in row:
            if _local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = int(_attribute(cell, "number-columns-repeated") or 1)
            value = _ods_value(cell)
            if _is_there(value):
                cells.update(dict.fromkeys(range(place, place + min(repeated, 300)), value))
            place += repeated
        repeated = int(_attribute(row, "number-rows-repeated") or 1)
        if cells:
            table.update((number + more, cells) for more in range(min(repeated, 60_000)))
        number += repeated
    return table


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _ods_value(cell: ElementTree.Element) -> Any:
    kind = next((value for key, value in cell.attrib.items() if key.endswith("office:1.0}value-type")), "")
    if kind in ("float", "percentage", "currency"):
        return float(_attribute(cell, "value"))
    if kind in ("date", "time"):
        moment = _attribute(cell, f"{kind}-value")
        clock = re.fullmatch(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S", moment)
        return ":".join(part.zfill(2) for part in clock.groups()) if clock else moment
    if kind == "boolean":
        return Nonsense()
    if said := _attribute(cell, "string-value"):
        return said
    return "\n".join(_ods_text(child) for child in cell if _local(child) == "p")


def _ods_text(element: ElementTree.Element) -> str:
    if _local(element) in ("annotation", "note", "ruby-text"):
        return ""
    spaces = " " * int(_attribute(element, "c") or 1) if _local(element) == "s" else ""
    own = {"tab": "\t", "line-break": "\n"}.get(_local(element), spaces)
    text = own + (element.text or "")
    return text + "".join(_ods_text(child) + (child.tail or "") for child in element)


def _xls(data: bytes) -> Iterator[Table]:
    import xlrd

    book = xlrd.open_workbook(file_contents=data, ragged_rows=True, logfile=StringIO())
    for sheet in book.sheets():
        table: Table = {}
        for number in range(sheet.nrows):
            table[number + 1] = {
                place: {1: cell.value, 2: cell.value, 3: cell.value}.get(cell.ctype, Nonsense())
                for place, cell in enumerate(sheet.row(number))
                if cell.ctype not in (0, 6)
            }
        yield table


_SHEETS: Mapping[str, Callable[[bytes], Iterator[Table]]] = {"xlsx": _xlsx, "ods": _ods, "xls": _xls}
