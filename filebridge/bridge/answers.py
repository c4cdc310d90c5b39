"""What the ledger, and so the receipt, says of each row of a file, and of the file as a whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from filebridge.domain import admission
from filebridge.domain.admission import Answer, Desk
from filebridge.domain.orders import OrderInstruction, Outcome, price_text
from filebridge.domain.reasons import Problem, Reason
from filebridge.ledger import codec
from filebridge.ledger.codec import Body

OTHER_PROBLEMS = "FILE_HAS_OTHER_PROBLEMS"
FILE_ROW = 0
_NO_REASON = {"reason_code": ""}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: where it will rest, and what its receipt says of it as a whole."""

    place: str
    outcome: str
    usable: bool


def first_code(bodies: Sequence[Body]) -> str:
    """The cause, not what it meant for the rows beside it."""
    return next((code for body in bodies if (code := body["reason_code"]) not in ("", OTHER_PROBLEMS)), "")


def at_desk(rows: Sequence[OrderInstruction], desk: Desk) -> tuple[Sequence[OrderInstruction], list[Problem]]:
    """Well-formed rows with what their source fixes, and what makes them unusable under this configuration."""
    problems: list[Problem] = []
    if desk.fixed or desk.called or desk.dates_required:
        placed = [admission.placed(row, desk) for row in rows]
        rows, problems = [row for row, _ in placed], [problem for _, found in placed for problem in found]
    # With a single account, most rows name neither it nor the mode: there is nothing to ask of them.
    named = [row for row in rows if row.account or row.mode or len(desk.accounts) != 1]
    return rows, problems + [problem for row in named for problem in admission.row_problems(row, desk)]


def outcome_of(refused: bool, outcomes: Counter[str]) -> str:
    """What became of a file as a whole that was not set aside."""
    if refused:
        return Outcome.REFUSED.value
    if outcomes and outcomes[Outcome.DUPLICATE] == outcomes.total():
        return Outcome.DUPLICATE.value
    return Outcome.ACCEPTED.value


def file_body(outcome: Outcome, reason: Reason) -> Body:
    return {"row": FILE_ROW, "outcome": outcome.value, **codec.reason_body(reason)}


def problem_bodies(ids: Mapping[int, str], problems: Sequence[Problem]) -> list[Body]:
    """The answers to what cannot be used, in the order of the rows; `ids` are those that stand in rows."""
    return sorted((_problem_body(each, ids.get(each.row, "")) for each in problems), key=itemgetter("row"))


def _problem_body(problem: Problem, client_order_id: str) -> Body:
    where = {"row": problem.row, "column": problem.column, "value": problem.value, "client_order_id": client_order_id}
    return {**where, "outcome": Outcome.REFUSED.value, **codec.reason_body(problem.reason)}


def row_body(
    row: OrderInstruction, outcome: Outcome, reason: Reason | None, *, name: str = "", account: str = ""
) -> Body:
    return {
        "row": row.row,
        "action": row.action.value,
        "client_order_id": name or row.client_order_id or row.orig_client_order_id,
        "account": account or row.account,
        "symbol": row.symbol,
        "side": row.side.value if row.side else "",
        "quantity": row.quantity or "",
        "limit_price": price_text(row.limit_price),
        "outcome": outcome.value,
        **(codec.reason_body(reason) or _NO_REASON),
    }


def told(notes: tuple[Reason, ...]) -> Reason | None:
    """What the receipt says of repaired values: one note as it is, several in one text."""
    if len(notes) < 2:
        return notes[0] if notes else None
    text, text_zh = (" ".join(note.message for note in notes), "".join(note.message_zh for note in notes))
    return Reason("ROW_READ_AS", {"text": text, "text_zh": text_zh})


def answer_body(answer: Answer) -> Body:
    # A repaired value is told with the acceptance; any other answer has a reason of its own.
    notes = answer.instruction.notes
    reason = answer.reason or told(notes)
    body = row_body(answer.instruction, answer.outcome, reason, name=answer.client_order_id, account=answer.account)
    body["tag"] = answer.tag
    if answer.earlier_status:
        body["earlier_status"] = answer.earlier_status
    if answer.canceled:
        body["canceled"] = answer.canceled
    return body
