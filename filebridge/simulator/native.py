"""Stands in for the native module xtquant.xtpythonclient: XtQuantAsyncClient against the simulated counter.

`install()` puts it where the unmodified xttrader.py looks. The requests that SERVED names go to the counter; all others
are answered as by a broker that has not enabled them. Without a terminal it answers what the real one does.
"""

import contextlib
import importlib
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from filebridge.simulator.endpoint import read_terminal
from filebridge.simulator.exports import write_export
from filebridge.simulator.native_link import NativeLink
from filebridge.simulator.native_types import (
    CONTRACT,
    INT32_MAX,
    INT32_MIN,
    MODULE,
    NativeCrash,
    build_classes,
    field_reader,
    row_builder,
)
from filebridge.simulator.wire import ANSWERS, PUSHES, REQUESTS, ROWS, Message, encode

CONNECT_SECONDS = 3.0

# Native requests that the counter serves.
SERVED = {
    "subscribeWithSeq": "subscribe",
    "unsubscribeWithSeq": "unsubscribe",
    "orderStockWithSeq": "order",
    "cancelOrderStockWithSeq": "cancel",
    "queryStockOrdersWithSeq": "query_orders",
    "queryStockTradesWithSeq": "query_trades",
    "queryStockAssetWithSeq": "query_asset",
    "queryStockPositionsWithSeq": "query_positions",
    "queryAccountStatusWithSeq": "query_account_status",
    "queryAccountInfosWithSeq": "query_account_infos",
    "queryIPODataWithSeq": "query_offerings",
    "queryNewPurchaseLimitWithSeq": "query_purchase_limit",
    "bankTransferWithSeq": "bank_transfer",
    "transferWithSeq": "transfer",
    "queryComFundWithSeq": "query_com_fund",
    "queryBankInfoWithSeq": "query_banks",
    "queryBankAmountWithSeq": "query_bank_amount",
    "queryBankTransferStreamWithSeq": "query_bank_transfers",
    "getSmartAlgoParamWithSeq": "query_algorithms",
    "smartOrderStockWithSeq": "algorithm_order",
    "querySmartAlgoTaskWithSeq": "query_tasks",
    "operateSmartAlgoTaskWithSeq": "operate_task",
    "exportDataWithSeq": "export",
    "queryCreditDetailWithSeq": "query_credit_detail",
    "queryStkCompactsWithSeq": "query_compacts",
    "queryCreditSubjectsWithSeq": "query_credit_subjects",
    "queryCreditSloCodeWithSeq": "query_credit_slo_code",
    "queryCreditAssureWithSeq": "query_credit_assure",
    "queryPositionStatisticsWithSeq": "query_position_statistics",
}

