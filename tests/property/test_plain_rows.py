"""Rows read column by column are the same orders as rows read one by one: ids are derived from them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from filebridge.orderfiles import parse

TODAY = date(2026, 11, 20)
CELLS = {
    "symbol": st.sampled_from(["600000", "000001.SZ", "1", "sh600000"]),
    "side": st.sampled_from(["BUY", "买入", "s"]),
    "quantity": st.sampled_from(["100", "1,000", "２００"]),
    "limit_price": st.sampled_from(["10", "10.50", "0.1"]),
    "order_type": st.sampled_from(["", "LIMIT", "限价"]),
    "client_order_id": st.sampled_from(["", "A-1", "B-2"]),
    "account": st.sampled_from(["", "10000001"]),
    "strategy": st.sampled_from(["", "alpha"]),
    "note": st.sampled_from(["", "first, and last"]),
    "basket": st.sampled_from(["", "morning"]),
    "trade_date": st.sampled_from(["", "2026-11-20"]),
    "mode": st.sampled_from(["", "paper"]),
}
NEEDED = ("symbol", "side", "quantity", "limit_price")
# It cannot be used, so every row beside it is read by itself.
BAD = "no symbol"


@given(
    optional=st.sets(st.sampled_from([name for name in CELLS if name not in NEEDED])),
    data=st.data(),
)
def test_both_ways_read_the_same(optional: set[str], data: st.DataObject) -> None:
    names = [*NEEDED, *sorted(optional)]
    rows = data.draw(st.lists(st.tuples(*(CELLS[name] for name in names)), min_size=1, max_size=5))
    lines = [",".join(names), *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    by_column = parse(("\n".join(lines) + "\n").encode("utf-8-sig"), name="a.csv", today=TODAY)
    lines.append(",".join([BAD, *(cell for cell in rows[0][1:])]).replace("1,000", "1000").replace("first, and", "and"))
    one_by_one = parse(("\n".join(lines) + "\n").encode("utf-8-sig"), name="a.csv", today=TODAY)
    assert [found.row for found in one_by_one.problems] == [len(rows) + 2]
    assert by_column.problems == ()
    assert by_column.instructions == one_by_one.instructions
