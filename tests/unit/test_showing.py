"""Tables on a narrow screen: a value is whole or not there, and what is not there is named."""

import pytest

from filebridge.cli.showing import clock, show_rows

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
