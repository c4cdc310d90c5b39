"""Which files come into a turn: what is finished, what an earlier run claimed, what a person released; and where each
goes to rest."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from filebridge.archive import Archive, Resting
from filebridge.bridge.answers import Taken
from filebridge.bridge.book import OrderBook
from filebridge.bridge.following import Follower
from filebridge.bridge.intake import Intake
from filebridge.domain.reasons import Reason
from filebridge.inbox import ClaimedFile, Inbox
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.instructions import LOADING
from filebridge.ledger.views import LedgerReader
from filebridge.orderfiles import may_be_claimed
from filebridge.orderfiles.growing import START, Growth, read_growth

Moves = list[tuple[Path, str]]


class Arrivals:
    """Stands between the folders and the intake. A file is in exactly one of them."""

    def __init__(
        self, inbox: Inbox, follower: Follower, archive: Archive, intake: Intake, reader: LedgerReader, book: OrderBook
    ) -> None:
        self._inbox = inbox
        self._follower = follower
        self._archive = archive
        self._intake = intake
        self._reader = reader
        self._book = book
        # The claims that a person lets in.
        self._released: set[str] = set()

    def at_start(self, now: datetime) -> Moves:
        """Take up what an earlier run left in the folders that are there, the very large ones among it first."""
        self._inbox.look(now)
        leftovers = self._inbox.leftovers()
        self._intake.large.resume({file.claim: file for file in leftovers})
        return self._sorted_out(leftovers) + self._pieces()

    def late(self) -> Moves:
        """The same for what the last scan found, in a folder that has only now come back; one that hangs is told."""
        for reason in self._inbox.alarms():
            self._book.turn.append("ALARM", codec.reason_body(reason))
        return self._sorted_out(self._inbox.leftovers())

    def take(self, files: list[ClaimedFile], now: datetime, *, go_on: bool) -> Iterator[tuple[Moves, Taken]]:
        """Take files into the turn, and `go_on` with the very large ones; what became of each that is answered."""
        taken = self._intake.take(files, self._released, now)
        self._released.difference_update(file.claim for file in files)
        if go_on:
            self._intake.large.go_on(now)
        for file, answer in [*zip(files, taken, strict=True), *self._intake.large.take_done()]:
            if answer is not None:
                yield (list(file.moves(answer.place)) if file else []), answer

    def release(self, name: str) -> Reason:
        """Bring a quarantined file back as a claim of its folder; the next scan takes it in. Not one whose rows name a
        day that has passed: they could only expire. Rows without a date are of today, whatever their file is called."""
        found = self._archive.find(name)
        if found is None:
            return Reason("CONTROL_FILE_UNKNOWN", {"value": name})
        recorded = self._reader.file_numbered(found.intake_no) or {}
        # A growing file that is set aside for its name was not parsed, and has no format.
        if recorded.get("reason_code") == "FILE_OF_EARLIER_DATE" and recorded["format"]:
            answered = self._reader.last_file_event(found.intake_no, "ROW")
            context = codec.loads(answered["body"])["context"] if answered else {}
            return Reason("RELEASE_OF_EARLIER_DATE", {**context, "file": found.name})
        rows_before = self._rows_before(found, recorded)
        if isinstance(rows_before, Reason):
            return rows_before
        try:
            file = self._inbox.adopt(found.path, found.name, found.source, found.intake_no, rows_before)
        except OSError as error:
            said = {"file": found.name, "source": found.source, "text": error.strerror or str(error)}
            return Reason("CONTROL_NOT_RELEASED", said)
        self._released.add(file.claim)
        return Reason("CONTROL_RELEASED", {"file": found.name})

    def _rows_before(self, found: Resting, recorded: Body) -> int | Reason | None:
        """Where the rows of a growing file stand in it: their ids and their answers go by it. None for other files."""
        feed = self._reader.last_file_event(found.intake_no, "FEED") if recorded else None
        if feed is None:
            is_whole = may_be_claimed(self._inbox.format_of(found.source), found.name)
            return None if is_whole else Reason("CONTROL_ROWS_UNKNOWN", {"value": found.path.name})
        try:
            data = found.path.read_bytes()
        except OSError as error:
            return Reason("FILE_UNREADABLE", {"text": error.strerror or str(error)})
        rows = read_growth(data, is_dbf=found.name.lower().endswith(".dbf"), upto=START)
        if hashlib.sha256(data).hexdigest() != recorded["sha256"] or not isinstance(rows, Growth):
            return Reason("CONTROL_ROWS_UNKNOWN", {"value": found.path.name})
        before: int = codec.loads(feed["body"])["rows"] - len(rows.rows)
        return before

    def _pieces(self) -> Moves:
        """What an earlier run laid down of growing files: recorded, it rests; else its file still has these rows."""
        moves: Moves = []
        for path, claim in self._follower.leftovers():
            known = self._reader.file_of_claim(claim)
            if known is None:
                path.unlink()
            else:
                moves.append((path, known["archived_as"]))
        return moves

    def _sorted_out(self, files: Iterable[ClaimedFile]) -> Moves:
        """What is recorded already is only brought to rest; the rest is taken in by the next scan."""
        moves: Moves = []
        for file in files:
            known = self._reader.file_of_claim(file.claim)
            if known is not None and known["outcome"] != LOADING:
                moves += file.moves(known["archived_as"])
            elif known is None and not self._intake.large.has(file.claim):
                # Else it rests when its last row is answered.
                self._inbox.keep(file)
        return moves
