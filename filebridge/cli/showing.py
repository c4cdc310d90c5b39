"""What the commands share: their options, and how rows are shown."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
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
_WHOLE = ("client_order_id", "symbol", "status", "outcome", "tag", "name")
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
        _table(wanted[:TABLE_ROWS_MAX], columns, title)
        if len(wanted) > TABLE_ROWS_MAX:
            left = len(wanted) - TABLE_ROWS_MAX
            typer.echo(f"… {left:,} more rows; --csv or --json shows all. 另有 {left:,} 行，--csv 或 --json 可看全部。")


def _table(rows: list[Row], columns: Sequence[str], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=title, title_justify="left", expand=False, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # A column without a single value only takes room from the others.
    shown = [name for name in columns if any(row[name] not in ("", None) for row in rows)] or list(columns)
    for name in shown:
        is_number = any(isinstance(row[name], int) for row in rows)
        justify: Literal["left", "right"] = "right" if is_number else "left"
        # An id that is folded cannot be copied.
        table.add_column(name, overflow="fold", justify=justify, no_wrap=name in _WHOLE)
    for row in rows:
        # Text, not markup: a value like [red] is a value.
        table.add_row(*(Text(str(row[name]), style=STYLE_OF.get(str(row[name]), "")) for name in shown))
    console.print(table)


def show_messages(rows: Iterable[Row]) -> None:
    """Below a table, what its rows have to say: each message once, with the rows that it is about."""
    said: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["message"]:
            said.setdefault((row["message"], row["message_zh"]), []).append(str(row["client_order_id"] or row["row"]))
    for (message, message_zh), names in said.items():
        more = f" (+{len(names) - 5})" if len(names) > 5 else ""
        typer.echo(f"{', '.join(names[:5])}{more}:\n  {message}\n  {message_zh}")


def read_day(text: str, today: date) -> date | None:
    """The trade date that `--date` names; None for `all`."""
    if text == "all":
        return None
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise FilebridgeError(
            f"--date {text} is not a date", hint="Write it like 2026-11-20, or `all`.", hint_zh="格式如 2026-11-20。"
        ) from error
