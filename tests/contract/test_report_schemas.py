"""Every report of a real run is what its schema in docs/schema/ says, and says nothing that the schema leaves out."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from docs import report_schemas
from docs.generate import DOCS, PAGES
from docs.schemas import DRAFT
from tests.integration.homes import Home, living_in, orders_file, until

Schema = dict[str, Any]

# Which schema a report has, by its name.
SCHEMAS = {
    r".*\.receipt\.json": "receipt.json",
    r".*\.receipt\.csv": "receipts.table.json",
    r"events-.*\.jsonl": "event.json",
    r"status\.json": "status.json",
    r"orders-.*\.csv": "orders.table.json",
    r"fills-.*\.csv": "fills.table.json",
    r"positions-.*\.csv": "positions.table.json",
    r"asset-.*\.csv": "asset.table.json",
}
# Table Schema's types as whole-value patterns.
TYPES = {
    "string": ".*",
    "integer": "-?[0-9]+",
    "number": r"-?[0-9]+(\.[0-9]+)?",
    "datetime": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?\+08:00",
    "boolean": "[01]",
}


def schema_of(report: Path) -> str:
    found = [name for pattern, name in SCHEMAS.items() if re.fullmatch(pattern, report.name)]
    assert len(found) == 1, f"{report.name} has {len(found)} schemas"
    return found[0]


def published(name: str) -> Schema:
    schema: Schema = json.loads((DOCS / "schema" / name).read_text(encoding="utf-8"))
    return schema


def closed(schema: Schema) -> Schema:
    """The schema, with every object that names its properties holding no others."""
    schema = deepcopy(schema)
    parts = [schema]
    while parts:
        part = parts.pop()
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
        parts += [value for value in part.values() if isinstance(value, dict)]
    return schema


def problems(report: Path) -> list[str]:
    name = schema_of(report)
    text = report.read_text(encoding="utf-8")
    if name.endswith(".table.json"):
        return problems_of_table(text.removeprefix("\ufeff"), published(name))
    validator = Draft202012Validator(closed(published(name)))
    documents = [json.loads(line) for line in (text.splitlines() if report.suffix == ".jsonl" else [text])]
    return [f"{report.name}: {found.message}" for document in documents for found in validator.iter_errors(document)]


def problems_of_table(text: str, schema: Schema) -> list[str]:
    header, *rows = csv.reader(io.StringIO(text))
    if header != [field["name"] for field in schema["fields"]]:
        return [f"header: {header}"]
    return [
        f"{field['name']}: {cell!r}"
        for row in rows
        if row[0] != "#END"
        for field, cell in zip(schema["fields"], row, strict=True)
        if cell not in schema["missingValues"] and not fits(field, cell)
    ]


def fits(field: Schema, cell: str) -> bool:
    constraints = field.get("constraints", {})
    patterns = [TYPES[field["type"]], constraints.get("pattern", ".*")]
    words = constraints.get("enum", [cell])
    return cell in words and all(re.fullmatch(pattern, cell, re.DOTALL) for pattern in patterns)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home after a day that saw a bit of everything, at rest."""
    with living_in(Home.made(tmp_path_factory.mktemp("reports") / "home")) as home:
        home.ready(outbox__report_seconds=0.1)
        basket = orders_file("R-1,600000.SH,BUY,1000,10.51", "R-2,510300.SH,SELL,5000,4.05", "R-3,000001.SZ,BUY,100,20")
        home.trade("basket.csv", basket)
        home.trade("basket.csv", basket)
        home.trade(
            "篮子.json", '[{"symbol": "1", "side": "买入", "quantity": 100, "limit_price": 11.66, "note": "=1+1"}]'
        )
        home.trade("denied.csv", orders_file("R-4,IF2612.IF,BUY,1,4000"))
        home.trade("refused.csv", orders_file('R-5,600000.SH,BUY,100,"10,5"', "R!6,600000.SZ,buy it,1e3,-1"))
        home.trade("unread.csv", b"\x00\x01")
        home.trade("yesterday.csv", "symbol,side,quantity,limit_price,trade_date\n600000.SH,BUY,100,10.51,2020-01-02\n")
        home.wait_for_status("R-2", "ACCEPTED")
        home.trade("cancel.csv", "action,orig_client_order_id\ncancel,R-2\ncancel,R-1\ncancel,R-9\n")
        home.command("halt", "--reason", "lunch")
        home.settled()
        until(lambda: (home.outbox / "status.json").exists(), "status.json")
        yield home


