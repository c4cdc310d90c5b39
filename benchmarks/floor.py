"""The floor: the bare steps between a file and a request, with nothing else. No checks, no ledger, one order a file.

The same watcher wake as filebridge, read, flush (a write into a file of full size and fdatasync, which is what a commit
of a write-ahead log costs at least), one hop through a pipe to a worker process, and order_stock_async of the real
xttrader there.

    python -m benchmarks.floor --userdata DIR --inbox DIR
"""

import argparse
import asyncio
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

from filebridge.gateways.xttrader import import_xttrader
from filebridge.inbox import Watcher

LOG_BYTES = 1 << 20
BUY, LIMIT = 23, 11


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--userdata", required=True)
    parser.add_argument("--inbox", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--worker", action="store_true")
    options = parser.parse_args()
    if options.worker:
        _work(options.userdata, options.account)
    else:
        _watch(Path(options.inbox))


def _watch(inbox: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.floor", *sys.argv[1:], "--worker"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    log = os.open(inbox.parent / "floor.log", os.O_RDWR | os.O_CREAT)
    os.write(log, bytes(LOG_BYTES))
    os.fsync(log)
    wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
    watcher = Watcher([inbox], lambda: wakes.put(True))
    watcher.keep_alive()
    worker.stdout.readline()
    threading.Thread(target=_end_with_input, args=(worker,), daemon=True).start()
    print("ready", flush=True)
    while wakes.get():
        for name in watcher.take()[1][inbox].renamed:
            data = (inbox / name).read_bytes()
            os.pwrite(log, data, 0)
            os.fdatasync(log)
            worker.stdin.write(data.splitlines()[1] + b"\n")
            worker.stdin.flush()


def _end_with_input(worker: subprocess.Popen[bytes]) -> None:
    sys.stdin.read()
    worker.kill()
    os._exit(0)


def _work(userdata: str, account_id: str) -> None:
    xttrader, xttype = import_xttrader(paper=True)
    asyncio.set_event_loop(asyncio.new_event_loop())
    trader = xttrader.XtQuantTrader(userdata, os.getpid(), xttrader.XtQuantTraderCallback())
    account = xttype.StockAccount(account_id, "STOCK")
    trader.start()
    assert trader.connect() == 0
    assert trader.subscribe(account) == 0
    print("ready", flush=True)
    for line in sys.stdin:
        name, symbol, _, quantity, price = line.rstrip().split(",")
        trader.order_stock_async(account, symbol, BUY, int(quantity), LIMIT, float(price), "", name)
    os._exit(0)


if __name__ == "__main__":
    main()
