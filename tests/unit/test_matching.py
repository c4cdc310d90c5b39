"""Matching without a market: what an order takes from a depth, and the one price of a call auction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge.simulator.matching import (
    Depth,
    Level,
    allotted,
    auction_price,
    auction_volume,
    market_limit,
    take,
    without,
)

DEPTH = Depth(
    bids=(Level(999, 300), Level(998, 200), Level(997, 100), Level(996, 400), Level(995, 500)),
    asks=(Level(1000, 100), Level(1001, 200), Level(1002, 300), Level(1004, 400), Level(1005, 500)),
)


@pytest.mark.parametrize(
    ("side", "quantity", "limit", "executions"),
    [
        ("BUY", 100, 1000, [(100, 1000)]),
        ("BUY", 250, 1001, [(100, 1000), (150, 1001)]),
        ("BUY", 900, 1001, [(100, 1000), (200, 1001)]),  # the limit holds, the rest finds nobody
        ("BUY", 100, 999, []),
        ("SELL", 550, 997, [(300, 999), (200, 998), (50, 997)]),
        ("SELL", 100, 1000, []),
    ],
)
def test_an_order_takes_level_by_level(side: str, quantity: int, limit: int, executions: list[tuple[int, int]]) -> None:
    assert take(side, quantity, limit, DEPTH.against(side)) == executions


def test_what_was_taken_is_gone() -> None:
    assert without(DEPTH.asks, {1000: 100, 1001: 50})[:2] == (Level(1001, 150), Level(1002, 300))


@pytest.mark.parametrize(
    ("order_type", "side", "quantity", "protective", "limit"),
    [
        ("OWN_BEST", "BUY", 100, 0, 999),
        ("OWN_BEST", "SELL", 100, 0, 1000),
        ("PEER_BEST", "BUY", 900, 0, 1000),
        ("PEER_BEST", "SELL", 900, 0, 999),
        ("BEST5_CANCEL", "BUY", 150, 0, 1001),
        ("BEST5_LIMIT", "BUY", 9_000, 0, 1005),
        ("BEST5_LIMIT", "BUY", 9_000, 1002, 1002),
        ("BEST5_LIMIT", "SELL", 9_000, 998, 998),
        ("IMMEDIATE_OR_CANCEL", "SELL", 9_000, 0, 995),
        ("FILL_OR_KILL", "BUY", 600, 0, 1002),
    ],
)
def test_how_far_a_market_order_reaches(order_type: str, side: str, quantity: int, protective: int, limit: int) -> None:
    assert market_limit(order_type, side, quantity, protective, DEPTH) == limit


@pytest.mark.parametrize("order_type", ["OWN_BEST", "PEER_BEST", "BEST5_CANCEL", "FILL_OR_KILL"])
def test_a_market_order_needs_somebody(order_type: str) -> None:
    side = "BUY" if order_type == "OWN_BEST" else "SELL"
    assert market_limit(order_type, side, 100, 0, Depth(asks=DEPTH.asks)) == 0


# (bids, asks, reference, nearest to the reference, middle): answers worked out by hand from the exchanges' rule.
AUCTIONS = [
    ([], [(1000, 100)], 1000, None, None),
    ([(999, 100)], [(1000, 100)], 1000, None, None),
    ([(1000, 100)], [(1000, 100)], 990, 1000, 1000),
    # 300 trade at any of 1001 to 1003, and nothing is left over.
    ([(1003, 300)], [(1001, 300)], 990, 1001, 1002),
    ([(1003, 300)], [(1001, 300)], 1002, 1002, 1002),
    ([(1003, 300)], [(1001, 300)], 2000, 1003, 1002),
    # Volume first: 500 at 1000, against 300 at 1002.
    ([(1002, 300), (1000, 200)], [(999, 300), (1000, 200), (1002, 400)], 1002, 1000, 1000),
    # The smaller surplus: 150 meet 100 at 1000, 100 meet 150 at 1002, 100 meet 100 between them.
    ([(1002, 100), (1000, 50)], [(1000, 100), (1002, 50)], 990, 1001, 1001),
]


@pytest.mark.parametrize(("bids", "asks", "reference", "nearest", "middle"), AUCTIONS)
def test_the_price_of_an_auction(
    bids: list[tuple[int, int]],
    asks: list[tuple[int, int]],
    reference: int,
    nearest: int | None,
    middle: int | None,
) -> None:
    buying, selling = [Level(*each) for each in bids], [Level(*each) for each in asks]
    assert auction_price(buying, selling, reference, 1, middle=False) == nearest
    assert auction_price(buying, selling, reference, 1, middle=True) == middle


SIDE = st.lists(st.builds(Level, st.integers(990, 1010), st.integers(1, 50).map(lambda n: n * 100)), max_size=6)


@given(SIDE, SIDE, SIDE, SIDE, st.integers(985, 1015), st.booleans())
def test_an_auction_fills_by_price_then_time(
    bids: list[Level], asks: list[Level], own_bids: list[Level], own_asks: list[Level], reference: int, middle: bool
) -> None:
    """The rule in its own words: everything better than the price is filled whole, and at the price one side is."""
    buying, selling = [*bids, *own_bids], [*asks, *own_asks]
    price = auction_price(buying, selling, reference, 1, middle=middle)
    if price is None:
        assert not any(bid.price >= ask.price for bid in buying for ask in selling)
        return
    volume = auction_volume(buying, selling, price)
    assert volume == max(auction_volume(buying, selling, at) for at in range(980, 1021))
    left = []
    for side, own, others, sign in (("BUY", own_bids, bids, 1), ("SELL", own_asks, asks, -1)):
        shares = allotted(side, price, own, others, volume)
        reaching = [level for level in (*own, *others) if (level.price - price) * sign >= 0]
        assert sum(shares) <= volume
        for level, share in zip(own, shares, strict=True):
            assert 0 <= share <= level.quantity
            assert share == level.quantity or (level.price - price) * sign <= 0
            assert share == 0 or (level.price - price) * sign >= 0
        left.append(sum(level.quantity for level in reaching) - volume)
    assert min(left) == 0


def test_equal_orders_are_filled_in_the_order_of_their_time() -> None:
    own = [Level(1000, 300), Level(1001, 100), Level(1000, 300)]
    assert allotted("BUY", 1000, own, [Level(1000, 100)], 700) == [300, 100, 200]
    assert allotted("BUY", 1000, own, [Level(1000, 500)], 700) == [100, 100, 0]
