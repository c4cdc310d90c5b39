"""Transfers: money leaves once or never, what nobody knows is said and ended by a person, and none goes unasked."""

import shutil
from pathlib import Path

import pytest

from filebridge.app import LEDGER
from filebridge.config import SETTINGS_FILE
from filebridge.simulator.bank import BANK_NO
from filebridge.simulator.faults import control
from tests.integration.homes import ACCOUNT, Home, Row, orders_file, until

HEADER = "action,client_order_id,side,transfer_amount"
IN, OUT = "transfer,{},BANK_IN,5000", "transfer,{},BANK_OUT,1000"
ALLOWED = '["BANK_IN", "BANK_OUT"]'


def with_bank(home: Home, more: str = "") -> Home:
    path = home.folder / SETTINGS_FILE
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("accounts = ")]
    place = kept.index("[broker]") + 1
    kept.insert(place, f'accounts = [{{ id = "{ACCOUNT}", bank_no = "{BANK_NO}"{more} }}]')
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return home


def moved(home: Home) -> list[tuple[int, float]]:
    return [(line["order_type"], line["price"]) for line in home.requests("bank_transfer")]


def cash(home: Home) -> float:
    (row,) = [
        line.split(",") for line in (home.outbox / f"asset-{ACCOUNT}.csv").read_text("utf-8-sig").splitlines()[1:]
    ]
    return float(row[0])


def transfers(*rows: str) -> str:
    return orders_file(*rows, header=HEADER)


def test_nothing_moves_unless_the_settings_say_so(home: Home) -> None:
    with_bank(home).ready()
    receipt = home.trade("move.csv", transfers(OUT.format("T-1")))
    assert (receipt.outcomes, receipt.codes) == (["DENIED"], ["TRANSFER_NOT_ALLOWED"])
    assert moved(home) == []


def test_money_moves_once_and_its_limits_outlive_a_restart(home: Home) -> None:
    settings = {"risk__transfers_allowed": ALLOWED, "risk__transfer_day_value_cny_max": 6500}
    with_bank(home).ready(**settings)
    before = until(lambda: cash(home) if (home.outbox / f"asset-{ACCOUNT}.csv").exists() else 0, "the account's cash")
    home.trade("move.csv", transfers(IN.format("T-1"), OUT.format("T-2")))
    assert home.wait_for_status("T-1", "FILLED")["avg_fill_price"] == "5000"
    assert home.wait_for_status("T-2", "FILLED")["symbol"] == "CNY"
    until(lambda: cash(home) == before + 4000, "the money to have come and gone")
    again = home.trade("again.csv", transfers(IN.format("T-1"), "transfer,T-2,BANK_OUT,1001"))
    assert again.codes == ["DUPLICATE_ORDER", "CLIENT_ORDER_ID_REUSED"]
    home.kill()
    home.ready(**settings)
    home.trade("more.csv", transfers(OUT.format("T-3")))
    assert home.wait_for_status("T-3", "DENIED")["reason_code"] == "TRANSFER_DAY_VALUE_ABOVE_LIMIT"
    # What the account does not have is not asked for.
    home.trade("much.csv", transfers("transfer,T-4,BANK_OUT,500"))
    home.wait_for_status("T-4", "FILLED")
    assert home.command("halt", "--reason", "enough").returncode == 0
    assert home.trade("halted.csv", transfers(OUT.format("T-5"))).codes == ["HALTED"]
    assert moved(home) == [(501, 5000), (502, 1000), (502, 500)]
    assert home.command("verify").returncode == 0


