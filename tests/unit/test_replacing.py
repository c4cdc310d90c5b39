"""Replacing an order: the new one leaves only when all that it stands in for is canceled, and only for what is left."""

from decimal import Decimal

import pytest

from filebridge.domain.admission import Known
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import LOCAL, Action, Order, OrderInstruction, OrderType, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.replacing import Replaced, decide_replace, quantity_left, target_of, terms_after
from tests.unit.test_lifecycle import LATER, NOW, TERMS, order_in

ROW = OrderInstruction(row=2, action=Action.REPLACE, client_order_id="a2", orig_client_order_id="a1")
NEW = Order(TERMS._replace(tag="NEW", replaces=TERMS.tag), Status.RECEIVED, NOW)
CANCELED = order_in(Status.CANCELED)


def answered(old: Order, row: OrderInstruction = ROW, known: Known | None = None, **more: object) -> tuple[str, str]:
    """Outcome and code."""
    replaced = Replaced(old, **more)  # type: ignore[arg-type]
    terms = terms_after(row, replaced, tag="NEW", client_order_id="a2", body="y", intake_no=2, received_at=LATER)
    answer = decide_replace(row, terms, replaced, known or Known(files={}), LATER)
    return answer.outcome.value, answer.reason.code if answer.reason else ""


@pytest.mark.parametrize("status", Status)
def test_the_new_order_leaves_only_after_a_cancel_that_was_confirmed(status: Status) -> None:
    left = quantity_left(NEW, [order_in(status)])
    if status is Status.CANCELED:
        assert left == 1000
    elif status in (Status.ACCEPTED, Status.PARTIALLY_FILLED):
        assert isinstance(left, Reason)
        assert left.code == "REPLACE_CANCEL_REJECTED"
        wanted = order_in(status)._replace(cancel_requested=True)
        assert quantity_left(NEW, [wanted]) is None
    elif order_in(status).is_final:
        assert isinstance(left, Reason)
        assert left.code == "REPLACE_TOO_LATE"
    else:
        assert left is None


def test_what_is_left_counts_every_fill() -> None:
    half_told = CANCELED._replace(filled_qty=300, reported_qty=400)
    assert quantity_left(NEW, [half_told]) is None, "the broker counts fills that it has not told yet"
    told = CANCELED._replace(filled_qty=400, reported_qty=400)
    assert quantity_left(NEW, [told]) == 600
    assert quantity_left(NEW, [told, CANCELED._replace(filled_qty=500)]) == 100
    # The first one may still work, though the second one was taken back before it could leave.
    assert quantity_left(NEW, [CANCELED, order_in(Status.PENDING_CANCEL)]) is None
    nothing = quantity_left(NEW, [told, CANCELED._replace(filled_qty=600)])
    assert isinstance(nothing, Reason)
    assert (nothing.code, nothing.context["filled_qty"]) == ("REPLACE_NOTHING_LEFT", "1000")


@pytest.mark.parametrize(
    ("quantity", "sent", "before", "total"),
    [
        (0, False, (), 1000),
        (0, True, (), 1000),
        (1500, True, (CANCELED._replace(filled_qty=200),), 1500),
        # Not sent yet, its quantity is still the total; sent, it is what was left then.
        (0, False, (CANCELED._replace(filled_qty=200),), 1000),
        (0, True, (CANCELED._replace(filled_qty=200),), 1200),
    ],
)
def test_the_quantity_is_the_total(quantity: int, sent: bool, before: tuple[Order, ...], total: int) -> None:
    old = order_in(Status.ACCEPTED)._replace(submitted_at=NOW if sent else None)
    row = ROW._replace(quantity=quantity, limit_price=Decimal("10.60"))
    replaced = Replaced(old, before)
    terms = terms_after(row, replaced, tag="NEW", client_order_id="a2", body="y", intake_no=2, received_at=LATER)
    assert (terms.quantity, terms.limit_price, terms.replaces) == (total, Decimal("10.60"), TERMS.tag)
    assert (terms.symbol, terms.side, terms.trade_date) == (TERMS.symbol, TERMS.side, TERMS.trade_date)
    assert (
        terms_after(
            ROW._replace(quantity=100),
            replaced,
            tag="N",
            client_order_id="a2",
            body="y",
            intake_no=2,
            received_at=LATER,
        ).limit_price
        == TERMS.limit_price
    )


def test_what_a_row_that_replaces_is_answered() -> None:
    expected = {
        **dict.fromkeys((Status.HELD, Status.APPROVED), ("HELD", "REPLACES_HELD")),
        Status.RECEIVED: ("ACCEPTED", ""),
    }
    for status in Status:
        usual = ("DENIED", "REPLACE_TOO_LATE") if order_in(status).is_final else ("ACCEPTED", "REPLACE_WAITS")
        assert answered(order_in(status)) == expected.get(status, usual), status
        assert (status in LOCAL) is (status in expected)
    working = order_in(Status.ACCEPTED)._replace(broker_order_id="7")
    assert answered(working, successor=NEW) == ("DENIED", "REPLACE_ALREADY")
    assert answered(working, ROW._replace(broker_order_id="8")) == ("DENIED", "CANCEL_IDS_DISAGREE")
    assert answered(working, ROW._replace(symbol="600001.SH")) == ("DENIED", "CANCEL_NOT_THAT_ORDER")
    assert answered(working, ROW._replace(symbol=TERMS.symbol, side=TERMS.side)) == ("ACCEPTED", "REPLACE_WAITS")
    unpriced = working._replace(terms=TERMS._replace(order_type=OrderType.LATEST))
    assert answered(unpriced, ROW._replace(limit_price=Decimal(10))) == ("DENIED", "CANCEL_NOT_THAT_ORDER")
    rules = Known(files={}, refusal=Reason("PRICE_NOT_ON_TICK"))
    assert answered(working, known=rules) == ("DENIED", "PRICE_NOT_ON_TICK")
    held = Known(files={}, approval=Reason("APPROVAL_REQUIRED"))
    assert answered(working, known=held) == ("HELD", "APPROVAL_REQUIRED")
    assert answered(working, known=Known(files={}, canceled_before=True)) == ("DENIED", "CANCELED_BEFORE_ARRIVAL")


def test_another_modes_order_is_not_meant() -> None:
    assert target_of([CANCELED], "live") is None
    assert target_of([order_in(Status.DENIED), CANCELED], "paper") is CANCELED


def test_the_sending_makes_the_quantity_what_is_left() -> None:
    after = apply(NEW, OrderEvent(kind=EventKind.SUBMIT, at=LATER, quantity=600))
    assert (after.terms.quantity, after.leaves_qty) == (600, 600)
