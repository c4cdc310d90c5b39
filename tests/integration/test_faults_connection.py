"""The bridge stands a counter that is silent, gone, logged out, forgetful, or begins its numbers again."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from filebridge import app
from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.integration.faulty import (
    IMPATIENT,
    asked_more,
    cancel,
    drop,
    impatient,
    row,
    sent_times,
    small_day,
    sound,
    under,
)
from tests.integration.homes import Home, living_in, run_program, until

SYMBOL, LAST, LOW = "600000.SH", 10.5, 9.8
SCENARIO = "scenario.toml"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with impatient(tmp_path_factory.mktemp("connection")) as made:
        yield made


def alarms(home: Home) -> list[str]:
    return [event["body"]["reason_code"] for event in home.events() if event["kind"] == "ALARM"]


def news(home: Home, *, up: bool) -> int:
    """How often the connection was lost or made: short losses pass between two versions of status.json."""
    return sum(event["kind"] == "CONNECTION" and event["body"]["up"] is up for event in home.events())


def test_a_mute_counter_leaves_doubts_and_nothing_twice(home: Home) -> None:
    lost = news(home, up=False)
    with under(home, mute=True):
        (called,) = drop(home, row("mute-1", "10.51"))
        # Proven unsent where the worker hung in a question already and never came to the call.
        proven = home.wait_for_status("mute-1", "UNKNOWN", "NOT_SENT")["status"] == "NOT_SENT"
        until(lambda: news(home, up=False) > lost, "the silence to be seen")
        (tag,) = drop(home, row("mute-2", "10.51"))
        home.wait_for_status("mute-2", "RECEIVED")
        assert sent_times(home, tag) == 0
    home.wait_for_status("mute-2", "FILLED")
    ended = home.wait_for_status("mute-1", "FILLED", "NOT_SENT")
    assert not proven or ended["status"] == "NOT_SENT"
    assert sent_times(home, called) == (ended["status"] == "FILLED")
    sound(home)


def test_what_happens_while_it_is_cut_off_is_found(home: Home) -> None:
    drop(home, row("cut-off-1"), row("cut-off-2"))
    home.wait_for_status("cut-off-2", "ACCEPTED")
    # The fills come when nobody is connected: no push tells them.
    with under(home, disconnect=True, set_price=[SYMBOL, LOW]):
        home.wait_for_status("cut-off-1", "FILLED")
        home.wait_for_status("cut-off-2", "FILLED")
    control(home.userdata, set_price=[SYMBOL, LAST])
    sound(home)


def test_what_the_counter_forgot_is_not_taken_for_ended(home: Home) -> None:
    drop(home, row("forgotten"))
    number = int(home.wait_for_status("forgotten", "ACCEPTED")["broker_order_id"])
    with under(home, forget_orders=[number]):
        asked_more(home)
        assert home.order("forgotten")["status"] == "ACCEPTED"
        # Believed to work, and not listed any more: a person is told.
        until(lambda: "WORKING_NOT_LISTED" in alarms(home), "the alarm")
        cancel(home, "forgotten")
        refused = until(lambda: home.order("forgotten")["reason_code"] and home.order("forgotten"), "the answer")
        assert (refused["status"], refused["reason_code"]) == ("ACCEPTED", "CANCEL_REJECTED")
    sound(home)


def test_ids_begin_again_overnight(home: Home) -> None:
    """Two orders of this home have one id at the counter; each report and cancel still reaches the right one."""
    tomorrow = f"{app.now() + timedelta(days=1):%Y-%m-%d}"
    with under(home, ids_restart=True):
        drop(home, row("night-1"), row("night-2", "10.51"))
        home.wait_for_status("night-1", "ACCEPTED")
        home.wait_for_status("night-2", "FILLED")
        control(home.userdata, settle=tomorrow)
        home.wait_for_status("night-1", "CANCELED")
        before = {order["client_order_id"]: order for order in home.orders()}
        small_day(home, "morning")
        after = {order["client_order_id"]: order for order in home.orders()}
    ids = [order["broker_order_id"] for order in after.values() if order["broker_order_id"]]
    assert len(set(ids)) < len(ids)
    assert {name: after[name] for name in before} == before


def test_a_counter_that_ends_is_started_again_by_the_bridge(home: Home) -> None:
    first, lost = server.running(home.userdata), news(home, up=False)
    drop(home, row("stop-1"))
    home.wait_for_status("stop-1", "ACCEPTED")
    # Its answer is the end of the connection.
    with contextlib.suppress(ConnectionError), under(home, stop=True):
        pass
    until(lambda: news(home, up=False) > lost, "the end to be seen")
    drop(home, row("stop-2", "10.51"))
    home.wait_for_status("stop-2", "FILLED")
    assert server.running(home.userdata) not in (None, first)
    assert home.order("stop-1")["status"] == "ACCEPTED"
    small_day(home, "stop")


def test_a_night_by_scenario(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The second order of a basket is rejected; the fourth falls into the night, in which connecting fails once."""
    home = Home.made(tmp_path_factory.mktemp("night") / "home")
    steps = """
        [[step]]
        order = 2
        reject_next = 1

        [[step]]
        order = 4
        account_status = 1
        logged_out = true

        [[step]]
        connect = 3
        logged_out = false
    """
    (home.userdata / SCENARIO).write_text(steps, encoding="utf-8")
    with living_in(home):
        home.ready(**IMPATIENT)
        tags = drop(home, row("n-1", "10.51"), row("n-2"), row("n-3"), row("n-4", "10.51"), row("n-5", "10.51"))
        home.wait_for_status("n-1", "FILLED")
        home.wait_for_status("n-2", "REJECTED")
        home.wait_for_status("n-3", "ACCEPTED")
        # Given to the terminal, or never called for: told apart by what the worker noted.
        for name in ("n-4", "n-5"):
            home.wait_for_status(name, "UNKNOWN", "NOT_SENT")
        until(lambda: news(home, up=False), "the night to be seen")
        (waiting,) = drop(home, row("n-6", "10.51"))
        until(lambda: news(home, up=True) == 2, "the connection")
        # Connected, and the account is not ready: nothing goes.
        asked_more(home)
        home.wait_for_status("n-6", "RECEIVED")
        assert sent_times(home, waiting) == 0
        with under(home, account_status=0):
            home.wait_for_status("n-6", "FILLED")
        assert [sent_times(home, tag) for tag in tags] == [1, 1, 1, 0, 0]
        sound(home)


def test_a_scenario_is_named_or_lies_in_the_folder(tmp_path: Path) -> None:
    """One that cannot be used keeps the counter from starting; nothing goes on without the faults that were meant."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[[step]]\nseconds = 0\nstop = true\n", encoding="utf-8")
    bad.write_text("[[step]]\norder = 1\nmute = 1\n", encoding="utf-8")
    by_hand = ("simulator", "--userdata", str(tmp_path / "by hand"))
    assert run_program(*by_hand, "--scenario", str(good)).returncode == 0
    refused = run_program(*by_hand, "--scenario", str(bad))
    assert refused.returncode == 2
    assert "bad.toml, step 1: mute takes bool, not 1" in refused.stderr
    home = Home.made(tmp_path / "home")
    bad.rename(home.userdata / SCENARIO)
    once = home.once()
    assert once.returncode == 2
    assert "step 1: mute takes bool, not 1" in once.stderr
