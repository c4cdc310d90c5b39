"""A counter and traders for the tests: the real, unmodified xttrader.py over the stand-in native module.

Every call has a deadline, and whatever is waited for is waited for by condition.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from filebridge.gateways.xttrader import import_xttrader
from tests.integration.homes import until

DEADLINE_SECONDS = 60.0
ACCOUNT, OTHER, CREDIT, FUTURES = "10001", "10002", "20001", "30001"
CASH = 1_000_000.0
HELD, STOCK, SHENZHEN = "600036.SH", "600000.SH", "000001.SZ"
FUTURE, FUTURE_PRICE = "rb2701.SF", 3500.0
# Prices stand still: a buy at 9.5 rests, a buy at 10 trades.
LAST, BELOW = 10.0, 9.5
HELD_QTY, HELD_AVAILABLE = 2000, 1500


def furnish(folder: Path) -> Path:
    """The files of a counter with four accounts, of which one holds something."""
    folder.mkdir()
    accounts = f"account,account_type,cash\n{ACCOUNT},STOCK,{CASH}\n{OTHER},STOCK,{CASH}\n"
    accounts += f"{CREDIT},CREDIT,{CASH}\n{FUTURES},FUTURE,{CASH}\n"
    held = f"account,symbol,quantity,available_qty,avg_cost\n{ACCOUNT},{HELD},{HELD_QTY},{HELD_AVAILABLE},9\n"
    prices = "".join(f"{symbol},{LAST},{LAST}\n" for symbol in (HELD, STOCK, SHENZHEN))
    prices += f"{FUTURE},{FUTURE_PRICE},{FUTURE_PRICE}\n"
    (folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    (folder / "holdings.csv").write_text(held, encoding="utf-8")
    (folder / "market.csv").write_text(f"symbol,prev_close,last\n{prices}", encoding="utf-8")
    return folder


class Trader:
    """An XtQuantTrader and what its callback was told: (name of the callback without on_, the object)."""

    def __init__(self, userdata: Path, session: int, *, has_callback: bool = True) -> None:
        xttrader, self.xttype = import_xttrader(paper=True)
        self.told: list[tuple[str, Any]] = []
        self._calls = ThreadPoolExecutor(4)
        callback = _callback(xttrader, self.told) if has_callback else None
        self.trader = self.call(xttrader.XtQuantTrader, str(userdata), session, callback)
        # Built outside the main thread it lacks this, and its __del__ in the main thread would complain.
        self.trader.oldloop = None
        self.account = self.xttype.StockAccount(ACCOUNT)

    def account_of(self, name: str, kind: str = "STOCK") -> Any:
        return self.xttype.StockAccount(name, kind)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._calls.submit(function, *arguments).result(DEADLINE_SECONDS)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method of XtQuantTrader, called with a deadline."""
        method = getattr(self.trader, name)
        return lambda *arguments: self.call(method, *arguments)

    def log_in(self) -> "Trader":
        self.start()
        assert self.connect() == 0
        assert self.subscribe(self.account) == 0
        return self

    def buy(self, price: float = BELOW, *, symbol: str = STOCK, quantity: int = 100, tag: str = "T") -> int:
        return int(self.order_stock(self.account, symbol, 23, quantity, 11, price, "strategy", tag))

    def of(self, kind: str) -> list[Any]:
        return [told for name, told in list(self.told) if name == kind]

    def answer_to(self, seq: int, kind: str) -> Any:
        """The pushed answer to an asynchronous request."""
        return until(lambda: [told for told in self.of(kind) if told.seq == seq], f"{kind} to {seq}")[0]

    def heard(self, method: str, *arguments: Any) -> Any:
        """What a query with a callback, its last argument, hands to it."""
        heard: list[Any] = []
        getattr(self, method)(*arguments, heard.append)
        until(lambda: heard, f"the callback of {method}")
        return heard[0]

    def left_waiting(self, method: str, *arguments: Any) -> threading.Thread:
        """A call that may never return, on a thread that keeps nobody from exiting; it is under way."""
        sent = threading.Event()
        thread = threading.Thread(target=_calling(getattr(self.trader, method), arguments, sent), daemon=True)
        thread.start()
        assert sent.wait(DEADLINE_SECONDS)
        return thread

    def close(self) -> None:
        if self.trader.executor is not None:
            self.trader.stop()
        self.trader.loop.close()
        self._calls.shutdown(wait=False)


def _calling(method: Callable[..., Any], arguments: tuple[Any, ...], sent: threading.Event) -> Callable[[], None]:
    def call() -> None:
        sent.set()
        method(*arguments)

    return call


def _callback(xttrader: ModuleType, told: list[tuple[str, Any]]) -> Any:
    base = xttrader.XtQuantTraderCallback
    names = [name for name in dir(base) if name.startswith("on_")]

    def keeper(name: str) -> Callable[..., None]:
        return lambda _self, told_object=None: told.append((name.removeprefix("on_"), told_object))

    return type("Callback", (base,), {name: keeper(name) for name in names})()
