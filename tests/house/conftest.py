"""What the house tests have read is let go after each file: half a million nodes would slow down all that follows."""

from collections.abc import Iterator

import pytest

from tests.house.tree import all_modules


@pytest.fixture(scope="module", autouse=True)
def _let_go() -> Iterator[None]:
    yield
    all_modules.cache_clear()
