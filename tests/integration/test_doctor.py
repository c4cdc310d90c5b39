"""`filebridge doctor`: what it finds is really there, it says what to do in both languages, and it changes nothing."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import typer

from filebridge import app
from filebridge.cli import doctor
from filebridge.cli.doctor import Finding, Patient
from filebridge.config import load_settings
from filebridge.domain.orders import SHANGHAI
from filebridge.ledger.opening import open_ledger
from tests.integration.homes import Home, run_program

Check = Callable[[Patient], Iterator[Finding]]
LIVE = {"FILEBRIDGE_BROKER__MODE": "live"}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="rights of another kind")


def a_calendar_far_ahead(home: Home) -> None:
    day = app.now().date() + timedelta(days=400)
    (home.folder / "calendar.csv").write_text(f"trade_date\n{day.isoformat()}\n", encoding="utf-8")


def a_ledger_of_tomorrow(home: Home) -> None:
    tomorrow = app.now() + timedelta(days=1)
    ledger = open_ledger(home.folder / app.LEDGER, at=tomorrow)
    with ledger.turn(tomorrow, tomorrow.date()) as turn:
        turn.append("STOPPED", {})
    ledger.close()


def a_terminal_that_ran(home: Home) -> None:
    (home.userdata / "up_queue_xtquant").touch()


def nine_session_files(home: Home) -> None:
    a_terminal_that_ran(home)
    for number in range(9):
        (home.userdata / f"down_queue_{number}").write_bytes(b"x" * 1_000_000)


BY_KEY = '{name = "a", folder = "a", proof = "hmac", key_file = "a.key"}'


def a_folder_a(home: Home) -> None:
    (home.folder / "a").mkdir()


def a_further_account(home: Home) -> None:
    settings = home.folder / "filebridge.toml"
    further = '[{ id = "10000001" }, { id = "20000001", type = "CREDIT" }]'
    lines = settings.read_text(encoding="utf-8").splitlines()
    kept = [f"accounts = {further}" if line.startswith("accounts = ") else line for line in lines]
    settings.write_text("\n".join(kept) + "\n", encoding="utf-8")


def a_row_for_the_further_account(home: Home) -> None:
    a_further_account(home)
    with (home.userdata / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("20000001,CREDIT,1000000\n")


def nothing(_: Home) -> None:
    pass


FOUND: tuple[tuple[Check, Callable[[Home], object], dict[str, str], str], ...] = (
    (doctor._userdata, lambda home: shutil.rmtree(home.userdata), {}, "USERDATA_ABSENT"),
    (doctor._userdata, nothing, LIVE, "TERMINAL_NEVER_RAN"),
    (doctor._userdata, a_terminal_that_ran, LIVE, ""),
    (doctor._userdata, nine_session_files, LIVE, "SESSION_FILES_MANY"),
    (doctor._userdata, nothing, {}, ""),
    (doctor._accounts, nothing, LIVE, "ACCOUNT_IS_THE_EXAMPLE"),
    (doctor._accounts, nothing, {}, ""),
    (doctor._accounts, a_further_account, {}, "PAPER_ACCOUNT_ABSENT"),
    (doctor._accounts, a_row_for_the_further_account, {}, ""),
    (doctor._folders, lambda home: home.inbox.rmdir(), {}, "FOLDER_NOT_USABLE"),
    (doctor._folders, nothing, {}, ""),
    (doctor._sources, nothing, {}, ""),
    (doctor._sources, nothing, {"FILEBRIDGE_INBOX__SOURCES": '[{name = "a", folder = "none"}]'}, "FOLDER_NOT_USABLE"),
    (doctor._sources, a_folder_a, {"FILEBRIDGE_INBOX__SOURCES": '[{name = "a", folder = "a"}]'}, ""),
    (doctor._disk, nothing, {"FILEBRIDGE_LEDGER__FREE_BYTES_MIN": str(10**18)}, "DISK_FULL"),
    (doctor._clock, a_ledger_of_tomorrow, {}, "CLOCK_BEHIND_LEDGER"),
    (doctor._clock, lambda home: home.folder.joinpath(app.LEDGER).write_bytes(b"?" * 4096), {}, "LEDGER_NOT_READABLE"),
    (doctor._clock, nothing, {}, ""),
    (doctor._calendar, a_calendar_far_ahead, {}, ""),
)


@pytest.fixture
def made(tmp_path: Path) -> Home:
    return Home.made(tmp_path / "主目录 home")


def patient(home: Home, settings: dict[str, str], now: datetime | None = None) -> Patient:
    return Patient(home.folder, load_settings(home.folder, settings), now or app.now())


def codes(findings: Iterator[Finding]) -> list[str]:
    return [finding.reason.code for finding in findings if finding.reason]


@pytest.mark.parametrize(
    ("check", "happens", "settings", "code"), FOUND, ids=[f"{each[0].__name__}-{each[3] or 'well'}" for each in FOUND]
)
def test_it_finds_what_is_wrong(
    made: Home, check: Check, happens: Callable[[Home], object], settings: dict[str, str], code: str
) -> None:
    happens(made)
    found = list(check(patient(made, settings)))
    assert codes(iter(found)) == ([code] if code else [])
    for finding in found:
        # Every value that the text names is given.
        assert not finding.reason or "{" not in finding.reason.message + finding.reason.message_zh


def test_it_warns_sixty_days_before_the_calendar_ends(made: Home) -> None:
    last = app.load_calendar(made.folder).last
    for days, found in ((60, []), (59, ["CALENDAR_ENDS"]), (0, ["CALENDAR_ENDS"]), (-1, ["CALENDAR_ENDED"])):
        now = datetime(last.year, last.month, last.day, 9, tzinfo=SHANGHAI) - timedelta(days=days)
        assert codes(doctor._calendar(patient(made, {}, now))) == found


def test_a_proof_that_cannot_be_checked_is_found_and_an_inbox_that_needs_none(made: Home) -> None:
    a_folder_a(made)
    settings = {"FILEBRIDGE_INBOX__SOURCES": f"[{BY_KEY}]"}
    assert codes(doctor._sources(patient(made, settings))) == ["PROOF_KEY_NOT_USABLE", "OWN_INBOX_UNPROVEN"]
    (made.folder / "a.key").write_bytes(b"x" * 32)
    (made.folder / "a.key").chmod(0o600)
    assert codes(doctor._sources(patient(made, settings))) == ["OWN_INBOX_UNPROVEN"]
    if sys.platform != "win32":
        (made.folder / "a.key").chmod(0o644)
        assert codes(doctor._sources(patient(made, settings)))[0] == "PROOF_KEY_OPEN_TO_OTHERS"


@POSIX
def test_a_folder_that_everyone_may_write_in_is_found(made: Home) -> None:
    made.folder.joinpath("control").chmod(0o777)
    assert codes(doctor._folders(patient(made, {}))) == ["FOLDER_OPEN_TO_OTHERS"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_terminals_folder_that_we_may_not_write_in_is_found(made: Home) -> None:
    made.userdata.chmod(0o500)
    assert codes(doctor._userdata(patient(made, {}))) == ["USERDATA_NOT_WRITABLE"]


def test_a_healthy_home_is_clean_and_left_as_it_was(made: Home) -> None:
    a_calendar_far_ahead(made)
    before = sorted(made.folder.rglob("*"))
    done = made.command("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all well 一切正常" in done.stdout
    assert sorted(made.folder.rglob("*")) == before


def test_a_warning_is_no_failure(
    made: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    last = app.load_calendar(made.folder).last
    for days, code, said in ((40, 0, "note 提醒"), (-1, 1, "look 处理")):
        now = datetime(last.year, last.month, last.day, 9, tzinfo=SHANGHAI) - timedelta(days=days)
        found = list(doctor._calendar(patient(made, {}, now)))
        monkeypatch.setattr(doctor, "CHECKS", (lambda _, found=found: found,))
        with pytest.raises(typer.Exit) as ended:
            doctor.doctor(made.folder)
        assert ended.value.exit_code == code
        assert said in capsys.readouterr().out


def test_it_says_what_to_do_in_both_languages(made: Home) -> None:
    done = made.command("doctor", broker__mode="live")
    assert done.returncode == 1, done.stderr
    assert "userdata_mini" in done.stdout
    assert "请勾选极简模式" in done.stdout
    done = made.command("doctor", "--json", broker__mode="live")
    assert done.returncode == 1
    rows = {row["subject"]: row for row in json.loads(done.stdout)}
    assert rows["Python"]["reason_code"] == ""
    # The real native module is for Windows alone.
    assert rows["xtquant"]["reason_code"] == ("" if sys.platform == "win32" else "NATIVE_MODULE_ABSENT")
    assert all(row["message"] and row["message_zh"] for row in rows.values() if row["reason_code"])


def test_outside_a_home_it_cannot_run(tmp_path: Path) -> None:
    done = run_program("doctor", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "is not a filebridge home" in done.stderr
