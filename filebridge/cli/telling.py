"""What the window of `run` and of the demo says of each commit, in English and Chinese.

What is told is a few lines: the first begins with the time, the others stand below it. A screen's width is minded; a
file or a pipe gets whole lines.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import typer

from filebridge.cli.showing import OTHER_PROBLEMS, laid_out, screen_width
from filebridge.domain.orders import OUTCOMES_ZH, STATUSES_ZH
from filebridge.domain.reasons import Reason

Body = dict[str, Any]
# The first line behind the time, and the lines below it.
Told = list[str]

# A very large file is told of so many times while it is answered.
_STEPS = 20
# Rows that somebody has to do something about.
_LOUD = ("HELD", "DENIED", "REFUSED", "CANCEL_REFUSED", "QUARANTINED")
# So many rows or orders with the same answer are named in a commit; a basket has thousands.
_ALIKE_MAX = 10
_MARGIN = " " * len("09:30:00  ")
# Ends, and doubts, that a person wants to hear of at once.
_ENDS = ("REJECTED", "UNKNOWN", "EXPIRED", "NOT_SENT", "CANCELED")


def say(turn: Any) -> None:
    """A few lines for each thing that a person at the screen wants to know of a commit."""
    # Here, for `--help` needs none of it.
    from filebridge.ledger.codec import loads

    answers: dict[int, Counter[str]] = {}
    alike: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    width = screen_width()
    changes = {change.seq: change for change in turn.changes}
    names = {number: file["name"] for number, file in (*turn.files.items(), *turn.loaded.items())}
    names |= {row["intake_no"]: loads(row["body"])["name"] for row in turn.events if row["kind"] == "ANSWERED"}
    for row in turn.events:
        change = changes.get(row["seq"])
        # Of a basket nearly every event is one that nobody is told of: those are not read again.
        if row["kind"] == "REPORT" or (change and change.event and not _is_told(change)):
            continue
        body, number = loads(row["body"]) if change is None or change.event else change.answer, row["intake_no"]
        # Row 0 of an accepted file is a warning, and no order.
        if row["kind"] == "ROW" and (body["row"] or body["outcome"] != "ACCEPTED"):
            answers.setdefault(number, Counter())[body["outcome"]] += 1
        told = _told(row, body, turn, answers.get(number, Counter()), names.get(number, ""))
        answer = _answer(row["kind"], body) if told else None
        if answer is not None:
            alike[answer] += 1
        if told and (answer is None or alike[answer] <= _ALIKE_MAX):
            lines += _laid_out(row["at"][11:19], told, width)
    for (outcome, code), count in alike.items():
        if count > _ALIKE_MAX:
            left = f"{count - _ALIKE_MAX:,}"
            more = f"… {left} more {outcome} {code}".rstrip() + "; `filebridge orders` and the receipts name them all."
            lines += _laid_out("", [more, f"另有 {left} 条，见 filebridge orders 与回执。"], width)
    if lines:
        # At once: a busy commit has hundreds of lines, and each write waits for the screen.
        typer.echo("\n".join(lines))


class Problems:
    """Says of each problem of status.json that it came, and that it is over."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def say(self, status: Body) -> None:
        before, self._known = self._known, dict.fromkeys(status["problems"])
        told = [f"look 注意: {problem}" for problem in self._known if problem not in before]
        told += [f"over 已恢复: {problem}" for problem in before if problem not in self._known]
        width, time = screen_width(), status["at"][11:19]
        if lines := [line for text in told for line in _laid_out(time, [text], width)]:
            typer.echo("\n".join(lines))


def _laid_out(time: str, told: Told, width: int) -> Iterator[str]:
    beginning = f"{time}  " if time else _MARGIN
    # A person's own words are the same in both languages.
    for text in dict.fromkeys(told):
        yield from laid_out(beginning, text, width)
        beginning = _MARGIN


def _subject(row: Body, body: Body, turn: Any, file: str = "") -> str:
    """What an event is about, as its line begins: an order, or a row of a file."""
    if row["kind"] == "ROW":
        where = f"row {body['row']} 第 {body['row']} 行" if body["row"] else ""
        return " ".join(filter(None, (file, where, body.get("client_order_id", "")))) or "file 文件"
    order = turn.orders.get(row["tag"])
    if order is None:
        return ""
    terms = order.terms
    return f"{terms.client_order_id}  {terms.side} {_side_zh(terms.side)} {terms.quantity} {terms.symbol}"


def _side_zh(side: Any) -> str:
    from filebridge.orderfiles.sidewords import SIDES_ZH

    return SIDES_ZH[side]


def _is_told(change: Any) -> bool:
    """Whether what happened to an order is worth a line (see `_of_order`)."""
    return change.event.fill is not None or change.order.status.value in ("DENIED", *_ENDS)


def _answer(kind: str, body: Body) -> tuple[str, str] | None:
    """What thousands of rows or orders may be told alike: the outcome and the code."""
    if kind == "ROW":
        return body["outcome"], body["reason_code"]
    is_end = kind == "ORDER" and "fill" not in body and body["status"] in ("DENIED", *_ENDS)
    return (body["status"], body.get("reason_code", "")) if is_end else None


