"""In from the inbox: a claimed file is read, checked, decided row by row, recorded, and answered once."""

import hashlib
import os
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from filebridge import archive, failpoints
from filebridge.bridge.book import OrderBook
from filebridge.bridge.rows import FileRows
from filebridge.config import Settings
from filebridge.domain import admission, risk
from filebridge.domain.admission import Answer, Desk
from filebridge.domain.orders import OrderInstruction, Outcome, price_text
from filebridge.domain.reasons import Problem, Reason
from filebridge.inbox import ClaimedFile
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Ledger
from filebridge.orderfiles import ParsedFile, parse

OTHER_PROBLEMS = "FILE_HAS_OTHER_PROBLEMS"
_FILE_ROW = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: where it will rest, and what its receipt says of it as a whole."""

    place: str
    outcome: str
    usable: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the bytes of a file gave: its rows, or why it is set aside."""

    sha256: str
    parsed: ParsedFile
    set_aside: Reason | None = None


class Intake:
    def __init__(self, book: OrderBook, ledger: Ledger, settings: Settings, rules: risk.Rules) -> None:
        self._book = book
        self._ledger = ledger
        self._settings = settings
        self._rules = rules
        accounts = tuple(account.id for account in settings.broker.accounts)
        self._desk = Desk(accounts=accounts, mode=settings.broker.mode)

    def take(self, files: Sequence[ClaimedFile], released: Container[str], now: datetime) -> list[Taken]:
        """Take files into the current turn. `released` are the claims of stale ones let in on a person's word."""
        today = risk.current_date(now, self._rules)
        readings = []
        for file in files:
            readings.append(read_file(file, self._settings, now=now, today=today, released=file.claim in released))
            failpoints.hit("intake.read")
        self._look_up([row for reading in readings for row in reading.parsed.instructions], today)
        return [self._take(file, reading, today, now) for file, reading in zip(files, readings, strict=True)]

    def _look_up(self, rows: Sequence[OrderInstruction], today: date) -> None:
        """Have the keys that users gave at hand: one question for the rows of all files."""
        wanted: dict[tuple[date, str], set[str]] = {}
        for row in rows:
            group = (row.trade_date or today, row.account or self._desk.accounts[0])
            wanted.setdefault(group, set()).update(filter(None, (row.client_order_id, row.orig_client_order_id)))
        for (trade_date, account), ids in wanted.items():
            self._book.look_up(trade_date=trade_date, account=account, ids=ids)

    def _take(self, file: ClaimedFile, reading: _Reading, today: date, now: datetime) -> Taken:
        intake_no = self._ledger.next_intake_no + len(self._book.turn.files)
        problems, good, refused = sift(reading.parsed, self._desk, self._settings.inbox.on_bad_row)
        outcomes: Counter[str] = Counter()
        first_code = ""
        for body in self._answers(file.name, intake_no, reading, problems, good, refused, today, now):
            outcomes[body["outcome"]] += 1
            # The cause, not what it meant for the rows beside it.
            if body["reason_code"] != OTHER_PROBLEMS:
                first_code = first_code or body["reason_code"]
        outcome = _outcome(reading.set_aside is not None, refused, outcomes)
        place = archive.place(file.name, trade_date=today, outcome=outcome, intake_no=intake_no)
        self._book.turn.close_file(
            {
                "intake_no": intake_no,
                "name": file.name,
                "claim": file.claim,
                "sha256": reading.sha256,
                "size": file.size,
                "format": reading.parsed.format,
                "encoding": reading.parsed.encoding,
                "trade_date": today.isoformat(),
                "outcome": outcome,
                "reason_code": "" if outcome == Outcome.ACCEPTED else first_code,
                "rows": reading.parsed.rows,
                "received_at": codec.time_text(now),
                "archived_as": place,
            }
        )
        return Taken(place, outcome, usable=not problems and reading.set_aside is None)

    def _answers(
        self,
        name: str,
        intake_no: int,
        reading: _Reading,
        problems: list[Problem],
        good: list[OrderInstruction],
        refused: bool,
        today: date,
        now: datetime,
    ) -> list[Body]:
        """Decide and record every row, in the order of the rows."""
        turn = self._book.turn
        if reading.set_aside is not None:
            body = _file_body(Outcome.QUARANTINED, reading.set_aside)
            turn.answer_row(body, intake_no=intake_no)
            return [body]
        ids = dict(reading.parsed.ids)
        ids |= {row.row: row.client_order_id or row.orig_client_order_id for row in reading.parsed.instructions}
        bodies = [(problem.row, _problem_body(problem, ids.get(problem.row, ""))) for problem in problems]
        if refused:
            bodies += [(row.row, _row_body(row, Outcome.REFUSED, Reason(OTHER_PROBLEMS))) for row in good]
        bodies.sort(key=lambda pair: pair[0])
        for _, body in bodies:
            turn.answer_row(body, intake_no=intake_no)
        recorded = [body for _, body in bodies]
        if refused:
            return recorded
        rows = FileRows(
            self._book,
            self._ledger,
            self._rules,
            file_name=name,
            intake_no=intake_no,
            today=today,
            now=now,
        )
        for draft in rows.prepare(good, self._desk.accounts[0]):
            answer = rows.decide(draft)
            body = _answer_body(answer)
            if answer.order is None:
                turn.answer_row(body, intake_no=intake_no)
            else:
                self._book.born(body, answer.order)
            recorded.append(body)
        return recorded


