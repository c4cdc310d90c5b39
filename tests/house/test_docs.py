"""The generated pages, and the facts that stand in two places, are in step with the code."""

import re
import tomllib
from pathlib import Path

import pytest

import dev
from docs import generate
from filebridge.domain.reasons import REASONS
from filebridge.simulator.faults import meanings
from tests.house.tree import ROOT, keep


def test_the_generated_pages_are_in_step() -> None:
    keep([f"docs/{name} is stale: run `python dev.py docs`" for name in generate.stale()])


def test_a_changed_table_makes_its_page_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REASONS, "A_NEW_CODE", ("text | text", "文字"))
    assert list(generate.stale()) == ["reasons.md"]
    assert r"| `A_NEW_CODE` | text \| text | 文字 |" in generate.reasons()


def test_generating_writes_what_is_missing_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    assert generate.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert generate.main([]) == 0
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == set(generate.PAGES)
    assert generate.main(["--check"]) == 0
    (tmp_path / "statuses.md").write_text("edited by hand", encoding="utf-8")
    assert list(generate.stale()) == ["statuses.md"]
    assert generate.main(["--what"]) == 2


def test_every_fault_of_the_counter_has_its_test() -> None:
    tests = generate.fault_tests()
    keep([f"no test in tests/integration/test_faults_*.py sets {name}" for name in meanings() if name not in tests])


def test_only_the_tables_of_a_written_page_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "simulator.md"
    page.write_text("By hand.\n<!-- table: when -->\nold\n<!-- end -->\nBy hand, too.\n", encoding="utf-8")
    monkeypatch.setattr(generate, "SIMULATOR", page)
    made = generate.simulator()
    assert made.startswith("By hand.\n<!-- table: when -->\n| when | type | meaning |\n")
    assert made.endswith("|\n<!-- end -->\nBy hand, too.\n")
    assert "old" not in made


def test_every_setting_and_command_says_what_it_is() -> None:
    pages = (generate.settings(), generate.commands())
    rows = [line for page in pages for line in page.splitlines() if line.startswith("| `")]
    assert rows
    keep([row for row in rows if row.endswith("|  |")])
    keep([f"{name} has no sentence" for page in pages for name in re.findall(r"^## (.+)\n\n\n", page, re.MULTILINE)])


def test_dev_and_pyproject_name_the_same_pythons() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        allowed = tomllib.load(file)["project"]["requires-python"]
    (newest, oldest) = (dev.SUPPORTED[0], dev.SUPPORTED[-1])
    assert allowed == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"


def test_every_command_of_dev_has_its_sentence() -> None:
    assert [name for name, command in dev.COMMANDS.items() if not (command.__doc__ or "").strip()] == []
    assert {"setup", "demo", "test", "check", "fix", "docs", "calendar"} <= set(dev.COMMANDS)


def test_everything_is_pinned_and_nothing_names_a_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; .*)?", pin)] == []
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {pin.split("==")[0] for pin in pins}
    assert {re.split(r"[^a-z0-9.-]", name)[0] for name in asked} <= pinned
