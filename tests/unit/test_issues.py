"""How much of a new issue one row may ask for: the market's quota, at most what the issue allows, in whole units."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from filebridge.domain.issues import Issue, issue_of, largest, means, subscription
from filebridge.domain.orders import OrderInstruction, Side
from filebridge.domain.reasons import Reason

DAY = date(2026, 11, 20)
QUOTAS = {"SH": 12_700, "SZ": 3_000, "KCB": 400}
ROW = OrderInstruction(row=2, symbol="ALL", side=Side.SUBSCRIBE, client_order_id="N-1")


@dataclass(frozen=True)
class Case:
    symbol: str
    expected: int | str
    least: int = 500
    most: int = 20_000
    day: str = "20261120"
    price: str = "10.5"


@pytest.mark.parametrize(
    "case",
    [
        Case("730001.SH", 12_500),
        # A unit of 1,000 shares, as Shanghai's main board had until 2023.
        Case("730001.SH", 12_000, least=1000),
        Case("730001.SH", 9_000, most=9_300),
        Case("301208.SZ", 3_000),
        Case("787001.SH", "ISSUE_QUOTA_TOO_SMALL"),
        # Of a bond everybody may ask for all that it allows.
        Case("754810.SH", 10_000, least=10, most=10_000),
        Case("072001.SZ", 10_000, least=10, most=1_000_000),
        Case("889001.BJ", "ISSUE_PAID_AT_ONCE", least=100),
        Case("730001.SH", "ISSUE_OF_OTHER_DAY", day="20261123"),
        Case("730001.SH", 12_500, day="2026-11-20"),
        Case("730001.SH", 12_500, day=""),
        Case("730001.SH", "ISSUE_NOT_KNOWN", price="0"),
        Case("730001.SH", "ISSUE_NOT_KNOWN", most=0),
        Case("600000.SH", "INSTRUMENT_NOT_SUPPORTED"),
    ],
    ids=lambda case: f"{case.symbol} {case.expected}",
)
def test_the_largest_size(case: Case) -> None:
    issue = Issue(case.symbol, case.least, case.most, case.day, Decimal(case.price), QUOTAS)
    found = largest(issue, DAY)
    assert (found.code if isinstance(found, Reason) else found) == case.expected


def test_a_quota_that_the_broker_does_not_tell_is_not_guessed() -> None:
    row = {"symbol": "301208.SZ", "min_quantity": 500, "max_quantity": 16_500, "purchase_date": "20261120"}
    issue = issue_of({**row, "issue_price": "46.06", "limit_sh": 1000, "limit_sz": "", "limit_kcb": 0})
    assert issue.quotas == {"SH": 1000, "KCB": 0}
    found = largest(issue, DAY)
    assert isinstance(found, Reason)
    assert found.code == "ISSUE_QUOTA_NOT_KNOWN"


def test_which_issues_a_row_means() -> None:
    share, bond = "787001.SH", "754810.SH"
    words = ("ALL", "ALL_SHARES", "ALL_BONDS", share)
    rows = [ROW._replace(symbol=word) for word in words]
    said = [(row.symbol, means(row, share), means(row, bond)) for row in rows]
    assert said == [("ALL", True, True), ("ALL_SHARES", True, False), ("ALL_BONDS", False, True), (share, True, False)]


def test_the_ids_of_the_orders_follow_from_the_row_and_the_issue() -> None:
    issue = Issue("787001.SH", 500, 9_500, "20261120", Decimal("27.46"), QUOTAS)
    order = subscription(ROW, issue, "N-1", DAY)
    assert (order.client_order_id, order.symbol, order.limit_price) == ("N-1-787001.SH", "787001.SH", Decimal("27.46"))
