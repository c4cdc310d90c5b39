"""Live trading is let go by a person at a terminal, for one account and trade date, after a check list."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from filebridge import app
from filebridge.simulator import server
from tests.integration.homes import CASH, COMMAND_SECONDS, MARKET, PROGRAM, Home, environment, orders_file, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there the native module is the real one")
OWN = "8881234567"
GOOD = "600000.SH,BUY,100,10.51"
LIVE = {
    "broker__mode": "live",
    # So that the test may run at any hour.
    "broker__trading_hours": "always",
    "risk__order_value_cny_max": 100_000,
    "risk__day_value_cny_max": 1_000_000,
    "risk__position_value_cny_max": 1_000_000,
    # The simulator's market is none for live trading.
    "quotes__ask": "needed",
    "outbox__report_seconds": 0.1,
}


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of an own account, on a machine that seems to have a terminal."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("stand_in")))
    app.init_home(tmp_path / "live", account=OWN, cash=CASH)
    home = Home(tmp_path / "live")
    (home.userdata / "market.csv").write_text(MARKET, encoding="utf-8")
    (home.userdata / "counter.toml").write_text('prices = "still"\n', encoding="utf-8")
    (home.userdata / "up_queue_xtquant").write_bytes(b"")
    server.start(home.userdata, idle_seconds=None)
    try:
        yield home
    finally:
        home.close()


def arm(home: Home, typed: str, *words: str) -> tuple[int, str]:
    """`filebridge arm` by a person at a terminal, who types a number when asked; its exit code, and what it said."""
    import pty

    keyboard, stdin = pty.openpty()
    command = [*PROGRAM, "arm", "--account", OWN, "--home", str(home.folder), "--by", "韩梅梅", *words]
    with subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(LIVE)
    ) as process:
        os.write(keyboard, f"{typed}\n".encode())
        said, _ = process.communicate(timeout=COMMAND_SECONDS)
    os.close(keyboard)
    os.close(stdin)
    return process.returncode, said.decode()


def test_an_account_trades_live_once_it_is_armed(live: Home, tmp_path: Path) -> None:
    live.ready(**LIVE)
    receipt = live.trade("too early.csv", orders_file(f"L-1,{GOOD}"))
    assert (receipt.outcomes, receipt.codes) == (["DENIED"], ["LIVE_NOT_ARMED"])

    code, said = arm(live, OWN)
    assert code == 1, said
    assert "--dry-run FILE" in said
    sample = tmp_path / "sample.csv"
    sample.write_text(orders_file(f"D-1,{GOOD}"), encoding="utf-8")
    code, said = arm(live, "10000001", "--dry-run", str(sample))
    assert code == 1, said
    assert "账号不符" in said
    # No script types it.
    done = live.command("arm", "--account", OWN, "--dry-run", str(sample), **LIVE)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "at a terminal" in done.stderr
    assert live.trade("still.csv", orders_file(f"L-1,{GOOD}")).codes == ["LIVE_NOT_ARMED"]

    code, said = arm(live, OWN, "--dry-run", str(sample))
    assert code == 0, said
    for item in ("[risk] day_value_cny_max", "1 ACCEPTED", f"{OWN}: connected", "(模拟柜台, STOCK, 100,"):
        assert item in said
    until(lambda: live.status_since(0)["armed_accounts"] == [OWN], "the armed account in status.json")
    live.trade("now.csv", orders_file(f"L-1,{GOOD}"))
    live.wait_for_status("L-1", "FILLED")

    # It outlasts a restart, and ends by a word.
    assert live.stop() == 0
    live.ready(**LIVE)
    live.trade("again.csv", orders_file(f"L-2,{GOOD}"))
    live.wait_for_status("L-2", "FILLED")
    assert live.command("disarm", "--account", OWN, "--reason", "enough", **LIVE).returncode == 0
    assert live.trade("after.csv", orders_file(f"L-3,{GOOD}")).codes == ["LIVE_NOT_ARMED"]
    assert [line["order_volume"] for line in live.requests()] == [100, 100]
    (armed,) = [event for event in live.events() if event["kind"] == "ARMED"]
    assert (armed["body"]["by"], armed["body"]["dry_run"]) == ("韩梅梅", "sample.csv")
    assert "asset 资产" in armed["body"]["checked"]


def test_limits_that_nobody_set_keep_it_from_being_armed(live: Home) -> None:
    done = live.command("arm", "--account", OWN, broker__mode="live")
    assert done.returncode == 1
    for name in ("order_value_cny_max", "day_value_cny_max", "position_value_cny_max"):
        assert f"[risk] {name} is not in filebridge.toml" in done.stdout
    # Nothing runs, so nobody knows the account either.
    assert "have not been compared" in done.stdout
    done = live.command("arm", "--account", OWN)
    assert done.returncode == 2
    assert "nothing to arm" in done.stderr
