"""No cell of any report begins as a formula that a spreadsheet would run, whatever stands in it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge import tables
from filebridge.tables import BOM, table

COLUMNS = {name: value for name, value in vars(tables).items() if name.isupper() and isinstance(value, list)}
# As lists of them are published: ours first, the same in full width, and what comes before a formula unseen.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXTS = st.one_of(st.text(max_size=20), st.builds(str.__add__, st.sampled_from(STARTS), st.text(max_size=20)))


@pytest.mark.parametrize("name", COLUMNS)
@given(data=st.data())
def test_no_cell_of_a_report_begins_a_formula(name: str, data: st.DataObject) -> None:
    columns = COLUMNS[name]
    row = {column: data.draw(TEXTS) for column in columns}
    text = table(columns, [row]).removeprefix(BOM)
    cells = list(csv.reader(io.StringIO(text, newline="")))[1]
    for column, cell in zip(columns, cells, strict=True):
        # Nothing is lost: what was put before it is one apostrophe.
        said = row[column].replace("\r\n", "\n").replace("\r", "\n")
        assert cell in (said, f"'{said}")
        assert not cell.startswith(STARTS) or _is_number(cell), column


def _is_number(cell: str) -> bool:
    return cell[:1] in "+-" and cell[1:].replace(".", "", 1).isdecimal()
