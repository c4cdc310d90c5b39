"""A home whose counter does wrong on demand, and a small day of trading that must end right all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from filebridge.simulator import server
from filebridge.simulator.faults import Faults, control
from tests.integration.homes import Home, Row, living_in, orders_file, until

CANCEL = "action,orig_client_order_id"
# Answers, lists and reports are waited for as shortly as a busy machine allows.
IMPATIENT: dict[str, Any] = {
    "outbox__report_seconds": 0.1,
    "broker__answer_seconds": 1.5,
    "recovery__quiet_seconds": 0.3,
    "recovery__reconcile_seconds": 0.5,
}
_DEFAULTS = asdict(Faults())
# No two orders of a home are alike, so that what was sent twice shows by its content.
_HUNDREDS = count(1)


@contextmanager
def impatient(folder: Path) -> Iterator[Home]:
    """A running bridge with a counter of its own; in the end its ledger is whole and nothing was sent twice."""
    with living_in(Home.made(folder / "home")) as home:
        server.start(home.userdata, idle_seconds=None)
        yield home.ready(**IMPATIENT)
        assert home.stop() == 0
        assert home.command("verify").returncode == 0
        sound(home)


@contextmanager
def under(home: Home, **faults: Any) -> Iterator[None]:
    """These faults, and afterwards none of them; docs/simulator.md names the tests in which each fault stands here."""
    control(home.userdata, **faults)
    try:
        yield
    finally:
        control(home.userdata, **{name: _DEFAULTS[name] for name in faults if name in _DEFAULTS})


def row(name: str, price: str = "9.80") -> str:
    """A buy order like no other; at 9.80 it rests, at 10.51 it is filled at once."""
    return f"{name},600000.SH,BUY,{next(_HUNDREDS)}00,{price}"


def drop(home: Home, *rows: str) -> list[str]:
    """Trade these rows in a file named after the first; their tags."""
    return home.trade(f"{rows[0].split(',')[0]}.csv", orders_file(*rows)).tags


def cancel(home: Home, name: str) -> None:
    home.trade(f"cancel-{name}.csv", orders_file(f"cancel,{name}", header=CANCEL))


def small_day(home: Home, name: str) -> None:
    """One order is rejected, one filled, one refused by the terminal, one canceled: each ends as the counter says."""
    control(home.userdata, reject_next=1)
    drop(home, row(f"{name}-rejected"), row(f"{name}-filled", "10.51"), row(f"{name}-resting"))
    rejected = home.wait_for_status(f"{name}-rejected", "REJECTED")
    assert "柜台拒绝" in rejected["message"]
    home.wait_for_status(f"{name}-filled", "FILLED")
    home.wait_for_status(f"{name}-resting", "ACCEPTED")
    control(home.userdata, refuse_next=1)
    drop(home, row(f"{name}-refused"))
    refused = home.wait_for_status(f"{name}-refused", "REJECTED")
    assert "终端拒绝" in refused["message"]
    cancel(home, f"{name}-resting")
    canceled = home.wait_for_status(f"{name}-resting", "CANCELED")
    assert {each["needs_person"] for each in (rejected, refused, canceled)} == {"0"}
    sound(home)


def sound(home: Home) -> None:
    """Each order reached the counter at most once, and each fill is booked once and belongs to its order."""
    tags = [line["order_remark"] for line in home.requests()]
    assert len(tags) == len(set(tags))
    assert home.twice() == []
    fills = home.fills()
    assert len({(fill["tag"], fill["trade_id"]) for fill in fills}) == len(fills)
    filled = {order["tag"]: int(order["filled_qty"]) for order in home.orders()}
    for tag, quantity in filled.items():
        assert sum(int(fill["last_qty"]) for fill in fills if fill["tag"] == tag) == quantity


def sent_times(home: Home, tag: str) -> int:
    """How often the counter took an order with this tag."""
    return sum(line["order_remark"] == tag for line in home.requests())


def evidence(home: Home, tag: str) -> list[str]:
    """What the lists say of an order in doubt, once they were read often enough to say something."""

    def said() -> list[str]:
        return [event["body"]["text"] for event in home.events() if (event["kind"], event["tag"]) == ("EVIDENCE", tag)]

    return until(said, "what the lists say of it")


def asked_more(home: Home) -> None:
    """Wait until the broker's books were asked for twice more: what the first answer changes is done by then."""
    asked = len(home.requests("query_asset"))
    until(lambda: len(home.requests("query_asset")) > asked + 2, "more questions")


def in_doubt(home: Home, name: str) -> Row:
    """The order, once it is in doubt and says so."""
    found = home.wait_for_status(name, "UNKNOWN")
    assert (found["reason_code"], found["needs_person"]) == ("OUTCOME_UNKNOWN", "1")
    return found
