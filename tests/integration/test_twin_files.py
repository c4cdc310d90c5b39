"""One sheet in every spelling that programs give it: each gives the counter the same orders."""

import json
from collections.abc import Callable

import pytest

from tests.integration.homes import ACCOUNT, Home

# As a person would type it; every twin has a basket of its own, so that none is a duplicate of another.
HEADER = ("symbol", "side", "quantity", "limit_price", "strategy", "note", "basket")
HEADER_ZH = ("证券代码", "买卖方向", "委托数量", "委托价格", "策略名称", "备注", "篮子")
ROWS = (
    ("600000.SH", "BUY", "1000", "10.51", "动量", "第一笔"),
    ("000001.SZ", "SELL", "200", "11.60", "", ""),
    ("510300.SH", "BUY", "10000", "4.013", "rebalance", "浦发银行"),
    ("600000.SH", "BUY", "1000", "10.51", "动量", "the same once more"),
)
SIDES_ZH = {"BUY": "买入", "SELL": "卖出"}
SENT = [
    (ACCOUNT, "600000.SH", 23, 1000, 11, 10.51, "??"),
    (ACCOUNT, "000001.SZ", 24, 200, 11, 11.6, ""),
    (ACCOUNT, "510300.SH", 23, 10000, 11, 4.013, "rebalance"),
    (ACCOUNT, "600000.SH", 23, 1000, 11, 10.51, "??"),
]


def table(basket: str, delimiter: str = ",", newline: str = "\n") -> str:
    lines = (HEADER, *((*row, basket) for row in ROWS))
    return "".join(delimiter.join(line) + newline for line in lines)


def table_zh(basket: str, delimiter: str = ",") -> str:
    rows = ((code, SIDES_ZH[side], *rest, basket) for code, side, *rest in ROWS)
    return "".join(delimiter.join(line) + "\r\n" for line in (HEADER_ZH, *rows))


def objects(basket: str) -> list[dict[str, str]]:
    return [dict(zip(HEADER, (*row, basket), strict=True)) for row in ROWS]


def numbers(basket: str) -> list[dict[str, object]]:
    return [
        {**row, "quantity": int(row["quantity"]), "limit_price": float(row["limit_price"])} for row in objects(basket)
    ]


# name -> what makes the file for a basket; the encoding that files --json names.
TWINS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "utf8.csv": (lambda basket: table(basket).encode(), "utf-8"),
    "utf8-bom.csv": (lambda basket: table(basket).encode("utf-8-sig"), "utf-8"),
    "crlf.csv": (lambda basket: table(basket, newline="\r\n").encode(), "utf-8"),
    "counted.csv": (lambda basket: (table(basket) + "#END,4").encode(), "utf-8"),
    "semicolon.csv": (lambda basket: table(basket, ";").encode(), "utf-8"),
    "tab-bom.tsv": (lambda basket: table(basket, "\t").encode("utf-8-sig"), "utf-8"),
    "gbk-中文.csv": (lambda basket: table_zh(basket).encode("gbk"), "gb18030"),
    "gb18030.txt": (lambda basket: table_zh(basket, ";").encode("gb18030"), "gb18030"),
    "utf16-le.txt": (lambda basket: ("\ufeff" + table_zh(basket, "\t")).encode("utf-16-le"), "utf-16-le"),
    "utf16-be.csv": (lambda basket: ("\ufeff" + table_zh(basket)).encode("utf-16-be"), "utf-16-be"),
    "utf8-zh.csv": (lambda basket: table_zh(basket).encode(), "utf-8"),
    "array.json": (lambda basket: json.dumps(objects(basket)).encode(), "utf-8"),
    "object.json": (lambda basket: json.dumps({"orders": numbers(basket)}, ensure_ascii=False).encode(), "utf-8"),
    "lines.jsonl": (lambda basket: "".join(json.dumps(row) + "\n" for row in numbers(basket)).encode(), "utf-8"),
}


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_gives_the_same_orders(shared: Home, name: str) -> None:
    make, _ = TWINS[name]
    receipt = shared.trade(name, make(name))
    assert receipt.outcomes == ["ACCEPTED"] * 4, receipt.rows
    shared.settled()
    assert shared.sent_for(receipt.tags) == SENT
    assert len(set(receipt.tags)) == 4
    orders = {row["tag"]: row for row in shared.orders()}
    # What the counter's 23 ASCII bytes cannot carry is in the reports all the same.
    assert [orders[tag]["strategy"] for tag in receipt.tags] == ["动量", "", "rebalance", "动量"]
    assert [orders[tag]["note"] for tag in receipt.tags] == [row[5] for row in ROWS]


def test_the_ledger_knows_how_each_was_written(shared: Home) -> None:
    found = {row["name"]: row["encoding"] for row in shared.json_of("files")}
    names = found.keys() & TWINS.keys()
    assert names
    assert {name: found[name] for name in names} == {name: TWINS[name][1] for name in names}
