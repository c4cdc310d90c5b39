"""Cancels of every kind: by the broker's number, by what orders have in common, all. Each says how many and which."""

from typing import Any

import pytest

from filebridge.control import ControlFolder
from tests.integration.homes import DEADLINE_SECONDS, Home, Receipt, orders_file, until

HEADER = "client_order_id,symbol,side,quantity,limit_price,strategy,basket"
CANCEL = "action,orig_client_order_id,broker_order_id,symbol,side,strategy,basket"


def working(home: Home, name: str, *rows: str) -> None:
    """Orders that rest at the counter."""
    home.trade(name, orders_file(*rows, header=HEADER))
    for row in rows:
        home.wait_for_status(row.partition(",")[0], "ACCEPTED")


def canceled(home: Home, receipt: Receipt) -> list[str]:
    """The ids of the orders that a cancel says it is about."""
    tags = [tag for row in receipt.whole["rows"] for tag in row.get("canceled", ())]

    def reported() -> dict[str, str] | None:
        ids = {row["tag"]: row["client_order_id"] for row in home.orders()}
        return ids if ids.keys() >= set(tags) else None

    ids = until(reported, "a report on these orders")
    return [ids[tag] for tag in tags]


def test_a_cancel_by_the_brokers_number_alone(shared: Home) -> None:
    working(shared, "numbered.csv", "N-1,600000.SH,BUY,100,9.70,,", "N-2,600000.SH,BUY,200,9.70,,")
    number = shared.order("N-1")["broker_order_id"]
    receipt = shared.trade("by number.csv", orders_file(f"cancel,,{number},,,,", header=CANCEL))
    assert (receipt.outcomes, receipt.rows[0]["client_order_id"]) == (["CANCEL_ACCEPTED"], "N-1")
    shared.wait_for_status("N-1", "CANCELED")
    again = shared.trade("by number.csv", orders_file(f"cancel,,{number},,,,", header=CANCEL))
    assert (again.outcomes, again.codes) == (["CANCEL_REFUSED"], ["CANCEL_ORDER_FINAL"])
    before = len(shared.requests("cancel"))
    # Somebody else's, or nobody's: we do not touch it.
    unknown = shared.trade("not ours.csv", orders_file("cancel,,999999999,,,,", header=CANCEL))
    assert (unknown.outcomes, unknown.codes) == (["CANCEL_REFUSED"], ["CANCEL_NUMBER_UNKNOWN"])
    assert "999999999" in unknown.rows[0]["message_zh"]
    assert len(shared.requests("cancel")) == before
    assert shared.order("N-2")["status"] == "ACCEPTED"


@pytest.mark.parametrize("row", ["cancel,C-1,,000001.SZ,,,", "cancel,C-1,,,SELL,,", "cancel,C-1,,,,动量,"])
def test_a_cancel_that_says_something_else_of_its_order_is_refused(shared: Home, row: str) -> None:
    if not [order for order in shared.orders() if order["client_order_id"] == "C-1"]:
        working(shared, "contradicted.csv", "C-1,600000.SH,BUY,100,9.71,均值,")
    receipt = shared.trade("contradicting.csv", orders_file(row, header=CANCEL))
    assert (receipt.outcomes, receipt.codes) == (["CANCEL_REFUSED"], ["CANCEL_NOT_THAT_ORDER"])
    assert shared.order("C-1")["status"] == "ACCEPTED"


