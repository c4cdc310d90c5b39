"""What is wrong with a setting: its key and value, why it cannot be used, and what to write, in English and Chinese.

Made from what pydantic says of the values of filebridge.toml and the environment; config.py reads them.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Texts = tuple[str, str]

_WHOLE: Texts = ("It must be a whole number, without quotation marks.", "应为整数，不加引号。")
_NUMBER: Texts = ("It must be a number, as in 0.5, without quotation marks.", "应为数字（如 0.5），不加引号。")
_YES_OR_NO: Texts = ("It must be true or false, without quotation marks.", "只能是 true 或 false，不加引号。")
_TEXT: Texts = ("It must be a text in quotation marks.", "应为加引号的文本。")
_LIST: Texts = ('It must be a list, as in ["a", "b"].', '应为列表，如 ["a", "b"]。')
_TABLE: Texts = (
    "It must be a section with settings of its own, as docs/settings.md shows.",
    "应为含有各项设置的小节，写法见 docs/settings.md。",
)
# By the kind of pydantic's error; {names} are of its context.
_TEXTS: dict[str, Texts] = {
    "missing": ("It is missing, and is needed here. Add it.", "缺少该项，请补上。"),
    "greater_than": ("It must be above {gt}.", "必须大于 {gt}。"),
    "greater_than_equal": ("It must be {ge} or more.", "不得小于 {ge}。"),
    "less_than": ("It must be below {lt}.", "必须小于 {lt}。"),
    "less_than_equal": ("It must be {le} or less.", "不得大于 {le}。"),
    "literal_error": ("It must be {expected}.", "只能是 {expected_zh}。"),
    "enum": ("It must be {expected}.", "只能是 {expected_zh}。"),
    "string_too_long": ("It may have at most {max_length} characters.", "最多 {max_length} 个字符。"),
    "string_too_short": ("It must not be empty.", "不能为空。"),
    "too_short": ("It needs at least {min_length} entry.", "至少需要 {min_length} 项。"),
    "too_long": ("It may have at most {max_length} entries.", "最多 {max_length} 项。"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_OR_NO),
    "string_type": _TEXT,
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _TABLE),
}
_ACCOUNT: Texts = (
    "An account has 1 to 23 letters, digits, - and _, in quotation marks.",
    "资金账号为 1 至 23 位字母、数字、- 和 _，需加引号。",
)
_LINE: Texts = ("It may have no line break or other control character.", "不能含有换行等控制字符。")
# The form that a text must have, by the setting's name.
_FORMS: dict[str, Texts] = {
    **dict.fromkeys(("id", "account", "accounts"), _ACCOUNT),
    "hours_allowed": (
        'Write times of day as in ["09:30-11:30", "13:00-14:57"].',
        '请写作 ["09:30-11:30", "13:00-14:57"]。',
    ),
    "name": (
        "A name has 1 to 40 letters, digits, Chinese characters, - and _, and does not begin with -.",
        "名称为 1 至 40 个字母、数字、汉字、- 和 _，不能以 - 开头。",
    ),
    "done_suffix": ('Write it as ".done": a dot, then letters, digits or _.', '请写作 ".done"：点号加字母、数字或 _。'),
    "public_key": (
        "Copy the second line of minisign.pub, which begins with RW.",
        "请复制 minisign.pub 的第二行（以 RW 开头）。",
    ),
    **dict.fromkeys(("strategy", "basket"), _LINE),
}
_OTHER_FORM: Texts = ("It is not written as it must be; docs/settings.md says how.", "写法不符，见 docs/settings.md。")
_SHOWN_MAX = 60
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


def sentence(item: Mapping[str, Any], root: Any, entries: Mapping[str, Any], environ: Iterable[str]) -> str:
    """Three lines on one of pydantic's errors: key and value, then why and the remedy in each language.

    `root` is the model of all settings, `entries` those of settings that are lists; `environ` are the names of the
    environment's variables.
    """
    place = item["loc"]
    if item["type"] == "extra_forbidden":
        texts = _unknown(place, root, entries)
    elif item["type"] == "value_error":
        # Our own checks say both.
        said = item["ctx"]["error"].args
        texts = (said[0], said[-1])
    elif item["type"] == "string_pattern_mismatch":
        named = [part for part in place if isinstance(part, str)]
        texts = next((_FORMS[name] for name in reversed(named) if name in _FORMS), _OTHER_FORM)
    else:
        texts = _TEXTS.get(item["type"], (item["msg"], item["msg"]))
    context = item.get("ctx", {}).items()
    values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in context}
    values["expected_zh"] = values.get("expected", "").replace(" or ", " 或 ")
    english, chinese = (re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], name[0]), text) for text in texts)
    return f"{_key(place, environ)}{_value(item)}\n      {english}\n      {chinese}"


def of_their_own(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those that only follow from another: a list of which no entry can be used counts as too short."""
    places = [item["loc"] for item in items]

    def has_cause(item: Mapping[str, Any]) -> bool:
        own = item["loc"]
        return item["type"] == "too_short" and any(place[: len(own)] == own != place for place in places)

    return [item for item in items if not has_cause(item)]


