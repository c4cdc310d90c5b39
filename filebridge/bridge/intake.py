"""In from the inbox: a claimed file is read, checked, decided row by row, recorded, and answered once.

A very large one is only begun here; `large.py` goes on with it.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from filebridge import archive, failpoints
from filebridge.bridge.answers import (
    FILE_ROW,
    OTHER_PROBLEMS,
    Taken,
    answer_body,
    at_desk,
    file_body,
    first_code,
    outcome_of,
    problem_bodies,
    row_body,
)
from filebridge.bridge.book import OrderBook
from filebridge.bridge.following import Piece
from filebridge.bridge.guard import Guard
from filebridge.bridge.large import ROWS_A_PART, LargeFiles
from filebridge.bridge.quoting import Quotations
from filebridge.bridge.rows import FileRows, RowKeys
from filebridge.config import Settings
from filebridge.domain import risk
from filebridge.domain.admission import Desk
from filebridge.domain.orders import Action, OrderInstruction, Outcome
from filebridge.domain.reasons import Problem, Reason
from filebridge.inbox import LATE, SETTLED, ClaimedFile
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Ledger
from filebridge.ledger.views import LedgerReader
from filebridge.orderfiles import Origin, ParsedFile, SheetReader, Slices, format_of, is_slow, parse, parse_slices
from filebridge.owners import owner_of
from filebridge.proof import COMPANION_BYTES_MAX, Proofs, Proven

_NO_PROOFS = Proofs()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the bytes of a file gave: its rows, or why it is set aside."""

    sha256: str
    parsed: ParsedFile
    set_aside: Reason | None = None
    desk: Desk | None = None


# Of a file's hash, in the ids of its rows.
_PLACE_LETTERS = 24


@dataclass(frozen=True, slots=True)
class _LargeReading:
    """A file that will be read in slices, with about so many lines; 0 where nobody knows."""

    sha256: str
    slices: Slices
    lines: int
    desk: Desk


