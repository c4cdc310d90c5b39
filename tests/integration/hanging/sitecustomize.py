"""Read by every Python that has this folder on its PYTHONPATH: a share whose server is gone.

While the file HANGING_WHILE is there, the call HANGING_CALL of the system does not return for what lies in the folder
HANGING_FOLDER. Whoever waits for a share does not do so for long here.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

from filebridge.inbox import courier

FOLDER, FLAG, CALL = (os.environ[f"HANGING_{name}"] for name in ("FOLDER", "WHILE", "CALL"))


def hanging(call: Callable[..., Any]) -> Callable[..., Any]:
    def waits(path: Any = ".", *args: Any, **options: Any) -> Any:
        pause = threading.Event()
        while isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(FOLDER) and os.access(FLAG, os.F_OK):
            pause.wait(0.01)
        return call(path, *args, **options)

    return waits


setattr(os, CALL, hanging(getattr(os, CALL)))
courier.HANGS_SECONDS = 0.5
