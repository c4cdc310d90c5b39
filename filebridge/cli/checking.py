"""`check`: what would become of a file, row by row, with a caret under the cell; nothing is taken in or sent."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from filebridge.cli.reading import newest_status
from filebridge.cli.showing import (
    GOOD,
    HERE,
    OTHER_PROBLEMS,
    STYLE_OF,
    TABLE_ROWS_MAX,
    AsCsv,
    AsJson,
    Home,
    Row,
    fitting,
    show_rows,
    tell,
    wrapped,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from filebridge.orderfiles.excerpt import Cells

_SENT = "row client_order_id side quantity symbol price quote about".split()
# What a narrow screen does without: the row says which order it is.
_LEAST = ("quote", "client_order_id", "about")
_TAKEN = ("ACCEPTED", "CANCEL_ACCEPTED")
# Which cell a reason is about that names none: by how its code begins, the longer beginning first.
_ABOUT = {
    "ORDER_VALUE": "quantity",
    "CASH": "quantity",
    "SELLABLE": "quantity",
    "POSITION": "quantity",
    "CONCENTRATION": "quantity",
    "SELF_TRADE": "limit_price",
    "ORDER_QUANTITY": "quantity",
    "ODD_LOT": "quantity",
    "QUANTITY": "quantity",
    "PRICE": "limit_price",
    "SYMBOL": "symbol",
    "INSTRUMENT": "symbol",
    "SIDE": "side",
    "STRATEGY": "strategy",
    "ACCOUNT": "account",
    "MODE": "mode",
    "EXPIRED_AT": "expire_at",
    "ID_": "client_order_id",
}
_WHAT = {
    "ACCEPTED": "would be sent 将发送",
    "replace": "would replace an order 将改单",
    "query": "would ask the broker 将查询",
    "ISSUES_ASKED": "would subscribe to the day's issues 将申购当日新股新债",
    "CANCEL_ACCEPTED": "would cancel 将撤单",
    "HELD": "would wait for a person 将等待人工确认",
    "DENIED": "would be denied, not sent 将被拒绝，不发送",
    "EXPIRED": "would expire, not sent 将失效，不发送",
    "CANCELED": "would be canceled by a row below, not sent 将被后面的行撤销，不发送",
    "DUPLICATE": "would not be sent again 不会重复发送",
    "REFUSED": "refused 不予接受",
    "CANCEL_REFUSED": "would cancel nothing 无单可撤",
    "QUARANTINED": "would be set aside 将被隔离",
}
# Below what would be sent.
_AS_OF_NOW = (
    "As things stand now: cash, holdings, other orders, prices and counts are looked at again when an order leaves.",
    "以上为目前情况；资金、持仓、其他委托、行情和计数在委托发出时会重新检查。",
)
_NOT_RUNNING = (
    "filebridge does not run in this home: orders wait until it does.",
    "该主目录的 filebridge 未运行：委托将等到其运行后才发送。",
)
_ELLIPSIS = "…"
_GAP = 2
_NAMED_MAX = 10
_CELL_WIDTH_MAX = 28


class _Shown(NamedTuple):
    """A column of the picture of a row: how it is called, what stands there, and whether a caret goes under it."""

    name: str
    text: str
    is_meant: bool


def check(
    files: Annotated[list[Path], typer.Argument(help="Order files. 委托文件。", exists=True)],
    home: Home = HERE,
    source: Annotated[
        str, typer.Option(help="The entry of the inbox whose rules count, by its name. 按哪个来源目录检查。")
    ] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say what would become of a file, without taking it in or sending anything. 试检文件，不发送。"""
    from filebridge import app, trial
    from filebridge.config import load_settings
    from filebridge.tables import CHECK

    settings = load_settings(home)
    names = [each.name for each in settings.inbox.all_sources]
    if source and source not in names:
        raise typer.BadParameter(
            f"{source} is no entry of the inbox; there are {', '.join(names)}", param_hint="source"
        )
    status = newest_status(home, app.now())
    clean = True
    answers: dict[str, list[Row]] = {}
    for path in files:
        answers[str(path)], usable = trial.check(home, settings, path, source, status=status)
        clean &= usable
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    elif as_csv:
        for name, rows in answers.items():
            show_rows(map(_plain, rows), CHECK, title=name, as_csv=True)
    else:
        for name, rows in answers.items():
            _tell(Path(name), rows, is_running=bool(status))
    raise typer.Exit(0 if clean else 1)


