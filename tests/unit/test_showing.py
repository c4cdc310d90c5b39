"""Tables on a narrow screen: a value is whole or not there, and what is not there is named."""

import pytest
from rich.cells import cell_len
from rich.console import Console

from filebridge.cli.checking import _SENT, _tell_group
from filebridge.cli.showing import clock, show_rows, tell

COLUMNS = "tag client_order_id symbol status filled_qty limit_price avg_fill_price".split()
VALUES = ("GNEM47BZHKETHUPIF5I2", "A-002", "600000.SH", "PARTIALLY_FILLED", 100, "10.51", "10.5")
ROW = dict(zip(COLUMNS, VALUES, strict=True))


# On Windows a console is taken for a column narrower than it says.
@pytest.mark.parametrize(("width", "left_out"), [(20, 3), (60, 3), (72, 2), (80, 1), (120, 0)])
def test_no_value_is_cut(
    width: int, left_out: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    show_rows([ROW], COLUMNS, title="orders")
    said = capsys.readouterr().out
    gone = ["avg_fill_price", "limit_price", "filled_qty"][:left_out]
    line = next(line for line in said.splitlines() if "GNEM" in line)
    assert line.split() == [str(value) for name, value in ROW.items() if name not in gone]
    assert (f": {', '.join(gone)} (" in said) is bool(gone)


def test_a_time_of_another_day_says_which() -> None:
    text = "2026-11-22T15:24:44.685+08:00"
    assert clock(text, with_date=False) == "15:24:44"
    assert clock(text, with_date=True) == "2026-11-22 15:24:44"


@pytest.mark.parametrize("width", [60, 70, 100])
def test_prose_is_folded_and_nothing_of_the_line_is_cut(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    what = "REPORT_WORKING · ACCEPTED · broker_order_id 1 · counter_order_id 00000001 · 1000 @ 10.5"
    show_rows([{"seq": 10, "at": "2026-11-22T16:54:05.123+08:00", "what": what}], ["seq", "at", "what"], title="story")
    said = capsys.readouterr().out
    assert max(map(cell_len, said.splitlines())) <= width
    cells = said.rpartition("─")[2].split()
    assert [word for word in cells if word not in ("10", "2026-11-22T16:54:05.123+08:00")] == what.split()


def test_a_table_without_rows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([], COLUMNS, title="orders 委托")
    assert capsys.readouterr().out == "orders 委托: none 无\n"


def test_sentences_break_below_their_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("filebridge.cli.showing.screen_width", lambda *, err: 40)
    english, chinese = (
        "The symbol is not known, so nothing was sent.",
        "无法识别证券代码，没有发送任何委托，请更正后重新投放。",
    )
    tell(f"A-1:\n  {english}\n  {chinese}")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(cell_len(line) <= 40 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])


def test_the_tables_of_check_leave_columns_out_as_the_others_do(capsys: pytest.CaptureFixture[str]) -> None:
    words = {"row": 2, "client_order_id": "auto-pkdiw35vfks7", "about": "A-1", "symbol": "600000.SH"}
    row = {name: words.get(name, "word") for name in _SENT}
    for width in (150, 60, 50):
        _tell_group(Console(width=width, soft_wrap=True), "a.csv", [row])
        _, names, values, *left_out = capsys.readouterr().out.splitlines()
        assert max(map(cell_len, (names, values))) <= width
        gone = [name for name in _SENT if name not in names.split()]
        assert values.split() == [str(row[name]) for name in _SENT if name not in gone]
        assert bool(gone) is bool(left_out) is (width < 100)
        assert all(name in left_out[0] for name in gone)