def read_file(file: ClaimedFile, settings: Settings, *, now: datetime, today: date, released: bool) -> _Reading:
    """The rows of a file; or why it is set aside: it lay too long, or was meant for an earlier day."""
    data, why = _bytes_of(file, settings.inbox.max_file_bytes)
    if why is not None:
        return _Reading("", ParsedFile(problems=(Problem(_FILE_ROW, "", "", why),)))
    sha256 = hashlib.sha256(data).hexdigest()
    age, limit = (now - max(file.modified_at, file.seen_at)).total_seconds(), settings.inbox.max_file_age
    if age > limit and not released:
        context = {"age_seconds": str(int(age)), "limit_seconds": str(int(limit)), "file": file.name}
        reason = Reason("FILE_STALE", context)
        return _Reading(sha256, ParsedFile(), reason)
    parsed = parse(data, name=file.name, today=today, end_line_required=settings.inbox.require_end_line)
    earlier = next((row.trade_date for row in parsed.instructions if row.trade_date and row.trade_date < today), None)
    if earlier is not None and not released:
        reason = Reason("FILE_OF_EARLIER_DATE", {"trade_date": earlier.isoformat(), "file": file.name})
        return _Reading(sha256, ParsedFile(format=parsed.format, encoding=parsed.encoding), reason)
    return _Reading(sha256, parsed)


def sift(parsed: ParsedFile, desk: Desk, on_bad_row: str) -> tuple[list[Problem], list[OrderInstruction], bool]:
    """All problems of a file, its usable rows, and whether the file is refused for them."""
    problems = list(parsed.problems)
    for instruction in parsed.instructions:
        problems += admission.row_problems(instruction, desk)
    bad = {problem.row for problem in problems}
    good = [row for row in parsed.instructions if row.row not in bad]
    return problems, good, bool(problems) and (on_bad_row == "refuse" or not good)


def _bytes_of(file: ClaimedFile, size_max: int) -> tuple[bytes, Reason | None]:
    if not file.is_regular:
        return b"", Reason("FILE_NOT_REGULAR", {"file": file.name})
    if file.size > size_max:
        return b"", Reason("FILE_TOO_LARGE", {"size": str(file.size), "limit": str(size_max)})
    try:
        # Never through a link: what it points to is nobody's order file.
        handle = os.open(file.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as stream:
            return stream.read(), None
    except OSError as error:
        return b"", Reason("FILE_UNREADABLE", {"text": error.strerror or str(error)})


def _outcome(set_aside: bool, refused: bool, outcomes: Counter[str]) -> str:
    if set_aside:
        return Outcome.QUARANTINED.value
    if refused:
        return Outcome.REFUSED.value
    if outcomes and outcomes[Outcome.DUPLICATE] == outcomes.total():
        return Outcome.DUPLICATE.value
    return Outcome.ACCEPTED.value


def _file_body(outcome: Outcome, reason: Reason) -> Body:
    return {"row": _FILE_ROW, "outcome": outcome.value, **codec.reason_body(reason)}


def _problem_body(problem: Problem, client_order_id: str) -> Body:
    where = {"row": problem.row, "column": problem.column, "value": problem.value, "client_order_id": client_order_id}
    return {**where, "outcome": Outcome.REFUSED.value, **codec.reason_body(problem.reason)}


def _row_body(row: OrderInstruction, outcome: Outcome, reason: Reason | None) -> Body:
    return {
        "row": row.row,
        "action": row.action.value,
        "client_order_id": row.client_order_id or row.orig_client_order_id,
        "account": row.account,
        "symbol": row.symbol,
        "side": row.side.value if row.side else "",
        "quantity": row.quantity or "",
        "limit_price": price_text(row.limit_price),
        "outcome": outcome.value,
        **(codec.reason_body(reason) or {"reason_code": ""}),
    }


def _answer_body(answer: Answer) -> Body:
    # A repaired value is told with the acceptance; any other answer has a reason of its own.
    notes = answer.instruction.notes
    body = _row_body(answer.instruction, answer.outcome, answer.reason or (notes[0] if notes else None))
    earlier = {"earlier_status": answer.earlier_status} if answer.earlier_status else {}
    identity = {"client_order_id": answer.client_order_id, "account": answer.account, "tag": answer.tag}
    return {**body, **identity, **earlier}