def _tell(path: Path, rows: list[Row], *, is_running: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    # Row 0 is a warning about the file.
    taken = [row for row in rows if row["outcome"] in _TAKEN and row["row"]]
    _tell_taken(console, path.name, taken)
    if any(row["foreseen"] in ("SENT", "WAITS") for row in taken):
        console.print()
        for messages in (_AS_OF_NOW, *([] if is_running else [_NOT_RUNNING])):
            _say(console, messages)
    by_row: dict[int, list[Row]] = {}
    for row in rows:
        if row["reason_code"] not in ("", OTHER_PROBLEMS):
            by_row.setdefault(row["row"], []).append(row)
    cells = _cells(path, [number for number in by_row if number])
    # What needs a look comes first where the list has to be cut.
    numbers = sorted(by_row, key=lambda number: (by_row[number][0]["outcome"] in GOOD, number))[:TABLE_ROWS_MAX]
    for number in sorted(numbers):
        _tell_row(console, number, cells.get(number, ()), by_row[number])
    if left := len(by_row) - len(numbers):
        console.print(
            f"\n… {left:,} more rows; --csv or --json shows all. 另有 {left:,} 行，--csv 或 --json 可看全部。"
        )
    if beside := sum(row["reason_code"] == OTHER_PROBLEMS for row in rows):
        console.print(f"\ngood rows, refused with the others 受其他行牵连: {beside:,}")
    counts = Counter(_counted(row) for row in rows if row["row"] or row["outcome"] not in _TAKEN)
    console.print("\n" + ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) + "\n")


def _plain(row: Row) -> Row:
    """A row whose notes are texts."""
    texts = {f"notes{of}": " ".join(note[f"message{of}"] for note in row["notes"]) for of in ("", "_zh")}
    return {**row, **texts}


def _counted(row: Row) -> str:
    """How a row is counted: only orders by their outcome alone."""
    other = row["outcome"] == "ACCEPTED" and row["action"] in ("replace", "query")
    return f"{row['outcome']} {row['action']}" if other else str(row["outcome"])


def _word(row: Row) -> str:
    """What would become of a row that is taken."""
    if row["foreseen"] == "CANCELED":
        return _WHAT["CANCELED"]
    if row["outcome"] == "ACCEPTED" and row["action"] in _WHAT:
        return _WHAT[str(row["action"])]
    if day := row["waits_for"]:
        return f"would wait for {day} 将等到 {day}"
    if row["reason_code"] in _WHAT:
        return _WHAT[row["reason_code"]]
    return _WHAT.get(row["foreseen"] or row["outcome"], _WHAT[row["outcome"]])


def _tell_taken(console: "Console", name: str, taken: Sequence[Row]) -> None:
    """What would leave, when, and at which price; what would be canceled, replaced or asked."""
    from rich.text import Text

    if not any(row["foreseen"] in ("SENT", "WAITS") for row in taken):
        console.print(Text(f"{name}: nothing would be sent 不会发送任何委托", style="bold"))
    groups: dict[str, list[Row]] = {}
    for row in taken:
        groups.setdefault(_word(row), []).append(row)
    for word, rows in groups.items():
        _tell_group(console, f"{name}: {word} ({len(rows):,}{_worth(rows)})", rows)
    warned: dict[tuple[str, str], list[str]] = {}
    for row in taken:
        for note in row["notes"]:
            warned.setdefault((note["message"], note["message_zh"]), []).append(str(row["row"]))
    for messages, numbers in list(warned.items())[:_NAMED_MAX]:
        more = "" if len(numbers) <= _NAMED_MAX else " …"
        console.print(Text(f"\nlook 注意: row 第 {', '.join(numbers[:_NAMED_MAX])}{more} 行", style="yellow"))
        _say(console, messages)
    if (left := len(warned) - _NAMED_MAX) > 0:
        tell(f"… {left:,} more notes; --csv or --json shows all. 另有 {left:,} 条提示，--csv 或 --json 可看全部。")


def _say(console: "Console", messages: Sequence[str]) -> None:
    from rich.text import Text

    for message in messages:
        for part in wrapped(message, console.width - 4):
            console.print(Text(f"    {part}"))


def _tell_group(console: "Console", title: str, taken: Sequence[Row]) -> None:
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    console.print(Text(title, style="bold"))
    columns = [column for column in _SENT if any(row[column] not in ("", None) for row in taken)]
    columns, left_out = fitting(taken[:TABLE_ROWS_MAX], columns, console.width - _GAP, _LEAST)
    lines = [columns, *([str(row[column]) for column in columns] for row in taken[:TABLE_ROWS_MAX])]
    widths = [max(cell_len(line[place]) for line in lines) + _GAP for place in range(len(columns))]
    for at, line in enumerate(lines):
        cells = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
        console.print(Text("  " + "".join(cells).rstrip(), style="" if at else "dim"))
    if left_out:
        tell(f"  no room for 屏幕较窄，未显示: {', '.join(left_out)} (--csv, --json)")
    if (left := len(taken) - TABLE_ROWS_MAX) > 0:
        console.print(f"  … {left:,} more; --csv or --json shows all. 另有 {left:,} 笔，--csv 或 --json 可看全部。")


