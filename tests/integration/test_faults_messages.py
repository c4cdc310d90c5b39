"""The bridge stands what a counter does to messages: lost, late, doubled, disordered, cut, odd, or empty."""

import time
from collections.abc import Iterator

import pytest

from filebridge.simulator.faults import control
from tests.integration.faulty import (
    asked_more,
    cancel,
    drop,
    evidence,
    impatient,
    in_doubt,
    row,
    sent_times,
    small_day,
    sound,
    under,
)
from tests.integration.homes import Home, orders_file, until

LISTS = ["query_orders", "query_trades"]
BOOKS = [*LISTS, "query_asset", "query_positions", "query_account_status"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with impatient(tmp_path_factory.mktemp("messages")) as made:
        yield made


# ---- pushes


def test_pushes_come_twice(home: Home) -> None:
    with under(home, duplicate_pushes=True):
        small_day(home, "twice")


def test_pushes_come_in_reverse(home: Home) -> None:
    with under(home, reorder_pushes=True):
        small_day(home, "reverse")


def test_pushes_come_twice_in_reverse_and_after_the_answer(home: Home) -> None:
    with under(home, duplicate_pushes=True, reorder_pushes=True, push_before_answer=False, error_before_answer=False):
        small_day(home, "all")


def test_pushes_come_after_the_answer(home: Home) -> None:
    with under(home, push_before_answer=False):
        small_day(home, "after")


def test_pushes_are_lost(home: Home) -> None:
    """The lists tell what the pushes did not."""
    with under(home, drop_next_pushes=5):
        small_day(home, "unheard")
        assert control(home.userdata)["drop_next_pushes"] == 0


# ---- answers and errors


def test_answers_come_late(home: Home) -> None:
    with under(home, answer_delay_seconds=0.1):
        small_day(home, "late")


def test_errors_come_after_their_answers(home: Home) -> None:
    with under(home, error_before_answer=False):
        small_day(home, "errors")


def test_answers_are_lost(home: Home) -> None:
    """The pushes carry the tag: nothing is in doubt."""
    with under(home, drop_next_answers=4):
        drop(home, row("unanswered-1"), row("unanswered-2", "10.51"), row("unanswered-3"))
        home.wait_for_status("unanswered-2", "FILLED")
        cancel(home, "unanswered-1")
        home.wait_for_status("unanswered-1", "CANCELED")
    assert "OUTCOME_UNKNOWN" not in {home.order(f"unanswered-{number}")["reason_code"] for number in (1, 2, 3)}
    sound(home)


def test_the_terminals_refusal_and_the_counters_rejection_say_why(home: Home) -> None:
    with under(home, refuse_next=1, refuse_text="[1]终端说不", reject_next=1, reject_text="[2]柜台说不"):
        drop(home, row("refused"), row("rejected"), row("taken", "10.51"))
        assert "[1]终端说不" in home.wait_for_status("refused", "REJECTED")["message_zh"]
        assert "[2]柜台说不" in home.wait_for_status("rejected", "REJECTED")["message_zh"]
        home.wait_for_status("taken", "FILLED")
    sound(home)


# ---- what is lost, and what lists say of it


def test_what_is_lost_is_asked_about_and_never_sent_again(home: Home) -> None:
    """An order and a cancel that never arrive, and an order of which no more is heard than -1."""
    drop(home, row("kept"))
    home.wait_for_status("kept", "ACCEPTED")
    lost_text = orders_file(row("lost"))
    with under(home, drop_next_requests=2):
        (lost,) = home.trade("lost.csv", lost_text).tags
        cancel(home, "kept")
        until(lambda: control(home.userdata)["drop_next_requests"] == 0, "both to be lost")
    with under(home, refuse_next=1, drop_next_errors=1):
        (minus_one,) = drop(home, row("minus-one"))
        in_doubt(home, "minus-one")
    in_doubt(home, "lost")
    for tag in (lost, minus_one):
        assert evidence(home, tag) == ["not listed by two complete answers"]
    assert home.trade("lost.csv", lost_text).codes == ["DUPLICATE_IN_DOUBT"]
    assert (sent_times(home, lost), sent_times(home, minus_one)) == (0, 1)
    for name in ("lost", "minus-one"):
        assert home.command("resolve", name, "--not-sent", "--by", "tests").returncode == 0
        home.wait_for_status(name, "NOT_SENT")
    # Now it may be meant again.
    (again,) = home.trade("lost.csv", lost_text).tags
    home.wait_for_status("lost", "ACCEPTED")
    assert (sent_times(home, lost), sent_times(home, again)) == (0, 1)
    # The lists go on to show the order whose cancel was lost: that one may be asked for again.
    home.wait_for_status("kept", "CANCELED")


def test_lists_that_lag_or_are_empty_end_no_doubt(home: Home) -> None:
    drop(home, row("resting"))
    home.wait_for_status("resting", "ACCEPTED")
    with under(home, query_lag_seconds=600.0):
        small_day(home, "lag")
        control(home.userdata, drop_next_answers=1, drop_next_pushes=1)
        (tag,) = drop(home, row("behind", "10.51"))
        in_doubt(home, "behind")
        assert evidence(home, tag)
    with under(home, empty_queries=LISTS, query_lag_seconds=0.0):
        asked_more(home)
    began = time.time()
    with under(home, none_queries=LISTS):
        asked_more(home)
        until(lambda: home.status_since(began).get("agreed_accounts") == [], "the loss of the lists to be seen")
        # Three kinds of evidence, and no end of it; what rests is not taken for ended either.
        assert home.order("behind")["status"] == "UNKNOWN"
        assert home.order("resting")["status"] == "ACCEPTED"
    home.wait_for_status("behind", "FILLED")
    sound(home)


@pytest.mark.parametrize("how", ["empty", "none"])
def test_without_books_nothing_is_sent(home: Home, how: str) -> None:
    """As a client without a terminal is answered: [] and None. Orders wait until the books are told again."""
    began = time.time()
    with under(home, empty_queries=BOOKS) if how == "empty" else under(home, none_queries=BOOKS):
        until(lambda: home.status_since(began).get("agreed_accounts") == [], "the loss of the books to be seen")
        (tag,) = drop(home, row(f"bookless-{how}", "10.51"))
        home.wait_for_status(f"bookless-{how}", "RECEIVED")
        assert sent_times(home, tag) == 0
    home.wait_for_status(f"bookless-{how}", "FILLED")
    sound(home)


# ---- what rows say


def test_a_status_that_nobody_knows_is_no_end(home: Home) -> None:
    with under(home, pushed_status=86):
        small_day(home, "pushed")
    with under(home, listed_status=255):
        small_day(home, "listed")
    with under(home, pushed_status=255, listed_status=86, reject_next=1):
        drop(home, row("odd-1"), row("odd-2", "10.51"), row("odd-3"))
        # Fills are told by trades; of the others nobody knows more than that the counter has them.
        home.wait_for_status("odd-2", "FILLED")
        cancel(home, "odd-3")
        home.wait_for_status("odd-3", "PENDING_CANCEL")
        assert home.order("odd-1")["status"] == "ACCEPTED"
    home.wait_for_status("odd-1", "REJECTED")
    home.wait_for_status("odd-3", "CANCELED")
    sound(home)


def test_the_counters_number_comes_late(home: Home) -> None:
    with under(home, sysid_hidden=True):
        small_day(home, "numberless")
        drop(home, row("number-late"))
        assert home.wait_for_status("number-late", "ACCEPTED")["counter_order_id"] == ""
    until(lambda: home.order("number-late")["counter_order_id"], "its number")
