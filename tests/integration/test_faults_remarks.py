"""A broker that cuts or drops order remarks: the tag is whole in no report, list, answer or error.

An order is then told by its numbers at the broker; one whose number never came, by its terms, if nothing else fits.
"""

from collections.abc import Iterator

import pytest

from filebridge.simulator.faults import control
from tests.integration.faulty import asked_more, evidence, impatient, in_doubt, row, small_day, sound, under
from tests.integration.homes import ROWS, Home, orders_file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with impatient(tmp_path_factory.mktemp("remarks")) as made:
        yield made


def with_twins(name: str, *others: str) -> str:
    """A file with two orders that nothing tells apart but their tags; strategies differ, and nobody compares them."""
    first = row(f"{name}-1")
    rows = (f"{first},left", f"{first},right".replace(f"{name}-1", f"{name}-2"), *(f"{other}," for other in others))
    return orders_file(*rows, header=f"{ROWS},strategy")


def test_what_is_left_of_a_remark_still_tells_orders_apart(home: Home) -> None:
    with under(home, remark_bytes=12):
        small_day(home, "cut")
        control(home.userdata, drop_next_answers=2)
        home.trade("half.csv", with_twins("half"))
        for name in ("half-1", "half-2"):
            found = home.wait_for_status(name, "ACCEPTED")
            # A person looks at it, for two remarks may be cut to the same rest.
            assert (found["reason_code"], found["needs_person"]) == ("MATCHED_BY_TERMS", "1")
    assert home.order("half-1")["broker_order_id"] != home.order("half-2")["broker_order_id"]


def test_without_remarks_nobody_guesses(home: Home) -> None:
    with under(home, remark_bytes=0):
        small_day(home, "dropped")
        control(home.userdata, drop_next_answers=3)
        text = with_twins("twin", row("only"))
        *tags, _ = home.trade("twins.csv", text).tags
        # Nothing else is like it at the broker, and nothing else is like it in doubt.
        found = home.wait_for_status("only", "ACCEPTED")
        assert (found["reason_code"], found["needs_person"]) == ("MATCHED_BY_TERMS", "1")
        for tag in tags:
            # The person is told which orders it may be, and not that the broker lists none.
            assert evidence(home, tag)
        asked_more(home)
        for name, tag in zip(("twin-1", "twin-2"), tags, strict=True):
            in_doubt(home, name)
            (said,) = evidence(home, tag)
            assert said.startswith("listed without our tag, and it may be any of these: ")
        assert home.trade("twins.csv", text).codes == [*["DUPLICATE_IN_DOUBT"] * 2, "DUPLICATE_ORDER"]
        # From its number on it is told as any other.
        control(home.userdata, set_price=["600000.SH", 9.8])
        home.wait_for_status("only", "FILLED")
        control(home.userdata, set_price=["600000.SH", 10.5])
        assert home.command("resolve", "twin-1", "--sent", "--by", "tests").returncode == 0
        home.wait_for_status("twin-1", "ACCEPTED")
        assert home.order("twin-2")["status"] == "UNKNOWN"
    # With their remarks the lists say which was which.
    home.wait_for_status("twin-2", "FILLED")
    home.wait_for_status("twin-1", "FILLED")
    sound(home)