def _worth(taken: Sequence[Row]) -> str:
    """What the orders come to at the prices with which they would leave."""
    total = sum((Decimal(row["worth"]) for row in taken if row["worth"]), Decimal(0))
    return f", {total:,.2f} CNY at these prices 按此价格" if total else ""


def _cells(path: Path, numbers: Sequence[int]) -> "dict[int, Cells]":
    from filebridge.orderfiles.excerpt import excerpt

    # A file that could not be read at all has no problem in a row.
    return excerpt(path.read_bytes(), name=path.name, rows=frozenset(numbers)) if numbers else {}


def _tell_row(console: "Console", number: int, cells: "Cells", reasons: Sequence[Row]) -> None:
    """The row as it stands in the file, carets under its cells, and every reason with its remedy in both languages."""
    from rich.text import Text

    outcome = reasons[0]["outcome"]
    style = STYLE_OF.get(outcome, "")
    where = f"row {number} 第 {number} 行: " if number else ""
    console.print(Text(f"\n{where}{_word(reasons[0])}", style="bold"))
    shown = _fitted(_meant(cells, reasons), console.width - len(str(number)) - 4)
    for line in _picture(number, shown, style):
        console.print(line)
    for reason in reasons:
        column = f"{reason['column']}: " if reason.get("column") else ""
        console.print(Text.assemble("  ", (column, "bold"), (reason["reason_code"], style)))
        _say(console, (reason["message"], reason["message_zh"]))


def _meant(cells: "Cells", reasons: Sequence[Row]) -> list[_Shown]:
    from filebridge.orderfiles.columns import column_of

    named = [reason.get("column", "") or _about(reason["reason_code"]) for reason in reasons]
    columns = {column for name in named if isinstance(column := column_of(name), str)} - {""}
    strays = {reason.get("value", "") for reason in reasons if not reason.get("column")} - {""}
    return [
        _Shown(name, text, name in named or _is_one(column_of(name), columns) or (not name and text in strays))
        for name, text in cells
    ]


def _is_one(column: object, columns: Set[str]) -> bool:
    # Of a name that means nothing, or several columns, there is no column but what is wrong with it.
    return isinstance(column, str) and column in columns


def _about(code: str) -> str:
    return next((column for beginning, column in _ABOUT.items() if code.startswith(beginning)), "")


def _fitted(shown: list[_Shown], width: int) -> list[_Shown]:
    """As many columns as the screen has room for; those with a caret stay, and what is near them."""
    short = [_Shown(_cut(name), _cut(text), is_meant) for name, text, is_meant in shown]
    while sum(map(_width, short)) > width and (far := _farthest(short)) is not None:
        before, after = short[:far], short[far + 1 :]
        gap = _Shown(_ELLIPSIS, _ELLIPSIS, False)
        beside = (before and before[-1] == gap) or (after and after[0] == gap)
        short = [*before, *([] if beside else [gap]), *after]
    return short


def _farthest(shown: Sequence[_Shown]) -> int | None:
    """The column that is farthest from all that are meant; none if all are, or only gaps are left."""
    meant = [place for place, each in enumerate(shown) if each.is_meant] or [0]
    others = [place for place, each in enumerate(shown) if not each.is_meant and each.name != _ELLIPSIS]
    return max(others, key=lambda place: min(abs(place - each) for each in meant), default=None)


def _cut(text: str) -> str:
    from rich.cells import cell_len, set_cell_size

    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "·", text)
    if cell_len(plain) <= _CELL_WIDTH_MAX:
        return plain
    return set_cell_size(plain, _CELL_WIDTH_MAX - 1).rstrip() + _ELLIPSIS


def _width(shown: _Shown) -> int:
    from rich.cells import cell_len

    return max(cell_len(shown.name), cell_len(shown.text), 1 + shown.is_meant) + _GAP


def _picture(number: int, shown: Sequence[_Shown], style: str) -> "Iterator[Text]":
    """The header, the row, and the carets, each column as wide as the wider of both."""
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    if not shown:
        return
    margin = " " * (len(str(number)) + 4)
    if any(each.name != each.text for each in shown):
        yield Text(margin + "".join(set_cell_size(each.name, _width(each)) for each in shown).rstrip(), style="dim")
    row = Text(f"  {number}  ")
    for each in shown:
        row.append(set_cell_size(each.text, _width(each)), style=style if each.is_meant else "")
    row.rstrip()
    yield row
    carets = "".join(
        set_cell_size("^" * max(cell_len(each.text), 1) if each.is_meant else "", _width(each)) for each in shown
    )
    if carets.strip():
        yield Text(margin + carets.rstrip(), style=style or "bold")


COMMANDS = (check,)
