"""The stand-in classes, compared with what the real native module was seen to do (native_contract.json)."""

import copy
import json
import math
import pickle
import sys
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from filebridge.simulator import native, native_types
from filebridge.simulator.wire import ANSWERS, PUSHES, REQUESTS, ROWS

CONTRACT = json.loads(resources.files("filebridge.simulator").joinpath("native_contract.json").read_text("utf-8"))
CLASSES: dict[str, dict[str, str]] = CONTRACT["classes"]
PROPERTIES = [(cls, name, kind) for cls, properties in CLASSES.items() for name, kind in properties.items()]
WIDE = "汉" * 200


@pytest.fixture(scope="module")
def classes() -> dict[str, type[Any]]:
    return native_types.build_classes()


def test_it_has_all_classes_and_no_other(classes: dict[str, type[Any]]) -> None:
    assert set(classes) == set(CLASSES)
    assert len(classes) + 1 == 99  # and XtQuantAsyncClient


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_exactly_its_properties_and_no_dict(classes: dict[str, type[Any]], name: str) -> None:
    cls = classes[name]
    assert {attribute for attribute in vars(cls) if not attribute.startswith("_")} == set(CLASSES[name])
    made = cls()
    assert not hasattr(made, "__dict__")
    with pytest.raises(AttributeError):
        made.no_such_field = 1
    with pytest.raises(TypeError):
        cls(1)


def test_every_property_has_the_type_of_its_default(classes: dict[str, type[Any]]) -> None:
    for cls, name, kind in PROPERTIES:
        assert type(getattr(classes[cls](), name)).__name__ == kind.split()[0], (cls, name)


def test_every_string_keeps_its_width_or_is_read_only(classes: dict[str, type[Any]]) -> None:
    texts = [(cls, name, kind.split()[1]) for cls, name, kind in PROPERTIES if kind.startswith("str")]
    for cls, name, width in texts:
        made = classes[cls]()
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


def test_every_number_is_strict(classes: dict[str, type[Any]]) -> None:
    for cls, name, kind in PROPERTIES:
        made = classes[cls]()
        if kind == "int":
            setattr(made, name, 2**31 - 1)
            for no_int32 in (2**31, -(2**31) - 1, 1.0, "1", None):
                with pytest.raises(TypeError):
                    setattr(made, name, no_int32)
            assert getattr(made, name) == 2**31 - 1
            setattr(made, name, True)
            assert getattr(made, name) == 1
            assert type(getattr(made, name)) is int
        elif kind == "float":
            for good in (1, 1.5, Decimal("1.5"), -1):
                setattr(made, name, good)
                assert type(getattr(made, name)) is float
            setattr(made, name, math.nan)
            assert math.isnan(getattr(made, name))
            for no_number in ("1", None, b"1"):
                with pytest.raises(TypeError):
                    setattr(made, name, no_number)


def test_none_in_a_string_stands_for_the_death_of_the_process(classes: dict[str, type[Any]]) -> None:
    request = classes["OrderStockReq"]()
    with pytest.raises(native_types.NativeCrash):
        request.m_strStockCode = None
    with pytest.raises(TypeError):
        request.m_strStockCode = 600000


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


@pytest.mark.parametrize(("name", "pairs"), ALIASES.items())
def test_both_names_of_a_field_share_it(classes: dict[str, type[Any]], name: str, pairs: list[tuple[str, str]]) -> None:
    made = classes[name]()
    for native_name, plain_name in pairs:
        first, second = SAMPLES[CLASSES[name][plain_name].split()[0]]
        setattr(made, native_name, first)
        assert getattr(made, plain_name) == first
        setattr(made, plain_name, second)
        assert getattr(made, native_name) == second


def test_names_that_share_a_field_agree_on_its_type(classes: dict[str, type[Any]]) -> None:
    for cls, properties in CLASSES.items():
        kinds: dict[str, set[str]] = {}
        for prop, storage in native_types.storage_names(cls, properties).items():
            kinds.setdefault(storage, set()).add(properties[prop].split()[0])
        assert all(len(seen) == 1 for seen in kinds.values()), cls


def test_fields_that_differ_do_not_touch_each_other(classes: dict[str, type[Any]]) -> None:
    request = classes["OrderStockReq"]()
    request.m_strOrderRemark = "0123456789" * 4
    request.m_strOrderRemarkNew = "0123456789" * 4
    request.m_strStockCode1 = "600000.SH"
    assert (request.order_remark, request.order_remark1) == ("01234567890123456789012", "0123456789" * 4)
    assert (request.stock_code, request.stock_code1) == ("", "600000.SH")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_fills_an_object_whole(classes: dict[str, type[Any]], name: str) -> None:
    storages = native_types.storage_names(name, CLASSES[name])
    kinds = {storages[prop]: kind.split()[0] for prop, kind in CLASSES[name].items()}
    assert set(ROWS[name]) == set(kinds)
    row = [SAMPLES[kinds[field]][0] for field in ROWS[name]]
    made = native_types.row_builder(classes[name], ROWS[name])(row)
    for prop, storage in storages.items():
        assert getattr(made, prop) == SAMPLES[kinds[storage]][0]


def test_pushed_objects_cannot_be_pickled_or_copied(classes: dict[str, type[Any]]) -> None:
    order = classes["XtOrder"]()
    for use in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot pickle"):
            use(order)


def test_a_half_character_is_kept_and_cannot_be_read(classes: dict[str, type[Any]]) -> None:
    build = native_types.row_builder(classes["XtOrderError"], ROWS["XtOrderError"])
    error = build([2, "1", -1, 7, 0, "", "", "汉".encode()[:2].decode("utf-8", "surrogateescape")])
    with pytest.raises(UnicodeDecodeError):
        _ = error.order_remark


def test_the_client_has_every_method() -> None:
    for name in [*CONTRACT["requests"], *CONTRACT["bindings"], *CONTRACT["methods"]]:
        assert callable(getattr(native.XtQuantAsyncClient, name)), name


def test_requests_and_answers_of_the_wire_name_real_bindings_and_fields() -> None:
    for binding, shape in [*PUSHES.values(), *ANSWERS.values()]:
        assert CONTRACT["bindings"][binding][-1] == shape
    for request, kind in native.SERVED.items():
        cls = CONTRACT["requests"][request][1]
        storages = set(native_types.storage_names(cls, CLASSES[cls]).values())
        assert set(REQUESTS[kind]) <= storages


def test_the_client_is_strict_about_arguments(classes: dict[str, type[Any]]) -> None:
    client: Any = native.XtQuantAsyncClient("数据".encode("gb18030"), "xtquant", 1)
    with pytest.raises(TypeError):
        client.orderStockWithSeq(1, native._CLASSES["SubscribeReq"]())
    with pytest.raises(TypeError):
        client.orderStockWithSeq("1", native._CLASSES["OrderStockReq"]())
    with pytest.raises(TypeError):
        client.bindOnStockOrderCallback("no function")
    with pytest.raises(TypeError):
        native.XtQuantAsyncClient(b"", "xtquant", "1")  # type: ignore[arg-type]
    assert [client.nextSeq(), client.nextSeq()] == [1, 2]


def test_install_puts_the_module_where_xttrader_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    # setitem, so that whatever install does to sys.modules is undone afterwards.
    monkeypatch.setitem(sys.modules, native_types.MODULE, sys)
    module = native.install()
    assert sys.modules[native_types.MODULE] is module
    assert {name for name in vars(module) if not name.startswith("_")} == {*CLASSES, "XtQuantAsyncClient"}
