"""What the commands share: their options, and how rows are shown."""

import csv
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from filebridge.errors import FilebridgeError

Row = dict[str, Any]
Home = Annotated[Path, typer.Option("--home", help="The home folder. 主目录。")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs. 输出 JSON。")]
AsCsv = Annotated[bool, typer.Option("--csv", help="As CSV. 输出 CSV。")]
Day = Annotated[str, typer.Option("--date", help="A trade date like 2026-11-20, or `all`; default: today's. 交易日。")]
HERE = Path()
# Said of good rows of a file that is refused for others.
OTHER_PROBLEMS = "FILE_HAS_OTHER_PROBLEMS"

# Colours by what a status or an outcome means for the user.
_STYLES = {
    "green": ("FILLED", "ACCEPTED", "CANCEL_ACCEPTED", "ok"),
    "yellow": ("HELD", "PENDING_CANCEL", "SUBMITTING", "DUPLICATE", "PARTIALLY_FILLED", "QUARANTINED", "EXPIRED"),
    "red": ("UNKNOWN", "DENIED", "REJECTED", "REFUSED", "CANCEL_REFUSED", "NOT_SENT"),
}
# Nobody reads further on a screen, and thousands of rows take seconds to lay out.
TABLE_ROWS_MAX = 100
# Prose, which may go on in the next line; every other value stands whole, for half an id is another id.
_PROSE = ("what", "message", "message_zh", "note")
_PROSE_WIDTH_MIN = 20
# Narrower than this, lines are left to the terminal; and how far they begin from the left, if at all.
_WIDTH_MIN, _MARGIN = 40, 6
# What a narrow screen does without, the first first.
_LEFT_OUT = (
    *("name", "account", "avg_cost"),
    *("avg_fill_price", "rows", "limit_price", "reason_code"),
    *("filled_qty", "last_price", "traded_at", "received_at"),
)
# A word with the space behind it, or a Chinese character; with what may not begin a line, or may not end one.
_PIECES = re.compile(r"[（“‘]*(?:[!-~\u00a0-\u2e7f]+|.)[，。；：？！、）”’]* *")
GOOD = _STYLES["green"]
STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}


def show_rows(
    rows: Iterable[Row], columns: Sequence[str], *, title: str, as_json: bool = False, as_csv: bool = False
) -> None:
    """Print rows as a table, or whole for programs: JSON with every field, CSV with these columns."""
    if as_json:
        typer.echo(json.dumps(list(rows), ensure_ascii=False, indent=1, default=str))
    elif as_csv:
        from filebridge.tables import cell

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row[name]) for name in columns] for row in rows)
    else:
        wanted = list(rows)
        if not wanted:
            tell(f"{title}: none 无")
            return
        _table(wanted[:TABLE_ROWS_MAX], columns, title)
        if len(wanted) > TABLE_ROWS_MAX:
            left = len(wanted) - TABLE_ROWS_MAX
            tell(f"… {left:,} more rows; --csv or --json shows all. 另有 {left:,} 行，--csv 或 --json 可看全部。")


