"""Each commit, told to the reports of other systems, for the rows that came from their folders.

They hold the current trade date. A start, and a new day, make them again from the ledger's events of the day.
"""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from filebridge.config import Settings
from filebridge.domain.events import Change
from filebridge.ledger.store import Turn
from filebridge.ledger.verify import changes
from filebridge.ledger.views import LedgerReader
from filebridge.reports import REPORTS, Reporter, SystemReports
from filebridge.reports.base import FAULTS, Told, fault_text
from filebridge.sources import source_of

Row = dict[str, Any]


class _File(NamedTuple):
    name: str
    source: str


class Replies:
    """`reports` are those of each source that another system writes to, by the source's name."""

    def __init__(self, reports: Mapping[str, SystemReports], reader: LedgerReader, *, report_seconds: float) -> None:
        self._reports = reports
        self._reader = reader
        self._every = timedelta(seconds=report_seconds)
        self._day: date | None = None
        self._files: dict[int, _File] = {}
        self._written_at: datetime | None = None
        self._due = False
        self._failed: dict[Path, str] = {}
        # A source -> what its reports could not say today.
        self._faults: dict[str, str] = {}

    def begin(self, day: date, *, until: float = math.inf) -> None:
        """Make all reports again from what the ledger says of that trade date, up to the event of number `until`."""
        self._day, self._due, self._files, self._faults = day, True, {}, {}
        if not self._reports:
            return
        for reports in self._reports.values():
            reports.begin(day)
        self._tell(changes(row for row in self._reader.events(trade_date=day) if row["seq"] <= until))
        for row in self._reader.newest_books():
            self._books(row)

    def add(self, turn: Turn) -> None:
        """Note a committed turn."""
        if not self._reports or not turn.events:
            return
        if turn.trade_date != self._day:
            # The turns behind it, which the ledger has already, are still to be told.
            self.begin(turn.trade_date, until=turn.events[-1]["seq"])
            return
        self._files |= {number: _file_of(row) for number, row in (turn.files | turn.loaded).items()}
        self._tell(turn.changes)
        for row in turn.events:
            if row["kind"] == "BOOKS":
                self._books(row)

    def write(self, now: datetime) -> None:
        """Write what is due, not more often than every `report_seconds`; what failed is tried again."""
        written = self._written_at
        if not (self._due or self._failed) or (written and timedelta(0) <= now - written < self._every):
            return
        self._failed, self._due, self._written_at = {}, False, now
        for reports in self._reports.values():
            self._failed |= reports.write()

    def finish(self, now: datetime) -> None:
        self._written_at = None
        self.write(now)

    def problems(self) -> list[str]:
        faults = [f"reports: {name}: {why}" for name, why in self._faults.items()]
        return faults + [f"reports: {path.name}: {why}" for path, why in self._failed.items()]

    def _tell(self, found: Iterable[Change]) -> None:
        for change in found:
            file = self._file(change.intake_no)
            reports = self._reports.get(file.source) if file else None
            if file and reports:
                try:
                    reports.tell(Told(change, file.name))
                except FAULTS as error:
                    self._faults[file.source] = f"{file.name}: {fault_text(error)}"
                self._due = True

    def _books(self, row: Row) -> None:
        body, at = json.loads(row["body"]), datetime.fromisoformat(row["at"])
        for name, reports in self._reports.items():
            try:
                reports.books(body["account"], body["asset"] or {}, body["positions"], at)
            except FAULTS as error:
                self._faults[name] = fault_text(error)
        self._due = True

    def _file(self, intake_no: int) -> _File | None:
        if intake_no not in self._files:
            row = self._reader.file_numbered(intake_no)
            if row is None:
                return None
            self._files[intake_no] = _file_of(row)
        return self._files[intake_no]


def _file_of(row: Row) -> _File:
    return _File(row["name"], source_of(row["archived_as"]))


def replies_of(home: Path, settings: Settings, reader: LedgerReader) -> Replies:
    """The reports of a home in the form of other systems: what the accounts of each folder are called there."""
    configured = [account.id for account in settings.broker.accounts]
    reports: dict[str, SystemReports] = {}
    for source in settings.inbox.all_sources:
        if source.format in REPORTS:
            # Of several names for one account the first counts.
            named = {ours: theirs for theirs, ours in reversed(source.accounts.items())}
            own = [source.account] if source.account else configured
            reporter = Reporter(
                folder=source.reports_place(home),
                accounts=named or {account: account for account in own},
                source=source.place(home),
                form=source.report_form,
            )
            reports[source.name] = REPORTS[source.format](reporter)
    return Replies(reports, reader, report_seconds=settings.outbox.report_seconds)
