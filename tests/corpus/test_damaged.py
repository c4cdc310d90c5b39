"""Files of the corpus, damaged and made hostile: every one is answered, and nothing is read that was not there."""

import random
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO

import pytest

from filebridge.orderfiles import ParsedFile, package, parse
from tests.corpus.test_corpus import FILES, TODAY

ODS, XLS = "plain.lo-ods.ods", "plain.lo-xls.xls"
CELL = b'<table:table-cell office:value-type="float" office:value="100"'
ROW = b"<table:table-row"
MUTANTS = 40


def read(name: str, data: bytes) -> ParsedFile:
    return parse(data, name=name, today=TODAY)


def repacked(part: str, change: Callable[[bytes], bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(FILES[ODS])) as before, zipfile.ZipFile(buffer, "w") as after:
        for info in before.infolist():
            content = before.read(info)
            after.writestr(info.filename, change(content) if info.filename == part else content)
    return buffer.getvalue()


def with_cell(more: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(CELL, CELL + more)


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("content.xml", with_cell(b' table:number-columns-repeated="300"'), "FILE_WORKBOOK_TOO_LARGE"),
        ("content.xml", with_cell(b' table:number-columns-repeated="99999999"'), "FILE_WORKBOOK_BROKEN"),
        ("content.xml", with_cell(b' table:number-columns-repeated="-1"'), "FILE_WORKBOOK_BROKEN"),
        ("content.xml", with_cell(b' table:number-rows-spanned="2"'), "CELL_MERGED"),
        ("content.xml", lambda xml: xml.replace(b'"100"', b'"1_0"'), "FILE_WORKBOOK_BROKEN"),
        (
            "content.xml",
            lambda xml: xml.replace(b'value-type="float"', b'value-type="fraction"'),
            "FILE_WORKBOOK_BROKEN",
        ),
        ("content.xml", lambda xml: xml.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>', 1), "FILE_WORKBOOK_UNSAFE"),
        ("content.xml", lambda xml: xml[:-10], "FILE_WORKBOOK_BROKEN"),
        ("content.xml", lambda xml: xml.replace(b'"UTF-8"', b'"UT8"'), "FILE_WORKBOOK_BROKEN"),
        ("META-INF/manifest.xml", lambda xml: xml + b"<!-- encryption-data -->", "FILE_WORKBOOK_LOCKED"),
    ],
)
def test_a_hostile_document_is_refused(part: str, change: Callable[[bytes], bytes], code: str) -> None:
    file = read(ODS, repacked(part, change))
    assert code in [found.reason.code for found in file.problems]
    assert file.instructions == ()


def test_a_row_that_is_repeated_is_so_many_orders_and_too_many_are_refused() -> None:
    def repeated(times: int) -> bytes:
        def change(xml: bytes) -> bytes:
            before, header, first, rest = xml.split(ROW, 3)
            return ROW.join((before, header, b' table:number-rows-repeated="%d"' % times + first, rest))

        return repacked("content.xml", change)

    orders = read(ODS, repeated(3)).instructions
    assert [order.client_order_id for order in orders] == ["A1", "A1", "A1", "A2"]
    assert [order.row for order in orders] == [2, 3, 4, 5]
    assert [found.reason.code for found in read(ODS, repeated(60_000)).problems] == ["FILE_WORKBOOK_TOO_LARGE"]


def test_a_workbook_of_more_elements_than_orders_can_need_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred kilobytes of them, packed, would keep the bridge busy for a minute."""
    whole = {name: read(name, FILES[name]) for name in (ODS, "plain.lo-xlsx.xlsx")}
    monkeypatch.setattr(package, "ELEMENTS_MAX", 100)
    assert all(file.instructions for file in whole.values())
    for name in whole:
        assert [found.reason.code for found in read(name, FILES[name]).problems] == ["FILE_WORKBOOK_TOO_LARGE"]


def test_comments_and_hidden_rows_of_a_document() -> None:
    note = b"<office:annotation><text:p>200</text:p></office:annotation>"
    noted = repacked("content.xml", lambda xml: xml.replace(b"<text:p>A1</text:p>", note + b"<text:p>A1</text:p>"))
    assert read(ODS, noted).instructions == read(ODS, FILES[ODS]).instructions
    for how in (b"collapse", b"filter"):
        data = repacked("content.xml", partial(_second_row_hidden, how))
        assert [found.reason.code for found in read(ODS, data).problems] == ["SHEET_HIDDEN"]


def _second_row_hidden(how: bytes, xml: bytes) -> bytes:
    before, header, rest = xml.split(ROW, 2)
    return ROW.join((before, header, b' table:visibility="%s"' % how + rest))


def test_a_chain_of_sectors_that_leads_back_to_itself_is_refused() -> None:
    """In the table of short sectors: xlrd alone would go round until memory is full."""
    data = bytearray(FILES[XLS])
    table = 512 + 512 * int.from_bytes(data[60:64], "little")
    data[table : table + 4] = bytes(4)
    (found,) = read(XLS, bytes(data)).problems
    assert (found.reason.code, found.value) == ("FILE_WORKBOOK_BROKEN", "a chain of sectors without an end")


def test_a_binary_workbook_cut_anywhere_is_refused() -> None:
    data = FILES[XLS]
    for cut in range(len(data)):
        assert read(XLS, data[:cut]).instructions == (), cut


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("plain.", "hidden-row.", "time-cell."))])
def test_a_damaged_file_is_answered(name: str) -> None:
    dice = random.Random(name)
    whole = read(name, FILES[name]).instructions
    for _ in range(MUTANTS):
        data = bytearray(FILES[name])
        for _ in range(dice.choice((1, 1, 2, 8))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        file = read(name, bytes(data))
        assert file.problems or file.instructions
        if name.endswith((".xlsx", ".ods")):
            # Each part of a package has its checksum.
            assert file.instructions in ((), whole)