def test_orders_are_canceled_by_what_they_share(shared: Home) -> None:
    working(
        shared,
        "several.csv",
        "S-1,601318.SH,BUY,100,47.01,动量,晨会",
        "S-2,601318.SH,BUY,200,47.01,均值,晨会",
        "S-3,510300.SH,BUY,100,3.700,动量,",
        "S-4,510300.SH,BUY,200,3.700,均值,午后",
        "S-5,113052.SH,BUY,10,110.000,,",
    )
    rows = [
        # Both must fit.
        ("cancel_all,,,601318.SH,BUY,动量,", ["S-1"]),
        ("cancel_all,,,601318.SH,SELL,,", []),
        ("cancel_all,,,510300.SH,,,", ["S-3", "S-4"]),
        ("全撤,,,,,,晨会", ["S-1", "S-2"]),
    ]
    receipt = shared.trade("some.csv", orders_file(*(row for row, _ in rows), header=CANCEL))
    assert receipt.outcomes == ["CANCEL_ACCEPTED"] * 4
    assert receipt.codes == ["CANCEL_ALL_TAKEN", "CANCEL_ALL_NONE", "CANCEL_ALL_TAKEN", "CANCEL_ALL_TAKEN"]
    assert canceled(shared, receipt) == [name for _, names in rows for name in names]
    assert "2" in receipt.rows[2]["message"]
    assert "S-3, S-4" in receipt.rows[2]["message_zh"]
    for name in ("S-1", "S-2", "S-3", "S-4"):
        shared.wait_for_status(name, "CANCELED")
    assert shared.order("S-5")["status"] == "ACCEPTED"


def test_all_is_canceled_also_what_stands_above_in_the_same_file(shared: Home) -> None:
    working(shared, "resting.csv", "A-1,600000.SH,BUY,100,9.72,,")
    header = "action,client_order_id,symbol,side,quantity,limit_price"
    above, below = "order,A-2,600000.SH,BUY,100,9.73", "order,A-3,600000.SH,BUY,100,10.73"
    receipt = shared.trade("all.csv", orders_file(above, "cancel_all,,,,,", below, header=header))
    assert receipt.outcomes == ["ACCEPTED", "CANCEL_ACCEPTED", "ACCEPTED"]
    assert {"A-1", "A-2"} <= set(canceled(shared, receipt))
    shared.wait_for_status("A-1", "CANCELED")
    assert shared.wait_for_status("A-2", "CANCELED")["reason_code"] == "CANCELED_BEFORE_SENDING"
    shared.wait_for_status("A-3", "FILLED")
    assert shared.sent_for(receipt.tags[:1]) == []
    shared.settled()
    assert shared.command("verify").returncode == 0


def test_a_command_cancels_what_fits_and_nothing_that_it_does_not_understand(shared: Home) -> None:
    working(
        shared,
        "by command.csv",
        "W-1,601318.SH,BUY,100,47.02,动量,",
        "W-2,601318.SH,BUY,200,47.02,均值,",
        "W-3,113052.SH,BUY,10,110.100,动量,",
    )
    # Not at a terminal nobody is asked.
    done = shared.command("cancel", "--symbol", "601318", "--side", "买入", "--strategy", "动量")
    assert done.returncode == 0
    assert "W-1" in done.stdout
    assert "W-2" not in done.stdout
    shared.wait_for_status("W-1", "CANCELED")
    none = shared.command("cancel", "--basket", "no such")
    assert (none.returncode, "无可撤销" in none.stdout) == (0, True)
    for words in (("--side", "sideways"), ("W-2", "--symbol", "601318.SH"), ()):
        assert shared.command("cancel", *words).returncode == 2
    for fields in (
        {"symbl": "601318.SH", "all": True},
        {"symbol": "no symbol"},
        {"side": "UP"},
        {"id": "W-2", "all": True},
    ):
        answer = asked(shared, **fields)
        assert (answer["ok"], answer["reason_code"]) == (False, "CONTROL_SELECTION_UNCLEAR")
    assert {shared.order(name)["status"] for name in ("W-2", "W-3")} == {"ACCEPTED"}
    assert shared.command("cancel", "--all").returncode == 0
    for name in ("W-2", "W-3"):
        shared.wait_for_status(name, "CANCELED")


def asked(home: Home, **fields: Any) -> dict[str, Any]:
    """The answer to a cancel that was written by hand."""
    control = ControlFolder(home.folder / "control")
    answer = control.wait(control.ask("cancel", by="LI", **fields), DEADLINE_SECONDS)
    assert answer is not None
    return answer
