"""A sample of the crash matrix in every test run; `python dev.py crash` runs all of it."""

from pathlib import Path

import pytest

from filebridge.failpoints import POINTS
from tests.crash.case import Case, run_case
from tests.crash.matrix import FAULTS, PASSES, cases

# The places where a duplicate, a loss or a silence would begin.
SAMPLE = (
    Case("ledger.commit", "kill", 3, 11),
    Case("ledger.committed", "kill", 2, 12),
    Case("ledger.commit", "eio", 4, 13),
    Case("sending.submitted", "kill", 2, 14),
    Case("worker.call", "kill", 5, 15),
    Case("worker.called", "kill", 7, 16),
    Case("archive.unlink", "kill", 1, 17),
    Case("outbox.append", "enospc", 2, 18),
)


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_the_promise_holds(case: Case, tmp_path: Path) -> None:
    result = run_case(case, tmp_path / "case")
    assert result.happened, "the fault never happened"
    assert result.problems == []


def test_the_matrix_names_every_failpoint() -> None:
    assert {case.point for case in cases(1)} == set(POINTS) == set(FAULTS) == set(PASSES)
