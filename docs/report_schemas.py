"""The schemas of the reports in docs/schema/: JSON Schema 2020-12 for JSON, Table Schema (datapackage.org) for CSV.

The columns are the code's; their types and sentences stand in docs/reports.md, which people read, and nowhere else. A
later version may add columns, so nothing is closed here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from docs.schemas import DRAFT, MADE, Schema, text
from filebridge import tables
from filebridge.domain.events import EventKind
from filebridge.domain.orders import Action, OrderType, Outcome, Side, Status

REPORTS = Path(__file__).resolve().parent / "reports.md"
TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
# Heading in reports.md -> the columns of that CSV.
CSV_REPORTS: Mapping[str, list[str]] = {
    "Receipts": tables.RECEIPT,
    "Orders": tables.ORDERS,
    "Fills": tables.FILLS,
    "Positions": tables.POSITIONS,
    "Asset": tables.ASSET,
}

_DECIMAL = r"-?[0-9]+(?:\.[0-9]+)?"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?\+08:00"
_HASH = "[0-9a-f]{64}"
_CODE = "[A-Z]+(?:_[A-Z0-9]+)*"

# The type that reports.md names -> in JSON, and in a CSV. Empty means unknown or not applicable.
_IN_JSON: dict[str, Schema] = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "decimal": {"type": "string", "pattern": f"^(?:{_DECIMAL})?$"},
    "time": {"type": "string", "pattern": f"^(?:{_TIME})?$"},
    "true or false": {"type": "boolean"},
    "list of texts": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
    "list of objects": {"type": "array", "items": {"type": "object"}},
}
_IN_CSV: dict[str, Schema] = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "decimal": {"type": "number"},
    "time": {"type": "datetime"},
    "0 or 1": {"type": "boolean", "trueValues": ["1"], "falseValues": ["0"]},
}
# Columns that can hold these words only, or only what fits a pattern.
_WORDS: dict[str, Iterable[StrEnum]] = {
    "action": Action, "side": Side, "order_type": OrderType, "outcome": Outcome, "status": Status,
    "earlier_status": Status,
}  # fmt: skip
_PATTERNS = {
    "reason_code": _CODE, "connection_code": _CODE, "hash": _HASH, "chain_head": _HASH, "sha256": _HASH,
    "tag": "[A-Z2-7]{20}",
    # So that a shell script may split a receipt's line at its commas.
    **dict.fromkeys(("client_order_id", "account", "symbol"), '[^,"\\r\\n]+'),
}  # fmt: skip
# What the JSON receipt says of its file.
_RECEIPT_FILE = {
    "file": ("text", "the file's name"),
    "source": ("text", "the entry of the inbox whose folder it came from; `inbox` is the home's own"),
    "intake_no": ("number", "the number of its intake; never comes again in a home"),
    "received_at": ("time", "when it was taken in"),
    "sha256": ("text", "of the file's bytes"),
    "outcome": ("text", "of the file, whatever became of its rows"),
    "archived_as": ("text", "its place in archive/"),
}
# What some of its rows say besides.
_RECEIPT_MORE = {
    "column": ("text", "of a problem: the column"),
    "value": ("text", "of a problem: the value that cannot be used"),
    "canceled": ("list of texts", "of a cancel of several orders: their tags"),
}
# Kind of event -> words that its body holds.
_BODIES: dict[str, dict[str, Iterable[StrEnum]]] = {
    "ORDER": {"event": EventKind, "status": Status},
    "ROW": {"outcome": Outcome},
    "FILE": {"outcome": Outcome},
}


class Field(NamedTuple):
    """A row of a table in reports.md."""

    type: str
    about: str


def fields(heading: str) -> dict[str, Field]:
    """The fields of one report, in their order, as reports.md tells them."""
    part = re.split(rf"^## {heading}$", REPORTS.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[1]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|(.*)\|$", part.partition("\n## ")[0], re.MULTILINE)
    return {name: Field(kind, about.strip()) for name, kind, about in rows}


def receipt() -> Schema:
    """`….receipt.json`: the answer to one file."""
    own = {name: _in_json(name, Field(*said)) for name, said in _RECEIPT_FILE.items()}
    columns = {name: _in_json(name, field) for name, field in fields("Receipts").items()}
    # A cancel has none, nor has a row that could not be read.
    columns["quantity"] |= {"type": ["integer", "string"], "maxLength": 0}
    problem = {name: _in_json(name, Field(*said)) for name, said in _RECEIPT_MORE.items()}
    row = {**_object({**columns, **problem}), "required": list(columns)}
    head = _in_json("chain_head", Field("text", "the head of the ledger's chain when the file had been answered"))
    whole = _object({**own, "rows": {"type": "array", "items": row}, "chain_head": head})
    return _document("Receipt", "`outbox/<name>.<yyyymmdd>-<n>.receipt.json`: the answer to one file.", whole)


def event() -> Schema:
    """One line of `events-<date>.jsonl`."""
    found = fields("Events")
    content = _object({name: _in_json(name, field) for name, field in found.items()})
    content["properties"]["kind"]["enum"] = re.findall(r"`([A-Z_]+)`", found["kind"].about)
    content["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"properties": {"body": {"properties": {name: _one_of(words) for name, words in body.items()}}}},
        }
        for kind, body in _BODIES.items()
    ]
    return _document("Event", "A line of `outbox/events-<date>.jsonl`.", content)


def status() -> Schema:
    """`status.json`."""
    content = _object({name: _in_json(name, field) for name, field in fields("Status").items()})
    counts = {"additionalProperties": {"type": "integer", "minimum": 1}, "propertyNames": _one_of(Status)}
    content["properties"]["open_orders"].update(counts)
    content["properties"]["mode"]["enum"] = ["paper", "live"]
    return _document("Status", "`outbox/status.json`: how filebridge is.", content)


def table(heading: str) -> Schema:
    """The columns of a CSV report and their types."""
    said = fields(heading)
    about = f"Columns of a report, see docs/reports.md, {heading}. A line that begins with `#END` is no row. {MADE}"
    return {
        "$schema": TABLE_SCHEMA,
        "title": heading,
        "description": about,
        "fields": [_in_csv(name, said[name]) for name in CSV_REPORTS[heading]],
        "fieldsMatch": "superset",
        "missingValues": [""],
    }


def _document(title: str, about: str, content: Schema) -> Schema:
    return {"$schema": DRAFT, "title": title, "description": f"{about} {MADE}", **content}


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _in_json(name: str, field: Field) -> Schema:
    found = {"description": field.about, **_IN_JSON[field.type]} if field.about else dict(_IN_JSON[field.type])
    if field.type == "text" and name in _WORDS:
        found["enum"] = ["", *_words(name)]
    elif field.type == "text" and name in _PATTERNS:
        found["pattern"] = f"^(?:{_PATTERNS[name]})?$"
    return found


def _in_csv(name: str, field: Field) -> Schema:
    about = {"description": field.about} if field.about else {}
    # Table Schema's own patterns are for a whole value, and an empty cell is no value.
    constraints: Schema = {"enum": _words(name)} if name in _WORDS else {}
    constraints |= {"pattern": _PATTERNS[name]} if name in _PATTERNS else {}
    return {"name": name, **_IN_CSV[field.type], **about, **({"constraints": constraints} if constraints else {})}


def _words(name: str) -> list[str]:
    return [word.value for word in _WORDS[name]]


def _one_of(words: Iterable[StrEnum]) -> Schema:
    return {"enum": [word.value for word in words]}


def _table_page(heading: str) -> Callable[[], str]:
    return lambda: text(table(heading))


PAGES: dict[str, Callable[[], str]] = {
    "schema/receipt.json": lambda: text(receipt()),
    "schema/event.json": lambda: text(event()),
    "schema/status.json": lambda: text(status()),
    **{f"schema/{heading.lower()}.table.json": _table_page(heading) for heading in CSV_REPORTS},
}
