"""Two native modules and one contract: ours, which stands in on every machine, and the real one, on Windows.

The same tests ask both. What classes and methods are like stands in native_contract.json; what they answer without a
terminal in native_answers.json, as the real module answered it (native_questions.py asks). The last tests change
one thing of ours and expect these tests to fail.
"""

import copy
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import math
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from filebridge.simulator import native, native_types
from filebridge.simulator.native_types import CONTRACT
from filebridge.simulator.wire import ANSWERS, PUSHES, REQUESTS, ROWS
from tests.contract.native_questions import PARTS

ROOT = Path(__file__).resolve().parents[2]
CLASSES: dict[str, dict[str, str]] = CONTRACT["classes"]
PROPERTIES = [(cls, name, kind) for cls, properties in CLASSES.items() for name, kind in properties.items()]
INTEGERS = {"int": 2**31 - 1, "int 64": 2**63 - 1}
WIDE = "汉" * 200
CHILD_SECONDS = 120

REAL = pytest.param(
    "real",
    marks=pytest.mark.skipif(
        sys.platform != "win32", reason="the real native module exists for Windows only: python dev.py windows"
    ),
)
Native = Any


@pytest.fixture(scope="module", params=["stand-in", REAL])
def module(request: pytest.FixtureRequest) -> Native:
    """The module's classes as attributes."""
    return _real_module() if request.param == "real" else _stand_in()


def _stand_in() -> Native:
    return SimpleNamespace(**native_types.build_classes(), XtQuantAsyncClient=native.XtQuantAsyncClient)


