"""Replacing an order at the real counter: cancel, then new, never both; also when the bridge dies between the two."""

import json

import pytest

from tests.integration.homes import Home, Row, bytes_of, orders_file, until

ORDER = "client_order_id,symbol,side,quantity,limit_price"
REPLACE = "action,client_order_id,orig_client_order_id,quantity,limit_price"


def rest(home: Home, name: str, quantity: int = 300) -> None:
    """An order that works at the counter and fills nothing."""
    home.trade(f"{name}.csv", orders_file(f"{name},600000.SH,BUY,{quantity},9.70", header=ORDER))
    home.wait_for_status(name, "ACCEPTED")


def asked(home: Home, *tags: str) -> list[str]:
    """What the counter was asked about these orders, one after the other."""
    numbers = {row["broker_order_id"]: row["tag"] for row in home.orders() if row["broker_order_id"]}
    lines = [json.loads(line) for line in bytes_of(home.userdata / "journal.jsonl").splitlines()]
    wanted = [line for line in lines if line["kind"] in ("order", "cancel")]
    named = [(line["kind"], line.get("order_remark") or numbers[str(line["order_id"])]) for line in wanted]
    return [f"{kind} {tags.index(tag)}" for kind, tag in named if tag in tags]


def test_another_price(shared: Home) -> None:
    rest(shared, "P-1")
    text = orders_file("replace,P-2,P-1,,10.60", header=REPLACE)
    receipt = shared.trade("price.csv", text)
    assert (receipt.outcomes, receipt.codes) == (["ACCEPTED"], ["REPLACE_WAITS"])
    shown = receipt.rows[0]
    told = [shown[name] for name in ("symbol", "side", "quantity", "limit_price")]
    assert told == ["600000.SH", "BUY", "300", "10.6"]
    new = shared.wait_for_status("P-2", "FILLED")
    old = shared.wait_for_status("P-1", "CANCELED")
    assert new["replaces"] == old["tag"]
    assert asked(shared, old["tag"], new["tag"]) == ["order 0", "cancel 0", "order 1"]
    assert [line[3:6:2] for line in shared.sent_for([new["tag"]])] == [(300, 10.6)]
    # The same file once more changes nothing.
    again = shared.trade("price.csv", text)
    assert (again.outcomes, again.rows[0]["earlier_status"]) == (["DUPLICATE"], "FILLED")
    late = shared.trade("late.csv", orders_file("replace,P-3,P-2,,10.70", header=REPLACE))
    assert (late.outcomes, late.codes) == (["DENIED"], ["REPLACE_TOO_LATE"])


def test_another_quantity_again_and_again(shared: Home) -> None:
    rest(shared, "Q-1")
    for number in range(1, 4):
        row = f"replace,Q-{number + 1},Q-{number},{300 + 100 * number},"
        assert shared.trade(f"q-{number}.csv", orders_file(row, header=REPLACE)).outcomes == ["ACCEPTED"]
        # Not waited for: the second and the third may find one that has not left yet.
    last = shared.wait_for_status("Q-4", "ACCEPTED")
    # Denied, it does not hide the one that works.
    assert shared.trade("q-4.csv", orders_file("replace,Q-9,Q-1,800,", header=REPLACE)).codes == ["REPLACE_TOO_LATE"]
    assert (last["quantity"], last["limit_price"]) == ("600", "9.7")
    for name in ("Q-1", "Q-2", "Q-3"):
        shared.wait_for_status(name, "CANCELED")
    first = shared.trade("q-6.csv", orders_file("cancel,,Q-1,,", header=REPLACE))
    assert (first.outcomes, first.codes) == (["CANCEL_REFUSED"], ["CANCEL_ORDER_REPLACED"])
    said = shared.command("cancel", "Q-2")
    assert said.returncode == 1
    assert (
        f"replaced by Q-4, which is ACCEPTED. Nothing was canceled; cancel that one: `filebridge cancel {last['tag']}`"
        in said.stdout
    )
    taken_back = shared.trade("q-5.csv", orders_file("cancel,,Q-4,,", header=REPLACE))
    assert taken_back.outcomes == ["CANCEL_ACCEPTED"]
    shared.wait_for_status("Q-4", "CANCELED")


def test_in_one_file_only_the_new_one_is_sent(shared: Home) -> None:
    header = "action,client_order_id,orig_client_order_id,symbol,side,quantity,limit_price"
    rows = ("order,O-1,,600000.SH,BUY,100,9.74", "replace,O-2,O-1,,,200,9.75", "replace,O-3,O-9,,,200,9.75")
    receipt = shared.trade("one file.csv", orders_file(*rows, header=header))
    assert receipt.outcomes == ["ACCEPTED", "ACCEPTED", "DENIED"]
    assert receipt.codes == ["", "", "REPLACE_UNKNOWN_ORDER"]
    shared.wait_for_status("O-2", "ACCEPTED")
    assert shared.wait_for_status("O-1", "CANCELED")["reason_code"] == "REPLACED_BEFORE_SENDING"
    assert [line[3] for line in shared.sent_for(receipt.tags)] == [200]
    assert shared.command("cancel", "O-2").returncode == 0
    shared.settled()


@pytest.mark.parametrize(
    "failpoint",
    ["sending.cancel:kill:1", "ledger.committed:kill:1", "sending.submit:kill:1", "sending.submitted:kill:1"],
)
def test_killed_between_cancel_and_new(home: Home, failpoint: str) -> None:
    home.ready()
    rest(home, "K-1")
    home.stop()
    done = home.folder.with_name("fault-happened")
    home.drop("replace.csv", orders_file("replace,K-2,K-1,500,9.71", header=REPLACE))
    home.start(failpoint=f"{failpoint}:{done}")
    home.ended()
    assert done.exists(), home.said()
    home.ready()

    def ended() -> Row | None:
        rows = {row["client_order_id"]: row for row in home.orders()}
        return rows if rows.get("K-2", {}).get("status") in ("ACCEPTED", "NOT_SENT", "UNKNOWN") else None

    rows = until(ended, "the end of the replacement")
    assert rows["K-1"]["status"] == "CANCELED"
    sent = [line["order_volume"] for line in home.requests()]
    assert sent == ([300, 500] if rows["K-2"]["status"] == "ACCEPTED" else [300])
    assert home.command("verify").returncode == 0


def test_a_replacement_that_was_denied_does_not_hide_the_one_that_waits(shared: Home) -> None:
    rest(shared, "R-1")
    rows = ("replace,R-2,R-1,,9.71", "replace,R-3,R-1,,9.72", "replace,R-4,R-1,,9.73")
    receipt = shared.trade("thrice.csv", orders_file(*rows, header=REPLACE))
    assert receipt.codes == ["REPLACE_WAITS", "REPLACE_ALREADY", "REPLACE_ALREADY"]
    shared.wait_for_status("R-2", "ACCEPTED")
    assert len(shared.sent_for(receipt.tags)) == 1
    # A cancel of the first takes the one that waits along, whatever was denied in between.
    rest(shared, "V-1")
    rows = ("replace,V-2,V-1,,9.71", "replace,V-3,V-1,,9.72", "cancel,,V-1,,")
    receipt = shared.trade("taken back.csv", orders_file(*rows, header=REPLACE))
    assert receipt.outcomes == ["ACCEPTED", "DENIED", "CANCEL_ACCEPTED"]
    shared.wait_for_status("V-1", "CANCELED")
    shared.wait_for_status("V-2", "CANCELED")
    assert shared.sent_for(receipt.tags[:2]) == []
    assert shared.command("cancel", "R-2").returncode == 0
    shared.settled()
