"""The only room that knows xtquant: its calls, its numbers, its objects. Runs inside the worker process.

Everything leaves as plain dicts in our words, through the `emit` given at the start; callbacks copy and emit, nothing
else (a synchronous call inside one would deadlock the client).
"""

import asyncio
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import MappingProxyType, ModuleType
from typing import Any

from filebridge.domain.orders import AccountType, OrderType, Query, Side
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import TAG_LENGTH, Lists
from filebridge.errors import GatewayNotReady
from filebridge.gateways.xtnumbers import SHARES_MOVED, TRANSFERS, price_type, side_number
from filebridge.gateways.xtrows import (
    ascii_of,
    asset_row,
    fill_row,
    info_row,
    issue_row,
    order_row,
    position_row,
    text_of,
    transfer_row,
)
from filebridge.simulator import native

Emit = Callable[[dict[str, Any]], None]
Wire = dict[str, Any]

ACCOUNT_OK = 0
# Orders and fills in one part of a list.
PART_ROWS = 1000
# An answer comes within seconds; so many requests are remembered for answers that do not carry the whole tag.
_REQUESTS_MAX = 20_000


class _NoUpdateCheck(MetaPathFinder):
    """Refuses the two modules with which `import xtquant` would ask the package index for a newer version."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname in ("requests", "pkg_resources"):
            raise ModuleNotFoundError(f"{fullname} is kept from xtquant's update check")
        return None


def import_xttrader(*, paper: bool) -> tuple[ModuleType, ModuleType]:
    """The unmodified xtquant.xttrader and xttype; in paper mode over the simulated native module.

    Raises GatewayNotReady where the real native module does not exist (anywhere but on 64-bit Windows).
    """
    if paper:
        native.install()
    with _without_update_check():
        try:
            return importlib.import_module("xtquant.xttrader"), importlib.import_module("xtquant.xttype")
        except ImportError as error:
            raise GatewayNotReady(type(error).__name__) from error


@contextmanager
def _without_update_check() -> Iterator[None]:
    finder = _NoUpdateCheck()
    hidden: dict[str, ModuleType] = {
        name: sys.modules.pop(name) for name in ("requests", "pkg_resources") if name in sys.modules
    }
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.modules.update(hidden)


class XtBroker:
    """One connection to one terminal for the given accounts. `connect` may be called once."""

    def __init__(
        self,
        *,
        userdata: str,
        session: int,
        accounts: Sequence[tuple[str, str]],
        paper: bool,
        emit: Emit,
        banks: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ):
        self._xttrader, xttype = import_xttrader(paper=paper)
        self._emit, self._userdata, self._is_paper = emit, userdata, paper
        self._kinds = {account: AccountType(kind) for account, kind in accounts}
        self._accounts = {account: xttype.StockAccount(account, kind) for account, kind in accounts}
        self._banks = banks
        self._tags = _Requests()
        # A cancel's answer is matched by its request; an error of the counter carries nothing but the order's number.
        self._cancel_requests = _Requests()
        self._cancels: dict[int, str] = {}
        # Whose the accounts are, once the terminal has said so.
        self._infos: dict[str, Wire] = {}
        # XtQuantTrader asks the main thread for a loop, which newer Pythons no longer make by themselves.
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._trader = self._xttrader.XtQuantTrader(userdata, session, self._callback())

    def connect(self) -> Reason | None:
        """Connect and subscribe every account; returns what went wrong, if anything did."""
        self._trader.start()
        result = self._trader.connect()
        if result != 0:
            context = {"value": str(result), "userdata": self._userdata, "accounts": ", ".join(self._accounts)}
            return Reason("TERMINAL_ABSENT", context)
        for name, account in self._accounts.items():
            result = self._trader.subscribe(account)
            if result != 0:
                context = {"account": name, "value": str(result), "account_type": self._kinds[name].value}
                return Reason("PAPER_ACCOUNT_ABSENT" if self._is_paper else "ACCOUNT_NOT_SUBSCRIBED", context)
        # For a person to look at: nothing waits for the answer, which an older terminal may never give.
        self._trader.query_account_infos_async(partial(self._guarded(self._on_infos), self))
        return None

    def submit(self, order: Wire) -> None:
        """Hand one order to the terminal; the answer comes by callback."""
        if Side(order["side"]) in TRANSFERS:
            # Its call waits for the answer, and no order may wait for it.
            threading.Thread(target=self._transfer, args=(order,), daemon=True).start()
            return
        seq = self._trader.order_stock_async(
            self._accounts[order["account"]],
            order["symbol"],
            side_number(Side(order["side"]), self._kinds[order["account"]]),
            order["quantity"],
            price_type(OrderType(order["order_type"]), order["symbol"]),
            # Where there is no price the native module still wants a number.
            float(order["limit_price"] or 0),
            ascii_of(order["strategy"]),
            order["tag"],
        )
        for answer in self._tags.called(seq, order["tag"]):
            self._emit(answer)

    def _transfer(self, order: Wire) -> None:
        """Make a transfer and tell what became of it: done, refused with a text, or nothing that anybody could know."""
        try:
            done, said = self._moved(order)
        except Exception as error:  # noqa: BLE001  # why: whatever it is, it would vanish with this thread
            # Without its words: they may repeat what was handed over, and a password is among that.
            self._emit({"kind": "trouble", "text": f"{type(error).__name__} in a transfer"})
            return
        text = str(said or "")
        if done:
            self._emit({"kind": "fill", **transfer_row(order)})
        elif text:
            self._emit({"kind": "order_refused", "tag": order["tag"], "text": text})
        else:
            self._emit({"kind": "order_answer", "tag": order["tag"], "broker_order_id": "", "text": ""})

    def _moved(self, order: Wire) -> tuple[bool, str | None]:
        """What xttrader answers: whether it succeeded, and a text."""
        side, name, trader = Side(order["side"]), order["account"], self._trader
        account, amount = self._accounts[name], float(order["limit_price"] or 0)
        answer: tuple[bool, str | None]
        if side in (Side.BANK_IN, Side.BANK_OUT):
            bank = self._banks[name]
            move = trader.bank_transfer_in if side is Side.BANK_IN else trader.bank_transfer_out
            secrets = (os.environ.get(bank[which], "") for which in ("bank_password_env", "fund_password_env"))
            answer = move(account, bank["bank_no"], bank["bank_account"], amount, *secrets)
        elif side in (Side.SHARES_TO_FAST, Side.SHARES_TO_NORMAL):
            number, _, exchange = order["symbol"].partition(".")
            # Here alone xttrader's own words spell a security so.
            code, kind = f"{exchange}{number}", SHARES_MOVED[self._kinds[name]]
            answer = trader.secu_transfer(account, TRANSFERS[side], code, order["quantity"], kind)
        else:
            answer = trader.fund_transfer(account, TRANSFERS[side], amount)
        return answer

    def cancel(self, order: Wire) -> None:
        broker_order_id = int(order["broker_order_id"])
        self._cancels[broker_order_id] = order["tag"]
        seq = self._trader.cancel_order_stock_async(self._accounts[order["account"]], broker_order_id)
        for answer in self._cancel_requests.called(seq, order["tag"]):
            self._emit(answer)

    def books(self, lists: Lists) -> Iterator[Wire]:
        """The books of all accounts, with the lists that are asked for, in parts. An account is complete only if its
        status is good, and its asset and every list that was asked for answered."""
        statuses = self._statuses()
        is_first, last_account = True, [*self._accounts][-1]
        for name in self._accounts:
            for part in self._books(name, statuses.get(name) == ACCOUNT_OK, lists):
                is_last = part["is_end"] and name == last_account
                yield {"kind": "snapshots", "accounts": [part], "is_first": is_first, "is_last": is_last}
                is_first = False

    def balances(self) -> Wire:
        """Positions and asset of all accounts."""
        statuses = self._statuses()
        books = (self._books(name, statuses.get(name) == ACCOUNT_OK, Lists.NONE) for name in self._accounts)
        return {"kind": "balances", "accounts": [part for parts in books for part in parts]}

    def _statuses(self) -> dict[str, int]:
        return {row.account_id: row.status for row in self._trader.query_account_status() or ()}

    def _books(self, name: str, is_ok: bool, lists: Lists) -> Iterator[Wire]:
        account, trader = self._accounts[name], self._trader
        orders = partial(trader.query_stock_orders, cancelable_only=lists is Lists.WORKING)
        queries = (("orders", orders, order_row), ("fills", trader.query_stock_trades, fill_row))
        # Of what works the orders alone are listed.
        wanted = {Lists.NONE: (), Lists.WORKING: queries[:1], Lists.ALL: queries}[lists]
        rows: Wire = {"orders": [], "fills": []}
        part = {"account": name, "complete": False, "lists": lists, "positions": [], "asset": None}
        part["info"] = self._infos.get(name, {})
        rows_before, answered = 0, True
        for what, query, make in wanted:
            found = query(account)
            answered &= found is not None
            for row in found or ():
                rows[what].append(make(row))
                if len(rows["orders"]) + len(rows["fills"]) == PART_ROWS:
                    yield {**part, **rows, "is_end": False, "rows_before": rows_before}
                    rows, rows_before = {"orders": [], "fills": []}, rows_before + PART_ROWS
            # Not both lists at once: on a long day each is large.
            del found
        positions, asset = self._trader.query_stock_positions(account), self._trader.query_stock_asset(account)
        yield {
            **part,
            **rows,
            "complete": is_ok and answered and positions is not None and asset is not None,
            "positions": [position_row(row) for row in positions or ()],
            "asset": asset_row(asset) if asset is not None else None,
            "is_end": True,
            "rows_before": rows_before,
        }

    def told(self, query: Query, account: str, number: int) -> Iterator[Wire]:
        """The answer to a question, in parts."""
        rows = self._found(query, self._accounts[account])
        starts = range(0, max(len(rows or ()), 1), PART_ROWS)
        for start in starts:
            part = {"kind": "told", "number": number, "is_known": rows is not None}
            ends = {"is_first": start == 0, "is_end": start == starts[-1]}
            yield {**part, **ends, "rows": (rows or [])[start : start + PART_ROWS]}

    def _found(self, query: Query, account: Any) -> list[Wire] | None:
        """None where the terminal has no answer."""
        trader = self._trader
        match query:
            case Query.ASSETS:
                asset = trader.query_stock_asset(account)
                return [asset_row(asset)] if asset is not None else None
            case Query.POSITIONS:
                return _each(position_row, trader.query_stock_positions(account))
            case Query.ORDERS:
                return _each(order_row, trader.query_stock_orders(account))
            case Query.TRADES:
                return _each(fill_row, trader.query_stock_trades(account))
            case Query.IPO:
                try:
                    issues, limits = trader.query_ipo_data(), trader.query_new_purchase_limit(account)
                except TypeError:
                    # xttrader walks through a list that did not come.
                    return None
                return [issue_row(symbol, issue, limits) for symbol, issue in issues.items()]
            case Query.QUOTES:
                raise AssertionError("quotes are asked of market data")

    # ---- what comes back

    def _callback(self) -> Any:
        emit, guarded = self._emit, self._guarded

        class Callback(self._xttrader.XtQuantTraderCallback):  # type: ignore[misc, name-defined]
            on_disconnected = guarded(lambda: emit({"kind": "disconnected"}))
            on_stock_order = guarded(lambda order: emit({"kind": "order", **order_row(order)}))
            on_stock_trade = guarded(lambda trade: emit({"kind": "fill", **fill_row(trade)}))
            on_order_stock_async_response = guarded(self._on_answer)
            on_order_error = guarded(self._on_order_error)
            on_cancel_order_stock_async_response = guarded(self._on_cancel_answer)
            on_cancel_error = guarded(self._on_cancel_error)

        return Callback()

    def _guarded(self, function: Callable[..., None]) -> Callable[..., None]:
        """xttrader swallows what a callback raises; here it becomes a message."""

        def method(_self: object, *arguments: Any) -> None:
            try:
                function(*arguments)
            except Exception as error:  # noqa: BLE001  # why: whatever it is, it would vanish without a trace
                self._emit({"kind": "trouble", "text": f"{type(error).__name__} in a callback: {error}"})

        return method

    def _on_infos(self, rows: Sequence[Any] | None) -> None:
        self._infos = {row.account_id: info_row(row) for row in rows or ()}

    def _on_answer(self, response: Any) -> None:
        number = response.order_id
        answer = {
            "kind": "order_answer",
            "broker_order_id": str(number) if number > 0 else "",
            "text": text_of(response, "error_msg"),
        }
        self._with_tag(response.seq, text_of(response, "order_remark"), answer)

    def _on_order_error(self, error: Any) -> None:
        # Kept under order id -1, an error is delivered a second time for the next refused order: only its own
        # request number and remark say whose it is.
        text = text_of(error, "error_msg") or f"error {error.error_id}"
        self._with_tag(error.seq, text_of(error, "order_remark"), {"kind": "order_refused", "text": text})

    def _with_tag(self, seq: int, remark: str, answer: Wire) -> None:
        if len(remark) == TAG_LENGTH:
            self._emit({**answer, "tag": remark})
        else:
            for ready in self._tags.answered(seq, answer):
                self._emit(ready)

    def _on_cancel_answer(self, response: Any) -> None:
        taken = response.cancel_result == 0
        text = "" if taken else text_of(response, "error_msg") or f"the terminal answered {response.cancel_result}"
        # Without a terminal the answer does not say which order it is about.
        for ready in self._cancel_requests.answered(response.seq, _cancel_answer(taken, text)):
            self._emit(ready)

    def _on_cancel_error(self, error: Any) -> None:
        text = text_of(error, "error_msg") or f"error {error.error_id}"
        self._emit({**_cancel_answer(False, text), "tag": self._cancels.get(error.order_id, "")})


class _Requests:
    """Which order a request number was for. An answer may come before the call has returned its number."""

    def __init__(self) -> None:
        self._tags: dict[int, str] = {}
        self._early: dict[int, list[Wire]] = {}

    def called(self, seq: int, tag: str) -> list[Wire]:
        self._tags[seq] = tag
        if len(self._tags) > _REQUESTS_MAX:
            del self._tags[next(iter(self._tags))]
        return [{**answer, "tag": tag} for answer in self._early.pop(seq, ())]

    def answered(self, seq: int, answer: Wire) -> list[Wire]:
        tag = self._tags.get(seq)
        if tag is not None:
            return [{**answer, "tag": tag}]
        self._early.setdefault(seq, []).append(answer)
        # The call may have returned between the two lines above.
        tag = self._tags.get(seq)
        return [{**early, "tag": tag} for early in self._early.pop(seq, ())] if tag is not None else []


def _cancel_answer(taken: bool, text: str) -> Wire:
    return {"kind": "cancel_answer", "taken": taken, "text": text}


def _each(make: Callable[[Any], Wire], rows: Sequence[Any] | None) -> list[Wire] | None:
    return None if rows is None else [make(row) for row in rows]
