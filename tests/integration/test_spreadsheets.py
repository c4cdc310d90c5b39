"""The template, filled in as a person or a program does, trades; what was repaired stands on the receipt."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from tests.integration.homes import Home, run_program, until


def filled(template: Path, *rows: tuple[object, ...]) -> bytes:
    book: Any = openpyxl.load_workbook(template)
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book["委托"].cell(place, column).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_the_filled_template_trades_once_it_is_closed(shared: Home, tmp_path: Path) -> None:
    template = tmp_path / "orders.xlsx"
    assert run_program("template", "--xlsx", str(template)).returncode == 0
    assert run_program("template", "--xlsx", str(template)).returncode == 2
    # A program puts the code in as a number, a person finds it as 1.
    data = filled(template, ("sheet-1", "600000", "买入", 100, 10.51), ("sheet-2", 1, "BUY", 200.0, 11.66))
    owner = shared.inbox / "~$委托.xlsx"
    owner.write_bytes(b"a person")
    shared.drop("委托.xlsx", data)
    until(lambda: "~$委托.xlsx" in " ".join(shared.status_since(0)["problems"]), "the status to say what it waits for")
    assert shared.receipts("委托.xlsx") == []
    owner.unlink()
    receipt = shared.receipt_no(1, "委托.xlsx")
    assert receipt.outcomes == ["ACCEPTED", "ACCEPTED"]
    assert receipt.codes == ["", "SYMBOL_ZEROS_RESTORED"]
    shared.wait_for_status("sheet-1", "FILLED")
    assert shared.wait_for_status("sheet-2", "FILLED")["symbol"] == "000001.SZ"


def test_several_repairs_of_a_row_are_told_together_and_a_refusal_names_the_cell(shared: Home, tmp_path: Path) -> None:
    template = tmp_path / "orders.xlsx"
    assert run_program("template", str(template)).returncode == 0
    row = ("sheet-3", 1, "买入", 100, 11.65999999999999)
    receipt = shared.trade("noise.xlsx", filled(template, row))
    assert receipt.codes == ["ROW_READ_AS"]
    assert "000001.SZ" in receipt.rows[0]["message"]
    assert "E2: 11.65999999999999 was read as 11.66" in receipt.rows[0]["message"]
    receipt = shared.trade("bad.xlsx", filled(template, ("sheet-4", "600000", "买入", date(2026, 11, 20), True)))
    assert receipt.codes == ["CELL_IS_DATE", "CELL_IS_BOOLEAN"]
    assert [row["message"][:4] for row in receipt.whole["rows"]] == ["D2: ", "E2: "]
    assert [row["message_zh"][:3] for row in receipt.whole["rows"]] == ["D2：", "E2："]
