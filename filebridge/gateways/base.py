"""The contract between the bridge and whatever speaks with a broker: what goes out, and the messages that come home.

Messages are facts with their raw form beside them; nothing here decides what they mean for an order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from filebridge.domain.events import FillReport, OrderReport
from filebridge.domain.orders import Order
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import Lists

Raw = dict[str, Any]


class Position(NamedTuple):
    """What an account holds of one symbol. Shares; CNY."""

    account: str
    symbol: str
    name: str
    quantity: int
    available_qty: int
    avg_cost: Decimal
    last_price: Decimal
    market_value: Decimal
    # LONG or SHORT; empty where the broker does not say.
    direction: str = ""


class Asset(NamedTuple):
    """An account's money in CNY."""

    account: str
    cash: Decimal
    frozen_cash: Decimal
    market_value: Decimal
    total_asset: Decimal


class Snapshot(NamedTuple):
    """The broker's books of one account, read in one breath.

    `complete` is false where any part did not answer: an empty list is then no proof of anything. `lists` is what was
    asked for. A long list comes in several of these: the one that `is_end` tells positions and asset and whether all is
    complete, and `rows_before` how many orders and fills those before it had.
    """

    account: str
    complete: bool
    lists: Lists
    orders: tuple[tuple[OrderReport, Raw], ...]
    fills: tuple[tuple[FillReport, Raw], ...]
    positions: tuple[Position, ...]
    asset: Asset | None
    is_end: bool = True
    rows_before: int = 0
    # Whose account it is, and of what kind; empty where the terminal did not say.
    info: Mapping[str, str] = MappingProxyType({})


# ---- messages home; `generation` counts the workers of one run, so that a dead one's words are told apart


class SoleSender(NamedTuple):
    """The worker holds the locks of all accounts: no other process can be sending for them. `log` is the name of its
    hand-over log."""

    generation: int
    log: str


class GatewayUp(NamedTuple):
    generation: int


class GatewayDown(NamedTuple):
    """The worker is dead. `handed` holds the tags that it had noted before calling the broker; None if its log proves
    nothing."""

    generation: int
    reason: Reason
    handed: frozenset[str] | None


class GroupHanded(NamedTuple):
    """The worker has called the broker for every order and cancel of its group."""

    generation: int


class NotCalled(NamedTuple):
    """The worker came to this order too late and did not call the broker: it never left."""

    tag: str


class OrderAnswer(NamedTuple):
    """The terminal answered one order; `broker_order_id` is empty for its -1."""

    tag: str
    broker_order_id: str
    text: str
    raw: Raw


class OrderRefused(NamedTuple):
    """The terminal said, matched by request and tag, that this order failed."""

    tag: str
    text: str
    raw: Raw


class CancelAnswer(NamedTuple):
    """The terminal answered a cancel: taken (`text` empty), or refused and why."""

    tag: str
    taken: bool
    text: str
    raw: Raw


class OrderPushed(NamedTuple):
    report: OrderReport
    raw: Raw


class FillPushed(NamedTuple):
    report: FillReport
    raw: Raw


class Snapshots(NamedTuple):
    """The answer to `query`, or a part of it: then `more` asks for the next one."""

    generation: int
    accounts: tuple[Snapshot, ...]
    is_first: bool = True
    is_last: bool = True


class Told(NamedTuple):
    """The answer to the question of that number, or a part of it, as rows of texts and numbers; not `is_known`: the
    terminal has none."""

    number: int
    rows: tuple[Raw, ...]
    is_known: bool
    is_first: bool
    is_end: bool


class Quotes(NamedTuple):
    """What a source of market data says of the symbols that it was asked for; what is not among `quotes` it does not
    know. `text` says why nothing could be had, if so."""

    source: str
    symbols: tuple[str, ...]
    quotes: tuple[Quote, ...]
    text: str = ""


class Balances(NamedTuple):
    """The answer to `balances`: positions and asset of every account, no orders."""

    generation: int
    accounts: tuple[Snapshot, ...]


class WorkerTrouble(NamedTuple):
    """Something in the worker that must not stay unseen, such as an error inside a callback."""

    text: str


class Sealed(NamedTuple):
    """News of an order as the worker wrote it, to be opened (wire.opened) when its turn comes: while orders are being
    sent, reading it would only take the sending's time."""

    line: bytes


Message = (
    SoleSender
    | GatewayUp
    | GatewayDown
    | GroupHanded
    | NotCalled
    | OrderAnswer
    | OrderRefused
    | CancelAnswer
    | OrderPushed
    | FillPushed
    | Snapshots
    | Balances
    | Quotes
    | Told
    | WorkerTrouble
    | Sealed
)


@dataclass(slots=True)
class Connection:
    """What status.json says of the way to the broker."""

    up: bool = False
    reason: Reason = field(default_factory=lambda: Reason("CONNECTION_NOT_STARTED"))
    since: datetime | None = None
    accounts: list[str] = field(default_factory=list)

    def become(self, up: bool, reason: Reason, now: datetime) -> bool:
        """Returns whether anything changed."""
        changed = (self.up, self.reason) != (up, reason)
        if changed:
            self.up, self.reason, self.since = up, reason, now
        return changed


class Gateway(Protocol):
    """Sends once and asks; answers arrive as messages. Every method returns at once.

    `submit`, `cancel`, `query`, `more`, `ask` and `quotes` raise GatewayNotReady when it is proven that nothing left.
    """

    def start(self) -> None: ...

    def accept(self, generation: int) -> None:
        """Whoever asks has heard that this worker is up. Before that nothing is asked of it: that the one before it is
        dead may not have been heard yet, and its hand-over log says nothing of what another one was given."""

    @property
    def is_ready(self) -> bool:
        """Whether the worker that was accepted last still serves."""

    def submit(self, orders: Sequence[Order]) -> None: ...

    def cancel(self, orders: Sequence[Order]) -> None: ...

    def query(self, lists: Lists, *, expected: int) -> None:
        """Ask for positions and asset of every account, and for these lists as well; `expected` is how many orders of
        the day are known of, for a long list may take longer than other answers."""

    def more(self) -> None:
        """Ask for the next part of the answer to `query`. A part at a time, so that a day's list is never in memory as
        a whole, and orders that are to be sent meanwhile need not wait for its end."""

    def ask(self, query: str, account: str, number: int) -> None:
        """Ask what a file wants to know of an account (orders.Query)."""

    def quotes(self, symbols: Sequence[str]) -> None:
        """Ask for market data. It may never come: unlike the other questions, this one is not owed an answer."""

    def balances(self) -> None:
        """Ask for positions and asset of every account, while the answer to `query` may still come in parts."""

    def tick(self) -> None:
        """Look after the worker: heartbeat, deadlines, replacement. To be called several times a second."""

    def close(self) -> None: ...
