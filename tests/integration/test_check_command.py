"""`filebridge check` on a screen: the row, the cell, a caret, the reason and the remedy, in both languages, at once."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from filebridge import app, trial
from filebridge.cli import app as commands
from filebridge.cli.showing import wrapped
from filebridge.config import load_settings
from filebridge.domain.reasons import REASONS
from filebridge.domain.risk import current_date
from tests.golden.regenerate import samples
from tests.golden.workbooks import HEADER, ORDER, rows, xlsx

BAD = """client_order_id,symbol,side,quantity,limit_price,strategy,note
C-1,600000.SH,BUY,100,10.51,grid,fine
C-2,60000O,买一,1e3,"10,5",grid,"a note that goes on and on and on and on and on, far behind the screen's edge"
C-3,000001.SZ,BUY,100
"""
MIXED = """client_order_id,证券代码,买卖方向,委托数量,委托价格
D-1,600000.SH,BUY,100,10.51
D-2,600000.SH,BUY,150,10.51
D-3,1,BUY,1000,11.66
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check") / "home"
    app.init_home(folder, account="10000001", cash=10_000_000)
    return folder


def checked(home: Path, path: Path, *, columns: int = 80, colour: bool = False) -> tuple[int, list[str]]:
    environment = {"COLUMNS": str(columns), "FORCE_COLOR": "1" if colour else None, "NO_COLOR": None, "TERM": "xterm"}
    result = CliRunner().invoke(commands, ["check", str(path), "--home", str(home)], env=environment)
    return result.exit_code, result.stdout.splitlines()


def under(lines: list[str], row: int) -> str:
    """What stands over the carets of a row, as a person sees it: carets and cells by columns of the screen."""
    at = [place for place, line in enumerate(lines) if re.match(rf"  {row}  ", line)][-1]
    screen = "".join(letter * cell_len(letter) for letter in lines[at])
    seen = (letter if mark == "^" else " " for letter, mark in zip(screen, lines[at + 1].ljust(200), strict=False))
    return re.sub(r"([\u4e00-\u9fff])\1", r"\1", " ".join("".join(seen).split()))


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_every_problem_of_every_row_has_its_caret_reason_and_remedy(home: Path, tmp_path: Path, columns: int) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(BAD, encoding="utf-8")
    code, lines = checked(home, path, columns=columns)
    assert code == 1
    assert under(lines, 3) == "60000O 买一 1e3 10,5"
    text = " ".join(line.strip() for line in lines)
    for reason in ("SYMBOL_NOT_RECOGNISED", "SIDE_UNKNOWN", "QUANTITY_NOT_INTEGER", "PRICE_AMBIGUOUS", "ROW_TOO_SHORT"):
        assert reason in text
    assert "Write a decimal point and no comma" in text
    assert "请用小数点且不写逗号" in text.replace(" ", "")
    assert "nothing would be sent" in lines[0]
    assert max(map(cell_len, lines)) <= columns
    # The rest of a row gives way to the cell that is meant.
    assert any("…" in line for line in lines if line.startswith("  3  "))


