"""Files that another program holds open: on Windows they can be neither moved nor replaced while it does."""

from collections.abc import Callable

import pytest

from filebridge.control import ControlFolder
from tests.integration.homes import Home, orders_file, until
from tests.windows.holder import NOTHING, READING, held
from tests.windows.marks import only_windows

pytestmark = only_windows
GOOD = "600000.SH,BUY,100,10.51"


def problems(home: Home) -> str:
    return " ".join(home.status_since(0)["problems"])


def says(home: Home, name: str) -> Callable[[], bool]:
    return lambda: name in problems(home)


@pytest.mark.parametrize("share", [NOTHING, READING])
def test_a_file_held_open_in_the_inbox_waits_and_holds_up_no_other(home: Home, share: int) -> None:
    (home.inbox / "篮子 open.csv").write_text(orders_file(f"held-1,{GOOD}"), encoding="utf-8")
    with held(home.inbox / "篮子 open.csv", share):
        home.ready(outbox__report_seconds=0.1)
        until(says(home, "篮子 open.csv"), "the status to name the file")
        assert "is it open in Excel?" in problems(home)
        home.trade("other.csv", orders_file("other-1,600000.SH,BUY,200,10.51"))
        home.wait_for_status("other-1", "FILLED")
        assert (home.inbox / "篮子 open.csv").exists()
        assert len(home.requests()) == 1
    home.wait_for_status("held-1", "FILLED")
    until(lambda: not problems(home), "the problem to be gone")
    assert len(home.requests()) == 2
    assert home.twice() == []


def test_reports_held_open_in_the_outbox_are_late_and_then_whole(home: Home) -> None:
    home.ready(outbox__report_seconds=0.1)
    first = home.trade("first.csv", orders_file(f"first-1,{GOOD}"))
    home.wait_for_status("first-1", "FILLED")
    (orders,) = home.outbox.glob("orders-*.csv")
    (fills,) = home.outbox.glob("fills-*.csv")
    (events,) = home.outbox.glob("events-*.jsonl")
    with held(orders, READING), held(fills, READING), held(events, NOTHING), held(first.path, NOTHING):
        home.trade("second.csv", orders_file("second-1,000001.SZ,BUY,100,11.66"))
        until(lambda: len(home.requests()) == 2, "the second order at the counter")
        until(lambda: all(path.name in problems(home) for path in (orders, fills, events)), "all three to be named")
        assert "second-1" not in orders.read_text(encoding="utf-8")
    home.wait_for_status("second-1", "FILLED")
    until(lambda: {row["client_order_id"] for row in home.fills()} == {"first-1", "second-1"}, "both fills")
    until(lambda: not problems(home), "the problems to be gone")
    assert [event["seq"] for event in home.events()] == list(range(1, len(home.events()) + 1))
    assert home.stop() == 0


def test_a_status_held_open_stops_nothing(home: Home) -> None:
    home.ready(outbox__report_seconds=0.1)
    with held(home.outbox / "status.json", NOTHING):
        home.trade("meanwhile.csv", orders_file(f"meanwhile-1,{GOOD}"))
        home.wait_for_status("meanwhile-1", "FILLED")
    until(lambda: not problems(home), "a new status")


def test_a_request_held_open_in_control_is_done_as_soon_as_it_can_be_read(home: Home) -> None:
    folder = ControlFolder(home.folder / "control")
    name = folder.ask("halt", by="a scanner's friend", reason="held")
    with held(folder.folder / f"{name}.json", NOTHING):
        home.ready(outbox__report_seconds=0.1)
        home.trade("sent.csv", orders_file(f"sent-1,{GOOD}"))
        assert [event for event in home.events() if event["kind"] == "CONTROL"] == []
    answer = until(lambda: folder.wait(name, 0), "the answer")
    assert answer["ok"], answer
    home.trade("not sent.csv", orders_file(f"halted-1,{GOOD.replace('100', '200')}"))
    assert home.wait_for_status("halted-1", "DENIED")["reason_code"] == "HALTED"
    assert len(home.requests()) == 1


def test_an_archived_files_name_that_is_taken_loses_nothing(home: Home) -> None:
    """The copy in the inbox is held for reading when the archive should take it: it goes later, and is sent once."""
    home.ready(outbox__report_seconds=0.1)
    receipt = home.trade("rests.csv", orders_file(f"rests-1,{GOOD}"))
    with held(home.resting(receipt), READING):
        again = home.trade("rests.csv", orders_file(f"rests-1,{GOOD}"))
        assert again.outcomes == ["DUPLICATE"]
    home.resting(again)
    until(lambda: list(home.inbox.iterdir()) == [], "an empty inbox")
    assert len(home.requests()) == 1
