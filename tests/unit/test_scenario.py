"""Scenario files and requests for faults: everything that is not exactly right is refused, with the place and why."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filebridge.domain.orders import SHANGHAI
from filebridge.simulator.faults import checked
from filebridge.simulator.scenario import ScenarioUnusable, read_scenario

STARTED = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_steps_come_at_their_request_once(tmp_path: Path) -> None:
    text = """
        [[step]]
        order = 2
        reject_next = 1
        reject_text = "不"

        [[step]]
        query = 2
        mute = true

        [[step]]
        connect = 1
        logged_out = true
    """
    scenario = read_scenario(written(tmp_path, text), STARTED)
    asked = ("order", "query_asset", "cancel", "order", "order", "query_orders", "query_asset", "connect", "connect")
    heard = [scenario.arrives(kind) for kind in asked]
    second = {"reject_next": 1, "reject_text": "不"}
    assert heard == [None, None, None, second, None, {"mute": True}, None, {"logged_out": True}, None]
    assert scenario.next_due() is None


def test_steps_come_at_their_time_in_order(tmp_path: Path) -> None:
    text = """
        [[step]]
        at = 15:00:00
        mute = true

        [[step]]
        seconds = 90
        mute = false

        [[step]]
        at = 09:30:00
        stop = true
    """
    scenario = read_scenario(written(tmp_path, text), STARTED)
    assert scenario.next_due() == STARTED + timedelta(seconds=90)
    assert scenario.take_due(STARTED) == []
    assert scenario.take_due(STARTED.replace(hour=15)) == [{"mute": False}, {"mute": True}]
    # That time of today has passed: it is tomorrow's.
    assert scenario.next_due() == STARTED.replace(day=3, hour=9, minute=30)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("step", "no TOML"),
        ("[[steps]]\norder = 1\nmute = true", "nothing but"),
        ("step = 3", "nothing but"),
        ("step = [3]", "nothing but"),
        ("[[step]]\nmute = true", "step 1: it takes exactly one of connect, order"),
        ("[[step]]\norder = 1\nseconds = 1\nmute = true", "exactly one"),
        ("[[step]]\norder = 1", "changes nothing"),
        ("[[step]]\norder = 0\nmute = true", "order takes int, not 0"),
        ("[[step]]\norder = true\nmute = true", "order takes int"),
        ("[[step]]\nseconds = -1\nmute = true", "seconds takes float"),
        ('[[step]]\nat = "10:00"\nmute = true', "at takes time"),
        ("[[step]]\norder = 1\nmute = 1", "step 1: mute takes bool, not 1"),
        ("[[step]]\norder = 1\nmuted = true", "no such fault: muted"),
        ("[[step]]\norder = 1\nmute = true\n[[step]]\norder = 1\nstop = true", "step 2: order = 1 stands twice"),
    ],
)
def test_a_scenario_is_strict(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ScenarioUnusable, match=why):
        read_scenario(written(tmp_path, text), STARTED)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("mute", True, 1),
        ("reject_next", 2, 2.0),
        ("reject_next", 2, True),
        ("answer_delay_seconds", 1, -1),
        ("query_lag_seconds", 0.5, "1"),
        ("reject_text", "不", None),
        ("empty_queries", ["query_orders"], ["order"]),
        ("none_queries", [], ["1"]),
        ("forget_orders", [1, 2], ["1"]),
        ("set_price", ["600000.SH", 10.5], ["600000.SH"]),
        ("settle", "2026-03-03", "20260303"),
        ("account_status", -1, "1"),
    ],
)
def test_a_fault_takes_its_own_type(name: str, good: Any, bad: Any) -> None:
    assert list(checked({name: good})) == [name]
    with pytest.raises(ValueError, match=name):
        checked({name: bad})