class Intake:
    """`rows_at_once`: a file with more rows is loaded in parts; so is a workbook that takes long, by `sheets_apart`."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        reader: LedgerReader,
        settings: Settings,
        rules: risk.Rules,
        guard: Guard,
        quotations: Quotations,
        *,
        rows_at_once: int,
        proofs: Proofs = _NO_PROOFS,
        sheets_apart: SheetReader | None = None,
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._reader = reader
        self._settings = settings
        self._rules = rules
        self._guard = guard
        self._quotations = quotations
        self._rows_at_once = rows_at_once
        self._proofs = proofs
        self._sheets_apart = sheets_apart
        self._accounts = tuple(account.id for account in settings.broker.accounts)
        self._desks: dict[str, Desk] = {}
        self.large = LargeFiles(book, ledger, reader, rules, guard, quotations, desk_of=self._desk_of)

    def take(self, files: Sequence[ClaimedFile], released: Container[str], now: datetime) -> list[Taken | None]:
        """Take files into the current turn; None for one that is only begun. `released` are the claims of stale ones
        let in on a person's word."""
        today = risk.intake_date(now, self._rules)
        readings = []
        for file in files:
            readings.append(self._read(file, now=now, today=today, released=file.claim in released))
            failpoints.hit("intake.read")
        if len(files) > 1:
            whole = [reading for reading in readings if isinstance(reading, _Reading)]
            self._look_up([row for reading in whole for row in reading.parsed.instructions], today)
        return [self._take(file, reading, today, now) for file, reading in zip(files, readings, strict=True)]

    def _desk_of(self, name: str) -> Desk:
        """What holds for the files of a source."""
        known = self._desks.get(name)
        if known is not None:
            return known
        source = self._settings.inbox.source(name)
        desk = self._desks[name] = Desk(
            accounts=self._accounts,
            mode=self._settings.broker.mode,
            source=source.name,
            fixed=source.fixed,
            called=source.accounts,
            on_bad_row=source.on_bad_row or self._settings.inbox.on_bad_row,
        )
        return desk

    def _read(self, file: ClaimedFile, *, now: datetime, today: date, released: bool) -> _Reading | _LargeReading:
        """The rows of a file; or why it is set aside: it lay too long, or was meant for an earlier day."""
        settings = self._settings.inbox
        source = settings.source(file.source)
        desk = self._desk_of(file.source)
        data, status, why = _bytes_of(file, settings.max_file_bytes)
        if isinstance(file, Piece):
            why = why or file.problem
        if why is None and file.sign == LATE:
            # As it would be if it were cut; nothing of it is believed.
            missing = f"{file.name}{source.done_suffix}" if source.policy == "done_file" else "#END"
            why = Reason("FILE_NEVER_FINISHED", {"missing": missing, "limit_seconds": f"{settings.max_file_age:g}"})
        if why is None and source.proof != "none":
            status = file.written.status if file.written else status
            assert status is not None
            proven = self._proofs.look(source, data, _companion_of(file, source.proof_suffix), status)
            why = proven if isinstance(proven, Reason) else self._other_day(proven, today, released=released)
            # A user's own file needs no date: to drop it again takes the rights of that user.
            desk = desk._replace(dates_required=proven == Proven() and source.proof != "owner")
        if why is not None:
            return _Reading("", ParsedFile(problems=(Problem(FILE_ROW, "", "", why),)))
        sha256 = hashlib.sha256(data).hexdigest()
        age, limit = (now - max(file.modified_at, file.seen_at)).total_seconds(), settings.max_file_age
        if isinstance(file, Piece) and file.set_aside is not None:
            return _Reading(sha256, ParsedFile(), file.set_aside)
        if age > limit and not released:
            context = {"age_seconds": str(int(age)), "limit_seconds": str(int(limit)), "file": file.name}
            code = "FILE_STALE" if file.rows_before is None else "ROWS_STALE"
            return _Reading(sha256, ParsedFile(), Reason(code, context))
        origin = Origin(
            format=source.format.removeprefix("auto"),
            accounts=source.accounts,
            rows_before=file.rows_before or 0,
            # A signature is of the bytes alone: under another name they must be the same orders.
            place=sha256[:_PLACE_LETTERS] if source.proof_suffix else "",
        )
        how: dict[str, Any] = {"name": file.name, "today": today, "origin": origin}
        how["end_line_required"] = settings.require_end_line or source.policy == "end_line"
        rows_a_slice = min(ROWS_A_PART, self._rows_at_once)
        if self._sheets_apart is not None and is_slow(data, name=file.name, origin=origin):
            slices = parse_slices(data, **how, rows_a_slice=rows_a_slice, sheets=self._sheets_apart)
            return _LargeReading(sha256, slices, 0, desk)
        lines = max(data.count(b"\n"), data.count(b"\r"))
        # A JSON document is one value, and cannot be read in parts.
        comes_whole = file.rows_before is None
        if lines > self._rows_at_once + 1 and comes_whole and format_of(file.name, origin) in ("csv", "jsonl"):
            slices = parse_slices(data, **how, rows_a_slice=rows_a_slice)
            return _LargeReading(sha256, slices, lines, desk)
        parsed = parse(data, **how)
        earlier = next(
            (row.trade_date for row in parsed.instructions if risk.is_of_earlier_date(row, now, self._rules)), None
        )
        if earlier is not None:
            reason = Reason("FILE_OF_EARLIER_DATE", {"trade_date": earlier.isoformat(), "file": file.name})
            return _Reading(sha256, ParsedFile(format=parsed.format, encoding=parsed.encoding), reason)
        return _Reading(sha256, parsed, desk=desk)

    def _other_day(self, proven: Proven, today: date, *, released: bool) -> Reason | None:
        """What a proof of another day is refused for; a person may release a file of which it holds."""
        day = risk.current_date(proven.at, self._rules) if proven.at else proven.day
        if day in (None, today) or released:
            return None
        return Reason("PROOF_OF_OTHER_DAY", {"proof_date": str(day), "trade_date": today.isoformat()})

    def _look_up(self, rows: Sequence[OrderInstruction], today: date) -> None:
        """Have the keys that users gave at hand: one question for the rows of all files."""
        wanted: dict[tuple[date, str], set[str]] = {}
        for row in rows:
            group = (row.trade_date or today, row.account or self._accounts[0])
            wanted.setdefault(group, set()).update(filter(None, (row.client_order_id, row.orig_client_order_id)))
        for (trade_date, account), ids in wanted.items():
            self._book.look_up(trade_date=trade_date, account=account, ids=ids)

    def _take(self, file: ClaimedFile, reading: _Reading | _LargeReading, today: date, now: datetime) -> Taken | None:
        row: Body = {
            "intake_no": self._ledger.new_intake_no(),
            "name": file.name,
            "claim": file.claim,
            "sha256": reading.sha256,
            "size": file.size,
            "format": "",
            "encoding": "",
            "trade_date": today.isoformat(),
            "outcome": "",
            "reason_code": "",
            "rows": 0,
            "received_at": codec.time_text(now),
            "archived_as": "",
        }
        if self._rules.approval.by_another and (author := self._author_of(file)):
            self._book.turn.append("AUTHOR", {"author": author}, intake_no=row["intake_no"])
        if isinstance(reading, _LargeReading):
            about = (row, file, reading.desk, reading.slices, now)
            self.large.begin(*about, lines=reading.lines, warning=self._warning(file))
            return None
        parsed, number = reading.parsed, row["intake_no"]
        desk = reading.desk or self._desk_of(file.source)
        if file.rows_before is not None:
            # Each row was handed over by itself.
            desk = desk._replace(on_bad_row="skip")
        if (rows := self._with_accounts(parsed.instructions, today)) is not parsed.instructions:
            parsed = replace(parsed, instructions=rows)
        problems, good, refused = sift(parsed, desk)
        if reading.set_aside is not None:
            bodies = [file_body(Outcome.QUARANTINED, reading.set_aside)]
            self._book.turn.answer_row(bodies[0], intake_no=number)
            outcome = Outcome.QUARANTINED.value
        else:
            warning = self._warning(file)
            if warning is not None and not refused:
                self._book.turn.answer_row(file_body(Outcome.ACCEPTED, warning), intake_no=number)
            bodies = self._answers(file.name, number, parsed, problems, good, refused, today, now)
            outcome = outcome_of(refused, Counter(body["outcome"] for body in bodies))
        place = archive.place(file.source, file.name, today, outcome=outcome, intake_no=number)
        row |= {"format": parsed.format, "encoding": parsed.encoding, "rows": parsed.rows, "outcome": outcome}
        row |= {"reason_code": "" if outcome == Outcome.ACCEPTED else first_code(bodies), "archived_as": place}
        if isinstance(file, Piece):
            self._book.turn.follow(file.record(today), intake_no=number)
        self._book.turn.close_file(row)
        return Taken(place, outcome, usable=not problems and reading.set_aside is None)

    def _author_of(self, file: ClaimedFile) -> str:
        """Who dropped a file. What was let in again may be a copy of our own: the ledger says who had dropped it."""
        if file.let_in_of is None:
            return file.written.author if file.written else owner_of(file.written_at)
        dropped = self._reader.last_file_event(file.let_in_of, "AUTHOR")
        return codec.loads(dropped["body"])["author"] if dropped else ""

    def _with_accounts(self, rows: Sequence[OrderInstruction], today: date) -> Sequence[OrderInstruction]:
        """Cancels of other systems may name no account: it is that of the order, if only one account has its id."""
        if len(self._accounts) == 1 or not any(_lacks_account(row) for row in rows):
            return rows
        return [self._with_account(row, today) if _lacks_account(row) else row for row in rows]

    def _with_account(self, row: OrderInstruction, today: date) -> OrderInstruction:
        name, day = row.orig_client_order_id, row.trade_date or today
        known = [
            account
            for account in self._accounts
            if self._book.with_keys(trade_date=day, account=account, ids=[name])[name]
        ]
        return row._replace(account=known[0]) if len(known) == 1 else row

    def _warning(self, file: ClaimedFile) -> Reason | None:
        """What its receipt says of a file that may have been cut, as far as anyone can tell."""
        if file.sign != SETTLED or not file.is_regular:
            return None
        return Reason("FILE_TAKEN_SETTLED", {"seconds": f"{self._settings.inbox.settle_seconds:g}"})

    def _answers(
        self,
        name: str,
        intake_no: int,
        parsed: ParsedFile,
        problems: list[Problem],
        good: list[OrderInstruction],
        refused: bool,
        today: date,
        now: datetime,
    ) -> list[Body]:
        """Decide and record every row, in the order of the rows."""
        ids: dict[int, str] = {}
        if problems:
            ids = {row.row: row.client_order_id or row.orig_client_order_id for row in parsed.instructions}
            ids |= parsed.ids
        recorded = problem_bodies(ids, problems)
        if refused:
            recorded += [row_body(row, Outcome.REFUSED, Reason(OTHER_PROBLEMS)) for row in good]
            recorded.sort(key=itemgetter("row"))
        for body in recorded:
            self._book.turn.answer_row(body, intake_no=intake_no)
        if refused:
            return recorded
        rows = FileRows(
            self._book,
            self._ledger,
            self._rules,
            self._guard,
            file_name=name,
            intake_no=intake_no,
            received_at=now,
            now=now,
            mode=self._rules.mode,
            stop_rest=self.large.stop_rest,
            quotations=self._quotations,
        )
        keys = RowKeys(today=today, now=now, rules=self._rules, only_account=self._accounts[0])
        for answer in rows.decide(keys.drafts(good)):
            recorded.append(self._book.answer(answer_body(answer), answer.order, intake_no=intake_no))
        return recorded


