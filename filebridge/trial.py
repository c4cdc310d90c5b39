"""A file on trial: what the bridge of a home would do with it now. Takes nothing in, sends nothing, writes nothing."""

import gc
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from filebridge import app
from filebridge.bridge.book import OrderBook
from filebridge.bridge.foreseeing import Foresight, symbols_wanted
from filebridge.bridge.guard import Guard
from filebridge.bridge.intake import Intake
from filebridge.bridge.preview import previewed
from filebridge.config import Settings
from filebridge.control import ControlFolder
from filebridge.domain import risk
from filebridge.domain.counters import Balance
from filebridge.gateways import base
from filebridge.inbox import ClaimedFile
from filebridge.ledger.dry import DryLedger
from filebridge.ledger.prepared import make_empty
from filebridge.ledger.store import Turn
from filebridge.ledger.views import LedgerReader
from filebridge.quotes import SOURCE as FILE
from filebridge.receipts import rows_of
from filebridge.sources import HOME_INBOX

Row = dict[str, Any]
BAD_OUTCOMES = frozenset({"DENIED", "EXPIRED", "REFUSED", "HELD", "QUARANTINED", "CANCEL_REFUSED"})
# Books that did not change are not recorded again. A running bridge reads them within a second of any change.
_BOOKS_LAG = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Trial:
    """One look at a home."""

    home: Path
    settings: Settings
    rules: risk.Rules
    reader: LedgerReader
    status: Mapping[str, Any]
    now: datetime


def check(
    home: Path,
    settings: Settings,
    path: Path,
    source: str = "",
    *,
    as_armed: str = "",
    status: Mapping[str, Any] = MappingProxyType({}),
    now: datetime | None = None,
) -> tuple[list[Row], bool]:
    """What a receipt for this file would say, what would become of each of its orders now, and whether all of it could
    be used; or would, were an account `as_armed`. `status` is what a running bridge says of itself.

    `source` is the entry of the inbox whose rules count; by default that of the folder in which the file lies, or the
    home's own.
    """
    moment = now or app.now()
    with _reading(home) as reader, _without_collector():
        trial = _Trial(home, settings, app.rules_of(settings, app.load_calendar(home)), reader, status, moment)
        rows, usable = _judged(trial, path, source or _source_at(home, settings, path), as_armed)
    return rows, usable and not any(row["outcome"] in BAD_OUTCOMES for row in rows)


@contextmanager
def _without_collector() -> Iterator[None]:
    """What thousands of rows make lives to the end: to look through it again and again is a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _reading(home: Path) -> Iterator[LedgerReader]:
    """The home's ledger; an empty one where there is none yet."""
    with TemporaryDirectory() as folder:
        stored = home / app.LEDGER
        if not stored.exists():
            stored = Path(folder) / app.LEDGER
            make_empty(stored)
        reader = LedgerReader(stored)
        try:
            yield reader
        finally:
            reader.close()


def _judged(trial: _Trial, path: Path, source: str, as_armed: str) -> tuple[list[Row], bool]:
    settings, reader, rules, now = trial.settings, trial.reader, trial.rules, trial.now
    ledger = DryLedger()
    book = OrderBook(ledger, reader, rows_at_once=settings.inbox.rows_at_once)
    quotations = app.quotations_of(trial.home, settings, rules, is_trial=True)
    with book.open_turn(now, risk.current_date(now, rules)) as turn:
        guard = _guard(trial, book, turn, as_armed)
        intake = Intake(
            *(book, ledger, reader, settings, rules, guard, quotations),
            rows_at_once=sys.maxsize,
            proofs=app.proofs_of(trial.home, settings),
        )
        (taken,) = intake.take([_claimed(path, source, settings, now)], (), now)
        assert taken is not None
        unasked = []
        for answer, was_asked in _market_data(trial, symbols_wanted(book, rules)):
            quotations.hear(answer, now)
            unasked += [] if was_asked else [answer.source]
        foresight = Foresight(
            *(book, reader, rules, guard, quotations, now), balances=_balances(trial), unasked=tuple(unasked)
        )
        rows, _ = rows_of(turn.events, read=dict)
        return previewed(rows, turn, book, rules, foresight.orders(), ledger.home_mark), taken.usable


def _guard(trial: _Trial, book: OrderBook, turn: Turn, as_armed: str) -> Guard:
    """As the running bridge would have it."""
    guard = Guard(book, trial.reader, trial.rules, trial.settings.halt)
    control = ControlFolder(trial.home / "control")
    if control.folder.is_dir():
        control.requests()
    if control.halt_file is not None:
        guard.see_halt_file(*control.halt_file)
    if as_armed:
        guard.suppose_armed(as_armed, turn.trade_date)
    return guard


def _claimed(path: Path, source: str, settings: Settings, now: datetime) -> ClaimedFile:
    status = path.lstat()
    beside = {suffix: path.with_name(path.name + suffix) for suffix in settings.inbox.source(source).suffixes}
    return ClaimedFile(
        *(path, path.name, "", status.st_size, stat.S_ISREG(status.st_mode), now, now),
        source=source,
        companions={suffix: each for suffix, each in beside.items() if each.exists()},
    )


def _source_at(home: Path, settings: Settings, path: Path) -> str:
    folder = path.absolute().parent
    found = (source.name for source in settings.inbox.all_sources if source.place(home.absolute()) == folder)
    return next(found, HOME_INBOX)


def _balances(trial: _Trial) -> Mapping[str, Balance]:
    """The newest books of each account on the ledger, as of the time for which they hold."""
    balances = trial.reader.balances()
    if not trial.status:
        return balances
    since = datetime.fromisoformat(trial.status["at"]) - _BOOKS_LAG
    agreed = trial.status["agreed_accounts"]
    return {
        name: balance._replace(asked_at=max(balance.asked_at, since)) if name in agreed else balance
        for name, balance in balances.items()
    }


def _market_data(trial: _Trial, symbols: Sequence[str]) -> Iterator[tuple[base.Quotes, bool]]:
    """What the sources of market data say of these symbols, and whether each could be asked. One that cannot is the
    terminal, or a simulator that does not run: the ledger may hold what it said last."""
    for source in trial.settings.quote_sources if symbols else ():
        if source == FILE:
            continue
        answer = _asked(trial, symbols) if trial.settings.broker.mode == "paper" else None
        if answer is not None and not answer.text:
            yield answer, True
            continue
        day = risk.current_date(trial.now, trial.rules)
        known = trial.reader.newest_quotes(symbols, trade_date=day, mode=trial.settings.broker.mode)
        told = tuple(quote for quote in known if quote.source == source)
        yield base.Quotes(source, tuple(symbols), told, "not asked"), False


def _asked(trial: _Trial, symbols: Sequence[str]) -> base.Quotes | None:
    """The simulated market's prices, if it runs."""
    # It takes a while to import, and most files need no price.
    from filebridge.gateways.wire import message_of
    from filebridge.gateways.xtquotes import XtQuotes

    userdata = (trial.home / trial.settings.broker.userdata).resolve()
    answer = message_of(XtQuotes(paper=True, userdata=str(userdata)).ask(symbols), 0)
    return answer if isinstance(answer, base.Quotes) else None
