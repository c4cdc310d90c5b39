"""What only a machine, a terminal or another process brings about, and what is said of it: see `tests/shown.py`."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from filebridge import app
from filebridge.bridge import intake
from filebridge.cli import app as command_line
from filebridge.cli import doctor
from filebridge.cli.doctor import Patient
from filebridge.config import load_settings
from filebridge.inbox import finished
from filebridge.inbox.claims import claimed_file, new_claim
from filebridge.inbox.finished import Writer
from filebridge.locks import FileLock
from filebridge.simulator import server
from filebridge.sources import HOME_INBOX
from tests.integration.homes import ACCOUNT, Home, orders_file, until
from tests.integration.test_worker import Worker
from tests.property.program import Program

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there the native module is the real one")
ROW = "A-1,600000.SH,BUY,100,10.51"


def connection(home: Home, code: str) -> dict[str, Any]:
    """What the ledger says of the connection, once it says this."""

    def there() -> dict[str, Any] | None:
        bodies = [event["body"] for event in home.events() if event["kind"] == "CONNECTION"]
        return next((body for body in bodies if body["reason_code"] == code), None)

    return until(there, code)


def typed(home: Home, *words: str) -> str:
    """What a command of the program says, in this process."""
    done = CliRunner().invoke(command_line, [*words, "--home", str(home.folder)])
    return done.output


def test_an_account_that_another_home_trades_is_not_touched(home: Home) -> None:
    note = json.dumps({"pid": 1, "home": "another home"})
    lock = FileLock.acquire(home.userdata / f"filebridge-{ACCOUNT}.lock", note)
    assert lock is not None
    home.start()
    assert "another home" in connection(home, "ACCOUNT_IN_USE")["detail"]
    assert home.stop() == 0
    lock.release()


def test_an_old_worker_of_this_home_is_ended_before_the_books_are_read(home: Home, tmp_path: Path) -> None:
    server.start(home.userdata, idle_seconds=None)
    old = Worker(home, tmp_path / "old.tags")
    old.hear("up")
    home.ready()
    assert connection(home, "OLD_WORKER_ENDED")["up"] is False
    until(lambda: old.process.poll() is not None, "the end of the old worker")
    old.end()
    assert home.stop() == 0


def _live(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home in live mode, on a machine that seems to have a terminal."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("stand_in")))
    app.init_home(folder, account="8881234567", cash=1_000_000)
    return Home(folder)


@POSIX
def test_an_account_that_the_terminal_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _live(tmp_path / "live", monkeypatch)
    try:
        server.start(home.userdata, idle_seconds=None)
        settings = home.folder / "filebridge.toml"
        lines = settings.read_text(encoding="utf-8").splitlines()
        both = 'accounts = [{ id = "8881234567" }, { id = "8881234568" }]'
        text = "\n".join(both if line.startswith("accounts = ") else line for line in lines)
        settings.write_text(text, encoding="utf-8")
        home.start(broker__mode="live", broker__trading_hours="always")
        assert "8881234568" in connection(home, "ACCOUNT_NOT_SUBSCRIBED")["detail"]
    finally:
        home.close()


@POSIX
def test_a_terminal_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _live(tmp_path / "live", monkeypatch)
    try:
        home.start(broker__mode="live", broker__trading_hours="always")
        assert connection(home, "TERMINAL_ABSENT")["up"] is False
    finally:
        home.close()


def test_before_the_connection_and_after_it() -> None:
    program = Program()
    try:
        program.start()
        program.turn()
        status = program.folder / "outbox" / "status.json"
        assert "not started" in status.read_text(encoding="utf-8")
        assert program.bridge is not None
        program.bridge.finish()
        assert "stopped" in status.read_text(encoding="utf-8")
    finally:
        program.close()


def test_a_file_that_cannot_be_opened_is_answered(tmp_path: Path) -> None:
    there = new_claim(tmp_path, "orders.csv", "renamed")
    there.write_text(orders_file(ROW), encoding="utf-8")
    claim = claimed_file(there, there.stat(), app.now(), HOME_INBOX, {})
    there.unlink()
    data, _, why = intake._bytes_of(claim, 1_000)
    assert (data, why and why.code) == (b"", "FILE_UNREADABLE")
    there.mkdir()
    claim = claimed_file(there, there.stat(), app.now(), HOME_INBOX, {})
    data, _, why = intake._bytes_of(claim, 1_000)
    assert (data, why and why.code) == (b"", "FILE_NOT_REGULAR")


# ---- doctor


def _patient(home: Home, **settings: str) -> Patient:
    return Patient(home.folder, load_settings(home.folder, settings), app.now())


def _found(check: Callable[[Patient], Any], patient: Patient) -> list[str]:
    return [finding.reason.code for finding in check(patient) if finding.reason]


def test_doctor_on_a_machine_that_is_not_as_it_should_be(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHONS", ())
    assert _found(doctor._python, _patient(home)) == ["PYTHON_NOT_SUITABLE"]
    monkeypatch.setattr(doctor, "_IMPORT", "import there_is_no_such_module")
    assert _found(doctor._xtquant, _patient(home)) == ["XTQUANT_NOT_USABLE"]
    assert _found(doctor._xtquant, _patient(home, FILEBRIDGE_BROKER__MODE="live")) == ["NATIVE_MODULE_ABSENT"]
    # Root may write everywhere, and on Linux the system always tells who writes.
    monkeypatch.setattr(doctor, "_write_trouble", lambda folder: "Permission denied")
    assert _found(doctor._userdata, _patient(home)) == ["USERDATA_NOT_WRITABLE"]
    monkeypatch.undo()
    monkeypatch.setattr(finished, "writer_of", lambda path: Writer.UNKNOWN)
    (home.folder / "a").mkdir()
    sources = '[{name = "a", folder = "a", policy = "closed"}]'
    assert _found(doctor._sources, _patient(home, FILEBRIDGE_INBOX__SOURCES=sources)) == ["FOLDER_TELLS_NO_WRITERS"]


def test_doctor_warns_before_the_disk_is_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES_WARNING", 10**18)
    assert _found(doctor._disk, _patient(home)) == ["DISK_NEARLY_FULL"]


def test_doctor_says_that_sending_is_held_back(home: Home) -> None:
    (home.folder / "control" / "HALT").write_text("by hand", encoding="utf-8")
    assert _found(doctor._guard, _patient(home)) == ["SENDING_HELD_BACK"]


# ---- commands that need no bridge


def test_check_says_of_a_day_whether_anything_trades_on_it(home: Home, tmp_path: Path) -> None:
    file, today = tmp_path / "orders.csv", app.now().date()
    last, sunday = today + timedelta(days=400), today + timedelta(days=7 - today.weekday() + 6)
    (home.folder / "calendar.csv").write_text(f"trade_date\n{last}\n", encoding="utf-8")
    header = "client_order_id,symbol,side,quantity,limit_price,trade_date"
    for day, said in ((sunday, "no trading day"), (last + timedelta(days=1), "outside the trading calendar")):
        file.write_text(orders_file(f"{ROW},{day}", header=header), encoding="utf-8")
        assert said in " ".join(typed(home, "check", str(file)).split())


def test_the_check_list_sees_an_account_of_another_kind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.once().returncode == 0
    monkeypatch.setenv("FILEBRIDGE_BROKER__MODE", "live")
    settings = home.folder / "filebridge.toml"
    text = settings.read_text(encoding="utf-8").replace('type = "STOCK"', 'type = "CREDIT"')
    settings.write_text(text, encoding="utf-8")
    assert "CREDIT" in typed(home, "arm", "--account", ACCOUNT)


def test_the_check_list_before_the_first_live_order(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILEBRIDGE_BROKER__MODE", "live")
    said = typed(home, "arm", "--account", ACCOUNT)
    assert "[risk] order_value_cny_max is not in filebridge.toml" in said
    assert "--dry-run FILE" in said
    bad = tmp_path / "bad.csv"
    bad.write_text("no order file", encoding="utf-8")
    assert "bad.csv" in typed(home, "arm", "--account", ACCOUNT, "--dry-run", str(bad))
