"""How a file is damaged. Each mutation takes the bytes of a file and dice, and gives other bytes and a word for it."""

import random
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

from tests.fuzz.judge import Mutant, Promise
from tests.fuzz.seeds import Seed, damaged, files

Mutation = Callable[[bytes, random.Random], tuple[bytes, str]]

BOMB_BYTES = 40_000_000
_ZIP = b"PK\x03\x04"
_TOKENS: tuple[bytes, ...] = (
    *(
        b"#END,1\n",
        b"#ROWS,1\n",
        b"#ROWS;2\r\n",
        b"#END",
        b"\n#END,2\n",
        b'"',
        b'""',
        b'="',
        b"sep=;\n",
        b"\r",
        b"\n",
        b"\r\n",
        b",",
        b";",
        b"\t",
        b"|",
    ),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"\x1a", b"\x1b", b"\xa0", b"\xc3\xa9", b"\xe3\x80\x80"),
    *(b"0", b"-1", b"1e3", b"1,000", b"10.5", b"10,5", b"1.000", b"NaN", b"999999999999", b"=1+1", b"\xef\xbc\x91"),
    *("委托数量".encode(), "证券代码".encode(), "委托价格".encode(), "买入".encode("gbk"), "成交数量".encode()),
    *(
        b"symbol",
        b"side",
        b"quantity",
        b"limit_price",
        b"action",
        b"cancel",
        b"account",
        b"trade_date",
        b"BUY",
        b"SELL",
    ),
    *(b"600000", b"000001.SZ", b"20261120", b"09:35", b"2026-11-20T09:35:00+09:00", b"paper", b"live"),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b":",
        b"null",
        b"true",
        b'{"end": 1}\n',
        b'{"rows": 1}\n',
        b'"orders"',
        b"[" * 5000,
        b'{"a":' * 3000,
    ),
    *(
        b"<c>",
        b"</c>",
        b"<v>",
        b"</row>",
        b'<row hidden="1">',
        b"<!DOCTYPE x>",
        b"&lt;",
        b"&#0;",
        b"<!--",
        b"<![CDATA[",
    ),
    *(_ZIP, b"PK\x01\x02", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x03\x7e\x0b\x14", b"%PDF"),
)
_ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030", "utf-32", "utf-7", "big5"),
    *("shift_jis", "euc_kr", "cp1252", "koi8_r", "hz"),
)
# Marks, and what must read the same in them.
_FAITHFUL = ("utf-8-sig", "utf-16")


def mutant(dice: random.Random) -> Mutant:
    """One file to be read. What kind it is, and of what seed, the dice say."""
    if dice.random() < 0.2:
        return damaged(dice)
    seed = dice.choice(files())
    is_zip = seed.data.startswith(_ZIP)
    if dice.random() < 0.1:
        return _cut(seed, dice)
    if not is_zip and dice.random() < 0.1:
        return _re_encoded(seed, dice)
    data, story = seed.data, [seed.name]
    # Inside a package first: behind it most damage is found out by a checksum.
    kinds = (_PACKAGE, _PACKAGE, _PACKAGE, _BYTES) if is_zip else (_BYTES,)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        data, said = dice.choice(dice.choice(kinds))(data, dice)
        story.append(said)
    name = seed.name if dice.random() < 0.95 else dice.choice(("a.csv", "a.json", "a.jsonl", "a.xlsx", "a.xls", "a"))
    return Mutant(name, data, tuple(story))


# ---- mutations that are known to damage, or not to -------------------------------------------------------------------


def _cut(seed: Seed, dice: random.Random) -> Mutant:
    """A file that says where it ends, without its end."""
    place = dice.randrange(len(seed.data)) if seed.data else 0
    # Blanks and empty cells behind the end line say nothing; what was wrong with the whole file may have been cut off.
    lost = seed.data[place:].strip(b" \t\r\n\0,;")
    promise = Promise.REFUSED if lost and seed.has_an_end() and seed.orders() else Promise.NOTHING
    return Mutant(seed.name, seed.data[:place], (seed.name, f"cut at {place}"), promise, end_line_required=True)


