"""Asks a native module, without a terminal, everything that can be asked, and prints its answers as JSON.

`python -m tests.contract.native_questions real|stand-in [PART…]`, in a process of its own: the module's threads and
xttrader's destructor make a clean end impossible, and some mistakes end the process. native_answers.json beside this
file is what the real module answered: `python -m tests.contract.native_questions real` on Windows makes it again.

Left out, because the real module ends the process or never answers: get_smart_algo_param, query_com_position, and None
for any string.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from filebridge.gateways.xttrader import import_xttrader
from filebridge.simulator.native_types import CONTRACT, storage_names

ANSWER_SECONDS = 20.0
_MARK = 1000
# So long nothing must come where no answer is the answer.
SILENCE_SECONDS = 0.3
CONNECT_SECONDS = 2.9
# What ends the real process when there is no terminal.
DEADLY = ("getSmartAlgoParamWithSeq",)
# A client that is destroyed while its thread runs ends the process as well.
_ALIVE: list[object] = []
SAMPLES: dict[str, Any] = {"str": "1", "int": 1, "float": 1.5, "bool": True}
ACCOUNT = "10000001"
_ORDER = ("600000.SH", 23, 100, 11, 10.0, "s", "remark")
_RANGE = ("20260101", "20261231")

# Calls of xttrader.py: those of an order's life first, then one of each kind.
CALLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("subscribe", (ACCOUNT,)),
    ("unsubscribe", (ACCOUNT,)),
    ("query_account_infos", ()),
    ("query_account_status", ()),
    ("query_stock_asset", (ACCOUNT,)),
    ("query_stock_orders", (ACCOUNT,)),
    ("query_stock_order", (ACCOUNT, 5)),
    ("query_stock_trades", (ACCOUNT,)),
    ("query_stock_positions", (ACCOUNT,)),
    ("query_stock_position", (ACCOUNT, "600000.SH")),
    ("order_stock", (ACCOUNT, *_ORDER)),
    ("order_stock_async", (ACCOUNT, *_ORDER)),
    ("cancel_order_stock", (ACCOUNT, 5)),
    ("cancel_order_stock_async", (ACCOUNT, 5)),
    ("cancel_order_stock_sysid", (ACCOUNT, 0, "5")),
    ("cancel_order_stock_sysid_async", (ACCOUNT, 0, "5")),
    ("query_credit_detail", (ACCOUNT,)),
    ("query_stk_compacts", (ACCOUNT,)),
    ("query_credit_subjects", (ACCOUNT,)),
    ("query_credit_slo_code", (ACCOUNT,)),
    ("query_credit_assure", (ACCOUNT,)),
    ("query_new_purchase_limit", (ACCOUNT,)),
    ("query_ipo_data", ()),
    ("query_com_fund", (ACCOUNT,)),
    ("query_position_statistics", (ACCOUNT,)),
    ("query_secu_account", (ACCOUNT,)),
    ("query_bank_info", (ACCOUNT,)),
    ("query_bank_amount", (ACCOUNT, "1", "1", "1")),
    ("query_bank_transfer_stream", (ACCOUNT, *_RANGE)),
    ("query_smart_algo_task", (ACCOUNT,)),
    ("smt_query_quoter", (ACCOUNT,)),
    ("smt_query_order", (ACCOUNT,)),
    ("smt_query_compact", (ACCOUNT,)),
    ("fund_transfer", (ACCOUNT, 510, 1.0)),
    ("secu_transfer", (ACCOUNT, 512, "600000.SH", 100, 1)),
    ("bank_transfer_in", (ACCOUNT, "1", "1", 1.0)),
    ("bank_transfer_out", (ACCOUNT, "1", "1", 1.0)),
    ("ctp_transfer_option_to_future", (ACCOUNT, ACCOUNT, 1.0)),
    ("ctp_transfer_future_to_option", (ACCOUNT, ACCOUNT, 1.0)),
    ("export_data", (ACCOUNT, "x.csv", "deal")),
    ("sync_transaction_from_external", ("ADD", "DEAL", ACCOUNT, [])),
)


def main(arguments: list[str]) -> NoReturn:
    which, *parts = arguments
    # Here, or a module that was altered before would be asked in its unaltered form.
    xttrader, xttype = import_xttrader(paper=which == "stand-in")
    native = import_module("xtquant.xtpythonclient")
    # Left behind: the module keeps a file open in there until its process has ended.
    folder = Path(tempfile.mkdtemp(prefix="native-questions-"))
    asked = {part: PARTS[part](native, xttrader, xttype, folder) for part in parts or PARTS}
    sys.stdout.buffer.write(json.dumps(asked, indent=1, ensure_ascii=False, default=_shown).encode() + b"\n")
    sys.stdout.flush()
    os._exit(0)


def requests(native: ModuleType, _xttrader: ModuleType, _xttype: ModuleType, folder: Path) -> Any:
    """Every request of the client before connecting: whether it returns its number, and what is called back."""
    client, heard = _client(native, folder)
    client.init()
    client.start()
    answers = {}
    for seq, (name, kinds) in enumerate(CONTRACT["requests"].items(), 1):
        if name in DEADLY:
            continue
        returned = getattr(client, name)(seq, *(_argument(native, kind) for kind in kinds[1:]))
        # Answers come in the order of the questions, so with this one's answer the other's is there, or never comes.
        client.queryStockOrdersWithSeq(_MARK + seq, native.QueryStockOrdersReq())
        heard.wait_for(_MARK + seq)
        answers[name] = {"returns its seq": returned == seq, "answer": heard.by_seq.get(seq)}
    return answers


def ends(native: ModuleType, _xttrader: ModuleType, _xttype: ModuleType, folder: Path) -> Any:
    """A question before start, and one after stop: it is taken, and no answer comes."""
    answers = {}
    for name, methods in (("before start", ("init",)), ("after stop", ("init", "start", "stop"))):
        client, heard = _client(native, folder)
        steps = [getattr(client, method)() for method in methods]
        returned = client.queryStockOrdersWithSeq(7, native.QueryStockOrdersReq())
        heard.pause.wait(SILENCE_SECONDS)
        answers[name] = {"steps": steps, "returns its seq": returned == 7, "answer": heard.by_seq.get(7)}
    return answers


def connecting(_native: ModuleType, xttrader: ModuleType, xttype: ModuleType, folder: Path) -> Any:
    """connect() twice: what it answers, and whether it took its three seconds."""
    trader, _ = _trader(xttrader, folder)
    answers: list[Any] = [{"StockAccount(123)": xttype.StockAccount(123)}]
    for _ in range(2):
        began = time.monotonic()
        answers.append({"connect": trader.connect(), "waits": time.monotonic() - began >= CONNECT_SECONDS})
    return answers


def calls(_native: ModuleType, xttrader: ModuleType, xttype: ModuleType, folder: Path) -> Any:
    """Calls of the unmodified xttrader.py without a terminal, and what it pushes meanwhile."""
    trader, pushed = _trader(xttrader, folder)
    account = xttype.StockAccount(ACCOUNT)
    answers = {}
    for name, arguments in CALLS:
        values = [account if value == ACCOUNT else value for value in arguments]
        answers[name] = _in_time(lambda name=name, values=values: getattr(trader, name)(*values))  # type: ignore[misc]
    asked = [name for name, _ in CALLS if name.endswith("_async")]
    while len(pushed) < len(asked) and not pushed.wait_for_one(ANSWER_SECONDS):
        break
    return {"answers": answers, "pushes": list(pushed)}


PARTS: dict[str, Callable[[ModuleType, ModuleType, ModuleType, Path], Any]] = {
    "requests": requests,
    "ends": ends,
    "connecting": connecting,
    "calls": calls,
}


class _Heard:
    """What a client called back, by the number of the request."""

    def __init__(self) -> None:
        self.by_seq: dict[int, Any] = {}
        self.pause = threading.Event()
        self._came = threading.Condition()

    def listener(self, binding: str) -> Callable[..., None]:
        def listen(*arguments: Any) -> None:
            with self._came:
                # Copied at once, as whoever uses xtquant must.
                self.by_seq[arguments[0]] = {"binding": binding, "given": [_shown(value) for value in arguments[1:]]}
                self._came.notify_all()

        return listen

    def wait_for(self, seq: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: seq in self.by_seq, ANSWER_SECONDS), f"no answer to {seq}"


class _Pushes(list[Any]):
    """What xttrader.py pushed to its callback, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._came = threading.Semaphore(0)

    def listener(self, name: str) -> Callable[..., None]:
        def listen(_self: object, *arguments: Any) -> None:
            self.append({name: [_shown(value) for value in arguments]})
            self._came.release()

        return listen

    def wait_for_one(self, seconds: float) -> bool:
        return self._came.acquire(timeout=seconds)


