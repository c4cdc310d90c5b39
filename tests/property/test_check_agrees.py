"""`check` says of a file what the bridge then does with it: every denied sample by the program and by `check`."""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from filebridge import trial
from filebridge.app import LEDGER
from filebridge.config import Settings
from filebridge.domain.orders import Order, Side
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import Lists
from filebridge.gateways import base
from tests.golden.regenerate import CASH, HOLDINGS, HOME, OWN, QUOTES, RECEIVED_AT, samples
from tests.property.broker_model import ACCOUNT, BrokerModel, Fate
from tests.property.program import Program

D = Decimal
# Transfers make no orders: they are judged when they are asked for, by ways and banks that these homes do not have.
DENIED = [each for each in samples() if each.parent.name == "denied" and not each.name.startswith("transfer-")]
# While an order waits for the broker's word, time passes, and the broker's books show what left before it.
LATER_NUMBERS = {"QUOTE_STALE", "CASH_NOT_ENOUGH", "SELLABLE_NOT_ENOUGH"}
Said = dict[int, tuple[str, str, str]]


class SampleBank(BrokerModel):
    """A broker with the money and shares that a sample asks for."""

    cash, total_asset = D(CASH), D(CASH)
    held: dict[str, int] = HOLDINGS
    others: tuple[str, ...] = ()

    def _snapshots(self, fate: Fate, lists: Lists) -> base.Snapshots:
        (own,) = super()._snapshots(fate, lists).accounts
        bought = sum((book.price * book.quantity for book in self.books if book.side is Side.BUY), D(0))
        sold = {
            symbol: sum(b.quantity for b in self.books if (b.symbol, b.side) == (symbol, Side.SELL))
            for symbol in self.held
        }
        positions = tuple(
            base.Position(ACCOUNT, symbol, "", quantity, quantity - sold[symbol], D(1), D(1), D(1))
            for symbol, quantity in self.held.items()
        )
        asset = base.Asset(ACCOUNT, self.cash - bought, bought, D(0), self.total_asset)
        others = (own._replace(account=name, orders=(), fills=(), positions=()) for name in self.others)
        return base.Snapshots(self.generation, (own._replace(positions=positions, asset=asset), *others))


class SampleProgram(Program):
    def received(self, order: Order) -> None:
        """A sample may order the same twice."""


def home_of(sample: Path) -> dict[str, Any]:
    """A home with an account of each kind; with one, where the sample's rows do not say whose they are."""
    names_it = b"account" in sample.read_bytes().splitlines()[0]
    return HOME if names_it else {"broker": {"accounts": [{"id": ACCOUNT}]}}


@contextmanager
def running(sample: Path) -> Iterator[SampleProgram]:
    """The program in a home with the sample's settings, money, shares and prices, at the time of the samples."""
    own = sample.with_name(sample.stem + OWN)
    given = tomllib.loads(own.read_text(encoding="utf-8")) if own.exists() else {}
    account: dict[str, Any] = given.pop("account", {})
    has = {"cash": D(account.get("cash", CASH)), "held": account.get("holdings", HOLDINGS)}
    has["total_asset"] = D(account.get("total_asset", has["cash"]))
    home = home_of(sample)
    has["others"] = tuple(each["id"] for each in home["broker"]["accounts"] if each["id"] != ACCOUNT)
    quick = {"inbox": {"settle_seconds": 0}, "ledger": {"free_bytes_min": 0}}
    program = SampleProgram(Settings.model_validate(home | quick | given), type("Bank", (SampleBank,), has))
    try:
        prices = sample.with_name(sample.stem + QUOTES)
        if prices.exists():
            (program.folder / "quotes.csv").write_bytes(prices.read_bytes())
        program.now = RECEIVED_AT - timedelta(seconds=2)
        program.start()
        program.kind_turn(6)
        yield program
    finally:
        program.close()


def checked(program: SampleProgram, sample: Path) -> Said:
    """By row, what `check` says of the orders that would not leave."""
    rows, _ = trial.check(program.folder, program.settings, sample, now=program.now)
    assert all((row["foreseen"] == "SENT") == (row["outcome"] == "ACCEPTED") for row in rows)
    return {
        row["row"]: (row["reason_code"], row["message"], row["message_zh"]) for row in rows if row["foreseen"] != "SENT"
    }


def done(program: SampleProgram, sample: Path) -> Said:
    """The same of what the bridge did with it."""
    program.drop(sample.name, sample.read_text(encoding="utf-8"))
    for _ in range(80):
        program.kind_turn()
        if program.orders() and not program.orders("RECEIVED"):
            break
    said = {}
    for row in program.orders():
        if not row["submitted_at"]:
            reason = Reason(row["reason_code"], json.loads(row["reason_context"]))
            said[row["row"]] = (reason.code, reason.message, reason.message_zh)
    return said


def without_numbers(said: Said) -> Said:
    plain = re.compile(r"[\d.]+")
    return {row: (code, plain.sub("#", message), plain.sub("#", zh)) for row, (code, message, zh) in said.items()}


@pytest.mark.parametrize("sample", DENIED, ids=lambda path: path.name)
def test_check_gives_the_reason_that_the_bridge_gives(sample: Path) -> None:
    with running(sample) as program:
        before = len(program.rows("SELECT seq FROM events"))
        foreseen = checked(program, sample)
        assert len(program.rows("SELECT seq FROM events")) == before
        happened = done(program, sample)
    assert {code for code, _, _ in happened.values()} == {sample.stem.replace("-", "_").upper()}
    if LATER_NUMBERS & {code for code, _, _ in happened.values()}:
        foreseen, happened = without_numbers(foreseen), without_numbers(happened)
    assert foreseen == happened


