"""Files that come again, sheets that grow or change, ids used twice, and cancels: never twice, never silent."""

from datetime import timedelta

from filebridge.app import now
from tests.integration.homes import Home, orders_file

NO_ID = "symbol,side,quantity,limit_price,basket"
CANCEL = "action,orig_client_order_id"


def test_the_same_file_twice_is_sent_once(shared: Home) -> None:
    text = orders_file("T-1,600000.SH,BUY,100,10.51", "T-2,600000.SH,BUY,100,9.80")
    first = shared.trade("twice.csv", text)
    shared.wait_for_status("T-1", "FILLED")
    shared.wait_for_status("T-2", "ACCEPTED")
    before = first.path.read_bytes()
    second = shared.trade("twice.csv", text)
    assert second.outcomes == ["DUPLICATE"] * 2
    assert second.codes == ["DUPLICATE_ORDER"] * 2
    assert [row["earlier_status"] for row in second.rows] == ["FILLED", "ACCEPTED"]
    assert second.tags == first.tags
    assert "twice.csv row 2; it is now FILLED" in second.rows[0]["message"]
    assert "twice.csv 第 2 行" in second.rows[0]["message_zh"]
    # Beside the first receipt, not over it; and the bytes rest twice.
    assert first.path.read_bytes() == before
    assert first.path != second.path
    assert shared.resting(first).read_bytes() == shared.resting(second).read_bytes() == text.encode()
    assert shared.resting(second).parent.name == "duplicate"
    # Under another name it is the same file still.
    third = shared.trade("three times.csv", text)
    assert third.outcomes == ["DUPLICATE"] * 2
    assert len(shared.sent_for(first.tags)) == 2
    assert shared.twice() == []


def test_a_sheet_with_one_more_row_sends_that_row(shared: Home) -> None:
    rows = ["600000.SH,BUY,200,10.51,grow", "000001.SZ,BUY,200,11.66,grow"]
    first = shared.trade("grow.csv", orders_file(*rows, header=NO_ID))
    second = shared.trade("grow.csv", orders_file(*rows, "510300.SH,BUY,300,4.013,grow", header=NO_ID))
    assert first.outcomes == ["ACCEPTED"] * 2
    assert second.outcomes == ["DUPLICATE", "DUPLICATE", "ACCEPTED"]
    shared.settled(but="T-2")
    # Reordered, and with an identical row more: the second of two identical rows is a new order.
    third = shared.trade("grow.csv", orders_file(rows[1], rows[0], rows[0], header=NO_ID))
    assert third.outcomes == ["DUPLICATE", "DUPLICATE", "HELD"]
    # Another basket means it again.
    other = shared.trade("grow.csv", orders_file(*(row.replace("grow", "again") for row in rows), header=NO_ID))
    assert other.outcomes == ["ACCEPTED"] * 2
    shared.command("deny", third.tags[2])
    shared.settled(but="T-2")
    sent = {line["order_remark"] for line in shared.requests()}
    assert sent >= {*first.tags, second.tags[2], *other.tags}
    assert third.tags[2] not in sent


def test_a_changed_price_is_held_until_a_person_speaks(shared: Home) -> None:
    first = shared.trade("change.csv", orders_file("600000.SH,BUY,400,10.51,change", header=NO_ID))
    changed = orders_file("600000.SH,BUY,400,10.52,change", header=NO_ID)
    second = shared.trade("change.csv", changed)
    assert (first.outcomes, second.outcomes) == (["ACCEPTED"], ["HELD"])
    assert second.codes == ["LOOKS_LIKE_CORRECTION"]
    (tag,) = second.tags
    assert f"filebridge approve {tag}" in second.rows[0]["message"]
    assert f"filebridge approve {tag}" in second.rows[0]["message_zh"]
    held = shared.wait_for_status(second.rows[0]["client_order_id"], "HELD")
    assert held["needs_person"] == "1"
    assert shared.sent_for([tag]) == []
    # While it is held, the sheet says so again, and nothing else happens.
    assert shared.trade("change.csv", changed).rows[0]["earlier_status"] == "HELD"
    approved = shared.command("approve", tag, "--by", "李雷")
    assert approved.returncode == 0, approved.stderr
    shared.wait_for_status(second.rows[0]["client_order_id"], "FILLED")
    assert [line[5] for line in shared.sent_for([tag])] == [10.52]
    asked = [event["body"] for event in shared.events() if event["kind"] == "CONTROL"][-1]
    assert (asked["verb"], asked["by"], asked["ok"]) == ("approve", "李雷", True)
    # Approving what was sent is not possible; nothing is sent by it.
    again = shared.command("approve", tag)
    assert again.returncode == 1
    assert "FILLED" in again.stdout
    assert len(shared.sent_for([tag])) == 1


