"""How `dev.py crash --all` counts: shards share all out, what is finished is passed over, skipped is not passed."""

import argparse
import sys
from pathlib import Path

import pytest

from tests.crash import machine, matrix, power, suite
from tests.crash.mutants import MUTANTS, Mutant, edited
from tests.crash.trials import Outcome, Trial


def _given(*words: str) -> argparse.Namespace:
    options = argparse.ArgumentParser()
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--only", default="")
    suite.add_options(options)
    return options.parse_args(["--all", "--parts", "failpoint", *words])


def _trials(ran: list[str], *names: str, fails: str = "", lacks: str = "") -> list[Trial]:
    def run(name: str, outcome: Outcome) -> None:
        ran.append(name)
        outcome.happened = True
        if name == fails:
            raise AssertionError("an invariant")

    return [
        Trial(f"failpoint:{name}", lambda: lacks, lambda _, outcome, name=name: run(name, outcome))  # type: ignore[misc]
        for name in names
    ]


def test_shards_share_all_trials_out() -> None:
    ran: list[str] = []
    names = [str(number) for number in range(20)]
    assert [suite.run_all(_given("--shard", f"{n}/3"), _trials(ran, *names)) for n in (1, 2, 3)] == [0, 0, 0]
    assert sorted(ran) == sorted(names)


def test_a_second_run_passes_over_what_was_good(tmp_path: Path) -> None:
    ran: list[str] = []
    resume = ("--resume", str(tmp_path / "done.jsonl"))
    assert suite.run_all(_given(*resume), _trials(ran, "a", "b", fails="b")) == 1
    assert suite.run_all(_given(*resume), _trials(ran, "a", "b")) == 0
    assert ran == ["a", "b", "b"]


def test_what_cannot_run_is_skipped_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []
    assert suite.run_all(_given(), _trials(ran, "a", lacks="needs a moon")) == 0
    assert ran == []
    assert "skipped 1: needs a moon" in capsys.readouterr().out


def test_a_fault_that_did_not_happen_is_a_failure() -> None:
    assert suite.run_all(_given(), [Trial("failpoint:a", str, lambda _, outcome: None)]) == 1


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(machine, "_found", lambda program: None)
    assert machine.lacks("mkfs.ext4") == "no mkfs.ext4: on Debian `apt-get install e2fsprogs`"


def test_failpoints_and_mutants_are_part_of_all() -> None:
    names = [trial.name for trial in matrix.failpoint_trials(1)]
    assert len(names) == len(set(names)) == len(list(matrix.cases(1))) + len(MUTANTS)


@pytest.mark.parametrize("mutant", (*MUTANTS, *power.MUTANTS), ids=lambda mutant: mutant.name)
def test_every_mutant_still_fits_the_program(mutant: Mutant) -> None:
    """A mutant whose text is gone would stop the long suite only when it comes to it."""
    with edited(mutant.edits):
        pass
