"""Which untagged report may be taken for which order in doubt, and what is news."""

from datetime import timedelta
from decimal import Decimal

from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import Order, Side, Status
from filebridge.domain.reconcile import is_ours, news_of_fill, news_of_report, pair_untagged
from tests.unit.test_lifecycle import LATER, NOW, TERMS, fill, order_in

REPORT = OrderReport(
    kind=EventKind.REPORT_WORKING,
    account=TERMS.account,
    symbol=TERMS.symbol,
    side=Side.BUY,
    quantity=1000,
    limit_price=Decimal("10.5"),
    filled_qty=0,
    tag="",
    broker_order_id="7",
    counter_order_id="c7",
    name="浦发银行",
    status_code=50,
    text="",
    ordered_at=NOW,
)
DOUBT = order_in(Status.UNKNOWN)


def other(order: Order) -> Order:
    return order._replace(terms=order.terms._replace(tag="HOMEBBBBBBBBBBBBBBBB"))


def test_the_only_report_is_the_only_order() -> None:
    assert pair_untagged([REPORT], [DOUBT]) == [(REPORT, DOUBT)]
    cut = REPORT._replace(tag=TERMS.tag[:16])
    assert pair_untagged([cut], [DOUBT]) == [(cut, DOUBT)]


def test_nobody_can_say_which_of_two() -> None:
    assert pair_untagged([REPORT], [DOUBT, other(DOUBT)]) == []
    assert pair_untagged([REPORT, REPORT._replace(broker_order_id="8")], [DOUBT]) == []


def test_what_cannot_be_ours_is_not_taken() -> None:
    strangers = {
        "another program's remark": REPORT._replace(tag="MY-OWN-ALGO-7"),
        "placed before we sent": REPORT._replace(ordered_at=NOW - timedelta(seconds=5)),
        "long after we sent": REPORT._replace(ordered_at=NOW + timedelta(seconds=200)),
        "without a time": REPORT._replace(ordered_at=None),
        "another price": REPORT._replace(limit_price=Decimal("10.51")),
        "another quantity": REPORT._replace(quantity=900),
        "another side": REPORT._replace(side=Side.SELL),
        "another symbol": REPORT._replace(symbol="000001.SZ"),
        "another account": REPORT._replace(account="2000"),
    }
    assert {name for name, report in strangers.items() if pair_untagged([report], [DOUBT])} == set()


def test_only_doubt_without_a_number_is_paired() -> None:
    assert pair_untagged([REPORT], [DOUBT._replace(broker_order_id="6")]) == []
    assert [status for status in Status if pair_untagged([REPORT], [order_in(status)])] == [Status.UNKNOWN]


def test_a_repeated_report_is_no_news() -> None:
    news = news_of_report(DOUBT, REPORT, LATER)
    assert news is not None
    known = news.after
    assert known == apply(DOUBT, news.event)
    assert (known.status, known.broker_order_id, known.counter_order_id) == (Status.ACCEPTED, "7", "c7")
    assert news_of_report(known, REPORT, LATER) is None
    # Late, after the end: still none.
    ended = apply(known, OrderEvent(kind=EventKind.REPORT_CANCELED, at=LATER))
    assert news_of_report(ended, REPORT, LATER) is None


def test_a_number_that_comes_later_is_news() -> None:
    known = apply(DOUBT, OrderEvent(kind=EventKind.REPORT_WORKING, at=LATER, broker_order_id="7"))
    news = news_of_report(known, REPORT, LATER)
    assert news is not None
    assert news.after.counter_order_id == "c7"


def test_a_reject_carries_the_brokers_words() -> None:
    news = news_of_report(DOUBT, REPORT._replace(kind=EventKind.REPORT_REJECTED, text="资金可用数不足"), LATER)
    assert news is not None
    assert news.event.reason is not None
    assert "资金可用数不足" in news.event.reason.message_zh


def test_fills_say_whether_they_are_the_last() -> None:
    def told(trade_id: str, quantity: int) -> FillReport:
        return FillReport(
            account=TERMS.account,
            symbol=TERMS.symbol,
            side=Side.BUY,
            tag=TERMS.tag,
            broker_order_id="7",
            counter_order_id="c7",
            fill=fill(trade_id, quantity),
        )

    working = order_in(Status.ACCEPTED)
    part = news_of_fill(working, told("t1", 400), LATER)
    assert part is not None
    assert part.event.kind is EventKind.FILL_PARTIAL
    assert news_of_fill(part.after, told("t1", 400), LATER) is None
    last = news_of_fill(part.after, told("t2", 600), LATER)
    assert last is not None
    assert last.event.kind is EventKind.FILL_COMPLETE


def test_whose_tag_it_is() -> None:
    assert is_ours("HOMEAAAAAAAAAAAAAAAA", "HOME")
    assert not is_ours("HOMEAAAAAAAAAAAAAAA", "HOME")
    assert not is_ours("ELSEAAAAAAAAAAAAAAAA", "HOME")
    assert not is_ours("", "HOME")
