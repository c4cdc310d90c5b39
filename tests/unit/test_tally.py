"""What the counters say of orders, fills, answers and restarts: the corners that a walk seldom meets."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from filebridge.domain.counters import Balance, Counters, DayCounts, Past
from filebridge.domain.orders import SHANGHAI, Order, Side, Status
from filebridge.domain.tally import Tally
from tests.unit.test_lifecycle import TERMS

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=SHANGHAI)
TODAY = date(2026, 11, 20)
LAG = timedelta(seconds=2)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def order(status: Status, seconds: float, filled: int = 0, *, tag: str = "T1", side: Side = Side.BUY) -> Order:
    terms = TERMS._replace(tag=tag, side=side)
    return Order(terms, status, at(seconds), filled_qty=filled, submitted_at=at(0))


def balance(seconds: float) -> Balance:
    return Balance(at(seconds), Decimal(1_000_000), Decimal(1_000_000), {})


def counters(tally: Tally, seconds: float = 0, side: Side = Side.BUY) -> Counters:
    return tally.counters(TERMS._replace(side=side), at(seconds))


def reserved(tally: Tally) -> tuple[Decimal, int]:
    seen = counters(tally)
    return seen.cash_reserved, seen.exposed_qty


def test_an_order_counts_once_however_often_it_is_put() -> None:
    tally = Tally(TODAY)
    for status in (Status.SUBMITTING, Status.SUBMITTING, Status.ACCEPTED, Status.PARTIALLY_FILLED, Status.FILLED):
        tally.put(order(status, 1))
    seen = counters(tally)
    assert seen.account == seen.total == DayCounts(orders=1, value=Decimal(10_500), open_orders=0)
    assert (seen.last_second, seen.repeats) == (1, 1)
    tally.put(Order(TERMS._replace(tag="T2"), Status.RECEIVED, NOON))
    assert counters(tally) == seen


def test_money_is_set_aside_until_a_balance_shows_the_order_for_certain() -> None:
    tally = Tally(TODAY, lag=LAG)
    tally.put(order(Status.SUBMITTING, 0))
    tally.tell("1000", balance(10))
    # Nobody has heard that the broker knows it, however new the answer is.
    assert reserved(tally) == (Decimal(10_500), 1_000)
    tally.put(order(Status.ACCEPTED, 11))
    tally.tell("1000", balance(13))
    assert reserved(tally) == (Decimal(10_500), 1_000)
    tally.tell("1000", balance(13.1))
    assert reserved(tally) == (Decimal(0), 1_000)


def test_a_fill_that_was_heard_between_question_and_answer_is_not_taken_for_shown() -> None:
    tally = Tally(TODAY, lag=LAG)
    tally.put(order(Status.ACCEPTED, 0))
    tally.put(order(Status.FILLED, 9, 1_000))
    tally.tell("1000", balance(10))
    assert reserved(tally) == (Decimal(0), 1_000)
    tally.tell("1000", balance(12))
    assert reserved(tally) == (Decimal(0), 0)
    # It is forgotten now, but not what was bought; and an answer that was overtaken changes nothing.
    tally.tell("1000", balance(3))
    seen = counters(tally)
    assert (seen.bought_qty, seen.account.orders, seen.exposed_qty) == (1_000, 1, 0)
    assert seen.balance == balance(12)


def test_a_fill_after_the_end_counts_as_bought_and_exposed() -> None:
    tally = Tally(TODAY)
    canceled = order(Status.CANCELED, 1, 300)
    tally.put(canceled)
    tally.tell("1000", balance(2))
    assert (reserved(tally), counters(tally).bought_qty) == ((Decimal(0), 0), 300)
    tally.put(order(Status.CANCELED, 3, 500), canceled)
    assert (reserved(tally)[1], counters(tally).bought_qty) == (200, 500)
    tally.tell("1000", balance(4))
    assert (reserved(tally)[1], counters(tally).bought_qty) == (0, 500)
    assert counters(tally).account.orders == 1


def test_over_the_turn_of_a_day_goes_what_is_open_or_unseen_and_the_last_second() -> None:
    orders = [order(Status.SUBMITTING, 0, tag="open"), order(Status.FILLED, 0, 1_000, tag="filled")]
    seen = counters(Tally.remade(TODAY + timedelta(days=1), orders, [("1000", at(0.1))], now=at(1)), 0.2)
    assert seen.account == DayCounts(cancels=1, open_orders=1)
    assert (seen.last_second, seen.exposed_qty, seen.cash_reserved) == (1, 2_000, Decimal(21_000))
    assert (seen.bought_qty, seen.repeats, seen.balance) == (0, 0, None)


def test_the_own_price_that_an_order_would_meet_is_the_best_that_works() -> None:
    tally = Tally(TODAY)
    for tag, price in (("a", "10.6"), ("b", "10.4"), ("c", "10.5")):
        sale = order(Status.ACCEPTED, 0, tag=tag, side=Side.SELL)
        tally.put(sale._replace(terms=sale.terms._replace(limit_price=Decimal(price), account="2000")))
    assert counters(tally).own_opposite == Decimal("10.4")
    assert counters(tally, side=Side.SELL).own_opposite is None
    ended = order(Status.CANCELED, 1, tag="b", side=Side.SELL)
    tally.put(ended._replace(terms=ended.terms._replace(limit_price=Decimal("10.4"), account="2000")))
    assert counters(tally).own_opposite == Decimal("10.5")


def test_a_second_and_the_time_of_repeats_slide() -> None:
    tally = Tally(TODAY, repeat_time=timedelta(seconds=5))
    tally.put(order(Status.SUBMITTING, 0))
    tally.cancel_leaves("1000")
    tally.called("1000", at(0))
    # What is with the worker may leave at any time.
    assert [counters(tally, seconds).last_second for seconds in (0.9, 1, 1.9)] == [2, 1, 1]
    tally.called("1000", at(2))
    assert [counters(tally, seconds).last_second for seconds in (2.9, 3)] == [1, 0]
    assert [counters(tally, seconds).repeats for seconds in (4.9, 5)] == [1, 0]


def test_remade_from_the_ledger_it_says_the_same() -> None:
    tally = Tally(TODAY)
    orders = [
        order(Status.ACCEPTED, 0.2, tag="a"),
        order(Status.FILLED, 0.3, 1_000, tag="b"),
        order(Status.UNKNOWN, 0.4, tag="c", side=Side.SELL),
    ]
    for each in orders:
        tally.put(each)
    tally.canceled("1000")
    tally.cancel_leaves("1000")
    for seconds in (0, 0, 0, 0.1):
        tally.called("1000", at(seconds))
    again = Tally.remade(TODAY, reversed(orders), [("1000", at(0.1))], now=at(10**6))
    for side in Side:
        assert counters(again, 0.5, side) == counters(tally, 0.5, side)


def test_what_ended_long_ago_counts_by_its_sums() -> None:
    one_by_one = Tally(TODAY)
    filled, rejected = order(Status.FILLED, 1, 1_000, tag="a"), order(Status.REJECTED, 1, tag="b")
    sold = order(Status.CANCELED, 1, 300, tag="c", side=Side.SELL)
    for each in (filled, rejected, sold):
        one_by_one.put(each)
        one_by_one.called("1000", at(1))
    for _ in range(2):
        one_by_one.canceled("1000")
    one_by_one.tell("1000", balance(60))
    price = TERMS.limit_price
    past = [
        Past("1000", TERMS.symbol, Side.BUY, price, 2, 2_000, 1_000),
        Past("1000", TERMS.symbol, Side.SELL, price, 1, 1_000, 300),
    ]
    summed = Tally.remade(TODAY, [], [], now=at(1), past=past, past_cancels={"1000": 2})
    summed.tell("1000", balance(60))
    for side in Side:
        assert counters(summed, 60, side) == counters(one_by_one, 60, side)


def test_a_balance_shows_all_but_what_is_in_doubt_or_on_its_way() -> None:
    tally = Tally(TODAY, lag=LAG)
    tally.put(order(Status.SUBMITTING, 0, tag="a"))
    tally.put(order(Status.SUBMITTING, 0, tag="b"))
    tally.tell("1000", balance(9))
    assert not tally.is_shown("1000")
    tally.put(order(Status.UNKNOWN, 10, tag="a"))
    tally.put(order(Status.FILLED, 10, 1_000, tag="b"))
    tally.tell("1000", balance(11))
    assert not tally.is_shown("1000")
    tally.tell("1000", balance(12.1))
    assert tally.is_shown("1000")
    assert tally.is_shown("of nobody")


def test_what_is_from_a_time_to_come_is_from_now() -> None:
    """The clock went back an hour: what left in it neither fills the second for an hour nor hides what is now."""
    later = [order(Status.FILLED, 3600)._replace(submitted_at=at(3600))]
    again = Tally.remade(TODAY, later, [("1000", at(3600))], now=at(0))
    assert again.last_second("1000", at(0.5)) == 2
    assert again.last_second("1000", at(1)) == 0
    going = Tally(TODAY)
    going.put(order(Status.SUBMITTING, 3600))
    going.called("1000", at(3600))
    going.put(order(Status.SUBMITTING, 3600, tag="T2"))
    again.go_on_from(going, at(0))
    assert again.last_second("1000", at(0.5)) == 2
    assert again.last_second("1000", at(1)) == 1, "one lies with the worker still"
