"""The pages that people write are in step with the code: commands, columns, settings, codes, links, and both languages.

Each rule is a function from a page's text to the lines that break it, so that the tests below can show it failing.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import typer

import dev
from docs import report_schemas
from filebridge import outbox
from filebridge.cli import app
from filebridge.config import Settings
from filebridge.domain.events import EventKind
from filebridge.domain.orders import ALL_ISSUES, Outcome, Side, Status
from filebridge.domain.reasons import REASONS
from filebridge.orderfiles import FORMATS
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.values import ID_CHARS_MAX, TEXT_CHARS_MAX
from tests.house.tree import ROOT, keep, modules

READMES = ("README.md", "README.zh-CN.md")
ORDER_FILES = ("docs/order-files.md", "docs/order-files.zh-CN.md")
SPREADSHEETS = ("docs/spreadsheets.md", "docs/spreadsheets.zh-CN.md")
REPORTS = "docs/reports.md"
WRITTEN = (*READMES, *ORDER_FILES, *SPREADSHEETS, REPORTS)
LINKING = (*WRITTEN, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
FIRST_COMMANDS = ("demo", "test")
REPORT_COLUMNS = report_schemas.CSV_REPORTS

_COMMANDS = frozenset(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
# What the ledger calls its events: the first argument of every append.
_KINDS = {
    kind
    for module in modules("filebridge/bridge", "filebridge/ledger")
    for kind in re.findall(r'\bappend\(\s*"([A-Z_]+)"', module.source)
}
_CODES = REASONS.keys() | ALL_ISSUES.keys() | set(Side) | set(Outcome) | set(Status) | set(EventKind) | _KINDS
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def spans(text: str) -> list[str]:
    """What stands between single backticks outside of code blocks."""
    return _SPAN.findall(_FENCED.sub("", text))


def code(text: str) -> list[str]:
    """Every line of a code block, and every span."""
    blocks = [line for block in _FENCED.findall(text) for line in block.splitlines()[1:-1]]
    return blocks + spans(text)


def first_commands(text: str) -> list[str]:
    """The first two shell commands are the demo and the tests, with Windows' spelling beside them."""
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    found = []
    for place, name in enumerate(FIRST_COMMANDS):
        line = lines[place] if place < len(lines) else ""
        command, _, beside = line.partition("#")
        if command.strip() != f"python3 dev.py {name}" or not beside.rstrip().endswith(f"py dev.py {name}"):
            found.append(f"command {place + 1} is {line!r}, not python3 dev.py {name} # … py dev.py {name}")
    return found


def unknown_commands(text: str) -> list[str]:
    named = {name for line in code(text) for name in re.findall(r"(?:^|\$ |[ /\\`])filebridge ([a-z][a-z-]*)", line)}
    # The program's own first line says `filebridge runs in …`.
    return sorted(named - _COMMANDS - {"runs"})


def unknown_dev_commands(text: str) -> list[str]:
    return sorted({name for line in code(text) for name in re.findall(r"dev\.py ([a-z]+)", line)} - dev.COMMANDS.keys())


def unknown_settings(text: str) -> list[str]:
    """Settings are written as `[section] name`, or as `FILEBRIDGE_SECTION__NAME`."""
    named = [match for span in code(text) for match in re.findall(r"\[([a-z]+)\] (\w+)", span)]
    named += [
        (section.lower(), name.lower())
        for line in code(text)
        for section, name in re.findall(r"FILEBRIDGE_([A-Z]+)__([A-Z_]+)", line)
    ]
    return [f"[{section}] {name}" for section, name in named if not _is_setting(section, name)]


def unknown_codes(text: str) -> list[str]:
    return sorted({span for span in spans(text) if _CODE.fullmatch(span)} - set(_CODES))


def broken_links(text: str, folder: Path) -> list[str]:
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", text)):
        place, _, heading = target.partition("#")
        if "://" in place:
            continue
        path = (folder / place) if place else None
        if path is not None and not path.exists():
            found.append(f"{target}: no such file")
        elif heading and heading not in _anchors(path.read_text(encoding="utf-8") if path else text):
            found.append(f"{target}: no such heading")
    return found


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of the first table below each heading, without its header, backticks taken off."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^#+ ", _FENCED.sub("", text), flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        table = re.search(r"(?:^\|.*\n)+", part + "\n", re.MULTILINE)
        rows = table[0].splitlines()[2:] if table else []
        found[lines[0]] = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]
    return found


