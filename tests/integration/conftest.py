"""Homes for the integration tests: one for a test, or one whose bridge a whole module shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.homes import Home, living_in


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home in which nothing runs yet; its name is one that a user may well give."""
    with living_in(Home.made(tmp_path / "我的 home#1 100%25")) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home whose bridge runs for all tests of a module."""
    with living_in(Home.made(tmp_path_factory.mktemp("shared") / "home")) as made:
        # Reports ten times a second, so that nobody waits for them.
        yield made.ready(outbox__report_seconds=0.1)