def test_what_would_be_sent_at_which_price_and_what_denied_and_why(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(MIXED, encoding="utf-8")
    before = sorted(home.rglob("*"))
    code, lines = checked(home, path)
    assert code == 1
    assert "12,711.00 CNY" in lines[0]
    assert [line.split() for line in lines[2:4]] == [
        ["2", "D-1", "BUY", "100", "600000.SH", "10.51"],
        ["4", "D-3", "BUY", "1000", "000001.SZ", "11.66"],
    ]
    assert under(lines, 3) == "150"
    assert under(lines, 4) == "1"
    assert any("QUANTITY_NOT_IN_LOTS" in line for line in lines)
    assert lines[-2] == "2 ACCEPTED, 1 DENIED"
    assert sorted(home.rglob("*")) == before


def test_later_days_and_rows_that_are_no_orders_are_called_what_they_are(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "kinds.csv"
    today = current_date(app.now(), app.rules_of(load_settings(home), app.load_calendar(home)))
    sunday = today + timedelta(days=14 - today.weekday() - 1)
    header = "action,client_order_id,orig_client_order_id,symbol,side,quantity,limit_price,trade_date,query"
    rows = [
        "order,K-1,,600000.SH,BUY,100,10.51,,",
        f"order,K-2,,600000.SH,BUY,100,10.51,{sunday},",
        "order,K-3,,600000.SH,BUY,100,10.51,2099-01-05,",
        "replace,K-4,K-1,,,200,,,",
        "order,K-5,,000001.SZ,BUY,300,11.66,,",
        "cancel,,K-5,,,,,,",
        "query,,,,,,,,orders",
    ]
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    text = " ".join(" ".join(checked(home, path, columns=160)[1]).split())
    for said in (
        "would be canceled by a row below, not sent 将被后面的行撤销，不发送 (2",
        f"would wait for {sunday} 将等到 {sunday} (1,",
        "would wait for 2099-01-05",
        f"{sunday} is no trading day",
        "2099-01-05 lies outside the trading calendar",
        "would replace an order 将改单 (1, 2,102.00 CNY",
        "K-1: BUY 100 600000.SH @ 10.51",
        "would cancel 将撤单 (1)",
        "K-5: BUY 300 000001.SZ @ 11.66",
        "would ask the broker 将查询 (1)",
        "looked at again when an order leaves",
        "filebridge does not run in this home",
        "4 ACCEPTED, 1 ACCEPTED replace, 1 CANCEL_ACCEPTED, 1 ACCEPTED query",
    ):
        assert said in text


def test_what_waits_for_a_person_is_named_by_its_id(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "held.csv"
    path.write_text(MIXED, encoding="utf-8")
    settings = load_settings(home, {"FILEBRIDGE_APPROVAL__REQUIRED": "always"})
    rows, _ = trial.check(home, settings, path)
    held = [row["message"] for row in rows if row["outcome"] == "HELD"]
    assert held
    assert "approve D-1" in held[0]
    assert not any("DRY-" in row["message"] + row["message_zh"] for row in rows)


def test_colours_are_for_a_screen_only(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(BAD, encoding="utf-8")
    assert "\x1b[" not in "".join(checked(home, path)[1])
    _, lines = checked(home, path, colour=True)
    assert any("\x1b[31m" in line and "^^^" in line for line in lines)


def test_a_cell_of_a_workbook_is_shown_as_it_is_seen(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    dated = ORDER.replace("<c><v>100</v></c>", '<c s="1"><v>46346</v></c>')
    path.write_bytes(xlsx(rows(HEADER, ORDER, dated)))
    code, lines = checked(home, path)
    assert code == 1
    assert under(lines, 3) == "2026-11-20"
    assert any("C3: " in line for line in lines)


@pytest.mark.parametrize(
    "sample", [each for each in samples() if each.parent.name == "refused"], ids=lambda path: path.name
)
def test_check_shows_every_sample_of_the_gallery(home: Path, sample: Path) -> None:
    """Whatever is wrong with a file, a code and both texts come, within the screen. Which code may depend on the
    home's accounts; the golden tests say which it is. What is denied may depend on its limits and books."""
    code, lines = checked(home, sample, columns=60)
    assert code == 1
    assert REASONS.keys() & {word for line in lines for word in line.split()}
    # An id or a name may be longer than the screen; a text is not.
    assert [line for line in lines if line.startswith("    ") and cell_len(line) > 60 and " " in line.strip()] == []


def test_chinese_is_wrapped_between_characters_and_not_before_a_full_stop() -> None:
    text = "委托价格 10,5 中的逗号可能是小数点，也可能是千分位。请用小数点且不写逗号，例如 1680.5。"
    lines = list(wrapped(text, 20))
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(cell_len, lines)) <= 22
    assert not any(line[0] in "，。" for line in lines)