# The binding that answers a request, where its name is not bindOn<Request>[Resp]Callback.
ANSWER_BINDINGS = {
    "smtNegotiateOrderWithSeq": "bindOnSmtAppointmentRespCallback",
    "smtAppointmentOrderWithSeq": "bindOnSmtAppointmentRespCallback",
    "smtAppointmentCancelWithSeq": "bindOnSmtAppointmentRespCallback",
    "smtCompactRenewalWithSeq": "bindOnSmtAppointmentRespCallback",
    "smtCompactReturnWithSeq": "bindOnSmtAppointmentRespCallback",
    "orderStockImmediateWithSeq": "bindOnOrderStockRespCallback",
    "cancelOrderStockImmediateWithSeq": "bindOnCancelOrderStockRespCallback",
    "sendCommandOrderReqWithSeq": "bindOnOrderStockRespCallback",
    "sendCancelCommandOrderReqWithSeq": "bindOnCancelOrderStockRespCallback",
    "setCommandOrderParamWithSeq": "bindOnSetCommandOrderParamRespCallback",
}
NOT_ENABLED = "该业务未开通"
NOT_ENABLED_TEXT = '{"error":{"msg":"该业务未开通"}}'
# Without a terminal: what the answers say, which fields of a request they repeat, and what is not answered at all.
NOTHING: dict[str, Any] = {"int": -1, "str": ""}
NO_RESULT: dict[str, dict[str, Any]] = {
    "OrderStockResp": {"order_id": -1},
    "CancelOrderStockResp": {"cancel_result": -1},
    "OperateSmartAlgoTaskResp": {"task_id": -1},
}
ECHOED = ("account_id", "account_type", "ft_account_id", "opt_account_id", "m_strAccountID")
SILENT = (
    *("createCommandWithSeq", "cancelCommandWithSeq", "queryCommandWithSeq", "setCommandOrderParamWithSeq"),
    *("sendCommandOrderReqWithSeq", "sendCancelCommandOrderReqWithSeq"),
)
# What a request method returns for nothing: None, an empty document, no names. No answer follows.
NOT_TAKEN = 0
TEXTS = (str, bytes, bytearray)
# What a blank answer object says of a request that failed.
FAILED_FIELDS: dict[str, Any] = {
    "order_id": -1,
    "cancel_result": -1,
    "error_id": -1,
    "error_msg": NOT_ENABLED,
    "m_strMsg": NOT_ENABLED,
    "msg": NOT_ENABLED,
    "reason": NOT_ENABLED,
    "task_id": -1,
}

_CLASSES = build_classes()
_BUILDERS = {name: row_builder(_CLASSES[name], fields) for name, fields in ROWS.items()}


class NativeClient:
    """What XtQuantAsyncClient does; the contract's method names are added below."""

    __slots__ = ("_callbacks", "_initialised", "_link", "_sequence", "_session", "_userdata")

    def __init__(self, path: bytes | str, name: str, session: int) -> None:
        _check("path", path, (bytes, str))
        _check("name", name, (bytes, str))
        _check_unsigned(session)
        self._userdata = Path(path.decode("gb18030") if isinstance(path, bytes) else path)
        self._session = session
        self._sequence = itertools.count(1)
        self._callbacks: dict[str, Callable[..., None]] = {}
        self._initialised = False
        self._link = NativeLink(self._messages, partial(self._call, "bindOnDisconnectedCallback"))

    def init(self) -> None:
        self._initialised = True

    def start(self) -> None:
        """A start without `init`, or a second one before `stop`, ends the real process."""
        if not self._initialised or self._link.started:
            raise NativeCrash("start() without init(), or twice, ends the real process")
        self._link.start()

    def stop(self) -> None:
        self._link.stop()

    def connect(self) -> int:
        """0 when connected. Without a terminal -1, after 3 s. A connection once lost or stopped never comes back."""
        deadline = time.monotonic() + CONNECT_SECONDS
        self.next_seq()  # the request to connect takes a number, too
        if self._link.connected:
            return 0
        terminal = read_terminal(self._userdata)
        possible = self._link.started and not self._link.was_lost
        if possible and terminal and self._link.open(terminal, self._session, os.getpid(), CONNECT_SECONDS):
            return 0
        # Not even stop() ends the wait early.
        time.sleep(max(0.0, deadline - time.monotonic()))
        return -1

    def next_seq(self) -> int:
        return next(self._sequence)

    def set_timeout(self, seconds: int) -> None:
        """Takes a number and changes nothing; the real one does no more."""
        _check_int(seconds)

    def _bind(self, binding: str, callback: Callable[..., None] | None) -> None:
        """None is taken as well; the real process would end with the next event for it, here nobody hears of that."""
        if callback is None:
            self._callbacks.pop(binding, None)
        elif callable(callback):
            self._callbacks[binding] = callback
        else:
            raise TypeError(f"{binding}: not callable: {callback!r}")

    def _serve(self, name: str, kind: str, seq: int, fields: list[Any], request: Any) -> None:
        if not self._link.send(encode([kind, seq, *fields])):
            self._answer_alone(name, seq, request)

    def _refuse(self, name: str, seq: int, request: Any) -> None:
        """The answer to a request that the counter does not serve."""
        if self._link.connected:
            binding = _answer_binding(name)
            self._answer(binding, seq, _not_enabled(CONTRACT["bindings"][binding][1]))
        else:
            self._answer_alone(name, seq, request)

    def _answer_alone(self, name: str, seq: int, request: Any) -> None:
        """What is answered without a terminal."""
        if name not in SILENT:
            binding = _answer_binding(name)
            self._answer(binding, seq, _without_terminal(CONTRACT["bindings"][binding][1], _echoed(request)))

    def _answer(self, binding: str, seq: int, payload: Any) -> None:
        """An answer that needs no counter. It waits for `start`; after `stop` it never comes."""
        self._link.post(partial(self._call, binding, seq, payload))

    def _messages(self, messages: list[Message]) -> None:
        for message in messages:
            kind = message[0]
            if kind in PUSHES:
                binding, row_class = PUSHES[kind]
                self._call(binding, _BUILDERS[row_class](message[1]))
            else:
                binding, shape = ANSWERS[kind]
                self._call(binding, message[1], _payload(shape, message[2]))

    def _call(self, binding: str, *arguments: Any) -> None:
        callback = self._callbacks.get(binding)
        if callback is not None:
            # An exception in a callback vanishes without a trace, as it does in the real module.
            with contextlib.suppress(Exception):
                callback(*arguments)


