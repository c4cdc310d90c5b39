"""Which tests do not hold where, and why; the reasons are what `dev.py windows` prints."""

import sys

import pytest

WINDOWS = sys.platform == "win32"


def is_wine() -> bool:
    """Whether this Windows is Wine: its ntdll says so."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


only_windows = pytest.mark.skipif(not WINDOWS, reason="Windows' own ways: python dev.py windows")
not_windows = pytest.mark.skipif(WINDOWS, reason="users and rights of another kind")
not_wine = pytest.mark.skipif(is_wine(), reason="Wine takes a file's time of creation from its time of change")
not_installed_under_wine = pytest.mark.skipif(
    is_wine(), reason="there the tree itself is on the path; tests/windows/test_installed.py installs it"
)