def test_a_held_order_may_be_dropped(shared: Home) -> None:
    shared.trade("drop.csv", orders_file("000001.SZ,BUY,400,11.66,drop", header=NO_ID))
    held = shared.trade("drop.csv", orders_file("000001.SZ,BUY,500,11.66,drop", header=NO_ID))
    assert held.outcomes == ["HELD"]
    denied = shared.command("deny", held.tags[0], "--by", "韩梅梅", "--reason", "a typing error")
    assert denied.returncode == 0
    row = shared.wait_for_status(held.rows[0]["client_order_id"], "DENIED")
    assert row["reason_code"] == "DENIED_BY_PERSON"
    assert "a typing error" in row["message"]
    assert "韩梅梅" in row["message_zh"]
    assert shared.sent_for(held.tags) == []
    assert shared.command("approve", held.tags[0]).returncode == 1
    assert shared.command("deny", "NO-SUCH-ORDER").returncode == 1


def test_an_id_with_another_body_is_a_refused_row(shared: Home) -> None:
    shared.trade("id.csv", orders_file("K-1,600000.SH,BUY,100,10.53"))
    both = shared.trade("id2.csv", orders_file("K-1,600000.SH,BUY,100,10.54", "K-2,600000.SH,BUY,100,10.55"))
    # Only that row: the other one trades.
    assert both.outcomes == ["REFUSED", "ACCEPTED"]
    assert both.codes == ["CLIENT_ORDER_ID_REUSED", ""]
    assert "id.csv row 2" in both.rows[0]["message"]
    shared.wait_for_status("K-2", "FILLED")
    assert shared.order("K-1")["limit_price"] == "10.53"
    # Twice in one file: the second is refused as well.
    one = shared.trade("id3.csv", orders_file("K-3,600000.SH,BUY,100,10.53", "K-3,600000.SH,BUY,200,10.53"))
    assert one.outcomes == ["ACCEPTED", "REFUSED"]


def test_a_denied_id_may_be_dropped_again(shared: Home) -> None:
    row = "R-1,IF2612.CFFEX,BUY,1,4000"
    first = shared.trade("denied.csv", orders_file(row))
    second = shared.trade("denied.csv", orders_file(row))
    assert (first.outcomes, second.outcomes) == (["DENIED"], ["DENIED"])
    assert first.tags != second.tags
    assert first.codes == ["SIDE_NOT_OF_INSTRUMENT"]
    # With another body too: the id was never burnt.
    good = shared.trade("denied.csv", orders_file("R-1,600000.SH,BUY,100,10.56"))
    assert good.outcomes == ["ACCEPTED"]
    shared.wait_for_status("R-1", "FILLED")
    # Now it is.
    assert shared.trade("denied.csv", orders_file(row)).outcomes == ["REFUSED"]


def test_a_rejected_id_is_burnt(shared: Home) -> None:
    row = "R-2,600000.SH,BUY,100,99.99"
    shared.trade("rejected.csv", orders_file(row))
    shared.wait_for_status("R-2", "REJECTED")
    again = shared.trade("rejected.csv", orders_file(row))
    assert (again.outcomes, again.rows[0]["earlier_status"]) == (["DUPLICATE"], "REJECTED")


def test_a_cancel_in_a_later_file(shared: Home) -> None:
    shared.trade("later.csv", orders_file("X-1,600000.SH,BUY,100,9.70"))
    shared.wait_for_status("X-1", "ACCEPTED")
    receipt = shared.trade("later cancel.csv", orders_file("cancel,X-1", header=CANCEL))
    assert receipt.outcomes == ["CANCEL_ACCEPTED"]
    assert receipt.rows[0]["tag"] == shared.order("X-1")["tag"]
    row = shared.wait_for_status("X-1", "CANCELED")
    assert (row["filled_qty"], row["leaves_qty"]) == ("0", "0")
    assert [line["order_id"] for line in shared.requests("cancel")] == [int(row["broker_order_id"])]
    # A cancel is never a duplicate: the same file again is answered by what the order is now.
    again = shared.trade("later cancel.csv", orders_file("cancel,X-1", header=CANCEL))
    assert (again.outcomes, again.codes) == (["CANCEL_REFUSED"], ["CANCEL_ORDER_FINAL"])
    assert "CANCELED" in again.rows[0]["message"]
    assert len(shared.requests("cancel")) == 1


