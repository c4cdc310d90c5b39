"""Very large files: loaded into the ledger part by part, answered from there part by part, with other files between.

LOADING begins it, each PART holds rows as they were read, and LOADED is the one commit that makes the file accepted (or
refused): until then no row of it is an order, and a crash reads the file again under another number. From LOADED on
only the ledger counts: each part's rows are decided like those of a small file, ANSWERED says how far it came, and FILE
closes it. A start goes on after the last part that was answered.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from filebridge import archive, failpoints
from filebridge.bridge.answers import (
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
from filebridge.bridge.guard import Guard
from filebridge.bridge.largefile import LargeFile
from filebridge.bridge.quoting import Quotations
from filebridge.bridge.rows import Draft, FileRows, RowKeys
from filebridge.bridge.stopping import has_waiting, recorded_stops
from filebridge.bridge.underway import Overlap
from filebridge.domain import admission, risk
from filebridge.domain.admission import Desk
from filebridge.domain.canceling import Selection
from filebridge.domain.orders import LOCAL, PLACING, Outcome, Status, body_hash
from filebridge.domain.reasons import Reason
from filebridge.inbox import ClaimedFile
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.instructions import LOADING, instruction_body, instruction_from
from filebridge.ledger.store import Ledger
from filebridge.ledger.views import LedgerReader
from filebridge.orderfiles import ParsedFile, Slices
from filebridge.orderfiles.base import PROBLEMS_LISTED_MAX, listed
from filebridge.sources import HOME_INBOX

# So many rows take a turn some 20 ms.
ROWS_A_PART = 500
# So many orders may lie in memory and wait to be sent; a file's other rows stay in the ledger until there is room.
# More than an account may send on a day without high-frequency reporting.
WAITING_MAX = 20_000


# The file, if it still lies where it was claimed, and what became of it.
Done = tuple[ClaimedFile | None, Taken]


class LargeFiles:
    """The very large files that are under way. Everything happens within the current turn."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        reader: LedgerReader,
        rules: risk.Rules,
        guard: Guard,
        quotations: Quotations,
        *,
        desk_of: Callable[[str], Desk],
    ) -> None:
        """`desk_of` says what holds for the files of a source."""
        self._book = book
        self._ledger = ledger
        self._reader = reader
        self._rules = rules
        self._guard = guard
        self._quotations = quotations
        self._desk_of = desk_of
        self._files: list[LargeFile] = []
        self._done: list[Done] = []

    @property
    def is_idle(self) -> bool:
        return not self._files

    def status(self) -> list[Body]:
        """How far each has come, for a person."""
        return [
            {
                "file": file.row["name"],
                "rows": file.row["rows"] or file.lines or file.rows_loaded,
                "rows_loaded": file.rows_loaded,
                "rows_answered": file.rows_answered,
            }
            for file in self._files
        ]

    def has(self, claim: str) -> bool:
        """Whether the file of this claim is under way."""
        return any(file.row["claim"] == claim for file in self._files)

    def begin(
        self,
        row: Body,
        claimed: ClaimedFile,
        desk: Desk,
        slices: Slices,
        now: datetime,
        *,
        lines: int,
        warning: Reason | None,
    ) -> None:
        """Take a file into the ledger's care; `row` is what is known of it, `slices` reads it, and `warning` is told if
        it is accepted."""
        file = LargeFile(row, claimed, claimed.source, desk, slices=slices, lines=lines)
        file.mode, file.warning = self._rules.mode, warning
        file.keys = RowKeys(today=file.today, now=now, rules=self._rules, only_account=desk.accounts[0])
        file.sheet = self._book.under_way.begin(file.number, row["name"], file.overlaps)
        self._files.append(file)
        # What was canceled while an earlier run was reading it.
        file.stops = recorded_stops(self._reader, file.number, row["claim"])
        self._book.ready.large.add(row["intake_no"])
        self._book.turn.append("LOADING", row, intake_no=row["intake_no"])

    def resume(self, claimed: Mapping[str, ClaimedFile]) -> None:
        """Go on with what an earlier run had loaded; `claimed` are the files that still lie there, by their claims."""
        for row in self._reader.files_loading():
            loaded = self._reader.last_file_event(row["intake_no"], "LOADED")
            assert loaded is not None
            loaded_body = codec.loads(loaded["body"])
            # Older versions knew the home's own inbox alone.
            source = loaded_body.get("source", HOME_INBOX)
            file = LargeFile(row, claimed.get(row["claim"]), source, self._desk_of(source))
            file.refused, file.has_problems = loaded_body["refused"], loaded_body["has_problems"]
            file.parts, file.rows_loaded = loaded_body["parts"], row["rows"]
            file.overlaps = {(day, account, basket) for day, account, basket in loaded_body["overlaps"]}
            # An older version did not say what became of the malformed rows.
            file.outcomes, file.first_code = Counter(loaded_body.get("outcomes", {})), loaded_body["first_code"]
            answered = self._reader.last_file_event(file.number, "ANSWERED")
            if answered is not None:
                body = codec.loads(answered["body"])
                file.after, file.parts_answered, file.rows_answered = body["after"], body["parts"], body["rows"]
                file.outcomes, file.first_code = Counter(body["outcomes"]), body["first_code"]
            # An older version did not say; it sent nothing in live mode.
            file.mode = loaded_body.get("mode", "paper")
            file.stops = recorded_stops(self._reader, file.number, row["claim"])
            self._note_what_waits(file)
            self._files.append(file)
            self._book.ready.large.add(file.number)

    def _note_what_waits(self, file: LargeFile) -> None:
        """What the parts that are not answered yet ask for, as when they were read."""
        file.sheet = self._book.under_way.begin(file.number, file.row["name"], file.overlaps)
        file.sheet.is_loading = False
        after = file.after
        while part := self._reader.next_file_event(file.number, "PART", after=after):
            _note(file, [self._draft(file, body) for body in codec.loads(part["body"])["rows"]])
            after = part["seq"]

    def go_on(self, now: datetime) -> None:
        """One part further: what is being read, and what is being answered."""
        reading = next((file for file in self._files if file.slices is not None), None)
        if reading is not None:
            self._load(reading, now)
        loaded = next((file for file in self._files if file.slices is None), None)
        if loaded is not None and sum(len(self._book.by_status[status]) for status in LOCAL) < WAITING_MAX:
            self._answer(loaded, now)

    def is_idle_or_held(self) -> bool:
        """Whether nothing goes on by itself: all is answered, or as many orders as may wait are held for a person."""
        all_held = len(self._book.by_status[Status.HELD]) >= WAITING_MAX
        return not self._files or (all_held and all(file.slices is None for file in self._files))

    def take_done(self) -> list[Done]:
        """What came to its end since the last call."""
        done, self._done = self._done, []
        return done

    def cancel_all(self) -> int:
        """What is being read is refused; of what is loaded, no row that is not an order yet becomes one."""
        stopped = len(self._files)
        for file in list(self._files):
            if file.slices is None:
                self._stop(file, Selection())
            else:
                self._end_unread(file, Outcome.REFUSED, Reason("FILE_CANCELED"))
        return stopped

    def stop_rest(self, wanted: Selection, but: int = 0) -> int:
        """Of every file under way no row that fits becomes an order from here on, whatever part of it was read; `but`
        is the number of the file that says so itself, whose rows below are meant. Returns how many files that are."""
        under_way = [file for file in self._files if file.number != but and not file.refused]
        for file in under_way:
            self._stop(file, wanted)
        return len(under_way)

    def waiting(self, client_order_id: str) -> tuple[list[str], list[str]]:
        """The names of the files in which a row with this id waits to become an order; and of those that are still
        being read, where one may come."""
        found = [file for file in self._files if self._has_waiting(file, client_order_id)]
        reading = [file for file in self._files if file.slices is not None and file not in found]
        return [file.row["name"] for file in found], [file.row["name"] for file in reading]

    def _has_waiting(self, file: LargeFile, client_order_id: str) -> bool:
        return not file.refused and has_waiting(self._reader, file.number, file.after, client_order_id)

    def _stop(self, file: LargeFile, wanted: Selection) -> None:
        file.stops.add(wanted)
        self._book.turn.stop_rest(file.row["claim"], wanted, intake_no=file.number)

    # ---- reading

    def _load(self, file: LargeFile, now: datetime) -> None:
        assert file.slices is not None
        assert file.keys is not None
        try:
            rows = next(file.slices)
        except StopIteration as end:
            self._loaded(file, end.value)
            return
        earlier = next((row.trade_date for row in rows if risk.is_of_earlier_date(row, now, self._rules)), None)
        if earlier is not None:
            context = {"trade_date": earlier.isoformat(), "file": file.row["name"]}
            self._end_unread(file, Outcome.QUARANTINED, Reason("FILE_OF_EARLIER_DATE", context))
            return
        placed, problems = at_desk(rows, file.desk)
        bad = {problem.row for problem in problems}
        if problems:
            room = PROBLEMS_LISTED_MAX + 1 - len(file.problems)
            file.problems += problems[:room]
            file.problems_more += len(problems[room:])
            if room:
                names = {row.row: row.client_order_id or row.orig_client_order_id for row in placed}
                file.ids |= {number: name for number, name in names.items() if number in bad}
        drafts = file.keys.drafts(row for row in placed if row.row not in bad)
        file.rows_loaded += len(drafts)
        if drafts:
            file.parts += 1
            file.overlaps |= self._overlaps(file, drafts)
            _note(file, drafts)
            told = {"name": file.row["name"], "rows_loaded": file.rows_loaded, "lines": file.lines}
            body = {**told, "rows": [_draft_body(draft) for draft in drafts]}
            self._book.turn.append("PART", body, intake_no=file.number)
        failpoints.hit("large.part")

    def _overlaps(self, file: LargeFile, drafts: list[Draft]) -> set[Overlap]:
        """The baskets of rows without an id that were ordered before: known before the first row is decided."""
        derived: dict[tuple[date, str], list[Draft]] = {}
        for draft in drafts:
            if draft.is_of_sheet:
                derived.setdefault(draft.group, []).append(draft)
        found: set[Overlap] = set()
        for (day, account), members in derived.items():
            names = [draft.name for draft in members]
            known = self._book.with_keys(trade_date=day, account=account, ids=names)
            found |= {
                (day.isoformat(), account, draft.instruction.basket)
                for draft in members
                if admission.burning(known[draft.name])
                or self._book.under_way.overlapping(
                    file.number, "", (day, account), draft.instruction.basket, [draft.name]
                )
            }
        return found

    def _loaded(self, file: LargeFile, parsed: ParsedFile) -> None:
        """The end of the file: from here on it is answered, whatever happens."""
        problems = [*parsed.problems, *listed(file.problems, more=file.problems_more)]
        file.has_problems = bool(problems)
        file.refused = file.has_problems and (
            file.desk.on_bad_row == "refuse" or not file.rows_loaded or parsed.is_broken
        )
        file.row |= {"format": parsed.format, "encoding": parsed.encoding, "rows": parsed.rows}
        file.ids |= parsed.ids
        if file.warning is not None and not file.refused:
            self._book.turn.answer_row(file_body(Outcome.ACCEPTED, file.warning), intake_no=file.number)
        bodies = problem_bodies(file.ids, problems)
        self._record_all(file, bodies)
        file.slices = file.keys = None
        assert file.sheet is not None
        file.sheet.is_loading = False
        if parsed.is_broken:
            file.parts = 0
        failpoints.hit("large.loaded")
        if not file.parts:
            self._close(file)
            return
        file.row |= {"outcome": LOADING}
        self._book.turn.accept_loaded(
            dict(file.row),
            refused=file.refused,
            has_problems=file.has_problems,
            parts=file.parts,
            overlaps=sorted(file.overlaps),
            outcomes=dict(file.outcomes),
            first_code=file.first_code,
            mode=file.mode,
            source=file.source,
        )

    def _end_unread(self, file: LargeFile, outcome: Outcome, reason: Reason) -> None:
        assert file.slices is not None
        # With it the process that reads a workbook.
        file.slices.close()
        file.refused = True
        self._record_all(file, [file_body(outcome, reason)])
        self._close(file, outcome.value)

    # ---- answering

    def _answer(self, file: LargeFile, now: datetime) -> None:
        part = self._reader.next_file_event(file.number, "PART", after=file.after)
        assert part is not None, "LOADED says how many parts there are"
        rows = [self._draft(file, body) for body in codec.loads(part["body"])["rows"]]
        bodies = list(self._decided(file, rows, now))
        file.after, file.parts_answered = part["seq"], file.parts_answered + 1
        file.rows_answered += len(rows)
        self._count(file, bodies)
        said: Body = {"after": file.after, "parts": file.parts_answered, "rows": file.rows_answered}
        said |= {"outcomes": dict(file.outcomes), "first_code": file.first_code, "of": file.row["rows"]}
        self._book.turn.append("ANSWERED", {**said, "name": file.row["name"]}, intake_no=file.number)
        failpoints.hit("large.answered")
        if file.parts_answered == file.parts:
            self._close(file)

    def _decided(self, file: LargeFile, drafts: list[Draft], now: datetime) -> Iterator[Body]:
        turn = self._book.turn
        if file.refused:
            for draft in drafts:
                body = row_body(draft.instruction, Outcome.REFUSED, Reason(OTHER_PROBLEMS))
                turn.answer_row(body, intake_no=file.number)
                yield body
            return
        received_at = codec.time_from(file.row["received_at"])
        assert received_at is not None
        rows = FileRows(
            *(self._book, self._ledger, self._rules, self._guard),
            file_name=file.row["name"],
            intake_no=file.number,
            received_at=received_at,
            now=now,
            overlaps=file.overlaps,
            mode=file.mode,
            stop_rest=self.stop_rest,
            quotations=self._quotations,
            stops=file.stops,
        )
        for answer in rows.decide(drafts):
            yield self._book.answer(answer_body(answer), answer.order, intake_no=file.number)

    def _draft(self, file: LargeFile, body: dict[str, Any]) -> Draft:
        name, account = body.pop("key"), body.pop("of")
        row = instruction_from(body)
        content = body_hash(row, account) if row.action in PLACING else ""
        return Draft(row, (row.trade_date or file.today, account), name, content)

    def _record_all(self, file: LargeFile, bodies: list[Body]) -> None:
        for body in bodies:
            self._book.turn.answer_row(body, intake_no=file.number)
        self._count(file, bodies)

    def _count(self, file: LargeFile, bodies: list[Body]) -> None:
        file.outcomes.update(body["outcome"] for body in bodies)
        file.first_code = file.first_code or first_code(bodies)

    def _close(self, file: LargeFile, outcome: str = "") -> None:
        outcome = outcome or outcome_of(file.refused, file.outcomes)
        place = archive.place(file.source, file.row["name"], file.today, outcome=outcome, intake_no=file.number)
        code = "" if outcome == Outcome.ACCEPTED else file.first_code
        file.row |= {"outcome": outcome, "reason_code": code, "archived_as": place}
        self._book.turn.close_loaded(file.row)
        self._files.remove(file)
        self._book.under_way.end(file.number)
        self._done.append((file.claimed, Taken(place, outcome, usable=not (file.refused or file.has_problems))))


def _draft_body(draft: Draft) -> Body:
    """The row with its key, and the account that it is of."""
    return {"key": draft.name, "of": draft.group[1], **instruction_body(draft.instruction)}


def _note(file: LargeFile, drafts: list[Draft]) -> None:
    """Let other sheets know what the rows without an id ask for."""
    assert file.sheet is not None
    for draft in drafts:
        if draft.is_of_sheet:
            file.sheet.note(draft.group, draft.name, draft.instruction)
