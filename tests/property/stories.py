"""How many made-up stories a property is tried with: few with the other tests, many by `dev.py crash`."""

import os

MANY = "FILEBRIDGE_STORIES"


def stories(usual: int, *, each: int = 1) -> int:
    """As many as are asked for, else the usual number; `each` is for those that are tried for many settings."""
    asked = os.environ.get(MANY)
    return int(asked) // each if asked else usual
