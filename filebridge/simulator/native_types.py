"""The native module's classes, generated from native_contract.json, as strict as the real ones.

A writable string keeps `width` bytes of UTF-8 and loses the rest in silence, also in mid-character: reading it then
raises UnicodeDecodeError. Integers are signed, of 32 bits or 64. There is no `__dict__`, and no pickling. Nothing is
sent here.
"""

import json
import numbers
import operator
import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any, NoReturn, SupportsIndex

MODULE = "xtquant.xtpythonclient"
CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "native_contract.json").read_text(encoding="utf-8"))

DEFAULTS: dict[str, Any] = {"str": "", "int": 0, "float": 0.0, "bool": False}
INT32_MIN, INT32_MAX, INT64_MAX = -(2**31), 2**31 - 1, 2**63 - 1

# Two names of one field, where the rule (m_ and the type letter dropped, case and _ ignored) does not pair them.
ALIASES: dict[tuple[str, str], str] = {
    ("CancelOrderStockReq", "m_strMarket"): "market1",
    ("OrderStockReq", "m_strOrderRemarkNew"): "order_remark1",
    ("PositionStatistics", "m_nYestodayInitPosition"): "yesterday_init_position",
    ("PositionStatistics", "m_nYestodayPosition"): "yesterday_position",
    ("SubSwitchReq", "m_bSub"): "operate",
    ("XtAccountInfo", "m_nStatus"): "login_status",
    # Pairs by their names, but two fields each.
    ("XTProductNetValue", "m_dNetValue"): "m_dNetValue",
    ("XTProductNetValue", "m_dTotalNetValue"): "m_dTotalNetValue",
}
_HUNGARIAN = re.compile(r"^m_(?:str|[bden])(?=[A-Z])")


class NativeCrash(TypeError):
    """Stands for the access violation that ends the real process when None is assigned to a string."""


class NativeObject:
    """Base of all generated classes."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")


def storage_names(class_name: str, properties: Iterable[str]) -> dict[str, str]:
    """Property -> the field that it reads and writes; the plain name where a class has one, else the m_ name."""
    names = list(properties)
    plain = {name.replace("_", "").lower(): name for name in names if not name.startswith("m_")}
    storages = {}
    for name in names:
        key = _HUNGARIAN.sub("", name).replace("_", "").lower()
        storages[name] = ALIASES.get((class_name, name)) or (plain.get(key, name) if name.startswith("m_") else name)
    return storages


def build_classes() -> dict[str, type[Any]]:
    """All classes of the contract, new ones at each call."""
    return {name: _build_class(name, properties) for name, properties in CONTRACT["classes"].items()}


def row_builder(cls: type[Any], fields: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    """How the terminal makes objects: fills every field of `cls` from a row, read-only strings as well."""
    setters = tuple(getattr(cls, "_" + field).__set__ for field in fields)
    new: Callable[[type[Any]], Any] = object.__new__

    def build(row: list[Any]) -> Any:
        filled = new(cls)
        for set_field, value in zip(setters, row, strict=True):
            set_field(filled, value)
        return filled

    return build


def field_reader(cls: type[Any], fields: tuple[str, ...]) -> Callable[[Any], list[Any]]:
    """The stored values of a request, in order, as the terminal sees them (a cut string stays cut)."""
    readers = tuple(getattr(cls, "_" + field).__get__ for field in fields)
    return lambda request: [read(request) for read in readers]


def _build_class(name: str, properties: dict[str, str]) -> type[Any]:
    storages = storage_names(name, properties)
    kinds = {storages[prop]: kind.split()[0] for prop, kind in properties.items()}
    cls = type(name, (NativeObject,), {"__slots__": tuple("_" + s for s in kinds), "__module__": MODULE})
    special = CONTRACT["defaults"].get(name, {})
    blanks = tuple(
        (getattr(cls, "_" + storage).__set__, special.get(storage, DEFAULTS[kind])) for storage, kind in kinds.items()
    )

    def blank(self: Any) -> None:
        for set_field, default in blanks:
            set_field(self, default)

    setattr(cls, "__init__", blank)  # noqa: B010 - mypy takes no assignment to __init__
    for prop, kind in properties.items():
        setattr(cls, prop, _property(cls, prop, kind.split(), "_" + storages[prop]))
    return cls


def _property(cls: type[Any], name: str, kind: list[str], slot: str) -> property:
    field = getattr(cls, slot)
    if kind[0] != "str":
        return property(attrgetter(slot), _writer(field.__set__, _CASTS[" ".join(kind)], name))
    read = _text_reader(field.__get__)
    if kind[1] == "readonly":
        return property(read)
    width = int(kind[1])
    return property(read, _writer(field.__set__, lambda value, where: _cut(value, width, where), name))


def _writer(
    set_field: Callable[[Any, Any], None], cast: Callable[[Any, str], Any], name: str
) -> Callable[[Any, Any], None]:
    def write(self: Any, value: Any) -> None:
        set_field(self, cast(value, name))

    return write


def _text_reader(get_field: Callable[[Any], str]) -> Callable[[Any], str]:
    def read(self: Any) -> str:
        text = get_field(self)
        # Half a character is kept as lone surrogates; making it bytes again and decoding those fails as natively.
        return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8")

    return read


def _cut(value: Any, width: int, name: str) -> str:
    if value is None:
        raise NativeCrash(f"{name}: None ends the real process with an access violation")
    if isinstance(value, str):
        try:
            raw = value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise _incompatible(name, value) from error
    elif isinstance(value, bytes | bytearray):
        raw = bytes(value)
    else:
        raise _incompatible(name, value)
    # A C string ends at its first zero byte.
    return raw.split(b"\0", 1)[0][:width].decode("utf-8", "surrogateescape")


def _int32(value: Any, name: str) -> int:
    return _whole_number(value, name, INT32_MAX)


def _int64(value: Any, name: str) -> int:
    return _whole_number(value, name, INT64_MAX)


def _whole_number(value: Any, name: str, largest: int) -> int:
    if isinstance(value, float):
        raise _incompatible(name, value)
    try:
        number = operator.index(value)
    except TypeError as error:
        # Any other kind of number but a float is cut to a whole one in silence: Decimal("1.5") becomes 1.
        if not isinstance(value, numbers.Number) or isinstance(value, complex):
            raise _incompatible(name, value) from error
        number = _cut_number(value, name)
    if not -largest - 1 <= number <= largest:
        raise _incompatible(name, value)
    return int(number)


def _cut_number(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _incompatible(name, value) from error


def _double(value: Any, name: str) -> float:
    if value is None or isinstance(value, str | bytes | bytearray):
        raise _incompatible(name, value)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _incompatible(name, value) from error


def _bool(value: Any, name: str) -> bool:
    if value is None:
        return False
    if isinstance(value, str | bytes | bytearray) or not hasattr(type(value), "__bool__"):
        raise _incompatible(name, value)
    return bool(value)


def _incompatible(name: str, value: Any) -> TypeError:
    return TypeError(f"{name}: incompatible value {value!r} of type {type(value).__name__}")


_CASTS: dict[str, Callable[[Any, str], Any]] = {"int": _int32, "int 64": _int64, "float": _double, "bool": _bool}
