"""Number formats: whether one shows a moment or a percentage, and whether a person sees the number that the cell holds.

The codes are those of Excel (ECMA-376, 18.8.31), which other spreadsheets write as well.
"""

import re
from decimal import Decimal

from filebridge.domain.symbols import half_width

# What a number format shows as it is: quoted text, one escaped or padding character, [colour] and [$¥].
_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general|g/通用格式', re.IGNORECASE | re.DOTALL)
_DATE_SIGN = re.compile(r"[ymdhs]|(?<![0#?])e(?![+-])", re.IGNORECASE)
# What may stand beside a number without making another one of it: not 手, not 万, no digit, no point, no condition.
_UNIT = "[ 股元张份¥￥$()+-]"
_COLOUR = r"\[(?:red|blue|black|green|white|yellow|magenta|cyan|color ?[0-9]+)\]"
_SCRIPT = r"\[(?:dbnum[0-9]|\$[^\]0-9.手万千百]*(?:-[0-9a-f]+)?)\]"
_HARMLESS = re.compile(
    rf'"{_UNIT}*"|\\{_UNIT}|_.|\*.|{_UNIT}|general|g/通用格式|@|{_COLOUR}|{_SCRIPT}', re.IGNORECASE | re.DOTALL
)
_DIGITS = re.compile(r"[#0?,]*[#0?](?:\.([#0?]*))?")
_SHOWN_BESIDE = re.compile("[ ,股元张份¥￥$\u00a0]")
_SHOWN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_EVERY_DECIMAL = 30
_LONG = 40


def is_moment_format(code: str) -> bool:
    """Whether a number format shows a date or a time."""
    return _DATE_SIGN.search(_LITERAL.sub("", code).partition(";")[0]) is not None


def is_percent_format(code: str) -> bool:
    return "%" in _LITERAL.sub("", code)


def shows_itself(number: str, code: str, shown: str) -> bool:
    """Whether a person sees this number: 10.514 under `0.00` is seen as 10.51, and 10 under `0"手"` as 10 lots.

    `number` is its digits without zeros at the end, `shown` what the file says is seen, where it does.
    """
    if len(number) > _LONG:
        # No quantity and no price: that is said elsewhere.
        return True
    if shown:
        seen = _SHOWN_BESIDE.sub("", half_width(shown))
        return bool(_SHOWN_NUMBER.fullmatch(seen)) and Decimal(seen) == Decimal(number)
    decimals = _decimals(code)
    return decimals is not None and len(number.partition(".")[2]) <= decimals


def _decimals(code: str) -> int | None:
    """How many decimals a format shows of a positive number; None if that cannot be said."""
    plain = _HARMLESS.sub("", code.partition(";")[0])
    if not plain:
        return _EVERY_DECIMAL
    match = _DIGITS.fullmatch(plain)
    return len(match[1] or "") if match else None
