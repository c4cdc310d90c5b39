"""Who lets an order out, and when: halts, reduce-only, armed accounts, approvals."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from filebridge.control import HALT_FILES, ControlFolder, login
from filebridge.domain.approval import Approval, lapsed, objection, required
from filebridge.domain.guard import Level, Stance, refusal
from filebridge.domain.orders import Order, OrderTerms, Side, Status
from filebridge.domain.reasons import Reason
from filebridge.owners import owner_of
from tests.unit.test_lifecycle import NOW, TERMS

WHY = Reason("HALT_ASKED", {"text": "a look first"})
LIVE = TERMS._replace(mode="live")
ALWAYS = Approval(required="always")


def code(reason: Reason | None) -> str:
    return reason.code if reason else ""


@pytest.mark.parametrize(
    ("stance", "terms", "expected"),
    [
        (Stance(), TERMS, ""),
        (Stance(Level.HALTED, WHY), TERMS, "HALTED"),
        (Stance(Level.HALTED, WHY), TERMS._replace(side=Side.SELL), "HALTED"),
        (Stance(Level.REDUCE_ONLY, WHY), TERMS, "REDUCE_ONLY"),
        (Stance(Level.REDUCE_ONLY, WHY), TERMS._replace(side=Side.SELL), ""),
        # Lending is a sale by name, and a new position.
        (Stance(Level.REDUCE_ONLY, WHY), TERMS._replace(side=Side.SELL, symbol="204001.SH"), "REDUCE_ONLY"),
        (Stance(), LIVE, "LIVE_NOT_ARMED"),
        (Stance(armed={TERMS.account: TERMS.trade_date}), LIVE, ""),
        (Stance(armed={"another": TERMS.trade_date}), LIVE, "LIVE_NOT_ARMED"),
        (Stance(armed={TERMS.account: TERMS.trade_date - timedelta(days=1)}), LIVE, "LIVE_NOT_ARMED"),
        (Stance(Level.HALTED, WHY, armed={TERMS.account: TERMS.trade_date}), LIVE, "HALTED"),
    ],
)
def test_what_may_leave_as_things_stand(stance: Stance, terms: OrderTerms, expected: str) -> None:
    found = refusal(terms, stance)
    assert code(found) == expected
    if found and expected != "LIVE_NOT_ARMED":
        assert "a look first" in found.message
        assert "a look first" in found.message_zh


@pytest.mark.parametrize(
    ("settings", "terms", "expected"),
    [
        ({}, TERMS, ""),
        ({"required": "always"}, TERMS, "APPROVAL_REQUIRED"),
        ({"required": "live"}, TERMS, ""),
        ({"required": "live"}, LIVE, "APPROVAL_REQUIRED"),
        # 1,000 at 10.50
        ({"required": "always", "above_value_cny": Decimal(10_500)}, TERMS, ""),
        ({"required": "always", "above_value_cny": Decimal("10499.99")}, TERMS, "APPROVAL_REQUIRED"),
        ({"required": "always", "accounts": ("9*", TERMS.account)}, TERMS, "APPROVAL_REQUIRED"),
        ({"required": "always", "accounts": ("9*",)}, TERMS, ""),
        # What has no price of its own may cost anything.
        (
            {"required": "always", "above_value_cny": Decimal(10**9)},
            TERMS._replace(limit_price=None),
            "APPROVAL_REQUIRED_UNPRICED",
        ),
    ],
)
def test_which_orders_wait_for_approval(settings: Mapping[str, Any], terms: OrderTerms, expected: str) -> None:
    found = required(terms, Approval()._replace(**settings))
    assert code(found) == expected
    if found:
        assert terms.tag in found.message
        assert terms.tag in found.message_zh


def test_what_has_no_price_is_worth_at_most_what_the_days_limit_says() -> None:
    found = required(TERMS._replace(limit_price=None), ALWAYS, Decimal("11.55"))
    assert found is not None
    assert found.code == "APPROVAL_REQUIRED_AT_MARKET"
    assert "at most 11550 CNY, at the day's upper limit of 11.55" in found.message
    assert "涨停价 11.55 计算最多 11550 元" in found.message_zh


@pytest.mark.parametrize(
    ("author", "by", "owner", "named", "expected"),
    [
        ("quant", "risk", "risk", "", ""),
        ("quant", "Quant", "risk", "", "APPROVAL_BY_AUTHOR"),
        # Another name from the author's own login is the author's.
        ("quant", "risk", "quant", "", "APPROVAL_BY_AUTHOR"),
        ("quant", "risk", "", "", ""),
        ("", "risk", "risk", "", "APPROVAL_AUTHOR_UNKNOWN"),
        # One user runs everything: the setting says whose the files are, and names are compared.
        ("svc", "risk", "svc", "algo", ""),
        ("svc", "algo", "svc", "algo", "APPROVAL_BY_AUTHOR"),
    ],
)
def test_whose_approval_counts(author: str, by: str, owner: str, named: str, expected: str) -> None:
    held = Order(terms=TERMS, status=Status.HELD, updated_at=NOW, reason=required(TERMS, ALWAYS))
    strict = ALWAYS._replace(by_another=True, author=named)
    assert code(objection(held, strict, author=author, by=by, owner=owner)) == expected
    assert objection(held, ALWAYS, author=author, by=by, owner=owner) is None
    # Held as a correction of an earlier row: it needs somebody else's word as well.
    corrects = held._replace(reason=Reason("LOOKS_LIKE_CORRECTION"))
    assert code(objection(corrects, strict, author=author, by=by, owner=owner)) == expected
    assert objection(corrects, strict._replace(required="never"), author=author, by=by, owner=owner) is None
    # Held for approval, and the settings are others now: what was asked for still is.
    assert code(objection(held, strict._replace(required="never"), author=author, by=by, owner=owner)) == expected


def test_an_approval_that_comes_too_late_denies() -> None:
    held = Order(terms=TERMS, status=Status.HELD, updated_at=NOW)
    short = Approval(expire=timedelta(seconds=60))
    assert lapsed(held, NOW + timedelta(seconds=60), short) is None
    assert code(lapsed(held, NOW + timedelta(seconds=61), short)) == "APPROVAL_EXPIRED"
    assert lapsed(held._replace(status=Status.RECEIVED), NOW + timedelta(hours=9), short) is None


@pytest.mark.parametrize("name", [*HALT_FILES, "halt", "Halt.txt"])
def test_a_halt_file_is_seen_whatever_it_holds(tmp_path: Path, name: str) -> None:
    folder = ControlFolder(tmp_path)
    assert folder.requests() == []
    assert folder.halt_file is None
    path = tmp_path / name
    for data, text in (
        (b"", ""),
        ("\ufeff先看一下\r\n再说\n".encode(), "先看一下 再说"),
        (b"\xff\x00\x1b[31m", "\ufffd [31m"),
        (b"x" * 100_000, ""),
    ):
        path.write_bytes(data)
        assert folder.requests() == []
        assert folder.halt_file == (name, text)
    path.unlink()
    path.mkdir()
    folder.requests()
    assert folder.halt_file == (name, "")
    path.rmdir()
    folder.requests()
    assert folder.halt_file is None


def test_nothing_else_is_a_halt_file(tmp_path: Path) -> None:
    for name in ("HALTED", "HALT.json.tmp", "no HALT"):
        (tmp_path / name).write_text("", encoding="utf-8")
    folder = ControlFolder(tmp_path)
    folder.requests()
    assert folder.halt_file is None


def test_the_system_knows_whose_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("", encoding="utf-8")
    # On Windows an administrator's file may belong to his group.
    assert owner_of(path) in (login(), "Administrators")
    assert owner_of(tmp_path / "nothing") == ""


def test_an_armed_account_is_armed_for_its_day() -> None:
    stance = Stance(armed={"1": date(2026, 11, 20)})
    assert stance.arms("1", date(2026, 11, 20))
    assert not stance.arms("1", date(2026, 11, 23))
    assert not stance.arms("2", date(2026, 11, 20))