# Of the other samples those that the model of a broker can trade: it has no market data.
ELSEWHERE = ("funds-and-repo", "ptrade", "credit", "options", "stocks", "issues")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_an_account_lacks_for_a_good_sample_is_foreseen(name: str) -> None:
    (sample,) = (each for each in samples() if each.stem == name and each.parent.name in ("accepted", "language"))
    with running(sample) as program:
        foreseen = checked(program, sample)
        assert done(program, sample).keys() == foreseen.keys()
    assert {code for code, _, _ in foreseen.values()} <= {"SELLABLE_NOT_ENOUGH", "ODD_LOT_NOT_WHOLE"}


def test_what_left_before_counts_and_what_waits_in_line_leaves_first(tmp_path: Path) -> None:
    """The second file sells what the first one sells; `check` says so before it is dropped."""
    header = "client_order_id,symbol,side,quantity,limit_price"
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(f"{header}\nS-1,600000.SH,SELL,15000,10.51\n", encoding="utf-8")
    second.write_text(f"{header}\nS-2,600000.SH,SELL,5000,10.51\nS-3,600000.SH,SELL,5000,10.52\n", encoding="utf-8")
    with running(DENIED[0]) as program:
        assert checked(program, second) == {}
        assert done(program, first) == {}
        assert {row: code for row, (code, _, _) in checked(program, second).items()} == {3: "SELLABLE_NOT_ENOUGH"}
        program.crash()
        assert {row: code for row, (code, _, _) in checked(program, second).items()} == {3: "SELLABLE_NOT_ENOUGH"}
        # Nobody knows what the account has where no bridge ever ran.
        (program.folder / LEDGER).unlink()
        rows, usable = trial.check(program.folder, program.settings, second, now=program.now)
        assert usable
        for row in rows:
            (note,) = row["notes"]
            assert "has told nothing yet" in note["message"]
            assert "尚未返回" in note["message_zh"]


ONE = "client_order_id,symbol,side,quantity,limit_price\nO-1,600000.SH,BUY,100,10.51\n"


def test_a_halt_is_seen_by_its_file_before_the_bridge_has_seen_it(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text(ONE, encoding="utf-8")
    with running(DENIED[0]) as program:
        (program.folder / "control" / "HALT").write_text("look first\n", encoding="utf-8")
        foreseen = checked(program, path)
        assert {code for code, _, _ in foreseen.values()} == {"HALTED"}
        assert done(program, path) == foreseen


def look(path: Path, at: str, **settings: dict[str, Any]) -> dict[str, Any]:
    """What `check` says of a file with one row, where nothing ever ran."""
    home = {"broker": {"accounts": [{"id": ACCOUNT}], "trading_hours": "exchange"}, **settings}
    now = datetime.fromisoformat(f"2026-11-20T{at}+08:00")
    (row,), _ = trial.check(path.parent / "home", Settings.model_validate(home), path, now=now)
    return row


def test_what_waits_is_told_until_when_and_what_is_held_why(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text(ONE, encoding="utf-8")
    assert look(path, "10:00")["foreseen"] == "SENT"
    early = look(path, "08:00")
    assert (early["foreseen"], early["waits_for"]) == ("WAITS", "2026-11-20 09:15")
    assert look(path, "12:00")["waits_for"] == "2026-11-20 13:00"
    assert look(path, "15:30")["waits_for"] == "2026-11-23 09:15"
    denied = look(path, "12:00", risk={"outside_session": "deny"})
    assert (denied["foreseen"], denied["reason_code"]) == ("DENIED", "OUTSIDE_SESSION")
    held = look(path, "10:00", approval={"required": "always"})
    assert (held["foreseen"], held["outcome"], held["reason_code"]) == ("HELD", "HELD", "APPROVAL_REQUIRED")
    live: dict[str, dict[str, Any]] = {
        "broker": {"accounts": [{"id": ACCOUNT}], "trading_hours": "exchange", "mode": "live"}
    }
    assert look(path, "10:00", **live)["reason_code"] == "LIVE_NOT_ARMED"


def test_who_approves_an_order_without_a_price_hears_what_it_may_cost(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text(ONE.replace("limit_price", "order_type").replace("10.51", "LATEST"), encoding="utf-8")
    asked: dict[str, dict[str, Any]] = {"approval": {"required": "always"}, "quotes": {"sources": ["file"]}}
    assert look(path, "10:00", **asked)["reason_code"] == "APPROVAL_REQUIRED_UNPRICED"
    (path.parent / "home").mkdir()
    quotes = "symbol,at,name,prev_close,last\n600000.SH,2026-11-20 09:59:59,浦发银行,10.45,10.50\n"
    (path.parent / "home" / "quotes.csv").write_text(quotes, encoding="utf-8")
    row = look(path, "10:00", **asked)
    assert row["reason_code"] == "APPROVAL_REQUIRED_AT_MARKET"
    assert "at most 1150 CNY, at the day's upper limit of 11.5," in row["message"]


@pytest.mark.parametrize(
    "sample", [each for each in samples() if each.parent.name in ("accepted", "language")], ids=lambda path: path.name
)
def test_without_a_ledger_no_good_sample_is_denied(sample: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate(home_of(sample))
    rows, _ = trial.check(tmp_path, settings, sample, now=RECEIVED_AT)
    denied = {row["reason_code"] for row in rows if row["outcome"] in ("DENIED", "EXPIRED")}
    # What a sample of replacements names is no order here.
    assert denied <= {"REPLACE_UNKNOWN_ORDER"}
    assert list(tmp_path.iterdir()) == []
