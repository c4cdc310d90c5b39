"""A worker whose bridge died in the middle of a group: it must send nothing more, however late it notices."""

import os
import signal
import threading
from pathlib import Path

from filebridge.simulator import server
from tests.integration.homes import Home, living_in, until

# One group, large enough that it can be stopped in the middle.
GROUP = 1000
_STILL_SECONDS = 0.3


def orphan_problems(folder: Path) -> list[str]:
    """Stop a worker in mid-group, kill its bridge, let the worker go on; what the counter received after that."""
    home = Home.made(folder / "home", cash=10**10)
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        rows = "".join(f"O-{n},600000.SH,BUY,{100 * (n + 1)},9.60\n" for n in range(GROUP))
        home.drop("orders.csv", "client_order_id,symbol,side,quantity,limit_price\n" + rows)
        home.start(broker__group_size=GROUP, ledger__free_bytes_min=0)
        until(lambda: home.requests(), "the first order at the counter")
        worker = home.worker_pid()
        os.kill(worker, signal.SIGSTOP)
        assert home.bridge is not None
        home.bridge.kill()
        home.bridge.wait()
        before = _count_at_rest(home)
        os.kill(worker, signal.SIGCONT)
        until(home.worker_is_gone, "the end of the worker")
        after = _count_at_rest(home)
    assert before < GROUP, "the group was sent before the worker could be stopped: nothing was tested"
    # The call that was under way when it was stopped may end.
    return [f"an orphan sent {after - before} more orders"] if after > before + 1 else []


def _count_at_rest(home: Home) -> int:
    """How many orders the counter has received, once no more come."""
    pause = threading.Event()
    count = -1
    while count != (now := len(home.requests())):
        count = now
        pause.wait(_STILL_SECONDS)
    return count
