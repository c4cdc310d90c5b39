"""The pages and schemas of docs/ that are made from the code: `python dev.py docs`, or with `--check` only compared.

A page is a function without arguments that returns its whole text; a house test compares them with what is on disk. In
a page that a person writes, only what stands between `<!-- table: NAME -->` and `<!-- end -->` is made.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs import formats, gallery, language, report_schemas, schemas
from filebridge.cli import app
from filebridge.config import Settings
from filebridge.domain.events import OWN_EVENTS, EventKind
from filebridge.domain.lifecycle import TABLE
from filebridge.domain.orders import FINAL, LOCAL, STATUSES_ZH, Status
from filebridge.domain.reasons import REASONS
from filebridge.ledger import prepared
from filebridge.orderfiles import wording
from filebridge.orderfiles.columns import COLUMNS
from filebridge.simulator import faults, scenario
from filebridge.simulator.money import read_rows

DOCS = Path(__file__).resolve().parent
TESTS_OF_FAULTS = DOCS.parent / "tests" / "integration"
SIMULATOR = DOCS / "simulator.md"
METHODS = Path(faults.__file__).parent / "methods.csv"
MADE = "<!-- Made by `python dev.py docs` from {source}; edit that, not this page. -->"


def reasons() -> str:
    shown = gallery.shown()
    rows = ((f"`{code}`", *texts, shown.get(code, "")) for code, texts in sorted(REASONS.items()))
    return _page(
        "Reason codes",
        "filebridge/domain/reasons.py and the modules beside it",
        "Every code that can stand in a receipt, a report or an answer. A `{name}` is filled in from the case at hand. "
        "A code never changes its meaning. Each is shown by a sample, the smallest file that has it, with its answer "
        "beside it; where a file is not enough, by a story of files, commands and a broker (`samples/stories/`), with "
        "what comes of it beside it; where no story can be told, by a test of the program.",
        *_table(("code", "English", "中文", "shown by"), rows),
    )


def statuses() -> str:
    parts = []
    for status in Status:
        by_result: dict[Status, list[EventKind]] = {}
        for kind in EventKind:
            if (status, kind) in TABLE:
                by_result.setdefault(TABLE[status, kind], []).append(kind)
        rows = ((result, ", ".join(kinds)) for result, kinds in by_result.items())
        said = f"{STATUSES_ZH[status]}. {_kind_of(status)}"
        parts += [f"## {status}", "", said, "", *_table(("becomes", "on"), rows), ""]
    return _page(
        "Order statuses",
        "filebridge/domain/lifecycle.py",
        f"What makes one status into another. Our own events ({', '.join(k for k in EventKind if k in OWN_EVENTS)}) "
        "are refused where they are not listed. The broker's reports and fills are never refused.",
        *parts,
    )


def settings() -> str:
    parts = []
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"{section}: every setting stands in a section")
        rows = (
            (f"`{name}`", _default(setting), f"`FILEBRIDGE_{section}__{name}`".upper(), setting.description or "")
            for name, setting in model.model_fields.items()
        )
        header = ("setting", "default", "as environment variable", "")
        parts += [f"## [{section}]", "", field.description or "", "", *_table(header, rows), ""]
        parts += _entry_tables(section, model)
    return _page(
        "Settings",
        "filebridge/config.py",
        "They stand in `filebridge.toml` in the home folder. An environment variable goes before the file. An unknown "
        "setting is refused, with the nearest known one.",
        *parts,
    )


def _entry_tables(section: str, model: type[BaseModel]) -> list[str]:
    """The settings of each entry, where a setting is a list of entries."""
    parts = []
    for name, setting in model.model_fields.items():
        for entry in get_args(setting.annotation):
            if isinstance(entry, type) and issubclass(entry, BaseModel):
                rows = (
                    (f"`{each}`", _default(field), field.description or "")
                    for each, field in entry.model_fields.items()
                )
                parts += [f"### [[{section}.{name}]]", "", " ".join((entry.__doc__ or "").split()), ""]
                parts += [*_table(("setting", "default", ""), rows), ""]
    return parts


# What a command ends with; whatever could not run at all ends with 2.
EXIT_CODES = (
    (
        "`run`",
        "it was stopped (Ctrl-C, SIGTERM)",
        "",
        "not a home, wrong settings, another one runs there, or the ledger cannot be read or written, at the start or "
        "later: nothing is sent after that",
    ),
    (
        "`run --once`",
        "every order is final",
        "something was refused, denied, rejected, held or left in doubt, or the time limit came first",
        "as `run`",
    ),
    ("`check`", "all of it would be sent", "not all of it would", "no such file, not a home, wrong settings"),
    ("`doctor`", "nothing is wrong; warnings are not", "something is to be done", "not a home, wrong settings"),
    ("`verify`", "the ledger is whole", "it is not", "there is no ledger, or it cannot be read"),
    (
        "`cancel`, `approve`, `deny`, `resolve`, `release`, `halt`, `reduce-only`, `resume`, `arm`, `disarm`, "
        "`reconcile`",
        "done",
        "not possible, with the reason; `arm`: an item is open",
        "no answer within 5 seconds, as `run` does not run or is busy; wrong words",
    ),
    ("`show`", "found", "no such order", "not a home, no ledger"),
    (
        "`status`",
        "it runs and sends",
        "not connected, halted, something wrong, or an order needs a person",
        "it does not run; not a home",
    ),
    ("`demo`", "orders were filled", "none was", "a sample was not answered"),
    ("all others", "done", "", "could not be done"),
)


def commands() -> str:
    group: Any = typer.main.get_command(app)
    parts = []
    for name, command in _flat(group.commands, "filebridge"):
        shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        rows = ((_spelling(parameter), _preset(parameter), parameter.help or "") for parameter in shown)
        table = _table(("argument or option", "default", ""), rows) if shown else []
        parts += [f"## {name}", "", " ".join((command.help or "").split()), "", *table, *([""] if table else [])]
    return _page(
        "Commands",
        "filebridge/cli/",
        "`filebridge COMMAND --help` says the same.",
        *("## Exit codes", "", *_table(("", "0", "1", "2"), EXIT_CODES), ""),
        *parts,
    )


def _units() -> str:
    return "; ".join(f"`{column}`: {', '.join(units)}" for column, units in wording.UNITS.items())


def column_names() -> str:
    own = ((f"`{column}`", name_zh, ", ".join(wording.ALSO.get(column, ()))) for column, name_zh in COLUMNS.items())
    two = ((name, first[0], second[0]) for name, (first, second) in wording.TWO_MEANINGS.items())
    bare = ((name, first[0], second[0]) for name, (first, second) in wording.BARE.items())
    return _page(
        "Column names",
        "filebridge/orderfiles/columns.py and wording.py",
        "What the header of a table may say. Case, width, spaces, hyphens and underscores do not count; both names in "
        "one cell (证券代码 symbol) are fine.",
        f"A fitting unit may stand in brackets ({_units()}); with any other the column is refused "
        "(`COLUMN_UNIT_UNKNOWN`).",
        "",
        *("## Read as ours", "", *_table(("column", "Chinese name", "also"), own), ""),
        *("## Passed over", "", ", ".join(wording.PASSED_OVER), ""),
        *("## Passed over as an export of positions", "", ", ".join(wording.POSITION), ""),
        "Beside one of them these are refused (`COLUMN_AMBIGUOUS`):",
        *("", *_table(("name", "may mean", "or"), bare), ""),
        *("## Refused, as they may mean two things (`COLUMN_AMBIGUOUS`)", ""),
        *(*_table(("name", "may mean", "or"), two), ""),
        *(
            "## Refused, as such orders were placed already (`COLUMN_OF_PLACED_ORDER`)",
            "",
            ", ".join(wording.PLACED),
            "",
        ),
        *("## Refused, as lots differ (`COLUMN_IN_LOTS`)", "", ", ".join(wording.LOTS), ""),
        *("## Refused, as the exchange belongs to the symbol (`COLUMN_OF_EXCHANGE`)", ""),
        *(", ".join(wording.EXCHANGES), ""),
    )


def simulator() -> str:
    """The page as it was written, with its tables made again."""

    def made(found: re.Match[str]) -> str:
        return "\n".join([found[1], *TABLES[found[2]](), found[3]])

    text = SIMULATOR.read_text(encoding="utf-8")
    return re.sub(r"(<!-- table: (\w+) -->)\n.*?(<!-- end -->)", made, text, flags=re.DOTALL)


def fault_table() -> list[str]:
    tests = fault_tests()
    rows = (
        (f"`{name}`", kind, "" if default is None else f"`{_toml(default)}`", meaning, ", ".join(tests.get(name, [])))
        for name, (kind, default, meaning) in faults.meanings().items()
    )
    return _table(("fault", "type", "default", "meaning", "its tests"), rows)


def method_table() -> list[str]:
    rows = ((f"`{row['method']}`", row["answer"], row["note"]) for row in read_rows(METHODS))
    return _table(("method", "answer", ""), rows)


def when_table() -> list[str]:
    rows = ((f"`{name}`", kind.__name__, meaning) for name, (kind, meaning) in scenario.WHEN.items())
    return _table(("when", "type", "meaning"), rows)


def fault_tests() -> dict[str, list[str]]:
    """fault -> the tests of the real program that set it, be it in a call or in a scenario."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS_OF_FAULTS.glob("test_faults_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                body = ast.get_source_segment(text, node) or ""
                for name in faults.meanings():
                    if re.search(rf"\b{name} ?=(?!=)", body):
                        found.setdefault(name, []).append(f"`{path.stem}::{node.name}`")
    return found


