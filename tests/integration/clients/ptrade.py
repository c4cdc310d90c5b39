"""A program that knows Ptrade basket files and nothing else. That format has neither a cancel nor an answer, so it
reads the reports of whoever takes its baskets, and cancels by a file of theirs."""

import csv
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tests.integration.clients import Seen

HEADER = "symbol,side,order_volume,order_price,price_type,strategy_name,signal_id"
STATES = {
    "RECEIVED": "waiting",
    "SUBMITTING": "waiting",
    "ACCEPTED": "reported",
    "PARTIALLY_FILLED": "part",
    "FILLED": "filled",
    "PENDING_CANCEL": "canceling",
    "CANCELED": "canceled",
    "REJECTED": "rejected",
    "UNKNOWN": "unknown",
}
Row = dict[str, str]


class Client:
    def __init__(self, folder: Path, inbox: Path, outbox: Path) -> None:
        self.folder = folder
        self.inbox = inbox
        self.outbox = outbox
        self._baskets = count(1)
        self.names: dict[str, str] = {}

    def make(self) -> None:
        """Each basket is a file of its own."""

    def order(self, own: str, code: str, quantity: int, price: float, side: str = "buy") -> None:
        self.names[own] = f"basket{next(self._baskets)}"
        rows = (HEADER, f"{code}.SS,{side},{quantity},{price},limit,grid,{own}")
        self._lay(self.folder / f"{self.names[own]}.csv", *rows)

    def nonsense(self, own: str) -> None:
        self.order(own, "600000", 100, 10.51, side="hold")

    def cancel(self, own: str) -> None:
        self._lay(self.inbox / f"cancel-{own}.csv", "action,orig_client_order_id", f"cancel,{own}")

    def seen(self, own: str) -> Seen:
        for row in self._orders(own):
            return Seen(STATES[row["status"]], int(row["filled_qty"]), row["message_zh"])
        for row in self._receipt(own):
            if row["outcome"] == "REFUSED":
                return Seen("rejected", 0, row["message_zh"])
        return Seen()

    def rows(self, own: str) -> int:
        return len(self._orders(own)) or len([row for row in self._receipt(own) if row["client_order_id"] == own])

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        fills = [row for path in self.outbox.glob("fills-*.csv") for row in _read(path)]
        return [(row["trade_id"], row["last_qty"]) for row in fills if row["client_order_id"] == own]

    def _orders(self, own: str) -> list[Row]:
        rows = [row for path in self.outbox.glob("orders-*.csv") for row in _read(path)]
        return [row for row in rows if row["client_order_id"] == own]

    def _receipt(self, own: str) -> list[Row]:
        paths = self.outbox.glob(f"{self.names[own]}.*.receipt.csv")
        return [row for path in paths for row in _read(path)]

    def _lay(self, path: Path, *lines: str) -> None:
        part = path.with_suffix(".tmp")
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.rename(path)


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
