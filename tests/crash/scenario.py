"""The work that every crash case does: files of all sorts, dropped in all ways; rows are told apart by content."""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.homes import ACCOUNT, Content, Home

# symbol, lot, a price that fills at once, a price that rests
_MARKET = (
    ("600000.SH", 100, "10.51", "9.50"),
    ("000001.SZ", 100, "11.66", "10.60"),
    ("510300.SH", 100, "4.013", "3.700"),
    ("113052.SH", 10, "118.45", "100.10"),
    ("601318.SH", 100, "52.11", "47.50"),
)
_HEADER = "client_order_id,symbol,side,quantity,limit_price,basket\n"
# A group is four orders, so that several are on their way one after the other.
SETTINGS: dict[str, object] = {
    "broker__group_size": 4,
    "broker__answer_seconds": 3,
    "broker__heartbeat_seconds": 3,
    "recovery__quiet_seconds": 0.2,
    "inbox__settle_seconds": 0.05,
    # The file of twelve rows is a very large one here, and comes in two parts.
    "inbox__rows_at_once": 9,
    "ledger__free_bytes_min": 0,
}
# How long the producer waits for the first files to be sent.
SENT_SECONDS = 20
CANCELED, RESTING, NEVER = "A-10", "A-11", "X-1"


@dataclass(slots=True)
class Scenario:
    """What one case drops. `orders` is every order that must reach the counter once, unless it provably did not;
    `files` the bytes of every whole file by name."""

    seed: int
    files: dict[str, bytes] = field(default_factory=dict)
    orders: dict[Content, str] = field(default_factory=dict)
    forbidden: set[Content] = field(default_factory=set)

    @classmethod
    def of(cls, seed: int) -> "Scenario":
        made = cls(seed)
        random.Random(seed).shuffle(lots := list(range(1, 40)))
        made.files["a.csv"] = made._csv([f"A-{n}" for n in range(12)], lots[:12], resting=(10, 11))
        made.files["b.csv"] = made._csv([""] * 8, lots[12:20])
        made.files["c.csv"] = made._csv([f"C-{n}" for n in range(3)], lots[20:23])
        made.files["cancel.csv"] = (
            f"action,orig_client_order_id\ncancel,{CANCELED}\ncancel,{RESTING}\ncancel,{NEVER}\n".encode()
        )
        orders = dict(made.orders)
        made.files["x.csv"] = made._csv([NEVER], lots[23:24])
        made.forbidden = set(made.orders) - set(orders)
        made.orders = orders
        made.files["a-again.csv"] = made.files["a.csv"]
        return made

    def _csv(self, ids: list[str], lots: list[int], resting: tuple[int, ...] = ()) -> bytes:
        lines = []
        for number, (name, lot) in enumerate(zip(ids, lots, strict=True)):
            symbol, unit, fills_at, rests_at = _MARKET[(number + self.seed) % len(_MARKET)]
            price = rests_at if number in resting else fills_at
            lines.append(f"{name},{symbol},BUY,{lot * unit},{price},basket\n")
            self.orders[(ACCOUNT, symbol, 23, lot * unit, 11, float(price), "")] = name
        return (_HEADER + "".join(lines)).encode()

    def drop_first(self, home: Home) -> None:
        """What lies there before the bridge starts: by rename, and an unfinished file that is never an order."""
        for name in ("a.csv", "b.csv"):
            home.drop(name, self.files[name])
        (home.inbox / "unfinished.csv.part").write_bytes(self.files["a.csv"][:40])

    def drop_rest(self, home: Home) -> threading.Thread:
        """What comes while it runs: by rename, directly, and slowly."""
        producer = threading.Thread(target=self._produce, args=(home,))
        producer.start()
        return producer

    def _produce(self, home: Home) -> None:
        pause = threading.Event()
        # Cancels must cross orders that are at the counter; if the bridge died first, they come all the same.
        deadline = time.monotonic() + SENT_SECONDS
        while len(home.requests()) < len(self.orders) - 4 and time.monotonic() < deadline and _runs(home):
            pause.wait(0.02)
        for name in ("cancel.csv", "x.csv", "a-again.csv"):
            home.drop(name, self.files[name])
            pause.wait(0.1)
        _write_slowly(home.inbox / "c.csv", self.files["c.csv"], pause)


def _runs(home: Home) -> bool:
    return home.bridge is not None and home.bridge.poll() is None


def _write_slowly(path: Path, data: bytes, pause: threading.Event) -> None:
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(data), 40):
            file.write(data[start : start + 40])
            pause.wait(0.02)