def _re_encoded(seed: Seed, dice: random.Random) -> Mutant:
    """Another encoding may be refused, but gives no other orders."""
    for encoding in ("utf-8-sig", "utf-16" if seed.data[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"):
        try:
            text = seed.data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return Mutant(seed.name, seed.data)
    encoding = dice.choice(_ENCODINGS)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding = dice.choice(_FAITHFUL)
        data = text.encode(encoding, "replace")
    before = seed.orders()
    # What was refused, perhaps for its encoding, may be right in another one.
    promise = Promise.SAME_OR_REFUSED if before else Promise.NOTHING
    return Mutant(seed.name, data, (seed.name, f"as {encoding}"), promise, before=before)


# ---- bytes -----------------------------------------------------------------------------------------------------------


def _flip(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    if not data:
        return data, "nothing"
    changed, place = bytearray(data), dice.randrange(len(data))
    changed[place] ^= 1 << dice.randrange(8)
    return bytes(changed), f"flip at {place}"


def _overwrite(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    place = dice.randint(0, len(data))
    more = bytes(dice.choice(b"09aZ,.;-+\"'=# \t\n\r\0\xff\xa1") for _ in range(dice.choice((1, 1, 2, 4))))
    return data[:place] + more + data[place + len(more) :], f"{more!r} over {place}"


def _insert(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    place, token = dice.randint(0, len(data)), dice.choice(_TOKENS)
    return data[:place] + token + data[place:], f"{token[:20]!r} at {place}"


def _replace_number(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    numbers = [*re.finditer(rb"[0-9]+", data)]
    if not numbers:
        return _insert(data, dice)
    found, token = dice.choice(numbers), dice.choice(_TOKENS)
    return data[: found.start()] + token + data[found.end() :], f"{token[:20]!r} for the number at {found.start()}"


def _remove(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    place = dice.randint(0, len(data))
    size = dice.choice((1, 1, 2, 8, 64))
    return data[:place] + data[place + size :], f"{size} bytes less at {place}"


def _repeat(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    first, last = sorted((dice.randint(0, len(data)), dice.randint(0, len(data))))
    last = min(last, first + 2_000)
    times = dice.choice((2, 2, 3, 50))
    return data[:first] + data[first:last] * times + data[last:], f"{first} to {last}, {times} times"


def _exchange_lines(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return _flip(data, dice)
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines), f"lines {one} and {other} exchanged"


def _splice(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    other = dice.choice(files())
    place, second = dice.randint(0, len(data)), dice.randint(0, len(other.data))
    return data[:place] + other.data[second:], f"from {place} on {other.name}"


def _translate(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    before, after = dice.choice(
        (
            (b",", b";"),
            (b",", b"\t"),
            (b",", b"|"),
            (b"\n", b"\r"),
            (b"\n", b"\r\n"),
            (b'"', b"'"),
            (b".", b","),
            (b"\n", b"\0\n"),
        )
    )
    return data.replace(before, after), f"{after!r} for every {before!r}"


_BYTES: tuple[Mutation, ...] = (
    *(_flip, _overwrite, _insert, _insert, _replace_number, _replace_number, _remove, _repeat, _exchange_lines),
    *(_splice, _translate),
)


# ---- packages --------------------------------------------------------------------------------------------------------


def _inside(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A part of the package is mutated and packed again, with a checksum that fits."""
    parts = _parts(data)
    if not parts:
        return _flip(data, dice)
    at = dice.randrange(len(parts))
    name, content = parts[at]
    changed, said = dice.choice((*_BYTES, _edit_xml, _edit_xml, _edit_xml))(content, dice)
    parts[at] = (name, changed)
    return _packed(parts, dice), f"{name}: {said}"


def _edit_xml(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A tag goes, comes twice, or changes places; an attribute gets another value."""
    tags = [*re.finditer(rb"<[^<>]{1,300}>", data)]
    if not tags:
        return _insert(data, dice)
    tag = dice.choice(tags)
    match dice.randrange(4):
        case 0:
            return data[: tag.start()] + data[tag.end() :], f"without {tag[0][:30]!r}"
        case 1:
            return data[: tag.end()] + tag[0] + data[tag.end() :], f"{tag[0][:30]!r} twice"
        case 2:
            other = dice.choice(tags)
            return data[: tag.start()] + other[0] + data[tag.end() :], f"{other[0][:30]!r} for {tag[0][:30]!r}"
    values = [*re.finditer(rb'"[^"]*"', tag[0])]
    if not values:
        return _insert(data, dice)
    value, token = (
        dice.choice(values),
        dice.choice((b"0", b"-1", b"99999", b"A1", b"true", b"", b"b", b"d", b"s", b"1E9")),
    )
    place = tag.start() + value.start()
    return data[:place] + b'"' + token + b'"' + data[tag.start() + value.end() :], f"{token!r} for {value[0][:30]!r}"


def _without_part(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    parts = _parts(data)
    if not parts:
        return _flip(data, dice)
    name, _ = parts.pop(dice.randrange(len(parts)))
    return _packed(parts, dice), f"without {name}"


def _part_again(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Two parts of one name, or one under a name that leads outside."""
    parts = _parts(data)
    if not parts:
        return _flip(data, dice)
    name, content = dice.choice(parts)
    other = dice.choice((name, name, f"../{name}", f"/{name}", name.upper()))
    return _packed([*parts, (other, dice.choice((content, b"", b"<x/>")))], dice), f"{name} again as {other}"


def _part_of_another(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    parts = _parts(data)
    others = _parts(dice.choice([seed.data for seed in files() if seed.data.startswith(_ZIP)]))
    if not parts or not others:
        return _flip(data, dice)
    at = dice.randrange(len(parts))
    name = parts[at][0]
    same = [content for other, content in others if other == name]
    parts[at] = (name, dice.choice(same or [content for _, content in others]))
    return _packed(parts, dice), f"{name} of another file"


def _bomb(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """A part that grows without end. Rarely, for it takes seconds."""
    if dice.random() > 0.02:
        return _inside(data, dice)
    parts = _parts(data)
    if not parts:
        return _flip(data, dice)
    at = dice.randrange(len(parts))
    name, content = parts[at]
    place = content.rfind(b"</") if b"</" in content else len(content)
    piece = dice.choice(
        (b"<row/>", b"<c/>", b"<si><t>x</t></si>", b" ", b"<a>", b"<row><c><v>1</v></c></row>", b"&amp;")
    )
    size = dice.choice((BOMB_BYTES // 100, BOMB_BYTES // 10, BOMB_BYTES, 3 * BOMB_BYTES))
    parts[at] = (name, content[:place] + piece * (size // len(piece)) + content[place:])
    return _packed(parts, dice), f"{name}: {size} bytes of {piece!r}"


def _parts(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            return [(part.filename, package.read(part)) for part in package.infolist() if part.file_size < 10**6]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return []


def _packed(parts: list[tuple[str, bytes]], dice: random.Random) -> bytes:
    buffer = BytesIO()
    method = dice.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(buffer, "w") as package, warnings.catch_warnings():
        # Two parts of one name are meant.
        warnings.simplefilter("ignore", UserWarning)
        for name, content in parts:
            package.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


_PACKAGE: tuple[Mutation, ...] = (
    *(_inside, _inside, _inside, _inside, _inside, _inside, _without_part, _part_again, _part_of_another, _bomb),
)