# The tables that stand in pages which are otherwise written by a person.
TABLES: dict[str, Callable[[], list[str]]] = {"faults": fault_table, "when": when_table, "methods": method_table}


def language_page() -> str:
    parts = []
    for heading, text, header, rows in language.sections():
        parts += [f"## {heading}", "", text, "", *_table(header, rows), ""]
    return _page(
        "The language of orders",
        "sides.py, order_types.py, symbols.py in filebridge/domain/, filebridge/orderfiles/sidewords.py and samples/",
        "Whatever xttrader trades, a row can say. The samples run: drop one of them into the `inbox/` of a home with "
        "an account of each kind (`[broker] accounts`, `type` STOCK, CREDIT, FUTURE, STOCK_OPTION) under the numbers "
        "that they name. `filebridge check FILE` says what would become of each row. Securities, futures and options "
        "are spelled as xtquant does (`rb2701.SF`, `10005183.SHO`), or as in docs/order-files.md.",
        *parts,
    )


PAGES: dict[str, Callable[[], str]] = {
    "language.md": language_page,
    "reasons.md": reasons,
    "column-names.md": column_names,
    "statuses.md": statuses,
    "settings.md": settings,
    "commands.md": commands,
    "simulator.md": simulator,
    **formats.PAGES,
    **schemas.PAGES,
    **report_schemas.PAGES,
}


