"""Every sample has its answer and every answer its sample; the gallery of errors leaves no parse problem out.

After a change that is meant: `python -m tests.golden.regenerate`, then review the difference.
"""

import json
from pathlib import Path

import pytest

import filebridge.orderfiles
from filebridge.domain.issues import is_of_issues
from filebridge.domain.orders import Action, OrderInstruction
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


def shown_by_samples() -> set[str]:
    """The codes in the answers to all samples."""
    contents = [json.loads(answer(sample)) for sample in samples()]
    notes = [note for content in contents for order in content["instructions"] for note in order.get("notes", [])]
    found = [entry for content in contents for entry in (*content["problems"], *content.get("denied", ()))]
    return {entry["code"] for entry in (*notes, *found)}


def test_accepted_samples_break_no_rule_and_denied_ones_what_they_are_named_after() -> None:
    for sample in samples():
        if sample.parent.name in ("accepted", "language"):
            assert [found for order in _orders(sample) if (found := refusal_of(order))] == [], sample.name
        if sample.parent.name == "denied":
            codes = {reason.code for _, reason in judged(sample, _orders(sample)) if reason}
            assert codes == {_named_code(sample)}, sample.name


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
    return [row for row in rows if row.action in (Action.ORDER, Action.TRANSFER) and not is_of_issues(row)]