def install() -> ModuleType:
    """Makes `import xtquant.xttrader` find this module; must come before that import."""
    module = ModuleType(MODULE, "Stands in for the native module; orders go to a simulated counter.")
    for name, cls in {**_CLASSES, "XtQuantAsyncClient": XtQuantAsyncClient}.items():
        setattr(module, name, cls)
    sys.modules[MODULE] = module
    return module


def _payload(shape: str, payload: Any) -> Any:
    if payload is None or shape == "int":
        return payload
    if shape == "str":
        return payload if isinstance(payload, str) else write_export(payload)
    if shape.startswith("list["):
        return [_BUILDERS[shape[5:-1]](row) for row in payload]
    return _BUILDERS[shape](payload)


def _without_terminal(shape: str, request: dict[str, Any]) -> Any:
    """The answers that were seen of a client with no terminal: -1, [], no text; a blank object that tells only the
    account of the request again, neither the remark of an order nor the id of one to be cancelled."""
    if shape in NOTHING:
        return NOTHING[shape]
    if shape.startswith("list["):
        return []
    blank = _CLASSES[shape]()
    told = {name: value for name, value in request.items() if name in ECHOED}
    _fill(blank, {**told, **NO_RESULT.get(shape, {})})
    return blank


def _echoed(request: Any) -> dict[str, Any]:
    stored = {name: getattr(type(request), "_" + name, None) for name in ECHOED}
    return {name: field.__get__(request) for name, field in stored.items() if field is not None}


def _not_enabled(shape: str) -> Any:
    if shape == "int":
        return -1
    if shape == "str":
        return NOT_ENABLED_TEXT
    failed_list = shape.startswith("list[")
    cls = _CLASSES[shape[5:-1] if failed_list else shape]
    # A list is empty, but xttrader.py reads the first fund of a list without looking: that one says "no success".
    if failed_list and shape != "list[ComFund]":
        return []
    blank = cls()
    _fill(blank, FAILED_FIELDS)
    return [blank] if failed_list else blank


