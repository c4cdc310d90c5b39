"""Every sample has its answer and every answer its sample; the gallery of errors leaves no parse problem out.

After a change that is meant: `python -m tests.golden.regenerate`, then review the difference.
"""

import json
import re
from pathlib import Path

import pytest

import filebridge.domain.symbols
import filebridge.orderfiles
from filebridge.domain.file_reasons import FILE_REASONS, ROW_REASONS
from filebridge.domain.foreign_reasons import FOREIGN_REASONS
from filebridge.domain.issues import is_of_issues
from filebridge.domain.limit_reasons import LIMIT_REASONS
from filebridge.domain.market_reasons import MARKET_REASONS
from filebridge.domain.orders import Action, OrderInstruction
from filebridge.domain.reasons import REASONS
from filebridge.domain.sheet_reasons import SHEET_REASONS
from filebridge.domain.word_reasons import WORD_REASONS
from tests.golden.regenerate import (
    ANSWER,
    FOLDERS,
    ORIGIN,
    OWN,
    QUOTES,
    SAMPLES,
    TODAY,
    answer,
    answer_path,
    judged,
    refusal_of,
    samples,
)

# Reasons of files that no small file alone can show, and why.
WITHOUT_SAMPLE = {
    "FILE_MORE_PROBLEMS": "a thousand problems are no small file",
    "FILE_END_LINE_MISSING": "only where the setting asks for the end line",
    "FILE_REWRITTEN": "what a growing file was before does not stand in it",
    "ROWS_OF_UNKNOWN_AGE": "when rows of a growing file came does not stand in them",
    "FILE_WORKBOOK_NOT_READ": "what takes too long depends on the machine",
    "ROWS_STALE": "when rows of a growing file came does not stand in them",
    "ROWS_OF_ANOTHER_HOME": "who followed a growing file does not stand in it",
    "FILE_STALE": "how long it lay does not stand in it",
    "FILE_CANCELED": "a person cancels while it is read",
    "FILE_OF_EARLIER_DATE": "it has no mistake: its day has passed",
    "FILE_TOO_LARGE": "how much is too much is a setting",
    "FILE_NOT_REGULAR": "a folder or a link",
    "FILE_UNREADABLE": "its rights, or its disk",
    "FILE_HAS_OTHER_PROBLEMS": "the receipt says it of the good rows beside a bad one, not the reader",
    "ROW_READ_AS": "the receipt joins several notes on one row, which samples/accepted/workbook.xlsx has one by one",
}
# What only a broker that does not answer can tell, what needs cancels that left before, what is only a warning, and
# what every instrument that may be traded has.
WITHOUT_DENIED_SAMPLE = {
    *("CANCEL_RATIO_ABOVE_LIMIT", "BALANCE_NOT_KNOWN", "TICK_NOT_KNOWN"),
    *("PRICE_PERHAPS_OUTSIDE_LIMITS", "PRICE_BEYOND_CAGE"),
}


@pytest.mark.parametrize("sample", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_read_as_expected(sample: Path) -> None:
    expected = answer_path(sample)
    assert expected.exists(), f"{sample.name} has no answer: python -m tests.golden.regenerate"
    assert json.loads(answer(sample)) == json.loads(expected.read_text(encoding="utf-8"))


def test_every_answer_has_exactly_one_sample() -> None:
    answers = sorted(path for folder in FOLDERS for path in (SAMPLES / folder).glob("*" + ANSWER))
    assert answers == sorted(answer_path(sample) for sample in samples())


def test_accepted_and_denied_samples_are_well_formed_and_refused_ones_are_not() -> None:
    for sample in samples():
        problems = json.loads(answer(sample))["problems"]
        assert bool(problems) == (sample.parent.name == "refused"), sample.name


def test_the_gallery_shows_every_parse_problem() -> None:
    rooms = [Path(filebridge.domain.symbols.__file__)]
    shown = shown_by_samples()
    rooms += Path(filebridge.orderfiles.__file__).parent.glob("*.py")
    named = {word for room in rooms for word in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', room.read_text(encoding="utf-8"))}
    assert (named & REASONS.keys()) - shown <= WITHOUT_SAMPLE.keys()


def test_every_reason_of_files_and_rows_has_a_sample_or_says_why_not() -> None:
    tables = (FILE_REASONS, ROW_REASONS, FOREIGN_REASONS, SHEET_REASONS, WORD_REASONS)
    codes = {code for table in tables for code in table}
    assert codes - shown_by_samples() == WITHOUT_SAMPLE.keys()


def shown_by_samples() -> set[str]:
    """The codes in the answers to all samples."""
    contents = [json.loads(answer(sample)) for sample in samples()]
    notes = [note for content in contents for order in content["instructions"] for note in order.get("notes", [])]
    return {entry["code"] for entry in [*notes, *(found for content in contents for found in content["problems"])]}


def test_accepted_samples_break_no_rule_and_denied_ones_what_they_are_named_after() -> None:
    for sample in samples():
        if sample.parent.name in ("accepted", "language"):
            assert [found for order in _orders(sample) if (found := refusal_of(order))] == [], sample.name
        if sample.parent.name == "denied":
            codes = {reason.code for _, reason in judged(sample, _orders(sample)) if reason}
            assert codes == {_named_code(sample)}, sample.name


def test_every_rule_of_the_market_and_every_limit_has_a_denied_sample() -> None:
    shown = {_named_code(sample) for sample in samples() if sample.parent.name == "denied"}
    assert {*MARKET_REASONS, *LIMIT_REASONS, "ORDERS_PER_DAY_EXCEEDED"} - shown == WITHOUT_DENIED_SAMPLE


def test_settings_of_a_sample_lie_beside_one() -> None:
    beside = [path.name for suffix in (OWN, QUOTES) for path in (SAMPLES / "denied").glob("*" + suffix)]
    own = {name.partition(".")[0] for name in beside}
    assert own <= {sample.stem for sample in samples() if sample.parent.name == "denied"}


def test_a_refused_sample_is_named_after_the_problem_that_it_shows() -> None:
    for sample in samples():
        if sample.parent.name == "refused":
            assert _named_code(sample) in [found["code"] for found in json.loads(answer(sample))["problems"]], (
                sample.name
            )


def _named_code(sample: Path) -> str:
    return sample.stem.replace("-", "_").upper()


def _orders(sample: Path) -> list[OrderInstruction]:
    file = filebridge.orderfiles.parse(sample.read_bytes(), name=sample.name, today=TODAY, origin=ORIGIN)
    rows = file.instructions
    # What a broker has to tell first is no order yet.
    return [row for row in rows if row.action is Action.ORDER and not is_of_issues(row)]
