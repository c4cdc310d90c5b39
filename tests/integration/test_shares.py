"""Shares: one that hangs holds up nothing else and is told, and a crash on the way home neither loses nor doubles."""

import os
import time
from pathlib import Path

import pytest

from filebridge.config import SETTINGS_FILE
from tests.integration.homes import Home, orders_file, until

FAST = {"inbox__share_seconds": 0.05}


@pytest.fixture
def share(home: Home, tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    settings = home.folder / SETTINGS_FILE
    entry = f"\n[[inbox.sources]]\nname = 'far'\nfolder = '{folder}'\npolicy = 'rename'\nwatch = false\n"
    settings.write_text(settings.read_text(encoding="utf-8") + entry, encoding="utf-8")
    return folder


def drop(share: Path, name: str, quantity: int) -> None:
    part = share / f"{name}.part"
    part.write_bytes(orders_file(f"{name},600000.SH,BUY,{quantity},10.51").encode())
    part.rename(share / name)


def problems(home: Home, began: float) -> list[str] | None:
    """What status.json tells, once it was written after a moment."""
    status = home.status_since(began)
    return status["problems"] if status else None


@pytest.mark.parametrize("call", ["scandir", "open"])
def test_a_share_that_hangs_holds_up_nothing_else_and_comes_back(
    home: Home, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    gone = tmp_path / "server-is-gone"
    gone.touch()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("hanging")))
    for name, value in {"FOLDER": share, "WHILE": gone, "CALL": call}.items():
        monkeypatch.setenv(f"HANGING_{name}", str(value))
    drop(share, "far.csv", 100)
    home.ready(**FAST)
    assert home.trade("near.csv", orders_file("near,600000.SH,BUY,200,10.51")).outcomes == ["ACCEPTED"]
    home.wait_for_status("near", "FILLED")
    told = until(lambda: [line for line in problems(home, 0) or [] if str(share) in line], "the hanging share")
    assert "has not answered" in told[0]
    assert "没有响应" in told[0]
    alarms = [event["body"] for event in home.events() if event["kind"] == "ALARM"]
    assert [alarm["reason_code"] for alarm in alarms] == ["SHARE_HANGS"]
    assert home.receipts("far.csv") == []
    gone.unlink()
    assert home.receipt_no(1, "far.csv").outcomes == ["ACCEPTED"]
    home.wait_for_status("far.csv", "FILLED")
    began = time.time()
    until(lambda: problems(home, began) == [], "a status without problems")
    assert list(share.iterdir()) == []
    assert home.resting(home.receipts("far.csv")[0]).parent.name == "far"
    assert len(home.requests()) == 2


@pytest.mark.parametrize("failpoint", ["inbox.claimed", "archive.unlink"])
def test_killed_while_a_file_comes_home_it_is_taken_once(home: Home, share: Path, failpoint: str) -> None:
    drop(share, "far.csv", 100)
    done = home.folder.with_name("fault-happened")
    home.start(failpoint=f"{failpoint}:kill:1:{done}", **FAST)
    home.ended()
    assert done.exists(), home.said()
    until(home.worker_is_gone, "the end of the worker")
    assert home.requests() == []
    assert home.once(**FAST).returncode == 0
    assert home.receipts("far.csv")[0].outcomes == ["ACCEPTED"]
    assert len(home.receipts("far.csv")) == len(home.requests()) == 1
    assert list(share.iterdir()) == []
    # Nothing is left of the way.
    assert [name for _, _, names in os.walk(home.folder / ".filebridge" / "landed") for name in names] == []
    assert home.command("verify").returncode == 0
