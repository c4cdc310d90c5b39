"""What the faults do to messages on their way out, one by one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from filebridge.domain.orders import SHANGHAI
from filebridge.simulator.faults import Faults
from filebridge.simulator.outgoing import Outgoing
from filebridge.simulator.wire import ROWS, decode_lines

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)
ACCOUNT, SESSION = "1000", 7
ORDER = ["order", 3, 2, ACCOUNT]
QUERY = ["query_orders", 4, 2, ACCOUNT]
ERROR = "push_order_error"


def row(row_class: str, **values: Any) -> list[Any]:
    return [values.get(field, "") for field in ROWS[row_class]]


def order_row(status: int) -> list[Any]:
    return row("XtOrder", order_status=status, order_sysid="00000001", order_remark="HOME23456789ABCDEFGH")


def answered(faults: Faults, *, times: int = 1, error: bool = False) -> Outgoing:
    """An order that caused two pushes, and is answered (with an error beside it)."""
    out = Outgoing(faults)
    out.subscribe(SESSION, ACCOUNT)
    for _ in range(times):
        for status in (48, 50):
            out.push(ACCOUNT, "push_order", order_row(status))
        failure = (ERROR, row("XtOrderError", order_remark="HOME23456789ABCDEFGH")) if error else None
        out.answer(SESSION, ORDER, row("OrderStockResp", order_remark="HOME23456789ABCDEFGH"), NOW, failure)
    return out


def said(out: Outgoing) -> list[Any]:
    return decode_lines(b"".join(out.lines[SESSION]))


def kinds(out: Outgoing) -> list[Any]:
    """Statuses of pushed orders, and the kinds of the other messages."""
    place = ROWS["XtOrder"].index("order_status")
    return [message[1][place] if message[0] == "push_order" else message[0] for message in said(out)]


@pytest.mark.parametrize(
    ("faults", "heard"),
    [
        (Faults(), [48, 50, ERROR, "order"]),
        (Faults(push_before_answer=False), [ERROR, "order", 48, 50]),
        (Faults(error_before_answer=False), [48, 50, "order", ERROR]),
        (Faults(duplicate_pushes=True), [48, 48, 50, 50, ERROR, "order"]),
        (Faults(reorder_pushes=True), [50, 48, ERROR, "order"]),
        (Faults(pushed_status=86), [86, 86, ERROR, "order"]),
        (Faults(drop_next_pushes=1), [ERROR, "order", 48, 50, ERROR, "order"]),
        (Faults(drop_next_answers=1), [48, 50, ERROR, 48, 50, ERROR, "order"]),
        (Faults(drop_next_errors=1), [48, 50, "order", 48, 50, ERROR, "order"]),
    ],
)
def test_order_and_number_of_messages(faults: Faults, heard: list[Any]) -> None:
    counted = faults.drop_next_pushes or faults.drop_next_answers or faults.drop_next_errors
    assert kinds(answered(faults, times=2 if counted else 1, error=True)) == heard


def test_a_late_answer_waits_for_its_time_and_its_session() -> None:
    out = answered(Faults(answer_delay_seconds=2.0))
    due = NOW + timedelta(seconds=2)
    assert (kinds(out), out.next_due()) == ([48, 50], due)
    out.release(due - timedelta(milliseconds=1))
    assert kinds(out) == [48, 50]
    out.release(due)
    assert (kinds(out), out.next_due()) == ([48, 50, "order"], None)
    gone = answered(Faults(answer_delay_seconds=2.0))
    gone.left(SESSION)
    gone.release(due)
    assert (dict(gone.lines), gone.is_heard(ACCOUNT)) == ({}, False)


@pytest.mark.parametrize(("kept", "remark"), [(-1, "HOME23456789ABCDEFGH"), (6, "HOME23"), (0, "")])
def test_remarks_are_cut_wherever_they_stand(kept: int, remark: str) -> None:
    out = answered(Faults(remark_bytes=kept), error=True)
    out.answer(SESSION, QUERY, [order_row(50)], NOW)
    found = {part for message in said(out) for part in flat(message) if str(part)[:4] in ("HOME", remark)}
    assert found - {""} == ({remark} - {""})


def flat(message: Any) -> list[Any]:
    return [each for part in message for each in flat(part)] if isinstance(message, list) else [message]


def test_a_remark_may_be_cut_within_a_character() -> None:
    out = Outgoing(Faults(remark_bytes=4))
    out.subscribe(SESSION, ACCOUNT)
    out.push(ACCOUNT, "push_order", row("XtOrder", order_remark="汉字"))
    out.send_pushes()
    (message,) = said(out)
    assert message[1][ROWS["XtOrder"].index("order_remark")].encode("utf-8", "surrogateescape") == "汉字".encode()[:4]


@pytest.mark.parametrize(
    ("faults", "payload"),
    [
        (Faults(), [order_row(50)]),
        (Faults(listed_status=255), [order_row(255)]),
        (Faults(pushed_status=86), [order_row(50)]),
        (Faults(empty_queries=("query_orders",)), []),
        (Faults(empty_queries=("query_trades",)), [order_row(50)]),
        (Faults(none_queries=("query_orders",)), None),
    ],
)
def test_what_a_list_says(faults: Faults, payload: Any) -> None:
    out = Outgoing(faults)
    out.answer(SESSION, QUERY, [order_row(50)], NOW)
    assert said(out) == [["query_orders", 4, payload]]


def test_numbers_are_hidden_in_pushes_and_lists() -> None:
    out = answered(Faults(sysid_hidden=True))
    out.push(ACCOUNT, "push_trade", row("XtTrade", order_sysid="00000001"))
    out.answer(SESSION, QUERY, [order_row(50)], NOW)
    assert "00000001" not in {part for message in said(out) for part in flat(message)}


def test_queries_use_no_count_up() -> None:
    faults = Faults(drop_next_answers=1, drop_next_pushes=1)
    before = replace(faults)
    out = Outgoing(faults)
    out.answer(SESSION, QUERY, [], NOW)
    assert (kinds(out), faults) == (["query_orders"], before)
