"""What a bridge is made of, as `app` hands it over."""

import queue
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from filebridge.archive import Archive
from filebridge.bridge.following import Follower
from filebridge.bridge.quoting import Quotations
from filebridge.bridge.replies import Replies
from filebridge.config import Settings
from filebridge.control import ControlFolder
from filebridge.domain import risk
from filebridge.gateways import base
from filebridge.inbox import Inbox, Watcher
from filebridge.ledger.store import Ledger, Turn
from filebridge.ledger.views import LedgerReader
from filebridge.outbox import Outbox
from filebridge.proof import Proofs

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a bridge is made of; `app` builds it, once."""

    settings: Settings
    rules: risk.Rules
    clock: Clock
    ledger: Ledger
    reader: LedgerReader
    gateway: base.Gateway
    messages: "queue.Queue[list[base.Message]]"
    inbox: Inbox
    follower: Follower
    watcher: Watcher
    archive: Archive
    outbox: Outbox
    replies: Replies
    control: ControlFolder
    proofs: Proofs = field(default_factory=Proofs)
    quotations: Quotations
    boot_id: str
    # The tags in a worker's hand-over log, by the log's name; None if it proves nothing.
    handed_over: Callable[[str], frozenset[str] | None]
    forget_handed: Callable[[], None]
    # The tag that each hand-over log has last, which may be cut.
    last_handed: Callable[[], Iterable[str]] = field(default=tuple)
    # Starts the simulated counter again if it is gone; nothing in live mode. Raises GatewayNotReady.
    keep_counter: Callable[[], None]
    # Told of every commit.
    watch: Callable[[Turn], None]
    # Told of every second's status, as status.json has it.
    watch_status: Callable[[dict[str, Any]], None] = field(default=lambda status: None)
