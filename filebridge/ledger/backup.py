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
        raise LedgerError(
            f"{target} exists already 文件已存在",
            hint="Name a new file; nothing is overwritten.",
            hint_zh="请另取文件名，已有文件不会被覆盖。",
        )
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
        raise LedgerError(
            f"the backup failed 备份失败: {error}",
            hint="Is there room on that disk?",
            hint_zh="目标磁盘空间是否足够？",
        ) from error
    if found.problems:
        part.unlink(missing_ok=True)
        raise LedgerError(
            f"the copy is not whole 备份不完整: {found.problems[0]}",
            hint="Run `filebridge verify`.",
            hint_zh="请运行 filebridge verify 检查账本。",
        )
    handle = os.open(part, os.O_RDWR)
    os.fsync(handle)
    os.close(handle)
    part.rename(target)
    return found
