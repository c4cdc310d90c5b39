"""Every file of the corpus is read right, or refused for the right reason; and what is read is what openpyxl reads.

`cases.py` says what the files hold and how they were judged by hand; `make.py` made them.
"""

import json
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from filebridge.domain.orders import OrderInstruction, price_text
from filebridge.orderfiles import parse
from filebridge.orderfiles.package import Package
from filebridge.orderfiles.xlsx import Xlsx

HERE = Path(__file__).parent
TODAY = date(2026, 11, 20)
FILES_MIN = 200
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
with zipfile.ZipFile(HERE / "corpus.zip") as corpus:
    FILES = {name: corpus.read(name) for name in corpus.namelist()}


def spelled(order: OrderInstruction) -> str:
    """An order as the answers spell it."""
    side = order.side.value if order.side else ""
    parts = [order.client_order_id or "-", order.symbol, side, str(order.quantity), price_text(order.limit_price)]
    parts += [order.trade_date.isoformat()] if order.trade_date else []
    parts += [order.start_at.isoformat()] if order.start_at else []
    return " ".join(parts)


def test_there_are_enough_files_and_each_has_its_answer() -> None:
    assert FILES.keys() == EXPECTED.keys()
    assert len(FILES) >= FILES_MIN
    ways = {name.split(".")[1] for name in FILES}
    assert ways == {
        *("openpyxl", "lo-xlsx", "lo-ods", "lo-xls", "lo-utf8-comma", "lo-gbk-comma", "lo-utf8-semicolon"),
        "lo-utf16-tab",
    }


@pytest.mark.parametrize("case", sorted({name.split(".")[0] for name in FILES}))
def test_a_case_is_read_right_or_refused_for_the_right_reason_in_every_way(case: str) -> None:
    wrong = []
    for name in FILES:
        if name.split(".")[0] != case:
            continue
        file = parse(FILES[name], name=name, today=TODAY)
        codes = [found.reason.code for found in file.problems]
        orders = [spelled(order) for order in file.instructions]
        answer = EXPECTED[name]
        refused = answer.get("refused")
        fits = refused in codes if refused else not codes and orders == answer["orders"]
        if not fits:
            wrong.append((name, orders, codes, answer))
    assert wrong == []


def test_openpyxl_reads_the_same_values() -> None:
    """Another reader as a witness: every text and number of every XLSX."""
    seen = 0
    for name, data in FILES.items():
        if not name.endswith(".xlsx"):
            continue
        ours, theirs = Xlsx(Package(data)), openpyxl.load_workbook(BytesIO(data), data_only=True)
        assert [sheet.name for sheet in ours.sheets] == theirs.sheetnames
        for place, sheet in enumerate(theirs.worksheets):
            found = {
                (row.number, cell.column): cell.text
                for row in ours.read(place, rows_max=1000).rows
                for cell in row.cells
                if cell.kind in ("TEXT", "NUMBER")
            }
            for (row, column), text in found.items():
                value = sheet.cell(row, column + 1).value
                assert (float(text) == value) if isinstance(value, int | float) else (text == value), (
                    name,
                    row,
                    column,
                )
                seen += 1
            count = sum(isinstance(cell.value, str | int | float) for line in sheet.iter_rows() for cell in line)
            blank = sum(
                isinstance(cell.value, str) and not cell.value.strip() for line in sheet.iter_rows() for cell in line
            )
            odd = sum(cell.data_type in "be" for line in sheet.iter_rows() for cell in line if cell.value is not None)
            assert len(found) == count - blank - odd, name
    assert seen > FILES_MIN
