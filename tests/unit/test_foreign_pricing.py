"""Orders of other systems that have no price: creations, redemptions, returns. Their forms know no type for it."""

from datetime import date

import pytest

from filebridge.domain.orders import OrderType, Side
from filebridge.orderfiles import ParsedFile, parse
from tests.golden.tables import CATS, CT, XT, XUNTOU, dbf

CASES = {
    "create": (XUNTOU, XT | {"order_type": "134", "stock_code": "510300"}, "mode_price", Side.CREATE),
    "redeem": (XUNTOU, XT | {"order_type": "135", "stock_code": "510300"}, "mode_price", Side.REDEEM),
    "return": (XUNTOU, XT | {"order_type": "30", "brokertype": "3"}, "mode_price", Side.DIRECT_RETURN),
    "cats": (CATS, CT | {"tradeside": "F", "symbol": "510300.SH"}, "ord_price", Side.CREATE),
}


def read(case: str, price: str, **more: str) -> ParsedFile:
    columns, row, column, _ = CASES[case]
    name = "XT_DBF_ORDER.dbf" if columns is XUNTOU else "instructions.dbf"
    return parse(dbf(columns, row | {column: price} | more), name=name, today=date(2026, 11, 20))


@pytest.mark.parametrize("price", ["", "0", "0.00"])
@pytest.mark.parametrize("case", CASES)
def test_a_side_without_a_price_is_read_as_what_has_none(case: str, price: str) -> None:
    parsed = read(case, price)
    assert parsed.problems == ()
    (order,) = parsed.instructions
    assert (order.side, order.order_type, order.limit_price) == (CASES[case][3], OrderType.NO_PRICE, None)


@pytest.mark.parametrize("case", CASES)
def test_a_price_that_means_nothing_is_refused(case: str) -> None:
    (found,) = read(case, "4.012").problems
    assert (found.reason.code, found.column, found.value) == ("PRICE_NOT_OF_TYPE", CASES[case][2], "4.012")


def test_another_type_than_limit_stays_what_it_means() -> None:
    """It is denied with its meaning, and not replaced by another."""
    (order,) = read("create", "", price_type="1").instructions
    assert order.order_type is OrderType.LATEST


def test_an_order_with_a_price_needs_it() -> None:
    parsed = read("create", "0", order_type="23")
    assert [found.reason.code for found in parsed.problems] == ["PRICE_NOT_POSITIVE"]
