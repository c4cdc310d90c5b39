"""What is mutated: every sample and every file of the corpus, and tables of good orders that are made here.

Of a made table it is known what each cell means, so it can be damaged in ways that must be refused.
"""

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from filebridge.orderfiles.columns import COLUMNS
from tests.fuzz import witness
from tests.fuzz.judge import Mutant, Promise, read, terms
from tests.golden.regenerate import samples
from tests.golden.workbooks import rows as sheet_rows
from tests.golden.workbooks import xlsx

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "corpus.zip"
SEED_BYTES_MAX = 60_000


class Seed(NamedTuple):
    """A file as it lies there."""

    name: str
    data: bytes

    def has_an_end(self) -> bool:
        """Whether its format says where a file ends; some other systems' do not, and rely on a rename."""
        return witness.is_known(read(Mutant(self.name, self.data)))

    def orders(self) -> tuple[tuple[object, ...], ...]:
        """The money of the orders that it has."""
        return terms(read(Mutant(self.name, self.data)))


@cache
def files() -> tuple[Seed, ...]:
    """Every sample and every file of the corpus, but what is too large to be mutated in numbers."""
    found = [(sample.name, sample.read_bytes()) for sample in samples()]
    with zipfile.ZipFile(CORPUS) as corpus:
        found += [(name, corpus.read(name)) for name in corpus.namelist()]
    return tuple(Seed(name, data) for name, data in found if len(data) <= SEED_BYTES_MAX)


# ---- tables of good orders -------------------------------------------------------------------------------------------

_SYMBOLS = ("600000.SH", "000001.SZ", "510300", "SZ300059", "113052.SH", "1", "430047.BJ")
_NOTES = ("网格一", "低吸", "rebalance", "", "浦发“银行”")


class Table(NamedTuple):
    """Columns, and rows of as many texts; a damaged row may have more or fewer."""

    columns: list[str]
    rows: list[list[str]]


def table(dice: random.Random) -> Table:
    columns = ["client_order_id", "symbol", "side", "quantity", "limit_price", "note"]
    dice.shuffle(columns)
    return Table(columns, [[_good(column, number, dice) for column in columns] for number in range(dice.randint(1, 6))])


def _good(column: str, number: int, dice: random.Random) -> str:
    match column:
        case "client_order_id":
            return f"A{number}"
        case "symbol":
            return dice.choice(_SYMBOLS)
        case "side":
            return dice.choice(("BUY", "卖出", "b", "证券买入"))
        case "quantity":
            return str(dice.choice((100, 200, 1000, 12300)))
        case "limit_price":
            return f"{dice.randint(100, 99999) / 100:.2f}"
    return dice.choice(_NOTES)


def write_csv(made: Table, dice: random.Random, count: str = "") -> tuple[str, bytes]:
    """`count` stands in the end line in the place of the right one."""
    delimiter, newline = dice.choice(",;\t"), dice.choice(("\n", "\r\n", "\r"))
    buffer = io.StringIO()
    quoting: Any = dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow([COLUMNS.get(column, column) for column in made.columns])
    writer.writerows(made.rows)
    text = buffer.getvalue() + f"#END,{count or len(made.rows)}" + dice.choice(("", newline))
    if dice.random() < 0.2:
        text = f"sep={delimiter}{newline}" + text
    encoding = dice.choice(("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"))
    try:
        return "made.csv", text.encode(encoding)
    except UnicodeEncodeError:
        return "made.csv", text.encode("utf-8-sig")


def write_json(made: Table, dice: random.Random, count: str = "") -> tuple[str, bytes]:
    keys = [dice.choice((column, COLUMNS.get(column, column))) for column in made.columns]
    spelled = [
        json.dumps({key: _json_value(text, dice) for key, text in zip(keys, row, strict=False)}, ensure_ascii=False)
        for row in made.rows
    ]
    if dice.random() < 0.5:
        return "made.json", ("[" + ",\n".join(spelled) + "]").encode()
    return "made.jsonl", "\n".join([*spelled, f'{{"end": {count or len(spelled)}}}', ""]).encode()


def write_xlsx(made: Table, dice: random.Random, count: str = "") -> tuple[str, bytes]:
    body = ["".join(map(_cell, row)) for row in made.rows]
    end = f"{_cell('#END')}<c><v>{count or len(made.rows)}</v></c>"
    return "made.xlsx", xlsx(sheet_rows("".join(map(_cell, made.columns)), *body, end))


def _json_value(text: str, dice: random.Random) -> object:
    if not _is_number(text) or dice.random() < 0.5:
        return text
    return int(text) if text.isdecimal() else float(text)


