"""A broker that cuts or drops order remarks: the tag is whole in no report, list, answer or error.

An order is then told by its numbers at the broker; one whose number never came, by its terms, if nothing else fits.
"""

from collections.abc import Iterator

import pytest

from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.integration.homes import Home, living_in, orders_file, until


@pytest.fixture(scope="module", params=[12, 0], ids=["cut", "dropped"])
def cutting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with living_in(Home.made(tmp_path_factory.mktemp("cutting") / "home")) as home:
        server.start(home.userdata, idle_seconds=None)
        control(home.userdata, remark_bytes=request.param)
        yield home.ready(outbox__report_seconds=0.1, broker__answer_seconds=1.5, recovery__quiet_seconds=0.3)


def test_numbers_tell_whose_report_it_is(cutting: Home) -> None:
    control(cutting.userdata, reject_next=1)
    rows = ("N-1,600000.SH,BUY,100,9.70", "N-2,600000.SH,BUY,200,10.51", "N-3,600000.SH,BUY,300,9.80")
    cutting.trade("numbers.csv", orders_file(*rows))
    assert cutting.wait_for_status("N-1", "REJECTED")["reason_code"] == "BROKER_REJECTED"
    cutting.wait_for_status("N-2", "FILLED")
    cutting.wait_for_status("N-3", "ACCEPTED")
    # The terminal's own refusal is told by the number of the request.
    control(cutting.userdata, refuse_next=1)
    cutting.trade("refused.csv", orders_file("N-4,600000.SH,BUY,400,9.80"))
    cutting.wait_for_status("N-4", "REJECTED")
    cutting.trade("cancel.csv", orders_file("cancel,N-3", header="action,orig_client_order_id"))
    cutting.wait_for_status("N-3", "CANCELED")
    assert [(row["client_order_id"], row["last_qty"]) for row in cutting.fills()] == [("N-2", "200")]
    assert {row["needs_person"] for row in cutting.orders()} == {"0"}
    assert [line["order_volume"] for line in cutting.requests()] == [100, 200, 300, 400]


def test_the_only_order_that_fits_is_taken_with_a_word_to_a_person(cutting: Home) -> None:
    control(cutting.userdata, drop_next_answers=1)
    cutting.trade("lost.csv", orders_file("T-1,600000.SH,BUY,500,9.80"))
    row = cutting.wait_for_status("T-1", "ACCEPTED")
    assert (row["reason_code"], row["needs_person"]) == ("MATCHED_BY_TERMS", "1")
    # From here on it is told by its number.
    control(cutting.userdata, set_price=["600000.SH", 9.8])
    cutting.wait_for_status("T-1", "FILLED")
    control(cutting.userdata, set_price=["600000.SH", 10.5])
    until(lambda: [row for row in cutting.fills() if row["client_order_id"] == "T-1"], "its fill")
    assert len([line for line in cutting.requests() if line["order_volume"] == 500]) == 1


def test_which_of_two_nobody_can_say(cutting: Home, request: pytest.FixtureRequest) -> None:
    control(cutting.userdata, drop_next_answers=2)
    text = orders_file("U-1,600000.SH,BUY,600,9.80", "U-2,600000.SH,BUY,600,9.80")
    tags = cutting.trade("twins.csv", text).tags
    if request.node.callspec.id == "cut":
        # What is left of the tags still tells them apart.
        for name in ("U-1", "U-2"):
            assert cutting.wait_for_status(name, "ACCEPTED")["reason_code"] == "MATCHED_BY_TERMS"
        return
    for name in ("U-1", "U-2"):
        row = cutting.wait_for_status(name, "UNKNOWN")
        assert (row["reason_code"], row["needs_person"]) == ("OUTCOME_UNKNOWN", "1")
    # Asked about again, dropped again, and still in doubt: nobody guesses, and nothing is sent.
    asked = len(cutting.requests("query_orders"))
    until(lambda: len(cutting.requests("query_orders")) > asked + 2, "more questions")
    assert cutting.trade("twins.csv", text).codes == ["DUPLICATE_IN_DOUBT"] * 2
    assert {cutting.order(name)["status"] for name in ("U-1", "U-2")} == {"UNKNOWN"}
    assert len([line for line in cutting.requests() if line["order_volume"] == 600]) == 2
    # The person is told which orders it may be, and not that the broker lists none.
    told = {row["tag"]: row["body"]["text"] for row in cutting.events() if row["kind"] == "EVIDENCE"}
    assert told == dict.fromkeys(tags, "listed without our tag, and it may be any of these: 00000005, 00000006")
    assert cutting.command("resolve", "U-1", "--sent", "--by", "tests").returncode == 0
    cutting.wait_for_status("U-1", "ACCEPTED")
