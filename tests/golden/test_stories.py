"""Every story goes as its answer says; every reason is shown by a sample, a story or, where none can be, by a test.

After a change that is meant: `python -m tests.golden.stories`, then review the difference as a user would read it.
"""

import ast
import json
from pathlib import Path

import pytest

from filebridge.domain.reasons import REASONS
from tests.golden.regenerate import ANSWER, SAMPLES, answer_path
from tests.golden.stories import STORIES, shown_by, stories, told
from tests.golden.test_samples import shown_by_samples
from tests.shown import BY_TEST, reasons_made

ROOT = SAMPLES.parent
HOW = """Give each of these reasons something that shows it (docs/reasons.md names it):
  - a sample: the smallest file, in samples/refused or samples/denied, then `python -m tests.golden.regenerate`;
  - or a story, where a broker, a person or time has a part: samples/stories/<name>.toml, like those beside it (their
    format: tests/golden/stories.py), then `python -m tests.golden.stories`;
  - or, for a state of the machine or of another process only: a test that brings the program to it, in tests/shown.py.
Without one:"""


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.stem)
def test_a_story_goes_as_its_answer_says(story: Path) -> None:
    expected = answer_path(story)
    assert expected.exists(), f"{story.name} has no answer: python -m tests.golden.stories"
    with reasons_made() as made:
        found = json.loads(told(story))
    assert found == json.loads(expected.read_text(encoding="utf-8"))
    recorded = {each["code"] for each in found["said"]}
    # Not the words of the tests' broker.
    assert set(shown_by(story)) <= recorded & made


def test_every_answer_has_its_story() -> None:
    assert sorted(STORIES.glob("*" + ANSWER)) == [answer_path(story) for story in stories()]


def test_every_reason_is_shown() -> None:
    by_story = {code for story in stories() for code in shown_by(story)}
    unknown = (by_story | BY_TEST.keys()) - REASONS.keys()
    assert not unknown, f"these are no reasons: {sorted(unknown)}"
    nowhere = REASONS.keys() - shown_by_samples() - by_story - BY_TEST.keys()
    assert not nowhere, f"{HOW} {', '.join(sorted(nowhere))}"


def test_every_test_that_stands_for_a_reason_is_there() -> None:
    for code, test in BY_TEST.items():
        path, _, name = test.partition("::")
        body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        names = [node.name for node in body if isinstance(node, ast.FunctionDef)]
        assert name.partition("[")[0] in names, f"{code}: there is no {test}"
