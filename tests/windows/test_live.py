"""Live mode with the real native module and no terminal: it says so, waits, sends nothing, and shows it."""

import json
import os
from pathlib import Path

from tests.integration.homes import Home, orders_file, until
from tests.windows.marks import only_windows

pytestmark = only_windows
LIVE = {"broker__mode": "live", "outbox__report_seconds": 0.1}


def test_without_a_terminal_it_says_where_to_look_and_sends_nothing(home: Home, tmp_path: Path) -> None:
    userdata = tmp_path / "国金 QMT" / "userdata_mini"
    userdata.mkdir(parents=True)
    home.start(broker__userdata=userdata, **LIVE)
    until(lambda: home.status_since(0).get("connection_code") == "TERMINAL_ABSENT", "the reason in status.json")
    status = home.status_since(0)
    assert (status["mode"], status["connected"], status["agreed_accounts"]) == ("live", False, [])
    for text in (status["connection"], home.said()):
        for hint in ("极简模式", "userdata_mini", str(userdata), "same rights", "10000001", "filebridge doctor"):
            assert hint in text
    for hint in ("找不到交易终端", "独立交易", "写权限", "miniQMT 权限"):
        assert hint in status["connection_zh"]
        assert hint in home.said()
    # It waits, and a file gets its answer all the same.
    receipt = home.trade("live.csv", orders_file("live-1,600000.SH,BUY,100,10.51"))
    assert (receipt.outcomes, receipt.codes) == (["DENIED"], ["LIVE_NOT_ARMED"])
    # Several attempts, each under another session number; of those a home has four.
    until(lambda: len(list(userdata.glob("down_queue_*"))) >= 2, "the second attempt", 90)
    assert home.bridge is not None
    assert home.bridge.poll() is None
    assert home.stop() == 0
    assert len([event for event in home.events() if event["kind"] == "CONNECTION"]) == 1
    assert not (home.userdata / "journal.jsonl").exists()
    noted = [path.read_bytes() for path in (home.folder / ".filebridge").glob("*.tags")]
    assert set(noted) <= {b""}


def test_a_folder_that_is_not_there_is_named(home: Home) -> None:
    home.start(broker__userdata="Q:\\没有 userdata_mini", **LIVE)
    until(lambda: home.status_since(0).get("connection_code") == "USERDATA_ABSENT", "the reason in status.json")
    assert "Q:\\没有 userdata_mini" in home.said()
    assert home.stop() == 0


def test_doctor_finds_the_real_module_and_no_terminal(home: Home) -> None:
    done = home.command("doctor", "--json", broker__mode="live")
    assert done.returncode == 1, done.stderr
    rows = {row["subject"].split()[0]: row["reason_code"] for row in json.loads(done.stdout)}
    assert rows["Python"] == rows["xtquant"] == ""
    assert rows["userdata"] == "TERMINAL_NEVER_RAN"
    assert os.sep == "\\"
