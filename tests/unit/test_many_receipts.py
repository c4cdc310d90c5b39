"""Receipts of many files at once: written beside, all of them whole, and none lost where they cannot be written."""

import json
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from filebridge import app
from filebridge.ledger.opening import open_ledger
from filebridge.ledger.views import LedgerReader
from filebridge.outbox import Outbox, Row

FILES = 40


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    # A receipt is made from what its commit says: the ledger itself is asked nothing.
    open_ledger(tmp_path / "ledger.sqlite", at=app.now(), wal_bytes=0).close()
    reader = LedgerReader(tmp_path / "ledger.sqlite")
    yield app.outbox_of(tmp_path, reader)
    reader.close()


def answered(number: int) -> tuple[Row, list[Row]]:
    name, rested = f"{number}.csv", f"2026-01-05/accepted/{number}.20260105-{number}.csv"
    file = dict.fromkeys(("received_at", "sha256", "outcome"), "") | {"archived_as": rested, "name": name}
    row = {"row": 2, "client_order_id": f"A{number}", "outcome": "ACCEPTED"}
    events = [{"kind": "ROW", "tag": "T", "body": json.dumps(row)}, {"kind": "FILE", "hash": f"head-{number}"}]
    return {**file, "intake_no": number}, events


def heads(folder: Path) -> dict[str, str]:
    return {path.name: json.loads(path.read_bytes())["chain_head"] for path in folder.glob("*.receipt.json")}


ALL = {f"{number}.20260105-{number}.receipt.json": f"head-{number}" for number in range(FILES)}


def test_all_are_there_when_all_is_written(outbox: Outbox) -> None:
    outbox.publish([], [], [answered(number) for number in range(FILES)])
    outbox.go_on(inf)
    assert heads(outbox.folder) == ALL
    assert len(list(outbox.folder.iterdir())) == 2 * FILES
    assert outbox.problems() == []


def test_what_could_not_be_written_is_told_and_written_later(outbox: Outbox) -> None:
    outbox.folder.write_text("in the way\n", encoding="utf-8")
    outbox.publish([], [], [answered(number) for number in range(FILES)])
    outbox.go_on(inf)
    assert len(outbox.problems()) == 2 * FILES
    outbox.folder.unlink()
    outbox.write_due()
    assert heads(outbox.folder) == ALL
    assert outbox.problems() == []