def _real_module() -> Native:
    """Loaded from its file, apart from sys.modules: the other tests of this process keep what they have."""
    folder = Path(str(importlib.metadata.distribution("xtquant").locate_file("xtquant")))
    path = folder / ("xtpythonclient" + importlib.machinery.EXTENSION_SUFFIXES[0])
    spec = importlib.util.spec_from_file_location(native_types.MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    return importlib.util.module_from_spec(spec)


# ---- the classes


def test_it_has_all_classes_and_no_other(module: Native) -> None:
    found = {name for name, value in vars(module).items() if isinstance(value, type)}
    assert found == {*CLASSES, "XtQuantAsyncClient"}
    assert len(found) == 99


def test_a_class_has_exactly_its_properties_and_no_dict(module: Native) -> None:
    for name, properties in CLASSES.items():
        cls = getattr(module, name)
        assert {attribute for attribute in vars(cls) if not attribute.startswith("_")} == set(properties), name
        made = cls()
        assert not hasattr(made, "__dict__")
        with pytest.raises(AttributeError):
            made.no_such_field = 1
        with pytest.raises(TypeError):
            cls(1)


def test_every_property_has_its_type_and_default(module: Native) -> None:
    for cls, name, kind in PROPERTIES:
        default = getattr(getattr(module, cls)(), name)
        blank = native_types.DEFAULTS[kind.split()[0]]
        assert type(default) is type(blank), (cls, name)
        assert default == CONTRACT["defaults"].get(cls, {}).get(name, blank), (cls, name)


def test_every_string_keeps_its_width_or_is_read_only(module: Native) -> None:
    texts = [(cls, name, kind.split()[1]) for cls, name, kind in PROPERTIES if kind.startswith("str")]
    for cls, name, width in texts:
        made = getattr(module, cls)()
        if width == "readonly":
            with pytest.raises(AttributeError):
                setattr(made, name, "x")
            continue
        setattr(made, name, "x" * 500)
        assert len(getattr(made, name)) == int(width), (cls, name)
        setattr(made, name, WIDE)
        if int(width) % 3:
            with pytest.raises(UnicodeDecodeError):
                getattr(made, name)
        else:
            assert getattr(made, name) == "汉" * (int(width) // 3)


def test_a_string_takes_text_and_bytes_up_to_the_first_zero(module: Native) -> None:
    request = module.OrderStockReq()
    for given, kept in (("a\0b", "a"), (b"abc", "abc"), (bytearray(b"ab"), "ab"), ("", "")):
        request.order_remark = given
        assert request.order_remark == kept
    for no_text in (600000, 1.5, "\ud800", ["a"]):
        with pytest.raises(TypeError):
            request.order_remark = no_text
        assert request.order_remark == ""


def test_every_number_is_strict(module: Native) -> None:
    for cls, name, kind in PROPERTIES:
        made = getattr(module, cls)()
        if kind in INTEGERS:
            largest = INTEGERS[kind]
            setattr(made, name, largest)
            for no_integer in (largest + 1, -largest - 2, 1.0, "1", b"1", None, 1j):
                with pytest.raises(TypeError):
                    setattr(made, name, no_integer)
            assert getattr(made, name) == largest, (cls, name)
            for number, whole in ((True, 1), (Decimal("1.9"), 1), (Fraction(5, 2), 2), (-1, -1)):
                setattr(made, name, number)
                assert getattr(made, name) == whole
                assert type(getattr(made, name)) is int
        elif kind == "float":
            for good in (1, 1.5, Decimal("1.5"), Fraction(3, 2), -1, True):
                setattr(made, name, good)
                assert getattr(made, name) == good
                assert type(getattr(made, name)) is float
            setattr(made, name, math.nan)
            assert math.isnan(getattr(made, name))
            for no_number in ("1", None, b"1", 1j, 10**400):
                with pytest.raises(TypeError):
                    setattr(made, name, no_number)
        elif kind == "bool":
            for given, truth in ((True, True), (0, False), (1, True), (None, False), (1.5, True)):
                setattr(made, name, given)
                assert getattr(made, name) is truth
            for no_truth in ("x", [], object()):
                with pytest.raises(TypeError):
                    setattr(made, name, no_truth)


def test_none_in_a_string_stands_for_the_death_of_the_process() -> None:
    request = _stand_in().OrderStockReq()
    with pytest.raises(native_types.NativeCrash):
        request.m_strStockCode = None


@pytest.mark.skipif(sys.platform != "win32", reason="the real native module exists for Windows only")
def test_none_in_a_string_ends_the_real_process() -> None:
    code = (
        "from tests.contract.test_native_contract import _real_module as real\n"
        "request = real().OrderStockReq()\nrequest.m_strStockCode = 'before'\nprint('before', flush=True)\n"
        "request.m_strStockCode = None\nprint('after', flush=True)\n"
    )
    done = _child("-c", code)
    assert done.returncode != 0
    assert done.stdout.split() == [b"before"]


ALIASES = {
    "OrderStockReq": [
        ("m_nAccountType", "account_type"), ("m_strAccountID", "account_id"), ("m_strAccountID1", "account_id1"),
        ("m_strStockCode", "stock_code"), ("m_strStockCode1", "stock_code1"), ("m_nOrderType", "order_type"),
        ("m_nOrderVolume", "order_volume"), ("m_nPriceType", "price_type"), ("m_dPrice", "price"),
        ("m_strStrategyName", "strategy_name"), ("m_strOrderRemark", "order_remark"),
        ("m_strOrderRemarkNew", "order_remark1"), ("m_dOrderAmount", "order_amount"),
    ],
    "CancelOrderStockReq": [
        ("m_nOrderID", "order_id"), ("m_strOrderSysID", "order_sysid"), ("m_nMarket", "market"),
        ("m_strMarket", "market1"),
    ],
    "QueryStockOrdersReq": [("m_bCanCancel", "can_cancel"), ("m_nOrderID", "order_id")],
    "QueryStockPositionsReq": [("m_strStockCode", "stock_code"), ("m_strStockCode1", "stock_code1")],
    "SubscribeReq": [("m_nMetaType", "meta_type"), ("m_strAccountID", "account_id")],
    "SubSwitchReq": [("m_bSub", "operate")],
    "XtAccountInfo": [("m_nStatus", "login_status"), ("m_strBrokerName", "broker_name")],
    "PositionStatistics": [("m_nYestodayPosition", "yesterday_position")],
    "StkCompacts": [("m_dBusinessFare", "businessFare"), ("m_strCompactId", "compact_id")],
}  # fmt: skip
SAMPLES: dict[str, tuple[Any, Any]] = {"str": ("a", "b"), "int": (1, 2), "float": (1.5, 2.5), "bool": (True, False)}


def test_both_names_of_a_field_share_it(module: Native) -> None:
    for name, pairs in ALIASES.items():
        made = getattr(module, name)()
        for native_name, plain_name in pairs:
            first, second = SAMPLES[CLASSES[name][plain_name].split()[0]]
            setattr(made, native_name, first)
            assert getattr(made, plain_name) == first
            setattr(made, plain_name, second)
            assert getattr(made, native_name) == second


def test_every_field_is_shared_as_ours_is(module: Native) -> None:
    """Filling one field shows in exactly the names that ours pairs with it."""
    for cls, properties in CLASSES.items():
        storages = native_types.storage_names(cls, properties)
        for name, kind in properties.items():
            if kind.endswith("readonly"):
                continue
            made = getattr(module, cls)()
            setattr(made, name, SAMPLES[kind.split()[0]][0])
            blank = getattr(module, cls)()
            filled = {other for other in properties if getattr(made, other) != getattr(blank, other)}
            assert filled == {other for other in properties if storages[other] == storages[name]}, (cls, name)


def test_names_that_share_a_field_agree_on_its_type() -> None:
    for cls, properties in CLASSES.items():
        kinds: dict[str, set[str]] = {}
        for prop, storage in native_types.storage_names(cls, properties).items():
            kinds.setdefault(storage, set()).add(properties[prop].split()[0])
        assert all(len(seen) == 1 for seen in kinds.values()), cls


def test_fields_that_differ_do_not_touch_each_other(module: Native) -> None:
    request = module.OrderStockReq()
    request.m_strOrderRemark = "0123456789" * 4
    request.m_strOrderRemarkNew = "0123456789" * 4
    request.m_strStockCode1 = "600000.SH"
    assert (request.order_remark, request.order_remark1) == ("01234567890123456789012", "0123456789" * 4)
    assert (request.stock_code, request.stock_code1) == ("", "600000.SH")


def test_pushed_objects_cannot_be_pickled_or_copied(module: Native) -> None:
    order = module.XtOrder()
    for use in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot pickle"):
            use(order)


# ---- the client


def test_the_client_has_every_method_and_no_other(module: Native) -> None:
    found = {name for name in dir(module.XtQuantAsyncClient) if not name.startswith("_")}
    wanted = {*CONTRACT["requests"], *CONTRACT["bindings"], *CONTRACT["methods"]}
    # Ours has its own words beside them.
    assert wanted - found == set()
    assert module.XtQuantAsyncClient is native.XtQuantAsyncClient or found - wanted == set()


@pytest.mark.parametrize("module", [REAL], indirect=True)
def test_the_signatures_are_those_of_the_contract(module: Native) -> None:
    """pybind11 writes them into the documentation of each method; ours are made from the contract."""
    client = module.XtQuantAsyncClient
    for name, kinds in CONTRACT["requests"].items():
        assert re.findall(r"arg\d: ([\w.\[\]]+)", _doc(client, name)) == kinds, name
    for name, kinds in CONTRACT["bindings"].items():
        given = re.search(r"Callable\[\[(.*)\], None\]", _doc(client, name))
        assert given is not None, name
        assert [kind for kind in given[1].split(", ") if kind] == kinds, name


def _doc(client: Any, name: str) -> str:
    return str(getattr(client, name).__doc__).replace(f"{native_types.MODULE}.", "")


def test_the_client_is_strict_about_arguments(module: Native) -> None:
    client = module.XtQuantAsyncClient("数据".encode("gb18030"), "xtquant", 1)
    classes = module if module.XtQuantAsyncClient is not native.XtQuantAsyncClient else SimpleNamespace(**_OURS)
    wrong: tuple[Callable[[], Any], ...] = (
        lambda: client.orderStockWithSeq(1, classes.SubscribeReq()),
        lambda: client.orderStockWithSeq("1", classes.OrderStockReq()),
        lambda: client.orderStockWithSeq(-1, classes.OrderStockReq()),
        lambda: client.orderStockWithSeq(2**64, classes.OrderStockReq()),
        lambda: client.orderStockWithSeq(1),
        lambda: client.orderStockWithSeq(),
        lambda: client.bindOnStockOrderCallback("no function"),
        lambda: client.setTimeout(1.5),
        lambda: client.setTimeout(2**31),
        lambda: module.XtQuantAsyncClient(b"", "xtquant", "1"),
        lambda: module.XtQuantAsyncClient(b"", "xtquant", -1),
        lambda: module.XtQuantAsyncClient(b"", "xtquant"),
        lambda: module.XtQuantAsyncClient(None, "xtquant", 1),
        lambda: module.XtQuantAsyncClient(b"", None, 1),
    )
    for number, call in enumerate(wrong):
        with pytest.raises(TypeError):
            pytest.fail(f"call {number} was taken: {call()}")
    assert client.setTimeout(-1) is None
    assert [client.nextSeq(), client.nextSeq()] == [1, 2]


_OURS = native._CLASSES


# ---- what it answers without a terminal


@pytest.mark.parametrize("which", ["stand-in", REAL])
def test_it_answers_as_the_real_one_did(which: str) -> None:
    differing = _differences(_ask(which))
    assert differing == []


def _ask(which: str, *parts: str, alteration: str = "") -> dict[str, Any]:
    """The answers of one module, asked in a process of its own; `alteration` is run there before."""
    code = f"{alteration}\nfrom tests.contract.native_questions import main\nmain({[which, *parts]!r})"
    done = _child("-c", code)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def _differences(answers: dict[str, Any]) -> list[str]:
    """Where answers are not those of the real module: the names of the questions."""
    recorded = json.loads(Path(__file__).with_name("native_answers.json").read_text(encoding="utf-8"))
    found = []
    for part, answered in answers.items():
        if isinstance(answered, dict):
            questions = answered.keys() | recorded[part].keys()
            found += [f"{part}: {q}" for q in sorted(questions) if answered.get(q) != recorded[part].get(q)]
        elif answered != recorded[part]:
            found.append(part)
    return found


def _child(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    # The root alone: the tests are no installed package.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=CHILD_SECONDS, check=False)


# ---- ours alone


@pytest.mark.parametrize("name", ROWS)
def test_a_row_fills_an_object_whole(name: str) -> None:
    storages = native_types.storage_names(name, CLASSES[name])
    kinds = {storages[prop]: kind.split()[0] for prop, kind in CLASSES[name].items()}
    assert set(ROWS[name]) == set(kinds)
    row = [SAMPLES[kinds[field]][0] for field in ROWS[name]]
    made = native_types.row_builder(native_types.build_classes()[name], ROWS[name])(row)
    for prop, storage in storages.items():
        assert getattr(made, prop) == SAMPLES[kinds[storage]][0]


def test_a_half_character_is_kept_and_cannot_be_read() -> None:
    build = native_types.row_builder(native_types.build_classes()["XtOrderError"], ROWS["XtOrderError"])
    error = build([2, "1", -1, 7, 0, "", "", "汉".encode()[:2].decode("utf-8", "surrogateescape")])
    with pytest.raises(UnicodeDecodeError):
        _ = error.order_remark


def test_requests_and_answers_of_the_wire_name_real_bindings_and_fields() -> None:
    for binding, shape in [*PUSHES.values(), *ANSWERS.values()]:
        assert CONTRACT["bindings"][binding][-1] == shape
    for request, kind in native.SERVED.items():
        cls = CONTRACT["requests"][request][1]
        if cls not in CLASSES:  # a document or a list: it names its own fields
            continue
        storages = set(native_types.storage_names(cls, CLASSES[cls]).values())
        assert set(REQUESTS[kind]) <= storages


def test_install_puts_the_module_where_xttrader_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    # setitem, so that whatever install does to sys.modules is undone afterwards.
    monkeypatch.setitem(sys.modules, native_types.MODULE, sys)
    module = native.install()
    assert sys.modules[native_types.MODULE] is module
    assert {name for name in vars(module) if not name.startswith("_")} == {*CLASSES, "XtQuantAsyncClient"}


# ---- these tests can fail

_WIDTHS = test_every_string_keeps_its_width_or_is_read_only
_NUMBERS = test_every_number_is_strict
_TYPES = test_every_property_has_its_type_and_default
_NAMES = test_a_class_has_exactly_its_properties_and_no_dict


@pytest.mark.parametrize(
    ("cls", "changed", "check"),
    [
        ("OrderStockReq", {"order_remark": "str 24", "m_strOrderRemark": "str 24"}, _WIDTHS),
        ("OrderStockReq", {"order_remark": "str 22", "m_strOrderRemark": "str 22"}, _WIDTHS),
        ("XtOrder", {"order_remark": "str 23"}, _WIDTHS),
        ("BankInfo", {"bank_name": "str readonly"}, _WIDTHS),
        ("OrderStockReq", {"order_volume": "float", "m_nOrderVolume": "float"}, _NUMBERS),
        ("XtOrder", {"price": "int", "m_dPrice": "int"}, _TYPES),
        ("XtTrade", {"one_more": "int"}, _NAMES),
        ("XtTrade", {"traded_id": None}, _NAMES),
        ("XtTrade", {"traded_id": None, "m_strTradedID": None}, _NAMES),
        ("SubSwitchReq", {"operate": "int", "m_bSub": "int"}, _TYPES),
        ("XtOrder", {"order_volume": "int 64", "m_nOrderVolume": "int 64"}, _NUMBERS),
        ("OrderStockResp", {"order_id": "int", "m_nOrderID": "int"}, _NUMBERS),
    ],
)
def test_one_changed_property_of_ours_is_noticed(
    monkeypatch: pytest.MonkeyPatch, cls: str, changed: dict[str, str | None], check: Callable[[Native], None]
) -> None:
    properties = {**CLASSES[cls], **changed}
    kept = {name: kind for name, kind in properties.items() if kind is not None}
    monkeypatch.setitem(_contract_classes(monkeypatch), cls, kept)
    with pytest.raises((AssertionError, AttributeError, TypeError, pytest.fail.Exception)):
        check(_stand_in())
    monkeypatch.undo()
    check(_stand_in())


def test_one_changed_default_of_ours_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_types, "CONTRACT", {**CONTRACT, "defaults": {}})
    with pytest.raises(AssertionError):
        _TYPES(_stand_in())


def _contract_classes(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Those from which ours are made, apart from those that the tests compare with."""
    altered = dict(CLASSES)
    monkeypatch.setattr(native_types, "CONTRACT", {**CONTRACT, "classes": altered})
    return altered


@pytest.mark.parametrize(
    ("alteration", "part", "noticed"),
    [
        ("native.NOTHING['int'] = 0", "requests", "requests: subscribeWithSeq"),
        ("native.NO_RESULT['OrderStockResp'] = {'order_id': 0}", "requests", "requests: orderStockWithSeq"),
        ("native.NO_RESULT.pop('CancelOrderStockResp')", "calls", "calls: answers"),
        ("native.ECHOED += ('order_remark',)", "requests", "requests: orderStockWithSeq"),
        ("native.SILENT = native.SILENT[1:]", "requests", "requests: createCommandWithSeq"),
        ("native.NativeClient.connect = lambda self: 0", "connecting", "connecting"),
        ("native.CONNECT_SECONDS = 0.1", "connecting", "connecting"),
        ("native.NativeClient._answer = lambda self, *given: self._call(*given)", "ends", "ends: before start"),
    ],
)
def test_one_changed_answer_of_ours_is_noticed(alteration: str, part: str, noticed: str) -> None:
    assert part in PARTS
    answers = _ask("stand-in", part, alteration=f"from filebridge.simulator import native\n{alteration}")
    assert noticed in _differences(answers)
