"""Starting is recovering: what the bridge makes of a broker that knows more, less, or other things than its ledger."""

import json
import shutil
from pathlib import Path
from typing import Any

from filebridge.app import LEDGER
from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.integration.homes import ACCOUNT, Home, bytes_of, orders_file, until
from tests.integration.test_worker import Worker, order


def status(home: Home) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes_of(home.outbox / "status.json"))
    return found


def test_a_ledger_behind_the_broker_halts(home: Home, tmp_path: Path) -> None:
    """An older copy of the ledger was put back: it would take orders for new that were sent long ago."""
    server.start(home.userdata, idle_seconds=None)
    home.drop("first.csv", orders_file("A-1,600000.SH,BUY,100,10.51"))
    assert home.once().returncode == 0
    saved = tmp_path / "saved.sqlite"
    assert home.command("backup", str(saved)).returncode == 0
    home.drop("second.csv", orders_file("A-2,600000.SH,BUY,200,10.51"))
    assert home.once().returncode == 0
    shutil.copy(saved, home.folder / LEDGER)

    home.start()
    until(lambda: status(home)["halted"], "the halt")
    assert status(home)["halt_reason_code"] == "LEDGER_BEHIND_BROKER"
    receipt = home.trade("third.csv", orders_file("A-2,600000.SH,BUY,200,10.51", "A-3,600000.SH,BUY,300,10.51"))
    assert receipt.codes == ["HALTED", "HALTED"]
    assert home.stop() == 0
    # The lost order is not sent a second time, and neither is anything else, until a person has looked.
    assert [line["order_volume"] for line in home.requests()] == [100, 200]
    assert home.command("verify").returncode == 1


def test_another_programs_order_is_told_and_left_alone(home: Home, tmp_path: Path) -> None:
    server.start(home.userdata, idle_seconds=None)
    stranger = Worker(home, tmp_path / "stranger.tags")
    stranger.hear("up")
    stranger.say(do="submit", orders=[{**order("BY-HAND", 300), "limit_price": "9.60"}], not_after=9e12)
    stranger.hear("order_answer")
    stranger.end()

    home.ready()
    home.trade("mine.csv", orders_file("A-1,600000.SH,BUY,300,9.60"))
    home.wait_for_status("A-1", "ACCEPTED")
    assert home.command("cancel", "--all").returncode == 0
    home.wait_for_status("A-1", "CANCELED")
    assert home.stop() == 0
    external = [row for row in home.events() if row["kind"] == "EXTERNAL"]
    assert {row["body"]["raw"]["tag"] for row in external} == {"BY-HAND"}
    assert [row["client_order_id"] for row in home.orders()] == ["A-1"]
    # The stranger's order is the counter's first; only ours, the second, was ever asked to be canceled.
    assert [line["order_id"] for line in home.requests("cancel")] == [2]


def test_a_terminal_that_is_away_is_waited_out_with_one_word(home: Home) -> None:
    """As at night: the account is not ready for a long time, and the bridge says so once and goes on trying."""
    server.start(home.userdata, idle_seconds=None)
    control(home.userdata, account_status=1)
    home.start(recovery__reconcile_seconds=1)
    receipt = home.trade("early.csv", orders_file("A-1,600000.SH,BUY,100,10.51"))
    assert receipt.outcomes == ["ACCEPTED"]
    until(lambda: status(home)["connected"], "the connection")
    assert status(home)["agreed_accounts"] == []
    assert home.requests() == []

    control(home.userdata, account_status=0)
    home.wait_for_status("A-1", "FILLED")
    until(lambda: status(home)["agreed_accounts"] == [ACCOUNT], "the status after it")
    assert home.stop() == 0
    assert len([row for row in home.events() if row["kind"] == "CONNECTION" and row["body"]["up"]]) == 1