def _reason(body: Body) -> Reason | None:
    """Why, where an event says so."""
    return Reason(body["reason_code"], body.get("context", {})) if body.get("reason_code") else None


def _with(first: str, reason: Reason | None, *, code: bool = False) -> Told:
    """The first line, with the reason's `code` where it names no person's words, and below it what it says."""
    if reason is None:
        return [first]
    return [f"{first} {reason.code}" if code else first, reason.message, reason.message_zh]


def _is_step(done: int, newly: int, of: int) -> bool:
    """Whether another twentieth of a very large file is done with these rows; of a workbook nobody knows (0)."""
    return of > 0 and done * _STEPS // of != (done - newly) * _STEPS // of


def _told(row: Body, body: Body, turn: Any, answers: Counter[str], file: str) -> Told:
    """What is said of an event; nothing of most. `answers` are those that this commit gave to rows of its `file`."""
    match row["kind"]:
        case "FILE":
            # Of a very large file of which anything was read, the last commit has not all answers.
            has_all = row["intake_no"] in turn.files or not body["rows"]
            return _of_file("FILE", body, answers if has_all else Counter())
        case "PART" | "ANSWERED" as kind:
            return _of_file(kind, body, answers)
        case "ROW" if body["outcome"] in _LOUD and body["reason_code"] not in ("", OTHER_PROBLEMS):
            outcome = f"{body['outcome']} {OUTCOMES_ZH[body['outcome']]}"
            return _with(f"{_subject(row, body, turn, file)}: {outcome}", _reason(body), code=True)
        case "EVIDENCE":
            english = f"{_subject(row, body, turn)}: still in doubt; {body['text']}. `filebridge resolve` ends it."
            said = body.get("text_zh", body["text"])
            return [english, f"仍未查明：{said}。可用 filebridge resolve 人工确认。"]
        case "ALARM":
            return _with("ALARM 警报", _reason(body), code=True)
        case "CONNECTION":
            return (
                ["broker 券商", body["detail"], body["detail_zh"]] if not body["up"] else ["broker: connected 已连接"]
            )
        case "CONTROL":
            return _with(f"{body['by'] or '?'} asked 请求: {body['verb'] or '?'}", _reason(body))
        case "ORDER":
            return _of_order(body, row, turn)
        case kind:
            return _of_guard(kind, body)


def _of_file(kind: str, body: Body, answers: Counter[str]) -> Told:
    match kind:
        case "FILE":
            counts = ", ".join(f"{count:,} {outcome} {OUTCOMES_ZH[outcome]}" for outcome, count in answers.items())
            counts = counts or f"all {body['rows']:,} rows are answered 全部 {body['rows']:,} 行已答复"
            return [f"{body['name']}: {counts} {body['reason_code']}".rstrip()]
        case "PART" if _is_step(body["rows_loaded"], len(body["rows"]), body["lines"]):
            done, of = f"{body['rows_loaded']:,}", f"{body['lines']:,}"
            return [f"{body['name']}: {done} of some {of} rows are loaded 已读入 {done} 行，约共 {of} 行"]
        case "ANSWERED" if _is_step(body["rows"], answers.total(), body["of"]):
            done, of = f"{body['rows']:,}", f"{body['of']:,}"
            return [f"{body['name']}: {done} of {of} rows are answered 已答复 {done} 行，共 {of} 行"]
        case _:
            return []


def _of_order(body: Body, row: Body, turn: Any) -> Told:
    status = f"{body['status']} {STATUSES_ZH[body['status']]}"
    if "fill" not in body and body["status"] not in ("DENIED", *_ENDS):
        return []
    subject = _subject(row, body, turn)
    if "fill" in body:
        fill = body["fill"]
        return [f"{subject}: {fill['last_qty']} filled 成交 @ {fill['last_price']}, {status}"]
    return _with(f"{subject}: {status}", _reason(body), code=body["status"] == "DENIED")


def _halted(what: str, by: str, why: Reason) -> Told:
    return _with(f"{what} by {by}", why, code=why.code != "HALT_ASKED")


def _of_guard(kind: str, body: Body) -> Told:
    from filebridge.bridge.guard import why_of

    match kind:
        case "HALTED":
            return _halted("HALTED 已暂停发送", body["by"], why_of(body))
        case "REDUCE_ONLY":
            return _halted("REDUCE-ONLY 只许减仓", body["by"], why_of(body))
        case "RESUMED":
            return _halted("resumed 已恢复发送", body["by"], why_of(body))
        case "ARMED":
            day = body["armed"][body["account"]]
            return [
                f"ARMED 已解锁实盘 by {body['by']}",
                f"account {body['account']} trades live on {day} 账号 {body['account']} 将在 {day} 实盘交易",
            ]
        case "DISARMED":
            return [f"disarmed 已重新锁定实盘 by {body['by']}: {body['account']}"]
        case "STOPPED":
            return ["stopped 已停止"]
        case _:
            return []