def _fill(blank: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        field = getattr(type(blank), "_" + name, None)
        if field is not None:
            field.__set__(blank, value)


def _check(name: str, value: Any, types: type[Any] | tuple[type[Any], ...]) -> None:
    if not isinstance(value, types):
        raise TypeError(f"{name}: incompatible argument {value!r}")


def _check_int(value: Any) -> None:
    if not isinstance(value, int) or not INT32_MIN <= value <= INT32_MAX:
        raise TypeError(f"incompatible argument {value!r}")


def _check_unsigned(value: Any) -> None:
    """Request and session numbers are unsigned, of 64 bits."""
    if not isinstance(value, int) or not 0 <= value < 2**64:
        raise TypeError(f"incompatible argument {value!r}")


def _check_argument(request: str, kind: str, value: Any) -> None:
    inner = re.fullmatch(r"list\[(\w+)\]", kind)
    if inner:
        _check(request, value, (list, tuple))
        for item in value:
            _check_argument(request, inner[1], item)
    else:
        _check(request, value, TEXTS if kind == "str" else _CLASSES[kind])


def _request_method(name: str, kinds: list[str]) -> Callable[..., int]:
    served = SERVED.get(name)
    if served and len(kinds) == 2 and kinds[1] in _CLASSES:
        return _object_method(name, served, _CLASSES[kinds[1]])

    def ask(self: NativeClient, seq: int, *arguments: Any) -> int:
        _check_unsigned(seq)
        if len(arguments) != len(kinds) - 1:
            raise TypeError(f"{name} takes {len(kinds)} arguments")
        for kind, value in zip(kinds[1:], arguments, strict=True):
            if value is not None or kind not in _CLASSES:
                _check_argument(name, kind, value)
        if arguments[0] is None or (not arguments[0] and kinds[1] in ("str", "list[str]")):
            return NOT_TAKEN
        if served:
            self._serve(name, served, seq, [_document(value) for value in arguments], arguments[0])
        else:
            self._refuse(name, seq, arguments[0])
        return seq

    return ask


def _object_method(name: str, kind: str, request_class: type[Any]) -> Callable[..., int]:
    """The same for the one object that nearly all requests are, without detours: orders go this way."""
    read = field_reader(request_class, REQUESTS[kind])

    def ask(self: NativeClient, seq: int, request: Any) -> int:
        _check_unsigned(seq)
        if request is None:
            return NOT_TAKEN
        _check(name, request, request_class)
        self._serve(name, kind, seq, read(request), request)
        return seq

    return ask


def _document(value: Any) -> Any:
    """A list of names as it is; a document as a dict, an empty one where the text is none."""
    if isinstance(value, list | tuple):
        return [item if isinstance(item, str) else bytes(item).decode("utf-8", "surrogateescape") for item in value]
    # xttrader.py made it with this very codec, so it is there.
    codec = importlib.import_module("xtquant.xtbson")
    try:
        decoded = codec.BSON(value).decode()
    except Exception:  # noqa: BLE001  # why: the codec does not export its errors, and any text may be given
        return {}
    # What JSON cannot carry becomes text; nothing that xttrader.py sends is of that kind.
    return json.loads(json.dumps(decoded, default=str))


def _answer_binding(request: str) -> str:
    subject = request.removesuffix("WithSeq")
    stem = f"bindOn{subject[0].upper()}{subject[1:]}"
    candidates = [ANSWER_BINDINGS.get(request, ""), f"{stem}RespCallback", f"{stem}Callback"]
    return next(name for name in candidates if name in CONTRACT["bindings"])


def _bind_method(binding: str) -> Callable[[NativeClient, Callable[..., None]], None]:
    def bind(self: NativeClient, callback: Callable[..., None]) -> None:
        self._bind(binding, callback)

    return bind


def _client_class() -> type[NativeClient]:
    methods: dict[str, Any] = {"__slots__": ()}
    methods |= {name: _bind_method(name) for name in CONTRACT["bindings"]}
    methods |= {name: _request_method(name, kinds) for name, kinds in CONTRACT["requests"].items()}
    methods |= {"nextSeq": NativeClient.next_seq, "setTimeout": NativeClient.set_timeout, "__module__": MODULE}
    return type("XtQuantAsyncClient", (NativeClient,), methods)


XtQuantAsyncClient = _client_class()
