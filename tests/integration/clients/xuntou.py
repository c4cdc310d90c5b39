"""A program that knows 迅投 order files and nothing else: it appends to the DBF, and reads the answers row by row."""

import time
from collections.abc import Sequence
from pathlib import Path

from tests.integration.clients import Seen, tables
from tests.integration.clients.tables import Row

COLUMNS = (
    "order_type C(10); price_type C(10); mode_price C(20); stock_code C(20); volume C(20); account_id C(20); "
    "act_type C(10); brokertype C(10); strategy C(50); note C(32); note1 C(32); tradeparam C(100); command_id C(32); "
    "basketpath C(100); inserttime C(30); extraparam C(100); batch_id C(32)"
)
STATES = {
    "": "waiting",
    "48": "waiting",
    "49": "waiting",
    "50": "reported",
    "51": "canceling",
    "52": "canceling",
    "53": "canceled",
    "54": "canceled",
    "55": "part",
    "56": "filled",
    "57": "rejected",
    "255": "unknown",
}
REFUSED = "-2"


class Client:
    def __init__(self, folder: Path, account_id: str) -> None:
        self.path = folder / "XT_DBF_ORDER.dbf"
        self.account_id = account_id
        # The place of each row of its own.
        self.places: dict[str, int] = {}

    def make(self) -> None:
        tables.make(self.path, COLUMNS)

    def order(self, own: str, code: str, quantity: int, price: float, kind: str = "23") -> None:
        said = {"price_type": "3", "mode_price": str(price), "stock_code": code, "volume": str(quantity), "note": own}
        self._append(own, {"order_type": kind, "brokertype": "2", **said})

    def nonsense(self, own: str) -> None:
        self.order(own, "600000", 100, 10.51, kind="77")

    def cancel(self, own: str) -> None:
        self._append(f"cancel of {own}", {"order_type": "201", "mode_price": self.answer(own)["orderId"]})

    def seen(self, own: str) -> Seen:
        answer = self.answer(own)
        if not answer.get("orderId"):
            return Seen()
        assert answer["note"] == own, "the answer is about another row"
        if answer["orderId"] == REFUSED:
            return Seen("rejected", 0, answer["message"])
        return Seen(STATES[answer["orderState"]], int(answer["TASKPRO"].partition("/")[0]), answer["message"])

    def rows(self, own: str) -> int:
        return sum(answer["note"] == own for answer in self._answers())

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        return []

    def answer(self, own: str) -> Row:
        answers = self._answers()
        return answers[self.places[own]] if self.places[own] < len(answers) else {}

    def _answers(self) -> list[Row]:
        return tables.read(self.path.with_name("XT_DBF_ORDER_result.dbf"))

    def _append(self, own: str, values: dict[str, str]) -> None:
        tables.append(self.path, {"account_id": self.account_id, "inserttime": str(int(time.time())), **values})
        self.places[own] = len(self.places)
