"""For all tests: one that stands in `tests/shown.py` for a reason must really have brought the program to it."""

from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.shown import BY_TEST, is_left_in, reasons_made

# No test depends on the speed of the machine.
settings.register_profile("any speed", deadline=None)
settings.load_profile("any speed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    promised = [code for code, test in BY_TEST.items() if test == item.nodeid]
    if not promised:
        return (yield)
    with reasons_made() as made:
        result = yield
    given = getattr(item, "funcargs", {}).values()
    # A folder of the test's own, or a home that it shares.
    folders = [found for each in given if isinstance(found := getattr(each, "folder", each), Path)]
    missing = [code for code in promised if code not in made and not any(is_left_in(each, code) for each in folders)]
    assert not missing, f"tests/shown.py says that this test shows {missing}, but the program never came to that"
    return result
