"""A whole copy of the ledger while the bridge goes on writing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from filebridge.errors import LedgerError
from filebridge.ledger.verify import Verification, verify


def backup(ledger: Path, target: Path) -> Verification:
    """Copy the ledger to `target`, flushed, under its name only when whole and verified.

    Raises LedgerError if the target exists, the copy fails, or the copy is not whole.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already", hint="Name a new file; nothing is overwritten.")
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            # All pages in one step: in parts it would begin again with every commit of the bridge, and never end.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
        found = verify(part)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise LedgerError(f"the backup failed: {error}", hint="Is there room on that disk?") from error
    if found.problems:
        part.unlink(missing_ok=True)
        raise LedgerError(f"the copy is not whole: {found.problems[0]}", hint="Run `filebridge verify`.")
    handle = os.open(part, os.O_RDWR)
    os.fsync(handle)
    os.close(handle)
    part.rename(target)
    return found
