"""Which folders files come from, as the settings say it: old files stand, and no entry may name a folder of ours."""

import sys
from pathlib import Path
from typing import get_args

import pytest

from filebridge.config import SETTINGS_FILE, Settings, load_settings
from filebridge.errors import SettingsError
from filebridge.orderfiles import FOREIGN, FORMATS
from filebridge.sources import OWN, Format

OLD = '[inbox]\nmax_file_age = 60\non_bad_row = "skip"\n'


def loaded(home: Path, text: str, **environ: str) -> Settings:
    (home / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return load_settings(home, environ)


def refusal(home: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(home, text)
    return str(caught.value)


def test_an_old_file_goes_on_working_and_has_the_homes_own_inbox(tmp_path: Path) -> None:
    inbox = loaded(tmp_path, OLD).inbox
    assert (inbox.max_file_age, inbox.on_bad_row) == (60, "skip")
    assert inbox.all_sources == (OWN,)


def test_entries_stand_below_the_settings_for_all_or_alone(tmp_path: Path) -> None:
    entry = 'name = "desk-a"\nfolder = "desk-a"\nstrategy = "alpha"\n'
    both = loaded(tmp_path, f"{OLD}[[inbox.sources]]\n{entry}").inbox
    alone = loaded(tmp_path, f"[[inbox]]\n{entry}").inbox
    assert [source.name for source in both.all_sources] == ["inbox", "desk-a"]
    assert both.sources == alone.sources
    assert both.max_file_age == 60
    assert both.source("desk-a").fixed == {"strategy": "alpha"}
    # The environment reaches the common settings beside entries, too.
    aged = loaded(tmp_path, f"[[inbox]]\n{entry}", FILEBRIDGE_INBOX__MAX_FILE_AGE="7").inbox
    assert (aged.max_file_age, len(aged.sources)) == (7, 1)


def test_an_entry_may_give_the_homes_own_inbox_its_rules(tmp_path: Path) -> None:
    inbox = loaded(tmp_path, '[[inbox]]\nname = "own"\nfolder = "./inbox"\nbasket = "b"\n').inbox
    assert [source.name for source in inbox.all_sources] == ["own"]


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("outbox", "which holds something else"),
        ("control/in", "which holds something else"),
        ("x/../archive/2026-11-20", "which holds something else"),
        (".filebridge", "which holds something else"),
        (".", "the home lies in"),
        ("..", "the home lies in"),
        ("link", "which holds something else"),
        ("desk-b/../desk-b", "are one folder"),
    ],
)
def test_a_folder_that_holds_something_else_is_no_source(tmp_path: Path, folder: str, said: str) -> None:
    home = tmp_path / "home"
    (home / "outbox").mkdir(parents=True)
    if folder == "link":
        if sys.platform == "win32":
            pytest.skip("links of another kind, for which it takes a right of its own")
        (home / "link").symlink_to(home / "outbox")
    text = f'[[inbox]]\nname = "b"\nfolder = "desk-b"\n[[inbox]]\nname = "a"\nfolder = "{folder}"\n'
    assert said in refusal(home, text)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('name = "a"\nfolder = "a"\naccount = "999"', "account 999 is not in [broker] accounts"),
        ('name = "a"\nfolder = "a"\naccounts = { x = "999" }', "account 999 is not in [broker] accounts"),
        ('name = "a/b"\nfolder = "a"', "name"),
        ('name = "nul"\nfolder = "a"', "device"),
        ('name = "Inbox"\nfolder = "a"', "two entries of inbox are called Inbox"),
        ('name = "a"\nfolder = "a"\nstratgy = "s"', "did you mean strategy?"),
        ('name = "a"\nfolder = "a"\nstrategy = "a\\u001fb"', "strategy"),
        ('folder = "a"', "name"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    assert said in refusal(tmp_path, f"[[inbox]]\n{entry}\n")


def test_every_format_can_be_named() -> None:
    # A DBF is always some system's.
    assert set(get_args(Format)) == {"auto", *FORMATS.values(), *FOREIGN} - {"dbf"}