def headings(text: str) -> list[str]:
    return [line.split(" ")[0] for line in _FENCED.sub("", text).splitlines() if re.match(r"#+ ", line)]


def _is_setting(section: str, name: str) -> bool:
    field = Settings.model_fields.get(section)
    return field is not None and name in getattr(field.annotation, "model_fields", {})


def _status_fields() -> set[str]:
    """The keys of what the functions `…_status` of the bridge return."""
    functions = [
        node
        for module in modules("filebridge/bridge")
        for node in module.nodes
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_status")
    ]
    returned = [node.value for function in functions for node in ast.walk(function) if isinstance(node, ast.Return)]
    keys = [key for value in returned if isinstance(value, ast.Dict) for key in value.keys]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def _anchors(text: str) -> set[str]:
    """GitHub's names of headings: lower case, without punctuation, hyphens for spaces."""
    lines = [line for line in _FENCED.sub("", text).splitlines() if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in lines}


def unknown_modules(text: str) -> list[str]:
    """Files of Python are named from the root, or from filebridge/."""
    named = {span for span in spans(text) if re.fullmatch(r"[\w/]+\.py", span)}
    return sorted(name for name in named if not any((top / name).is_file() for top in (ROOT, ROOT / "filebridge")))


# rule -> (what breaks it, what does not)
RULES: Mapping[Callable[[str], list[str]], tuple[tuple[str, ...], tuple[str, ...]]] = {
    unknown_commands: (
        ("`filebridge fly`", "```sh\n.venv/bin/filebridge fly --home x\n```", "```text\n$ filebridge fly\n```"),
        ("`filebridge show A-001`", "filebridge turns files", "```sh\nfilebridge run\n```"),
    ),
    unknown_dev_commands: (("`python3 dev.py fly`", "```sh\npy dev.py fly\n```"), ("`py dev.py demo`",)),
    unknown_settings: (
        ("`[inbox] max_age`", "`[outdoor] max_file_age`", "`FILEBRIDGE_INBOX__MAX_AGE`"),
        ("`[inbox] max_file_age`", "`FILEBRIDGE_INBOX__MAX_FILE_AGE`"),
    ),
    unknown_modules: (("`bridge.py`", "`ledger/manager.py`"), ("`dev.py`", "`ledger/store.py`", "`*.py`")),
    unknown_codes: (
        ("`FILE_STALER`", "(`QUANTITY_NOT_WHOLE`)"),
        ("`FILE_STALE`", "`CANCEL_ACCEPTED`", "`PARTIALLY_FILLED`", "`FILEBRIDGE_INBOX__MAX_FILE_AGE`"),
    ),
}


@pytest.mark.parametrize("name", LINKING)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_page_names_only_what_exists(rule: Callable[[str], list[str]], name: str) -> None:
    keep([f"{name}: {rule.__name__}: {found}" for found in rule(page(name))])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_can_fail(rule: Callable[[str], list[str]]) -> None:
    broken, kept = RULES[rule]
    assert [text for text in broken if not rule(text)] == []
    assert [text for text in kept if rule(text)] == []


@pytest.mark.parametrize("name", READMES)
def test_a_readme_begins_with_the_two_commands(name: str) -> None:
    keep(first_commands(page(name)))


def test_the_rule_of_the_two_commands_can_fail() -> None:
    lines = [f"python3 dev.py {name}    # Windows: py dev.py {name}" for name in FIRST_COMMANDS]
    block = "\n".join(["```sh", *lines, "```", ""])
    assert first_commands(block) == []
    assert first_commands(block.replace("python3", "python"))
    assert first_commands(block.replace("Windows: py", "Windows: python"))
    assert first_commands("```sh\nfilebridge demo\n```\n" + block)
    assert len(first_commands("")) == len(FIRST_COMMANDS)


