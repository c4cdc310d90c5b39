"""What `dev.py windows` says about a run: its numbers come from pytest's report, and a set-up is no test."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.windows.__main__ import PARTS, Counts, Part, _counted, _report

ROOT = Path(__file__).resolve().parents[2]
_CASES = {
    "passed": "<testcase name='a'/>",
    "failed": "<testcase name='b'><failure message='no'/></testcase>",
    "error": "<testcase name='c'><error message='no home'/></testcase>",
    "skipped": "<testcase name='d'><skipped message='Linux alone'/></testcase>",
}


def report_of(folder: Path, *kinds: str) -> Path:
    path = folder / "report.xml"
    cases = "".join(_CASES[kind] for kind in kinds)
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kinds", "passed", "failed", "skipped"),
    [
        (("passed", "passed", "skipped"), 2, 0, {"Linux alone": 1}),
        (("passed", "failed", "error"), 1, 2, {}),
        (("skipped",), 0, 1, {"Linux alone": 1}),
        ((), 0, 1, {}),
    ],
)
def test_a_run_is_counted(
    tmp_path: Path, kinds: tuple[str, ...], passed: int, failed: int, skipped: dict[str, int]
) -> None:
    found = _counted(report_of(tmp_path, *kinds), 1.0)
    assert found == Counts(passed, failed, Counter(skipped), 1.0)


def test_a_run_that_leaves_no_report_has_failed(tmp_path: Path) -> None:
    assert _counted(tmp_path / "report.xml", 1.0).failed == 1


def test_one_failure_fails_it_all_and_every_reason_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [Part("one", (), True), Part("two", (), True)]
    good = Counts(3, 0, Counter({"Linux alone": 2}), 1.0)
    assert _report(parts, [good, good], [("a terminal", "there is none")]) == 0
    said = capsys.readouterr().out
    assert "Linux alone" in said
    assert "a terminal: there is none" in said
    assert _report(parts, [good, good._replace(failed=1)], []) == 1


def test_every_path_of_a_part_is_there() -> None:
    paths = [path for part in PARTS for path in part.paths if not path.startswith("-")]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there it needs no set-up")
def test_a_machine_that_cannot_be_set_up_is_no_failed_test(tmp_path: Path) -> None:
    # No Wine, and no apt-get to fetch it with.
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "tests.windows", "--cache", str(tmp_path / "cache")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no test has failed" in done.stderr