def test_a_cancel_in_the_same_file(shared: Home) -> None:
    header = "action,client_order_id,orig_client_order_id,symbol,side,quantity,limit_price"
    receipt = shared.trade(
        "same.csv",
        orders_file(
            "order,X-2,,600000.SH,BUY,100,9.71", "cancel,,X-2,,,,", "order,X-3,,600000.SH,BUY,100,10.57", header=header
        ),
    )
    assert receipt.outcomes == ["ACCEPTED", "CANCEL_ACCEPTED", "ACCEPTED"]
    row = shared.wait_for_status("X-2", "CANCELED")
    shared.wait_for_status("X-3", "FILLED")
    # It had not left yet, so the counter never saw it.
    assert row["reason_code"] == "CANCELED_BEFORE_SENDING"
    assert shared.sent_for(receipt.tags[:1]) == []


def test_a_cancel_of_an_unknown_id_is_remembered(shared: Home) -> None:
    early = shared.trade("early.csv", orders_file("cancel,X-4", header=CANCEL))
    assert (early.outcomes, early.codes) == (["CANCEL_ACCEPTED"], ["CANCEL_REMEMBERED"])
    late = shared.trade("late.csv", orders_file("X-4,600000.SH,BUY,100,10.58", "X-5,600000.SH,BUY,100,10.59"))
    assert late.outcomes == ["DENIED", "ACCEPTED"]
    assert late.codes == ["CANCELED_BEFORE_ARRIVAL", ""]
    shared.wait_for_status("X-5", "FILLED")
    assert shared.sent_for(late.tags[:1]) == []


def test_a_cancel_of_what_is_filled_is_refused(shared: Home) -> None:
    shared.trade("filled.csv", orders_file("X-6,600000.SH,BUY,100,10.60"))
    shared.wait_for_status("X-6", "FILLED")
    receipt = shared.trade("filled cancel.csv", orders_file("cancel,X-6", header=CANCEL))
    assert receipt.outcomes == ["CANCEL_REFUSED"]
    assert receipt.rows[0]["earlier_status"] == "FILLED"


def test_the_command_cancels_one_and_all(shared: Home) -> None:
    shared.trade("three.csv", orders_file(*(f"Y-{n},601318.SH,BUY,100,47.{n}" for n in range(1, 4))))
    for number in range(1, 4):
        shared.wait_for_status(f"Y-{number}", "ACCEPTED")
    assert shared.command("cancel", "Y-1").returncode == 0
    shared.wait_for_status("Y-1", "CANCELED")
    assert shared.order("Y-2")["status"] == "ACCEPTED"
    assert shared.command("cancel", "--all").returncode == 0
    for name in ("T-2", "Y-2", "Y-3"):
        rows = [row for row in shared.orders() if row["client_order_id"] == name]
        if rows:
            shared.wait_for_status(name, "CANCELED")
    assert shared.command("cancel").returncode == 2
    shared.settled()


def test_the_trade_date_may_be_named(shared: Home) -> None:
    header = "client_order_id,symbol,side,quantity,limit_price,trade_date"
    today = f"{now():%Y/%m/%d}"
    receipt = shared.trade("dated.csv", orders_file(f"Z-1,600000.SH,BUY,100,10.61,{today}", header=header))
    assert receipt.outcomes == ["ACCEPTED"]
    # The same key as without: today is today.
    again = shared.trade("undated.csv", orders_file("Z-1,600000.SH,BUY,100,10.61"))
    assert again.outcomes == ["DUPLICATE"]


def test_a_changed_price_of_tomorrow_is_held_as_well(shared: Home) -> None:
    """It is compared with the orders of its own trade date, not with today's."""
    header = f"{NO_ID},trade_date"
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"
    first = shared.trade("ahead.csv", orders_file(f"600000.SH,BUY,700,10.51,ahead,{tomorrow}", header=header))
    changed = orders_file(f"600000.SH,BUY,700,10.52,ahead,{tomorrow}", header=header)
    second = shared.trade("ahead.csv", changed)
    assert (first.outcomes, second.outcomes, second.codes) == (["ACCEPTED"], ["HELD"], ["LOOKS_LIKE_CORRECTION"])
    # The same sheet for today corrects nothing of today's.
    today = shared.trade("ahead.csv", orders_file("600000.SH,BUY,700,10.52,ahead", header=NO_ID))
    assert today.outcomes == ["ACCEPTED"]
    shared.wait_for_status(today.rows[0]["client_order_id"], "FILLED")
    assert shared.sent_for([*first.tags, *second.tags]) == []
    assert shared.command("cancel", first.tags[0]).returncode == 0
    assert shared.command("deny", second.tags[0]).returncode == 0
    shared.settled()


def test_at_the_end_nothing_was_sent_twice(shared: Home) -> None:
    tags = [line["order_remark"] for line in shared.requests()]
    assert len(tags) == len(set(tags))
    assert shared.command("verify").returncode == 0
