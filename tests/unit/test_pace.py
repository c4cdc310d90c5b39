"""Which lists of the broker's are read, and when: the long ones only where nothing shorter tells."""

from datetime import UTC, datetime, timedelta

import pytest

from filebridge.bridge.pace import Pace
from filebridge.domain.reconcile import Lists

PERIOD = timedelta(seconds=30)
BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SILENT = (object(),)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


@pytest.fixture
def pace() -> Pace:
    """The lists of the day were read at the beginning, within a second."""
    pace = Pace(PERIOD)
    pace.asked(Lists.ALL, BEGAN)
    pace.answered(at(1))
    return pace


def test_a_new_connection_reads_all(pace: Pace) -> None:
    assert Pace(PERIOD).due(BEGAN, (), hurried=True) is Lists.ALL
    pace.begin()
    assert pace.due(at(2), (), hurried=True) is Lists.ALL


@pytest.mark.parametrize(
    ("seconds", "silent", "hurried", "lists"),
    [
        (29, SILENT, False, Lists.NONE),
        (30, SILENT, False, Lists.WORKING),
        (30, (), False, Lists.NONE),
        (600, (), False, Lists.ALL),
        (600, SILENT, True, Lists.WORKING),
        (600, (), True, Lists.NONE),
    ],
)
def test_what_is_read(pace: Pace, seconds: int, silent: tuple[object, ...], hurried: bool, lists: Lists) -> None:
    assert pace.due(at(seconds), silent, hurried=hurried) is lists


def test_an_order_that_rests_all_day_is_asked_for_once_a_period(pace: Pace) -> None:
    asked = []
    for second in range(30, 300):
        lists = pace.due(at(second), SILENT, hurried=False)
        if lists is not Lists.NONE:
            pace.asked(lists, at(second))
            pace.answered(at(second))
            asked.append((second, lists))
    assert asked == [(second, Lists.WORKING) for second in range(30, 300, 30)]


def test_what_is_not_listed_as_working_is_looked_for_in_all(pace: Pace) -> None:
    pace.is_missing = True
    assert not pace.wants_all(at(29))
    assert pace.wants_all(at(30))
    assert pace.due(at(30), (), hurried=True) is Lists.ALL
    pace.asked(Lists.ALL, at(30))
    assert not pace.wants_all(at(1000))


def test_long_lists_take_a_tenth_of_the_time(pace: Pace) -> None:
    pace.asked(Lists.ALL, at(100))
    pace.answered(at(120))
    pace.is_missing = True
    assert not pace.wants_all(at(299))
    assert pace.wants_all(at(300))
    pace.asked(Lists.WORKING, at(130))
    pace.answered(at(136))
    assert pace.due(at(189), SILENT, hurried=False) is Lists.NONE
    assert pace.due(at(190), SILENT, hurried=False) is Lists.WORKING


def test_a_clock_that_went_back_took_no_time(pace: Pace) -> None:
    pace.asked(Lists.ALL, at(50))
    pace.answered(at(-50))
    assert pace.rest == timedelta(0)