def test_every_report_fits_its_schema(traded: Home) -> None:
    assert traded.stop() == 0
    reports = sorted(path for path in traded.outbox.iterdir() if path.name != "README.md")
    assert {schema_of(report) for report in reports} == set(SCHEMAS.values())
    assert [problem for report in reports for problem in problems(report)] == []
    outcomes = {outcome for receipt in traded.receipts_all() for outcome in receipt.outcomes}
    assert outcomes >= {"ACCEPTED", "DUPLICATE", "DENIED", "REFUSED", "QUARANTINED", "CANCEL_ACCEPTED"}


def test_a_receipts_first_ten_columns_can_be_split_at_the_comma(traded: Home) -> None:
    for receipt in traded.receipts_all():
        lines = receipt.path.read_text(encoding="utf-8-sig").splitlines()[1:-1]
        assert [line.split(",")[:10] for line in lines] == [list(row.values())[:10] for row in receipt.rows]


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("schema/")])
def test_a_schema_is_one(name: str) -> None:
    schema = json.loads((DOCS / name).read_text(encoding="utf-8"))
    if name.endswith(".table.json"):
        assert schema["$schema"] == report_schemas.TABLE_SCHEMA
        assert {field["type"] for field in schema["fields"]} <= set(TYPES)
    else:
        assert schema["$schema"] == DRAFT
        Draft202012Validator.check_schema(schema)


def damaged(report: Schema, change: Callable[[Schema], object]) -> Schema:
    report = deepcopy(report)
    change(report)
    return report


# Report -> what would be wrong in it.
DAMAGE: dict[str, list[Callable[[Schema], object]]] = {
    "receipt.json": [
        lambda receipt: receipt.pop("chain_head"),
        lambda receipt: receipt.update(by="me"),
        lambda receipt: receipt["rows"][0].update(outcome="PERHAPS"),
        lambda receipt: receipt["rows"][0].update(quantity=1.5),
        lambda receipt: receipt["rows"][0].update(quantity="1000"),
        lambda receipt: receipt["rows"][0].update(limit_price=10.51),
        lambda receipt: receipt["rows"][0].update(client_order_id="R,1"),
    ],
    "status.json": [
        lambda status: status.update(halted="no"),
        lambda status: status.update(open_orders={"LOST": 1}),
        lambda status: status.update(at="2026-11-22 05:34"),
    ],
    "event.json": [
        lambda event: event.update(kind="RUMOUR"),
        lambda event: event.update(seq="1"),
        lambda event: event.update(kind="ORDER", body={"status": "LOST"}),
    ],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_report_with_something_wrong_does_not_fit(name: str, traded: Home) -> None:
    report = next(path for path in sorted(traded.outbox.iterdir()) if schema_of(path) == name)
    good = json.loads(
        report.read_text(encoding="utf-8").splitlines()[0] if name == "event.json" else report.read_bytes()
    )
    validator = Draft202012Validator(closed(published(name)))
    assert [error.message for error in validator.iter_errors(good)] == []
    assert [validator.is_valid(damaged(good, change)) for change in DAMAGE[name]] == [False] * len(DAMAGE[name])


def test_a_table_with_something_wrong_does_not_fit() -> None:
    schema = published("asset.table.json")
    good = "cash,frozen_cash,market_value,total_asset,at\n1.5,,0,1.5,2026-11-22T05:34:27.313+08:00\n"
    assert problems_of_table(good, schema) == []
    for was, becomes in (("1.5,,", "1e5,,"), ("+08:00", "+00:00"), (",at", ""), ("cash,frozen", "frozen")):
        assert problems_of_table(good.replace(was, becomes, 1), schema) != [], becomes