def _cell(text: str) -> str:
    return f"<c><v>{text}</v></c>" if _is_number(text) else f'<c t="str"><v>{escape(text)}</v></c>'


def _is_number(text: str) -> bool:
    # 1.000 is one as a number, and may be a thousand as text.
    return re.fullmatch(r"[1-9][0-9]{0,8}(\.[0-9]{2})?", text) is not None


WRITERS = (write_csv, write_csv, write_json, write_xlsx)


# ---- what must be refused --------------------------------------------------------------------------------------------

# Column -> texts that it can hold in no file.
DAMAGE: Mapping[str, tuple[str, ...]] = {
    "quantity": (
        *("", "1o0", "-100", "1e3", "100.5", "1.000", "1 000", "1,00", "0", "１００股", "٣٠٠", "NaN", "0x64", "+100"),
        *("=100", "100-", "9999999999", "½", "1_000", "1,000,00", ",100", "100,", "一百"),
    ),
    "limit_price": (
        *(
            "",
            "10,5",
            "1.2.3",
            "-1",
            "NaN",
            "inf",
            "1e1",
            "10.5元",
            "0",
            "0.0",
            "10.12345",
            "1,680",
            "+10.5",
            ".5",
            "10.",
        ),
        *("99999999", "１０，５", "10 .5", "$10", "=10.5", "1_0.5", "10.5%"),
    ),
    "symbol": ("", "6000000", "600000.XX", "60000O", "SH600000.SZ", "600000.SZ", "茅台", "600000,SH", "-600000", "6e5"),
    "side": ("", "hold", "买卖", "0", "buysell", "1", "=BUY", "买 入"),
    "client_order_id": ("nan", "NULL", "1.23E+17", "=1+1", "-7", "a\u200bb", "x" * 65, "a\tb"),
}
_WRONG_HEADERS = ("成交数量", "委托手数", "colour", "quantty", "委托类型", "client order id", "order_sysid")
_CONTROL = ("\0", "\x01", "\x08", "\x1b", "\x7f", "\x85")


def damaged(dice: random.Random) -> Mutant:
    """A made table with one thing wrong with it that no reader may pass over."""
    return dice.choice((_bad_cell, _bad_cell, _bad_cell, _bad_count, _bad_header, _control, _bad_width))(dice)


def _bad_cell(dice: random.Random) -> Mutant:
    made = table(dice)
    at, column = dice.randrange(len(made.rows)), dice.choice([*DAMAGE])
    text = dice.choice(DAMAGE[column])
    made.rows[at][made.columns.index(column)] = text
    name, data = dice.choice(WRITERS)(made, dice)
    row = at + (1 if name in ("made.json", "made.jsonl") else 2)
    return Mutant(name, data, (f"made as {name}, {column} of row {row} is {text!r}",), Promise.ROW_REFUSED, row=row)


def _bad_count(dice: random.Random) -> Mutant:
    made = table(dice)
    wrong = str(len(made.rows) + dice.choice((-1, 1, 10)))
    name, data = dice.choice(WRITERS)(made, dice, wrong)
    # A JSON document has no count; it ends with its bracket.
    promise = Promise.NOTHING if name == "made.json" else Promise.REFUSED
    return Mutant(name, data, (f"made as {name}, counts {wrong} of {len(made.rows)} rows",), promise)


def _bad_header(dice: random.Random) -> Mutant:
    made = table(dice)
    word = dice.choice(_WRONG_HEADERS)
    name, data = dice.choice(WRITERS)(Table([*made.columns, word], [[*row, "7"] for row in made.rows]), dice)
    return Mutant(name, data, (f"made as {name}, with a column {word}",), Promise.REFUSED)


def _control(dice: random.Random) -> Mutant:
    made = table(dice)
    at, column, letter = dice.randrange(len(made.rows)), dice.randrange(len(made.columns)), dice.choice(_CONTROL)
    text = made.rows[at][column]
    place = dice.randint(0, len(text))
    made.rows[at][column] = text[:place] + letter + text[place:]
    name, data = write_csv(made, dice)
    return Mutant(name, data, (f"{letter!r} in {made.columns[column]} of row {at + 2}",), Promise.REFUSED)


def _bad_width(dice: random.Random) -> Mutant:
    made = table(dice)
    at = dice.randrange(len(made.rows))
    row = made.rows[at]
    made.rows[at] = [*row, "7"] if dice.random() < 0.5 else row[: dice.randint(1, len(row) - 1)]
    name, data = write_csv(made, dice)
    story = f"row {at + 2} has {len(made.rows[at])} of {len(row)} cells"
    return Mutant(name, data, (story,), Promise.ROW_REFUSED, row=at + 2)
