"""The workbooks of the gallery, the smallest that show what they show: `python -m tests.golden.workbooks` writes them.

XLSX by hand, part by part, so that each holds nothing that it does not need, and its bytes are the same on every run.
"""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from tests.golden.regenerate import SAMPLES

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
# Styles that a cell may name by `s`: as it is, a date, a percentage, zeros in front.
_FORMATS = (0, 14, 9, 164)

HEADER = "".join(f'<c t="str"><v>{name}</v></c>' for name in ("symbol", "side", "quantity", "limit_price"))
ORDER = '<c t="str"><v>600000</v></c><c t="str"><v>BUY</v></c><c><v>100</v></c><c><v>10.5</v></c>'
NO_QUANTITY = ORDER.replace("<c><v>100</v></c>", "{}")


def text(value: str) -> str:
    return f'<c t="str"><v>{value}</v></c>'


def rows(*cells: str) -> str:
    return "".join(f"<row>{row}</row>" for row in cells)


def package(parts: Mapping[str, str]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, _EARLIEST), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def xlsx(data: str, *, before: str = "", after: str = "", prolog: str = "", others: Sequence[str] = ()) -> bytes:
    """A workbook whose first sheet holds the rows `data`; `others` are the rows of further sheets."""
    sheets = [f"{before}<sheetData>{data}</sheetData>{after}", *(f"<sheetData>{other}</sheetData>" for other in others)]
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_LINK}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in _FORMATS)
    return package(
        {
            "[Content_Types].xml": f'{_PROLOG}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{kinds}</Types>',
            "_rels/.rels": f'{_PROLOG}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_LINK}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'{_PROLOG}<workbook xmlns="{_MAIN}" xmlns:r="{_LINK}"><sheets>{listed}</sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'{_PROLOG}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
            f'<Relationship Id="rId0" Type="{_LINK}/styles" Target="styles.xml"/></Relationships>',
            "xl/styles.xml": f'{_PROLOG}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" '
            'formatCode="0000"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
            f'<borders count="1"><border/></borders><cellXfs count="{len(_FORMATS)}">{styles}</cellXfs></styleSheet>',
            **{
                f"xl/worksheets/sheet{n}.xml": f'{_PROLOG}{prolog}<worksheet xmlns="{_MAIN}">{sheet}</worksheet>'
                for n, sheet in zip(numbers, sheets, strict=True)
            },
        }
    )


NAMED = HEADER + text("client_order_id")
# A formula, a time of day as a bare number (a second past midnight), and what a calculation leaves of 10.51.
NOTED = rows(
    NAMED + text("start_at"),
    NO_QUANTITY.format("<c><f>50*2</f><v>100</v></c>") + text("XLSX-2") + "<c><v>0.0000115740740740741</v></c>",
    ORDER.replace("10.5", "10.509999999999998") + text("XLSX-3"),
)
MERGED = '<mergeCells><mergeCell ref="C2:C3"/></mergeCells>'
STRUCK = '<c t="inlineStr"><is><r><rPr><strike/></rPr><t>600000</t></r></is></c>'
PLAIN = "symbol,side,quantity,limit_price"
GALLERY: dict[str, bytes] = {
    "accepted/workbook.xlsx": xlsx(NOTED),
    "refused/file-format-unknown.xlsb": b"PK",
    "refused/file-workbook-broken.xlsx": xlsx(rows(HEADER, ORDER))[:-9],
    "refused/file-workbook-locked.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    "refused/file-workbook-too-large.xlsx": xlsx(rows(HEADER, ORDER + '<c r="IW2"><v>1</v></c>')),
    "refused/file-workbook-unsafe.xlsx": xlsx(rows(HEADER, ORDER), prolog='<!DOCTYPE worksheet [<!ENTITY a "b">]>'),
    "refused/file-is-web-page.xls": b"<table><tr><td>symbol</td></tr></table>\n",
    "refused/file-header-not-first.csv": f"委托清单,,,\n{PLAIN}\n600000,BUY,100,10.5\n".encode(),
    "refused/sheets-ambiguous.xlsx": xlsx(rows(HEADER, ORDER), others=[rows(HEADER, ORDER)]),
    "refused/sheet-hidden.xlsx": xlsx(rows(HEADER, ORDER) + f'<row hidden="1">{ORDER}</row>'),
    "refused/cell-merged.xlsx": xlsx(rows(HEADER, ORDER, NO_QUANTITY.format("<c/>")), after=MERGED),
    "refused/cell-struck-out.xlsx": xlsx(rows(HEADER, STRUCK + ORDER[ORDER.index("</c>") + 4 :])),
    "refused/cell-outside-table.xlsx": xlsx(rows(HEADER, ORDER + "<c/><c><v>5</v></c>")),
    "refused/cell-is-error.xlsx": xlsx(rows(HEADER, NO_QUANTITY.format('<c t="e"><v>#REF!</v></c>'))),
    "refused/cell-is-boolean.xlsx": xlsx(rows(HEADER, NO_QUANTITY.format('<c t="b"><v>1</v></c>'))),
    "refused/cell-is-date.xlsx": xlsx(rows(HEADER, NO_QUANTITY.format('<c s="1"><v>46346</v></c>'))),
    "refused/cell-is-percent.xlsx": xlsx(rows(HEADER, NO_QUANTITY.format('<c s="2"><v>1</v></c>'))),
    "refused/cell-format-ambiguous.xlsx": xlsx(rows(HEADER + text("client_order_id"), ORDER + '<c s="3"><v>7</v></c>')),
    "refused/cell-not-calculated.xlsx": xlsx(rows(HEADER, NO_QUANTITY.format("<c><f>50*2</f></c>"))),
    "refused/column-ambiguous.csv": "symbol,side,quantity,limit_price,委托类型\n600000,BUY,100,10.5,限价\n".encode(),
    "refused/column-unit-unknown.csv": "symbol,side,委托数量(万股),limit_price\n600000,BUY,1,10.5\n".encode(),
    "refused/column-of-exchange.csv": f"{PLAIN},交易市场\n000001,BUY,100,10.5,上海\n".encode(),
    "refused/symbol-zeros-ambiguous.csv": f"{PLAIN}\n00700,BUY,100,10.5\n".encode(),
    "refused/row-repeats-header.csv": f"{PLAIN}\n600000,BUY,100,10.5\n{PLAIN}\n000001,BUY,100,11.5\n".encode(),
    "refused/file-header-missing.csv": b"600000,BUY,100,10.5\n",
    "refused/column-in-lots.csv": "symbol,side,委托手数,limit_price\n600000,BUY,1,10.5\n".encode(),
    "refused/column-misspelt.csv": b"symbol,side,quantity,limit_price,sybmol\n600000,BUY,100,10.5,600000\n",
    "refused/column-of-placed-order.csv": f"{PLAIN},成交数量\n600000,BUY,100,10.5,100\n".encode(),
    "refused/date-is-serial.csv": b"symbol,side,quantity,limit_price,trade_date\n600000,BUY,100,10.5,46346\n",
    # As terminals export their windows: GBK, tabs, a tab at the end of each line, and named .xls.
    "accepted/导出.xls": (
        '证券代码\t证券名称\t操作\t数量\t价格\t\r\n="600000"\t浦发银行\t证券买入\t100\t10.50\t\r\n'
        '="000001"\t平安银行\t证券买入\t200\t11.66\t\r\n'
    ).encode("gbk"),
}  # fmt: skip


def write(folder: Path) -> None:
    for name, data in GALLERY.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write(SAMPLES)
