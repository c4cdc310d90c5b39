"""A file that is read in slices says what it says as a whole, and its rows survive the ledger."""

from datetime import date

import pytest

from filebridge.ledger import codec
from filebridge.ledger.instructions import instruction_body, instruction_from
from filebridge.orderfiles import parse, parse_slices

TODAY = date(2026, 11, 20)
ROWS = """action,client_order_id,orig_client_order_id,symbol,side,quantity,limit_price,start_at,note
,A1,,600000,BUY,100,10.50,09:35,first
cancel,,A1,,,,,,
,A2,,1,SELL,100,11.6,,repaired
,A3,,600000.SH,B,"1,000",10,,
"""
TEXTS = {
    "good": ROWS,
    "bad": ROWS + ",A4,,600000.SH,B,1e3,10,,\n,A5,,600000.SH,B,100\n,A6,,600000.SH,B,100,10,,,stray\n",
    "cut": ROWS + "#END,9\n",
    "behind the end": ROWS + '#END,4\n,A4,,600000.SH,B,100,10,,\n"',
    "open quote": ROWS + '"',
    "header only": ROWS.partition("\n")[0] + "\n",
    "end line only": "#END,0\n",
}
JSON_LINES = """{"symbol": "600000", "side": "BUY", "quantity": 100, "limit_price": 10.5}
{"symbol": "600000", "side": "BUY", "quantity": "x", "limit_price": 10.5, "client_order_id": "J2"}
[1]
{"symbol": "600000", "side": "BUY", "quantity": 100, "limit_price": 10.51}
{"end": 4}
"""


@pytest.mark.parametrize("rows_a_slice", [1, 2, 3, 1000])
@pytest.mark.parametrize(("name", "text"), [*((f"{n}.csv", t) for n, t in TEXTS.items()), ("lines.jsonl", JSON_LINES)])
def test_in_slices_a_file_says_the_same(name: str, text: str, rows_a_slice: int) -> None:
    whole = parse(text.encode(), name=name, today=TODAY)
    slices = parse_slices(text.encode(), name=name, today=TODAY, end_line_required=False, rows_a_slice=rows_a_slice)
    rows = []
    while True:
        try:
            part = next(slices)
        except StopIteration as end:
            parsed = end.value
            break
        assert len(part) <= rows_a_slice
        rows += part
    assert (parsed.problems, parsed.rows, parsed.ids) == (whole.problems, whole.rows, whole.ids)
    assert (parsed.format, parsed.encoding, parsed.delimiter) == (whole.format, whole.encoding, whole.delimiter)
    assert ([] if parsed.is_broken else rows) == list(whole.instructions)


def test_only_the_first_thousand_problems_are_kept() -> None:
    text = ROWS.partition("\n")[0] + "\n" + ",A,,600000,BUY,x,10,,\n" * 5000
    parsed = parse(text.encode(), name="bad.csv", today=TODAY)
    assert [found.row for found in parsed.problems] == [*range(2, 1002), 0]
    assert parsed.problems[-1].reason.context["more"] == "4000"
    assert len(parsed.ids) < 2100


def test_rows_survive_the_ledger() -> None:
    rows = parse(ROWS.encode(), name="good.csv", today=TODAY).instructions
    assert len(rows) == 4
    stored = codec.loads(codec.dumps({"rows": [instruction_body(row) for row in rows]}))["rows"]
    assert [instruction_from(body) for body in stored] == list(rows)