def stale() -> dict[str, str]:
    """The pages that are not on disk as they should be, with their right text."""
    texts = {name: page() for name, page in PAGES.items()}
    return {name: text for name, text in texts.items() if _on_disk(DOCS / name) != text}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(f"docs: only --check is known, not {' '.join(arguments)}", file=sys.stderr)
        return 2
    found = stale()
    if arguments:
        for name in found:
            print(f"docs/{name} is not in step with the code: run `python dev.py docs`")
        return 1 if found else 0
    prepared.write()
    for name, text in found.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_bytes(text.encode())
        print(f"docs/{name} written")
    return 0


def _on_disk(path: Path) -> str | None:
    # With universal newlines: a checkout on Windows may have changed them.
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _page(title: str, source: str, first: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", MADE.format(source=source), "", first, "", *lines]).rstrip() + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    columns = list(header)
    cells = [[_cell(text) for text in row] for row in rows]
    return [_row(columns), _row(["---"] * len(columns)), *(_row(row) for row in cells)]


def _cell(text: str) -> str:
    """Text that cannot end its cell, nor become an HTML tag (`<date>`) unless it stands as code."""
    parts = text.replace("|", "\\|").replace("\n", " ").split("`")
    return "`".join(part if at % 2 else part.replace("<", "&lt;") for at, part in enumerate(parts))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _kind_of(status: Status) -> str:
    if status in LOCAL:
        return "Local: it has not left."
    return "Final." if status in FINAL else "In flight or working: it has left, or may have."


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    """A value as it would stand in filebridge.toml."""
    if isinstance(value, BaseModel):
        return "{" + ", ".join(f"{name} = {_toml(part)}" for name, part in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else f'"{value}"'


def _flat(commands: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    """Every visible command with its whole name; a group stands for the commands in it."""
    for name, command in commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _flat(command.commands, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}{'…' if parameter.nargs == -1 else ''}`"
    return ", ".join(f"`{spelling}`" for spelling in [*parameter.opts, *parameter.secondary_opts])


def _preset(parameter: Any) -> str:
    """The default as a person would type it; a flag that is off and a list that is empty need no word."""
    if parameter.required:
        return "(required)"
    value = parameter.default
    if value in (None, False, "", (), []) or callable(value):
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
