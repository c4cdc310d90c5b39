"""What every order-file format hands back, and how problems are shown; no format is read here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from filebridge.domain.orders import OrderInstruction
from filebridge.domain.reasons import Context, Problem, Reason

PROBLEMS_LISTED_MAX = 1000
SHOWN_CHARS_MAX = 80
FILE_ROW = 0

# What no cell may hold: it is invisible, breaks lines in reports, or (a lone surrogate) cannot be written at all.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What a cell may hold and nobody sees: copied from a web page it stands beside a number, and makes another text of it.
_UNSEEN = re.compile(f"{UNPRINTABLE.pattern[:-1]}\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of a file beside its name and bytes: by the folder that it came from, and how far it was read.

    `format` is empty where the file itself has to show it. `accounts`: what another system calls an account -> the
    account at the broker. `rows_before`: rows of a file that grows which were read before these. `place`: what the
    ids of rows that bring none begin with; empty for the file's name.
    """

    format: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    rows_before: int = 0
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """One order file, read: its orders and everything that is wrong with it, in a declared order.

    The order of problems: the file, its header, then row by row, in each row in the order of the column table. With a
    problem of the file or its header there are no instructions, as nothing in it can be trusted; with a problem in a
    row, the other rows stand, and whether they may trade is for the bridge to decide. `rows` counts the rows that
    hold anything; `delimiter` is empty for JSON.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    instructions: Sequence[OrderInstruction] = ()
    problems: tuple[Problem, ...] = ()
    rows: int = 0
    # The ids of rows that cannot be used, where they could be read, so that a program can tell which was refused.
    ids: Mapping[int, str] = field(default_factory=dict)
    # A problem of the file or its header: nothing in it can be trusted.
    is_broken: bool = False


def extension_of(name: str) -> str:
    """The extension of a file's name, as pathlib tells it, which takes many times as long."""
    stem, dot, extension = name.rpartition(".")
    return dot + extension if stem and extension else ""


def shown(text: str) -> str:
    """A value as an answer shows it: what cannot be printed or seen is escaped, and cut to 80 characters."""
    # One character more than fits, so that escaping a huge cell costs nothing and a cut is still seen.
    escaped = _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text[: SHOWN_CHARS_MAX + 1])
    return escaped if len(escaped) <= SHOWN_CHARS_MAX else escaped[: SHOWN_CHARS_MAX - 1] + "…"


def file_problem(code: str, value: str = "", **context: str) -> Problem:
    """A problem of the file as a whole."""
    return problem(FILE_ROW, "", value, Reason(code, context))


def problem(row: int, column: str, value: str, reason: Reason) -> Problem:
    """A problem whose every text is safe to write into a report; its reason's context also names column and value."""
    context: Context = {"column": column, "value": value, **reason.context}
    safe = {name: shown(text) for name, text in context.items()}
    return Problem(row, shown(column), shown(value), Reason(reason.code, safe))


def listed(problems: Sequence[Problem], more: int = 0) -> tuple[Problem, ...]:
    """The first thousand problems, and a last one that says how many more there are; `more` that were not kept."""
    more += len(problems) - PROBLEMS_LISTED_MAX
    if more <= 0:
        return tuple(problems)
    rest = file_problem("FILE_MORE_PROBLEMS", listed=str(PROBLEMS_LISTED_MAX), more=str(more))
    return (*problems[:PROBLEMS_LISTED_MAX], rest)
