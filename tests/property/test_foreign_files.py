"""Whatever a file of another system holds: an answer, never a traceback; a cut file is never read as other orders."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.orderfiles import FOREIGN, Origin, parse
from tests.golden.tables import CATS, CT, GM, GOLDMINER, HS, HUNDSUN, HUNDSUN_CANCELS, XT, XUNTOU, dbf, fields
from tests.property.test_any_bytes import TODAY, check_problems

TABLES = {
    "XT_DBF_ORDER.dbf": (XUNTOU, XT),
    "XHPT_WT20261120.dbf": (HUNDSUN, HS),
    "XHPT_CD20261120.dbf": (HUNDSUN_CANCELS, {"WTXH": "2"}),
    "instructions.dbf": (CATS, CT),
    "basket.order.dbf": (GOLDMINER, GM),
}
TEXTS = {
    "20261120.order.csv": "sid,account_id,symbol,volume,order_type,order_business(order_biz),price,comment".split(","),
    "20261120.cancel_order.csv": ["sid", "comment"],
    "ptrade.csv": "symbol,side,order_volume,order_price,price_type,strategy_name,signal_id".split(","),
    "cats.csv": [],
}
NAMES = st.sampled_from([*TABLES, *TEXTS])
CELLS = st.sampled_from(
    [
        *("", "O", "C", "A1", "10000001", "1", "2", "0", "23", "201", "3", "M1", "600000", "SHSE.600000", "600000.SS"),
        *("100", "10.5", "buy", "limit", "1082130433", "1795140000", "网格", "=cmd", '"', "x" * 70, "\x01", "99999999"),
    ]
) | st.text(max_size=6)
ORIGIN = Origin(accounts={"00080003": "10000001"})


@settings(deadline=None)
@given(data=st.binary(max_size=200), name=NAMES, system=st.sampled_from([*FOREIGN]))
def test_any_bytes_get_an_answer(data: bytes, name: str, system: str) -> None:
    check_problems(parse(data, name=name, today=TODAY, origin=Origin(format=system)))


@settings(deadline=None)
@given(name=st.sampled_from([*TABLES]), place=st.integers(0, 2000), change=st.binary(min_size=1, max_size=4))
def test_a_damaged_table_gets_an_answer(name: str, place: int, change: bytes) -> None:
    columns, row = TABLES[name]
    data = dbf(columns, row, row)
    check_problems(parse(data[:place] + change + data[place + len(change) :], name=name, today=TODAY, origin=ORIGIN))
    check_problems(parse(data[:place], name=name, today=TODAY, origin=ORIGIN))


@settings(deadline=None)
@given(
    name=st.sampled_from([*TEXTS]), rows=st.lists(st.lists(CELLS, max_size=9), max_size=5), end=st.sampled_from("\n ")
)
def test_any_cells_get_an_answer(name: str, rows: list[list[str]], end: str) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([TEXTS[name], *rows] if TEXTS[name] else rows)
    system = {"ptrade.csv": "ptrade", "cats.csv": "cats"}.get(name, "goldminer")
    data = (text.getvalue().removesuffix("\n") + end.strip(" ")).encode("utf-8", "replace")
    check_problems(parse(data, name=name, today=TODAY, origin=Origin(format=system)))


@settings(deadline=None)
@given(
    name=st.sampled_from([*TABLES]),
    rows=st.lists(st.dictionaries(st.integers(0, 18), st.sampled_from(["", "1", "2", "23", "0", "3"])), max_size=4),
)
def test_any_codes_get_an_answer(name: str, rows: list[dict[int, str]]) -> None:
    columns, good = TABLES[name]
    known = dict(enumerate(fields(columns)))
    changed = [
        good | {known[place].name: text[: known[place].length] for place, text in row.items() if place in known}
        for row in rows
    ]
    check_problems(parse(dbf(columns, *changed), name=name, today=TODAY, origin=ORIGIN))


def test_a_csv_cut_at_any_byte_is_never_read_as_other_orders() -> None:
    """CATS lines end with a code of one letter, and Ptrade's and 掘金's lines with a line break: a cut takes it."""
    cats = b"O,0,10000001,600000.SH,1000,1,10.50,0\nO,0,10000001,000001.SZ,2000,2,11.60,0"
    whole = parse(cats, name="c.csv", today=TODAY).instructions
    for cut in range(len(cats)):
        read = parse(cats[:cut], name="c.csv", today=TODAY, origin=Origin(format="cats")).instructions
        assert list(read) == list(whole[: len(read)])