def unreadable(error: ValueError, lines: list[str]) -> str:
    """The same of a file that is no TOML: where it breaks off, and the line itself."""
    at = _AT.search(str(error))
    if at is None:
        return f"it cannot be read 无法读取: {error}"
    number = int(at[1])
    line = lines[number - 1].strip() if number <= len(lines) else ""
    what = _AT.sub("", str(error)).strip()
    return f"line {number} 第 {number} 行, column 第 {at[2]} 列: {what}\n      {line[:_SHOWN_MAX]}"


def _unknown(place: tuple[Any, ...], root: Any, entries: Mapping[str, Any]) -> Texts:
    """Of a key that nobody knows: the nearest one beside it, or the section that has it."""
    name, model = str(place[-1]), root
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        own = getattr(field, "annotation", None)
        model = own if hasattr(own, "model_fields") else entries.get(str(part), model)
    near = difflib.get_close_matches(name, list(model.model_fields), n=1, cutoff=0.4)
    sections = [
        section
        for section, field in root.model_fields.items()
        if name in getattr(field.annotation, "model_fields", ()) and field.annotation is not model
    ]
    if sections:
        where = " or ".join(f"[{section}]" for section in sections)
        return (f"It belongs under {where}. Move it there.", f"该项应写在 {where.replace('or', '或')} 小节，请移过去。")
    if near:
        return (
            f"There is no such setting; did you mean {near[0]}? Rename it, or delete it.",
            f"没有这项设置，是否指 {near[0]}？请改名或删除。",
        )
    return (
        "There is no such setting. Delete it; docs/settings.md has all.",
        "没有这项设置，请删除；全部设置见 docs/settings.md。",
    )


def _key(place: tuple[Any, ...], environ: Iterable[str]) -> str:
    """As it stands in the file: [section] setting, with the number of an entry; or the variable that goes before."""
    if not place:
        return "filebridge.toml"
    variable = f"FILEBRIDGE_{'__'.join(str(part) for part in place[:2])}".upper()
    if len(place) > 1 and any(name.upper() == variable for name in environ):
        return f"{variable} (environment variable 环境变量)"
    parts = [f"entry {part + 1} 第 {part + 1} 项" if isinstance(part, int) else str(part) for part in place]
    return f"[{parts[0]}] {' '.join(parts[1:])}".rstrip() if len(parts) > 1 else parts[0]


def _value(item: Mapping[str, Any]) -> str:
    """What stands there, as TOML would have it; nothing of a whole section, and of what is missing."""
    value = item["input"]
    if item["type"] == "missing" or not isinstance(value, str | int | float | list | tuple):
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f" = {text[:_SHOWN_MAX]}{'…' if len(text) > _SHOWN_MAX else ''}"
