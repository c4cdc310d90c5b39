"""Prices from quotes.csv: what is taken, what is refused and with which words, and when the file is read again."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from filebridge.domain.orders import SHANGHAI
from filebridge.domain.quotes import Quote
from filebridge.quotes import COLUMNS, PROBLEMS_MAX, QuoteFile, Unreadable, read_quotes

AT = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
HEADER = "symbol,at,name,prev_close,last,bid,ask,limit_down,limit_up,listed_on\n"
ROW = "600000.SH,2026-11-20 10:00:00,浦发银行,10.45,10.50,10.49,10.50,9.41,11.50,1999-11-10\n"


def test_a_whole_row() -> None:
    quotes, problems = read_quotes((HEADER + ROW).encode())
    assert problems == []
    assert quotes["600000.SH"] == Quote(
        "600000.SH",
        AT,
        "file",
        "浦发银行",
        Decimal("10.45"),
        Decimal("10.50"),
        (Decimal("10.49"),),
        (Decimal("10.50"),),
        Decimal("9.41"),
        Decimal("11.50"),
        date(1999, 11, 10),
    )


def test_what_is_empty_is_not_known() -> None:
    quotes, problems = read_quotes(b"symbol,at,last\n600000.SH,2026-11-20T10:00:00+08:00,\n")
    assert (quotes["600000.SH"], problems) == (Quote("600000.SH", AT, "file"), [])


def test_levels_and_gbk_and_a_bom() -> None:
    text = "symbol,at,name,bid1,bid2,ask1\nSH600000,2026-11-20 10:00:00,浦发银行,10.49,10.48,10.50\n"
    for encoding in ("gb18030", "utf-8-sig"):
        quotes, problems = read_quotes(text.encode(encoding))
        assert problems == []
        assert quotes["600000.SH"].name == "浦发银行"
        assert quotes["600000.SH"].bids == (Decimal("10.49"), Decimal("10.48"))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"last": "10,5"}, "last '10,5' is no price"),
        ({"last": "1e1"}, "last '1e1' is no price"),
        ({"last": "0"}, "last '0' is no price"),
        ({"last": "-1"}, "last '-1' is no price"),
        ({"last": "NaN"}, "last 'NaN' is no price"),
        ({"at": ""}, "at '' is no time"),
        ({"at": "2026/11/20 10:00"}, "is no time like"),
        ({"at": "2026-13-20 10:00:00"}, "is no time like"),
        ({"at": "10:00:00"}, "is no time like"),
        ({"symbol": "浦发银行"}, "is not written like 600000.SH"),
        # An order's 1 may be repaired, since its receipt says so; here it would be a guess that nobody sees.
        ({"symbol": "1"}, "is not written like 600000.SH"),
        ({"listed_on": "19991110"}, "is no date like"),
        ({"limit_down": "12", "limit_up": "11"}, "limit_down 12 is above limit_up 11"),
        ({"bid2": "10.48"}, "bid levels have a gap"),
        ({"ask1": "10.50", "ask2": "10.49"}, "ask levels are not in order"),
    ],
)
def test_a_row_that_cannot_be_read_is_left_out(cells: dict[str, str], said: str) -> None:
    row = {"symbol": "600000.SH", "at": "2026-11-20 10:00:00"} | cells
    bad = ",".join(row.get(name, "") for name in COLUMNS)
    good = "000001.SZ,2026-11-20 10:00:00" + "," * (len(COLUMNS) - 2)
    quotes, (problem,) = read_quotes(f"{','.join(COLUMNS)}\n{bad}\n{good}\n".encode().replace(b'"', b""))
    if "," in cells.get("last", ""):
        assert "cells where the header has" in problem
    else:
        assert problem.startswith("row 2: ")
        assert said in problem
    assert [*quotes] == ["000001.SZ"]


def test_a_symbol_that_stands_twice_has_no_price() -> None:
    quotes, (problem,) = read_quotes((HEADER + ROW + ROW).encode())
    assert quotes == {}
    assert problem == "row 3: 600000.SH stands there twice, so neither is taken"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "its last line has no end"),
        (HEADER.encode() + ROW.encode()[:-1], "its last line has no end"),
        (b"\n", "the column symbol is missing"),
        (b"symbol,last\n", "the column at is missing"),
        (b"symbol,at,volume\n", "unknown column volume"),
        (b"symbol,at,bid,bid1\n", "twice"),
        (b"symbol,at,\xff\xff\n", "neither UTF-8 nor GBK"),
        (b'"symbol\n', "no CSV"),
    ],
)
def test_a_file_that_says_nothing(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_quotes(data)


def test_it_is_read_again_when_it_changes_and_stands_while_it_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    file = QuoteFile(path)
    assert (file.look(), file.problems()) == ({}, [])
    path.write_text(HEADER + ROW, encoding="utf-8")
    first = file.look()
    assert file.look() is first
    path.write_text(HEADER + ROW[:-20], encoding="utf-8")
    assert file.look() is first
    assert file.problems() == [
        "quotes.csv: its last line has no end, so it is being written, or was cut; write it by rename"
    ]
    path.write_text(HEADER + ROW.replace("10.50,10.49", "10.60,10.59"), encoding="utf-8")
    assert file.look()["600000.SH"].last == Decimal("10.60")
    assert file.problems() == []
    path.unlink()
    assert (file.look(), file.problems()) == ({}, [])


def test_of_many_problems_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text("symbol,at\n" + "x,y\n" * (PROBLEMS_MAX + 5), encoding="utf-8")
    file = QuoteFile(path)
    file.look()
    assert len(file.problems()) == PROBLEMS_MAX + 1
    assert file.problems()[-1] == "quotes.csv: 5 more problems"