def _table(rows: list[Row], columns: Sequence[str], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    # A column without a single value only takes room from the others.
    shown = [name for name in columns if any(row[name] not in ("", None) for row in rows)] or list(columns)
    shown, left_out = fitting(rows, shown, console.width)
    if _wide(rows, shown) > console.width:
        # The terminal breaks the line, and nothing of it is lost.
        console = Console(width=_wide(rows, shown), soft_wrap=True)
    table = Table(title=title, title_justify="left", expand=False, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # Names are broken only where there is no room for them.
    has_room = _wide(rows, shown) + sum(max(0, len(name) - _width(rows, name)) for name in shown) <= console.width
    for name in shown:
        is_number = any(isinstance(row[name], int) for row in rows)
        justify: Literal["left", "right"] = "right" if is_number else "left"
        whole = None if name in _PROSE else _width(rows, name)
        table.add_column(
            _heading(name, len(name) if has_room or not whole else whole),
            overflow="fold",
            justify=justify,
            min_width=whole,
            # Else it would be narrowed for prose, widened again, and the last column cut.
            no_wrap=whole is not None,
        )
    for row in rows:
        # Text, not markup: a value like [red] is a value.
        table.add_row(*(Text(str(row[name]), style=STYLE_OF.get(str(row[name]), "")) for name in shown))
    console.print(table)
    if left_out:
        tell(f"no room for 屏幕较窄，未显示: {', '.join(left_out)} (--csv, --json)")


def fitting(
    rows: Sequence[Row], columns: Sequence[str], width: int, least: Sequence[str] = _LEFT_OUT
) -> tuple[list[str], list[str]]:
    """The columns that so many columns of the screen have room for, and those that were left out for that, of `least`
    the first first."""
    kept, left_out = list(columns), []
    for name in least:
        if name in kept and _wide(rows, kept) > width:
            kept.remove(name)
            left_out.append(name)
    return kept, left_out


def _wide(rows: Sequence[Row], columns: Sequence[str]) -> int:
    """How wide a table must be in which only prose is folded, with the space around each column."""
    return sum(_PROSE_WIDTH_MIN if name in _PROSE else _width(rows, name) for name in columns) + 2 * len(columns) + 1


def _width(rows: Sequence[Row], name: str) -> int:
    from rich.cells import cell_len

    return max(*(len(part) for part in _parts(name)), 0, *(cell_len(str(row[name])) for row in rows))


def _heading(name: str, width: int) -> str:
    """The name of a column, broken behind an underscore where its values are shorter."""
    lines = [""]
    for part in _parts(name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _parts(name: str) -> list[str]:
    *before, last = name.split("_")
    return [*(f"{each}_" for each in before), last]


def show_messages(rows: Iterable[Row]) -> None:
    """Below a table, what its rows have to say: each message once, with the rows that it is about."""
    said: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["message"]:
            said.setdefault((row["message"], row["message_zh"]), []).append(str(row["client_order_id"] or row["row"]))
    for (message, message_zh), names in said.items():
        more = f" (+{len(names) - 5})" if len(names) > 5 else ""
        tell(f"{', '.join(names[:5])}{more}:\n  {message}\n  {message_zh}")


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most so many columns. English breaks at spaces, Chinese anywhere but before what closes."""
    from rich.cells import cell_len

    line = ""
    for piece in _PIECES.findall(text):
        if line and cell_len(line) + cell_len(piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def tell(text: str, *, err: bool = False) -> None:
    """Print lines, broken between words where the screen is narrow, each below its own beginning."""
    width = screen_width(err=err)
    for line in text.split("\n"):
        said = line.lstrip(" ")
        typer.echo("\n".join(laid_out(line[: len(line) - len(said)], said, width)), err=err)


def screen_width(*, err: bool = False) -> int:
    """How wide the screen is; 0 where lines stay whole, as in a file or a pipe."""
    if not (sys.stderr if err else sys.stdout).isatty():
        return 0
    # The last column is left free: a console of Windows begins a new line in it.
    width = shutil.get_terminal_size().columns - 1
    return width if width >= _WIDTH_MIN else 0


def laid_out(beginning: str, text: str, width: int) -> Iterator[str]:
    """The lines of a text behind its beginning, the further ones below it; one line where `width` is 0."""
    # Of most lines it is plain that they fit: no letter is wider than two columns.
    if not width or (len(beginning) + len(text)) * 2 <= width:
        yield beginning + text
        return
    from rich.cells import cell_len

    margin = cell_len(beginning)
    if width - margin < _PROSE_WIDTH_MIN:
        yield beginning.rstrip()
        beginning, margin = " " * _MARGIN, _MARGIN
    for part in wrapped(text, width - margin):
        yield beginning + part
        beginning = " " * margin


def clock(text: str, *, with_date: bool) -> str:
    """A time in Shanghai as a screen has room for it, to the second."""
    return f"{text[:10]} {text[11:19]}".strip() if with_date else text[11:19]


def read_day(text: str, today: date) -> date | None:
    """The trade date that `--date` names; None for `all`."""
    if text == "all":
        return None
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise FilebridgeError(
            f"--date {text} is not a date 不是日期",
            hint="Write it like 2026-11-20, or `all`.",
            hint_zh="格式如 2026-11-20。",
        ) from error
