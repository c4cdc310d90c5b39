"""Stands in for the native module xtquant.xtpythonclient: XtQuantAsyncClient against the simulated counter.

`install()` puts it where the unmodified xttrader.py looks. Requests of ordinary stock accounts go to the counter; all
others are answered as by a broker that has not enabled them. Without a terminal it answers what the real one does.
"""

import contextlib
import itertools
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from filebridge.simulator.endpoint import read_terminal
from filebridge.simulator.native_link import NativeLink
from filebridge.simulator.native_types import (
    CONTRACT,
    INT32_MAX,
    INT32_MIN,
    MODULE,
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
NOT_ENABLED_TEXT = (
    '{"error":{"account_id":"","task_id":-1,"strategy_name":"","order_remark":"","error_msg":"该业务未开通","datas":[]}'
    ',"datas":[]}'
)
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

    def __init__(self, path: bytes | str, name: str, session: int) -> None:
        _check("path", path, (bytes, str))
        _check("name", name, (bytes, str))
        _check_int(session)
        self._userdata = Path(path.decode("gb18030") if isinstance(path, bytes) else path)
        self._session = session
        self._sequence = itertools.count(1)
        self._callbacks: dict[str, Callable[..., None]] = {}
        self._stopped = threading.Event()
        self._link = NativeLink(self._messages, partial(self._call, "bindOnDisconnectedCallback"))

    def init(self) -> None:
        """Does nothing, as far as anyone can see."""

    def start(self) -> None:
        self._link.start()

    def stop(self) -> None:
        self._stopped.set()
        self._link.stop()

    def connect(self) -> int:
        """0 when connected. Without a terminal -1, after 3 s. A connection once lost never comes back."""
        deadline = time.monotonic() + CONNECT_SECONDS
        if self._link.connected:
            return 0
        terminal = read_terminal(self._userdata)
        possible = self._link.started and not self._link.was_lost
        if possible and terminal and self._link.open(terminal, self._session, os.getpid(), CONNECT_SECONDS):
            return 0
        self._stopped.wait(max(0.0, deadline - time.monotonic()))
        return -1

    def next_seq(self) -> int:
        return next(self._sequence)

    def set_timeout(self, seconds: int) -> None:
        """Takes a number and changes nothing; the real one does no more."""
        _check_int(seconds)

    def _bind(self, binding: str, callback: Callable[..., None]) -> None:
        if not callable(callback):
            raise TypeError(f"{binding}: not callable: {callback!r}")
        self._callbacks[binding] = callback

    def _serve(self, kind: str, seq: int, fields: list[Any]) -> None:
        if self._link.send(encode([kind, seq, *fields])):
            return
        binding, shape = ANSWERS[kind]
        self._answer(binding, seq, _without_terminal(shape, dict(zip(REQUESTS[kind], fields, strict=True))))

    def _answer(self, binding: str, seq: int, payload: Any) -> None:
        """An answer that needs no counter. Before start and after stop there is no thread, and it never comes."""
        if self._link.started:
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
    if shape == "int":
        return payload
    if shape.startswith("list["):
        return [_BUILDERS[shape[5:-1]](row) for row in payload]
    return _BUILDERS[shape](payload)


def _without_terminal(shape: str, request: dict[str, Any]) -> Any:
    """The answers that were seen of a client with no terminal: -1, [], an order id of -1."""
    if shape == "int":
        return -1
    if shape.startswith("list["):
        return []
    blank = _CLASSES[shape]()
    # What was asked is told again, the id of an order to be cancelled among it; a new order has none.
    _fill(blank, {"order_id": -1, "cancel_result": -1, **request})
    return blank


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


def _check_argument(request: str, kind: str, value: Any) -> None:
    inner = re.fullmatch(r"list\[(\w+)\]", kind)
    if inner:
        _check(request, value, list)
        for item in value:
            _check_argument(request, inner[1], item)
    else:
        _check(request, value, (str, bytes) if kind == "str" else _CLASSES[kind])


def _request_method(name: str, kinds: list[str]) -> Callable[..., int]:
    served = SERVED.get(name)
    if served:
        request_class = _CLASSES[kinds[1]]
        read = field_reader(request_class, REQUESTS[served])

        def serve(self: NativeClient, seq: int, request: Any) -> int:
            _check_int(seq)
            _check(name, request, request_class)
            self._serve(served, seq, read(request))
            return 0

        return serve

    binding = _answer_binding(name)
    payload_shape = CONTRACT["bindings"][binding][1]

    def refuse(self: NativeClient, seq: int, *arguments: Any) -> int:
        _check_int(seq)
        if len(arguments) != len(kinds) - 1:
            raise TypeError(f"{name} takes {len(kinds)} arguments")
        for kind, value in zip(kinds[1:], arguments, strict=True):
            _check_argument(name, kind, value)
        self._answer(binding, seq, _not_enabled(payload_shape))
        return 0

    return refuse


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
    methods: dict[str, Any] = {name: _bind_method(name) for name in CONTRACT["bindings"]}
    methods |= {name: _request_method(name, kinds) for name, kinds in CONTRACT["requests"].items()}
    methods |= {"nextSeq": NativeClient.next_seq, "setTimeout": NativeClient.set_timeout, "__module__": MODULE}
    return type("XtQuantAsyncClient", (NativeClient,), methods)


XtQuantAsyncClient = _client_class()
