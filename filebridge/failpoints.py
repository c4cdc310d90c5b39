"""Named places on the way of an order where a test can make the process die, or an operation fail.

`FILEBRIDGE_FAILPOINT=<name>:<fault>:<n>:<file>` arms one of them for its n-th passing. The file is made when the fault
happens: whoever armed it sees that it did, and a process that is started later is not hurt again. Without the variable
a failpoint is one comparison. Every name stands in a table here; the crash suite proves that each of `POINTS` is
passed.
"""

import errno
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

VARIABLE = "FILEBRIDGE_FAILPOINT"

# name -> where it lies; the process is the bridge's unless it begins with `worker.`
POINTS = {
    "inbox.claim": "before a finished file is renamed to a claim",
    "inbox.claimed": "after the rename, before anything of it is recorded",
    "intake.read": "after the file was read and parsed",
    "large.part": "after a part of a very large file was read, before it is committed",
    "large.loaded": "at the end of a very large file, before the commit that accepts it",
    "large.answered": "after a part of a very large file was answered, before that is committed",
    "ledger.write": "in the transaction, before its first statement",
    "ledger.commit": "in the transaction, after its last statement, before COMMIT",
    "ledger.committed": "after COMMIT, before anything is done about it",
    "sending.submit": "before a committed group goes to the worker",
    "sending.submitted": "after a group went to the worker",
    "sending.cancel": "before committed cancels go to the worker",
    "archive.link": "before a file gets its place in the archive",
    "archive.flush": "after it has its place, before the folder is flushed",
    "archive.unlink": "after the flush, before the claim is removed; of a share's file both times",
    "outbox.replace": "before a report appears by rename",
    "outbox.append": "before lines are appended to fills or events",
    "control.answer": "before the answer to a person's request is written",
    "start.leftovers": "at a start, before an earlier run's claims are taken up",
    "start.recorded": "at a start, after they were recorded",
    "recovery.snapshot": "before the broker's books are compared",
    "worker.note": "before a tag goes to the hand-over log",
    "worker.call": "after the tag was noted, before the broker is called",
    "worker.called": "after the broker was called",
    "worker.answer": "before an answer of the broker goes to the bridge",
    "worker.push": "before a push of the broker goes to the bridge",
}

# The same, on the way of files and reports of other systems: the crash suite, which trades by native files, passes none
# of them; tests/integration/test_other_systems.py does.
OF_OTHER_SYSTEMS = {
    "following.piece": "before new rows of a growing file are laid down",
    "reports.replace": "before a report of another system appears by rename",
    "reports.append": "before a record is appended to a report of another system",
    "reports.answer": "before an answer is written into a row of another system's own file",
}

_ERRORS = {"eio": errno.EIO, "enospc": errno.ENOSPC}
FAULTS = ("kill", *_ERRORS, "lose")


class _Armed:
    """The one failpoint that is armed in this process."""

    def __init__(self, text: str) -> None:
        name, fault, count, done = (*text.split(":", 3), "", "", "")[:4]
        if name not in POINTS | OF_OTHER_SYSTEMS or fault not in FAULTS or not count.isdigit() or not done:
            raise ValueError(f"{VARIABLE}={text}: not <name>:<fault>:<n>:<file> with a known name and fault")
        self.name, self.fault, self.left, self.done = name, fault, int(count), Path(done)


_armed = _Armed(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def hit(name: str) -> bool:
    """Pass a failpoint; True if what comes next shall be lost (fault `lose`).

    Raises OSError for the faults `eio` and `enospc`; does not return for `kill`.
    """
    if _armed is None or _armed.name != name:
        return False
    _armed.left -= 1
    if _armed.left != 0 or _armed.done.exists():
        return False
    _armed.done.touch()
    if _armed.fault == "kill":
        _die()
    if _armed.fault == "lose":
        return True
    number = _ERRORS[_armed.fault]
    raise OSError(number, os.strerror(number), name)


def _die() -> NoReturn:
    """End at once, as the power button would: no handler, no flush, no goodbye."""
    if sys.platform == "win32":
        os._exit(137)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process goes on")