@pytest.mark.parametrize("point", ["sending.submit", "worker.call", "worker.called"])
def test_a_crash_leaves_a_transfer_unsent_or_in_doubt_and_never_sends_it_again(home: Home, point: str) -> None:
    with_bank(home).ready(risk__transfers_allowed=ALLOWED).stop()
    # An answer that came home before the worker died would say FILLED, and rightly.
    control(home.userdata, drop_next_answers=int(point == "worker.called"))
    home.drop("move.csv", transfers(IN.format("T-1")))
    where = home.folder.with_name("fault-happened")
    home.start(failpoint=f"{point}:kill:1:{where}", risk__transfers_allowed=ALLOWED)
    until(where.exists, f"the fault at {point}")
    if point == "sending.submit":
        home.ended()
        home.ready(risk__transfers_allowed=ALLOWED)
    order = home.wait_for_status("T-1", "NOT_SENT", "UNKNOWN")
    assert len(moved(home)) <= (point == "worker.called")
    if point == "sending.submit":
        assert order["status"] == "NOT_SENT"
        return
    assert (order["status"], order["reason_code"]) == ("UNKNOWN", "TRANSFER_UNKNOWN")
    assert order["needs_person"] == "1"
    again = home.trade("again.csv", transfers(IN.format("T-1")))
    assert again.codes == ["DUPLICATE_IN_DOUBT"]
    stop = home.trade("stop.csv", "action,orig_client_order_id\ncancel,T-1\n")
    assert stop.codes == ["CANCEL_OF_TRANSFER"]
    other = home.trade("other.csv", "action,client_order_id,orig_client_order_id,limit_price\nreplace,T-1b,T-1,6000\n")
    assert other.codes == ["REPLACE_OF_TRANSFER"]
    assert home.command("resolve", "T-1", "--sent").returncode == 0
    assert home.wait_for_status("T-1", "FILLED")["reason_code"] == "RESOLVED_SENT"
    home.stop()
    home.ready(risk__transfers_allowed=ALLOWED)
    assert len(moved(home)) <= (point == "worker.called")
    assert home.command("verify").returncode == 0


def test_an_older_ledger_that_is_put_back_moves_no_money_again(home: Home, tmp_path: Path) -> None:
    """No list of the broker's shows a transfer that the ledger lacks; the log of what was handed over does."""
    with_bank(home).ready(risk__transfers_allowed=ALLOWED).stop()
    saved = tmp_path / "saved.sqlite"
    assert home.command("backup", str(saved)).returncode == 0
    home.ready(risk__transfers_allowed=ALLOWED)
    home.trade("move.csv", transfers(OUT.format("T-1")))
    home.wait_for_status("T-1", "FILLED")
    home.stop()
    shutil.copy(saved, home.folder / LEDGER)
    home.ready(risk__transfers_allowed=ALLOWED)
    assert home.trade("again.csv", transfers(OUT.format("T-1"))).codes == ["HALTED"]
    assert home.command("status").stdout.count("does not know") == 1
    assert moved(home) == [(502, 1000)]


def test_a_terminal_that_does_not_answer_holds_no_order_up_and_its_late_word_counts(home: Home) -> None:
    with_bank(home).ready(risk__transfers_allowed=ALLOWED, broker__answer_seconds=1)
    home.settled()
    control(home.userdata, drop_next_answers=1)
    home.trade("move.csv", transfers(IN.format("T-1")))
    home.wait_for_status("T-1", "UNKNOWN")
    home.trade("orders.csv", orders_file("O-1,600000.SH,BUY,100,10.61"))
    home.wait_for_status("O-1", "FILLED")
    # No list of the broker's says anything of a transfer.
    evidence: list[Row] = [event for event in home.events() if event["kind"] == "EVIDENCE"]
    assert evidence == []
    assert len(moved(home)) == 1
    assert home.command("resolve", "T-1", "--not-sent").returncode == 0
    home.wait_for_status("T-1", "NOT_SENT")


def test_a_password_comes_from_the_environment_and_stands_nowhere(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with_bank(home, ', bank_password_env = "BANK_SECRET"')
    home.ready(risk__transfers_allowed=ALLOWED)
    denied = home.trade("without.csv", transfers(IN.format("T-1")))
    assert denied.codes == ["TRANSFER_PASSWORD_MISSING"]
    home.stop()
    monkeypatch.setenv("BANK_SECRET", "s3cret-of-the-bank")
    home.ready(risk__transfers_allowed=ALLOWED)
    home.trade("with.csv", transfers(IN.format("T-2")))
    home.wait_for_status("T-2", "FILLED")
    home.stop()
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"s3cret-of-the-bank" in Path(path).read_bytes()]