@pytest.mark.parametrize("name", READMES)
def test_a_readme_shows_every_command(name: str) -> None:
    shown = {command for span in spans(page(name)) for command in re.findall(r"^filebridge ([a-z-]+)$", span)}
    assert shown >= _COMMANDS, _COMMANDS - shown


@pytest.mark.parametrize(("name", "heading"), [*zip(READMES, ("The order file", "委托文件格式"), strict=True)])
def test_the_format_table_is_the_columns_of_the_code(name: str, heading: str) -> None:
    rows = tables(page(name))[heading]
    assert {column: name_zh for column, name_zh, _ in rows} == COLUMNS
    assert [column for column, _, _ in rows] == list(COLUMNS)


@pytest.mark.parametrize(("name", "heading"), [*zip(READMES, ("What a receipt says", "回执说什么"), strict=True)])
def test_the_table_of_outcomes_is_that_of_the_code(name: str, heading: str) -> None:
    assert [row[0] for row in tables(page(name))[heading]] == list(Outcome)


@pytest.mark.parametrize("heading", REPORT_COLUMNS)
def test_the_tables_of_the_reports_are_their_columns(heading: str) -> None:
    rows = tables(page(REPORTS))[heading]
    assert [row[0] for row in rows] == REPORT_COLUMNS[heading]
    assert [row for row in rows if len(row) != 3 or not row[1]] == []


def test_the_tables_of_events_and_status_are_what_is_written() -> None:
    named = tables(page(REPORTS))
    texts = dict.fromkeys(("at", "kind", "tag", "hash", "trade_date"), "")
    line = {**texts, "seq": 1, "intake_no": 0, "body": "{}"}
    assert [row[0] for row in named["Events"]] == list(json.loads(outbox._event_line(line)))
    kinds = next(row[2] for row in named["Events"] if row[0] == "kind")
    assert set(re.findall(r"[A-Z_]{3,}", kinds)) == _KINDS
    assert {row[0] for row in named["Status"]} == _status_fields()


@pytest.mark.parametrize("name", (*READMES, *ORDER_FILES))
def test_every_extension_is_named(name: str) -> None:
    assert set(FORMATS) - set(spans(page(name))) == set()


def test_the_limits_are_those_of_the_code() -> None:
    for name in (*READMES, *ORDER_FILES):
        assert re.search(rf"\b{ID_CHARS_MAX}\b", page(name)), name
    for name in READMES:
        assert re.search(rf"\b{TEXT_CHARS_MAX}\b", page(name)), name


@pytest.mark.parametrize("name", LINKING)
def test_links_lead_somewhere(name: str) -> None:
    keep([f"{name}: {found}" for found in broken_links(page(name), (ROOT / name).parent)])


def test_the_rule_of_links_can_fail() -> None:
    assert broken_links("[x](docs/nowhere.md)", ROOT)
    assert broken_links("[x](README.md#nowhere)", ROOT)
    assert broken_links("[x](#nowhere)\n# Here", ROOT)
    kept = (
        "# Here, there\n[a](docs/reasons.md) [b](#here-there) [c](https://example.org/x) [d](README.md#the-order-file)"
    )
    assert broken_links(kept, ROOT) == []


@pytest.mark.parametrize(("english", "chinese"), (READMES, ORDER_FILES, SPREADSHEETS))
def test_both_languages_have_the_same_structure(english: str, chinese: str) -> None:
    assert headings(page(english)) == headings(page(chinese))
    rows_of = [[len(rows) for rows in tables(page(name)).values()] for name in (english, chinese)]
    assert rows_of[0] == rows_of[1]
    codes = [{span for span in spans(page(name)) if _CODE.fullmatch(span)} for name in (english, chinese)]
    assert codes[0] == codes[1]


def test_the_reading_of_pages_can_fail() -> None:
    text = "# A\n\n```sh\n# not a heading\n```\n\n## B\n\n| x | y |\n|---|---|\n| `a` | 1 |\n"
    assert headings(text) == ["#", "##"]
    assert tables(text) == {"A": [], "B": [["a", "1"]]}