def _client(native: ModuleType, folder: Path) -> tuple[Any, _Heard]:
    client = native.XtQuantAsyncClient(str(folder).encode("gb18030"), "xtquant", 1)
    _ALIVE.append(client)
    heard = _Heard()
    for binding in CONTRACT["bindings"]:
        getattr(client, binding)(heard.listener(binding))
    return client, heard


def _trader(xttrader: ModuleType, folder: Path) -> tuple[Any, _Pushes]:
    pushed = _Pushes()
    names = [name for name in vars(xttrader.XtQuantTraderCallback) if name.startswith("on_")]
    callback = type("Callback", (xttrader.XtQuantTraderCallback,), {name: pushed.listener(name) for name in names})
    trader = xttrader.XtQuantTrader(str(folder), 7, callback())
    trader.start()
    return trader, pushed


def _argument(native: ModuleType, kind: str) -> Any:
    """Something that a request takes: an object with every field filled, a text, an empty list."""
    if kind == "str":
        return "1"
    if kind.startswith("list["):
        return []
    made = getattr(native, kind)()
    for name, value_kind in CONTRACT["classes"][kind].items():
        if not value_kind.endswith("readonly"):
            setattr(made, name, SAMPLES[value_kind.split()[0]])
    return made


def _in_time(call: Callable[[], Any]) -> Any:
    """What a call answers or raises; "no answer" if it takes too long."""
    box: list[Any] = ["no answer"]

    def ask() -> None:
        try:
            box[0] = call()
        except Exception as error:  # noqa: BLE001  # why: whatever it raises is its answer
            box[0] = f"raises {type(error).__name__}"

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return box[0]


def _shown(value: Any) -> Any:
    """As JSON: of the module's objects, the fields that say something (one name for each)."""
    if isinstance(value, int | float | str | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    name = type(value).__name__
    if name in CONTRACT["classes"]:
        fields: Any = set(storage_names(name, CONTRACT["classes"][name]).values())
    else:
        fields = vars(value)
    said = {field: getattr(value, field) for field in sorted(fields)}
    return {name: {field: value for field, value in said.items() if value}}


if __name__ == "__main__":
    main(sys.argv[1:])
