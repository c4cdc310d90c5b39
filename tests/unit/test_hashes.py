"""What an order asks for has one hash for ever: ledgers hold it, and a sheet dropped again is known by it."""

from datetime import date
from decimal import Decimal

import pytest

from filebridge.domain.orders import OrderInstruction, OrderType, Side, body_hash, derived_id

LIMIT = OrderInstruction(
    row=2,
    symbol="600000.SH",
    side=Side.BUY,
    quantity=100,
    order_type=OrderType.LIMIT,
    limit_price=Decimal("10.50"),
    strategy="",
)


def test_the_hash_of_a_limit_order_is_that_of_the_first_version() -> None:
    body = body_hash(LIMIT, "10000001")
    assert body == "7793cf57b24f1a4d0a99d952e59cb9831f3e799500bcbe475027cb8d1ff41ca8"
    named = derived_id(trade_date=date(2026, 11, 20), account="10000001", basket="", body=body, nth=1)
    assert named == "auto-rjhcaa2lbi2c"


@pytest.mark.parametrize(
    "other",
    [
        LIMIT._replace(side=Side.MARGIN_BUY),
        LIMIT._replace(order_type=OrderType.BEST5_OR_CANCEL),
        LIMIT._replace(order_type=OrderType.LATEST, limit_price=None),
        LIMIT._replace(order_type=OrderType.OWN_BEST, limit_price=None),
    ],
)
def test_another_side_type_or_price_is_another_order(other: OrderInstruction) -> None:
    assert body_hash(other, "10000001") != body_hash(LIMIT, "10000001")
