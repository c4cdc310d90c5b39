"""The home of a test on Windows: a name with Chinese and spaces, as users give."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.homes import Home, living_in


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with living_in(Home.made(tmp_path / "我的 交易 (1)")) as made:
        yield made
