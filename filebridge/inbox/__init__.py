"""The inbox: which files lie in its folders, which are finished, and taking one so that nobody can touch it any more.

The scan is the truth; the watcher only wakes. A claim renames the file within its folder to a name that is never an
order, so it is atomic on any file system, and a crash at any point leaves the file in exactly one place. Nothing here
reads what a file says, beyond its end mark.
"""

from filebridge.inbox.claims import ClaimedFile
from filebridge.inbox.finished import LATE, SETTLED
from filebridge.inbox.folder import SourceFolder, refuse_link, takes_name
from filebridge.inbox.folders import Inbox, inbox_of
from filebridge.inbox.holding import FolderHold, Held, Home
from filebridge.inbox.watcher import Hints, Watcher

__all__ = [
    "LATE",
    "SETTLED",
    "ClaimedFile",
    "FolderHold",
    "Held",
    "Hints",
    "Home",
    "Inbox",
    "SourceFolder",
    "Watcher",
    "inbox_of",
    "refuse_link",
    "takes_name",
]
