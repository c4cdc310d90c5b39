"""What a user would write by hand: watchdog, pandas.read_csv, and a loop of order_stock.

No ledger, no checks, no flush, no memory of what was sent. `--async` sends by order_stock_async instead. It says
"ready" once it watches, and answers each line of its input with the fills that came until now and when the last did.

    python -m benchmarks.byhand.loop --userdata DIR --inbox DIR [--async]
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pandas  # type: ignore[import-untyped]
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from filebridge.gateways.xttrader import import_xttrader

SIDES = {"BUY": 23, "SELL": 24}
LIMIT = 11


class Orders(FileSystemEventHandler):
    """Sends the rows of every CSV file that appears."""

    def __init__(self, send: Callable[..., object], account: object) -> None:
        self._send, self._account = send, account

    def on_created(self, event: FileSystemEvent) -> None:
        self._take(os.fsdecode(event.src_path))

    def on_moved(self, event: FileSystemEvent) -> None:
        self._take(os.fsdecode(event.dest_path))

    def _take(self, path: str) -> None:
        if not path.endswith(".csv"):
            return
        for row in pandas.read_csv(path).itertuples(index=False):
            values: Any = row
            self._send(
                self._account,
                values.symbol,
                SIDES[values.side],
                values.quantity,
                LIMIT,
                values.limit_price,
                "",
                values.client_order_id,
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--userdata", required=True)
    parser.add_argument("--inbox", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--async", dest="is_async", action="store_true")
    options = parser.parse_args()
    # The real xttrader over the simulated native module; a user on Windows writes `from xtquant import …`.
    xttrader, xttype = import_xttrader(paper=True)
    asyncio.set_event_loop(asyncio.new_event_loop())
    fills = last_at = 0

    class Callback(xttrader.XtQuantTraderCallback):  # type: ignore[misc, name-defined]
        def on_stock_trade(self, _trade: object) -> None:
            nonlocal fills, last_at
            fills, last_at = fills + 1, time.monotonic_ns()

        def on_stock_order(self, _order: object) -> None: ...

        def on_order_stock_async_response(self, _response: object) -> None: ...

    trader = xttrader.XtQuantTrader(options.userdata, os.getpid(), Callback())
    account = xttype.StockAccount(options.account, "STOCK")
    trader.start()
    assert trader.connect() == 0
    assert trader.subscribe(account) == 0
    observer = Observer()
    send = trader.order_stock_async if options.is_async else trader.order_stock
    observer.schedule(Orders(send, account), options.inbox)
    observer.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(fills, last_at, flush=True)
    # xttrader's own threads would keep the interpreter from ending.
    os._exit(0)


if __name__ == "__main__":
    main()
