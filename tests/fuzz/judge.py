"""What must hold of every file, however it was damaged: an answer, bounded, and no order that the file does not say."""

import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from enum import Enum, auto
from typing import NamedTuple

from filebridge.domain.orders import OrderInstruction
from filebridge.domain.reasons import REASONS
from filebridge.orderfiles import ParsedFile, parse, parse_slices
from tests.fuzz import witness

TODAY = date(2026, 11, 20)
SLICE = 3
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

# How a file is read; the tests of this package put broken readers here.
Read = Callable[["Mutant"], ParsedFile]


class Promise(Enum):
    """What is known of a mutated file beforehand, because of how it was mutated."""

    NOTHING = auto()
    # Nothing of it may trade.
    REFUSED = auto()
    # The row that was damaged is no order, and something is said of it.
    ROW_REFUSED = auto()
    # The same orders as before, or fewer and a problem that says so.
    SAME_OR_REFUSED = auto()


class Mutant(NamedTuple):
    """A file to be read, and the story of its making. `rows` are those of the promise."""

    name: str
    data: bytes
    story: tuple[str, ...] = ()
    promise: Promise = Promise.NOTHING
    end_line_required: bool = False
    row: int = 0
    # The money of each order that the file had before: what a spelling may not change.
    before: tuple[tuple[object, ...], ...] = ()


def read(mutant: Mutant) -> ParsedFile:
    return parse(mutant.data, name=mutant.name, today=TODAY, end_line_required=mutant.end_line_required)


def terms(file: ParsedFile) -> tuple[tuple[object, ...], ...]:
    return tuple((row.action, row.symbol, row.side, row.quantity, row.limit_price) for row in file.instructions)


class Verdict(NamedTuple):
    """Everything that is wrong with how a file was read, and how many orders were taken from it."""

    findings: list[str]
    orders: int = 0


def judge(mutant: Mutant, read: Read = read) -> Verdict:
    try:
        file = read(mutant)
    except MemoryError:
        return Verdict(["memory: the limit was reached"])
    except Exception as error:  # noqa: BLE001 - why: any kind is a finding; the product promises none for any bytes
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Verdict([f"traceback: {type(error).__name__}: {error} in {last.name}"])
    found = [*_of_the_answer(file), *_of_the_promise(mutant, file)]
    if file.instructions:
        found += _of_the_witness(mutant, file)
    return Verdict(found, len(file.instructions))


def kind(finding: str) -> str:
    """What two findings have in common that come from one mistake."""
    return re.sub(r"[0-9]+|'[^']*'|\"[^\"]*\"", "…", finding)[:60]


def in_slices(mutant: Mutant) -> ParsedFile:
    """The file as it is read in parts: for a reader in the place of `read`."""
    orders: list[OrderInstruction] = []
    slices = parse_slices(
        mutant.data,
        name=mutant.name,
        today=TODAY,
        end_line_required=mutant.end_line_required,
        rows_a_slice=SLICE,
    )
    while True:
        try:
            orders += next(slices)
        except StopIteration as end:
            whole: ParsedFile = end.value
            break
    return whole if whole.is_broken else replace(whole, instructions=tuple(orders))


def minimised(mutant: Mutant, read: Read = read, tries: int = 400) -> Mutant:
    """The file with as much taken out as possible so that the same is still wrong; a promise binds the bytes."""
    if mutant.promise is not Promise.NOTHING:
        return mutant
    wrong = {kind(each) for each in judge(mutant, read).findings}
    size = len(mutant.data) // 2
    while size and tries:
        place = 0
        while place < len(mutant.data) and tries:
            tries -= 1
            smaller = mutant._replace(data=mutant.data[:place] + mutant.data[place + size :])
            if wrong & {kind(each) for each in judge(smaller, read).findings}:
                mutant = smaller
            else:
                place += size
        size //= 2
    return mutant


def _of_the_answer(file: ParsedFile) -> Iterator[str]:
    """Every problem can be shown to a person, and an answer without a problem is one of orders."""
    for problem in file.problems:
        texts = REASONS.get(problem.reason.code)
        if texts is None:
            yield f"answer: {problem.reason.code} is no reason"
            continue
        open_names = {name for text in texts for name in _PLACEHOLDER.findall(text)} - problem.reason.context.keys()
        if open_names:
            yield f"answer: {problem.reason.code} leaves {sorted(open_names)} open"
        for shown in (problem.column, problem.value, problem.reason.message, problem.reason.message_zh):
            if set(shown) & set("\0\r\n\t\x1b") or not _writable(shown):
                yield f"answer: {problem.reason.code} holds what cannot be shown"
        if len(problem.value) > 80:
            yield f"answer: {problem.reason.code} shows a value of {len(problem.value)} characters"
    if not file.problems and not file.instructions:
        yield "answer: neither orders nor a problem"
    if file.is_broken and file.instructions:
        yield "answer: orders from a file that cannot be trusted"
    if not file.problems and len(file.instructions) != file.rows:
        yield f"answer: {len(file.instructions)} orders from {file.rows} rows, and no problem"
    numbers = [order.row for order in file.instructions]
    if numbers != sorted(set(numbers)):
        yield "answer: two orders from one row"


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_the_promise(mutant: Mutant, file: ParsedFile) -> Iterator[str]:
    match mutant.promise:
        case Promise.REFUSED if file.instructions:
            yield f"taken: {len(file.instructions)} orders of a file that must be refused"
        case Promise.ROW_REFUSED if not file.problems or mutant.row in [order.row for order in file.instructions]:
            yield f"taken: row {mutant.row}, which must be refused"
        case Promise.SAME_OR_REFUSED:
            now = terms(file)
            same = now == mutant.before
            if not same and not (file.problems and set(now) <= set(mutant.before)):
                yield f"changed: {now} from {mutant.before}"


def _of_the_witness(mutant: Mutant, file: ParsedFile) -> Iterator[str]:
    """Each order is what the second reader finds in its row, and none is missing where no problem is told."""
    if not witness.is_known(file):
        for order in file.instructions:
            yield from (f"invented: row {order.row}: {text}" for text in witness.unsaid(mutant.data, order))
        return
    try:
        tables = witness.rows_of(mutant.data, file)
    except witness.Unreadable as reason:
        yield f"invented: orders from a file that has no sure reading: {reason}"
        return
    except Exception as error:  # noqa: BLE001 - why: what the product takes, the second reader must be able to read
        yield f"invented: orders from a file that the second reader cannot read: {type(error).__name__}: {error}"
        return
    answers = [list(_against(rows, file)) for rows in tables]
    if not answers:
        yield "invented: orders from a workbook in which no sheet holds any"
    elif all(answers):
        yield from min(answers, key=len)[:3]


def _against(rows: witness.Rows, file: ParsedFile) -> Iterator[str]:
    for order in file.instructions:
        if order.row not in rows:
            yield f"invented: an order in row {order.row}, which holds none"
            continue
        yield from (f"invented: row {order.row}: {text}" for text in witness.differences(rows[order.row], order))
    if not file.problems and len(rows) != len(file.instructions):
        yield f"lost: {len(rows)} rows, {len(file.instructions)} orders and no problem"
