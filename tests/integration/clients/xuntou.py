"""A program that knows 迅投 order files and nothing else: it appends to the DBF, and reads the answers row by row."""

import time
from pathlib import Path

from tests.integration.clients import tables

COLUMNS = (
    "order_type C(10); price_type C(10); mode_price C(20); stock_code C(20); volume C(20); account_id C(20); "
    "act_type C(10); brokertype C(10); strategy C(50); note C(32); note1 C(32); tradeparam C(100); command_id C(32); "
    "basketpath C(100); inserttime C(30); extraparam C(100); batch_id C(32)"
)
Answer = dict[str, str]


class Client:
    def __init__(self, folder: Path, account_id: str) -> None:
        self.path = folder / "XT_DBF_ORDER.dbf"
        self.account_id = account_id
        self.rows = 0

    def make(self) -> None:
        tables.make(self.path, COLUMNS)

    def order(self, kind: int, code: str, volume: int, price: float, note: str = "") -> int:
        said = {"price_type": "3", "mode_price": str(price), "stock_code": code, "volume": str(volume), "note": note}
        return self._append({"order_type": str(kind), "brokertype": "2", **said})

    def cancel(self, number: str) -> int:
        return self._append({"order_type": "201", "mode_price": number})

    def answer(self, row: int) -> Answer:
        rows = tables.read(self.path.with_name("XT_DBF_ORDER_result.dbf"))
        return rows[row] if row < len(rows) else {}

    def _append(self, values: dict[str, str]) -> int:
        row = {"account_id": self.account_id, "inserttime": str(int(time.time())), **values}
        tables.append(self.path, row)
        self.rows += 1
        return self.rows - 1