def _lacks_account(row: OrderInstruction) -> bool:
    return row.action is Action.CANCEL and not row.account and bool(row.orig_client_order_id)


def sift(parsed: ParsedFile, desk: Desk) -> tuple[list[Problem], list[OrderInstruction], bool]:
    """All problems of a file, its usable rows, and whether the file is refused for them."""
    rows, found = at_desk(parsed.instructions, desk)
    problems = [*parsed.problems, *found]
    if not problems:
        return problems, list(rows), False
    bad = {problem.row for problem in problems}
    good = [row for row in rows if row.row not in bad]
    return problems, good, desk.on_bad_row == "refuse" or not good


def _bytes_of(file: ClaimedFile, size_max: int) -> tuple[bytes, os.stat_result | None, Reason | None]:
    """What stands in the file and whose it is, or why it is not read."""
    if not file.is_regular:
        return b"", None, Reason("FILE_NOT_REGULAR", {"file": file.name})
    if file.size > size_max:
        return b"", None, Reason("FILE_TOO_LARGE", {"size": str(file.size), "limit": str(size_max)})
    try:
        handle = _open(file.path)
        try:
            status = os.fstat(handle)
            # It may have become another file since it was looked at.
            if not stat.S_ISREG(status.st_mode):
                return b"", None, Reason("FILE_NOT_REGULAR", {"file": file.name})
            data = _read(handle, min(status.st_size, size_max) + 1, size_max)
        finally:
            os.close(handle)
    except OSError as error:
        return b"", None, Reason("FILE_UNREADABLE", {"text": error.strerror or str(error)})
    if len(data) > size_max:
        return b"", None, Reason("FILE_TOO_LARGE", {"size": f"> {size_max}", "limit": str(size_max)})
    return data, status, None


def _companion_of(file: ClaimedFile, suffix: str) -> bytes | None:
    """What lies beside a file, if anything that can be read does."""
    path = file.companions.get(suffix)
    try:
        if path is None or not path.is_file():
            return None
        with os.fdopen(_open(path), "rb") as stream:
            return stream.read(COMPANION_BYTES_MAX)
    except OSError:
        return None


def _open(path: Path) -> int:
    # Never through a link: what it points to is nobody's order file. Nor waiting for the other end of a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags)


def _read(handle: int, at_once: int, size_max: int) -> bytes:
    """To its end, or until it is too large; without a stream around it, which takes as long as the reading."""
    data = os.read(handle, at_once)
    while len(data) <= size_max and (more := os.read(handle, at_once)):
        data += more
    return data
