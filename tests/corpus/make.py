"""Makes the corpus of spreadsheet files: `python -m tests.corpus.make` (needs LibreOffice's soffice; minutes).

Every case is a small workbook in one of the ways in which people leave them. It is written by openpyxl, and by
LibreOffice from that as XLSX, ODS, XLS and four kinds of CSV. Beside it stands, written by hand, what must be read, or
for which reason the file must be refused; nothing here asks filebridge. All goes into corpus.zip: the files, and
expected.json.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl

from tests.corpus.cases import CASES, Case, Put

CORPUS = Path(__file__).with_name("corpus.zip")
EXPECTED = "expected.json"
_CSV = "csv:Text - txt - csv (StarCalc):{},34,{},1,,0,false,true,true"
# Way of writing -> LibreOffice's filter (separator and encoding by its numbers, cells as shown), and the name's ending.
WAYS = {
    "lo-xlsx": ("xlsx:Calc MS Excel 2007 XML", ".xlsx"),
    "lo-ods": ("ods:calc8", ".ods"),
    "lo-xls": ("xls:MS Excel 97", ".xls"),
    "lo-utf8-comma": (_CSV.format(44, 76), ".csv"),
    "lo-gbk-comma": (_CSV.format(44, 67), ".csv"),
    "lo-utf8-semicolon": (_CSV.format(59, 76), ".csv"),
    "lo-utf16-tab": (_CSV.format(9, 65535), ".txt"),
}
KINDS = {"openpyxl": "xlsx", "lo-xlsx": "xlsx", "lo-ods": "ods", "lo-xls": "xls"}
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def write(case: Case, path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = case.sheet
    for row, cells in enumerate(case.rows, start=1):
        for column, value in enumerate(cells, start=1):
            put = value if isinstance(value, Put) else Put(value)
            if put.value is None and not put.format:
                continue
            cell = sheet.cell(row, column, put.value)
            if put.format:
                cell.number_format = put.format
    case.change(book)
    book.save(path)


def convert(folder: Path, way: str, names: list[str]) -> None:
    kind, suffix = WAYS[way]
    out = folder / way
    profile = (folder / "profile").as_uri()
    command = ["soffice", "--headless", f"-env:UserInstallation={profile}", "--convert-to", kind, "--outdir", str(out)]
    subprocess.run([*command, *names], check=True, capture_output=True, timeout=600, cwd=folder / "openpyxl")
    for path in out.iterdir():
        path.rename(path.with_suffix(suffix))


def expected(case: Case, way: str) -> dict[str, Any]:
    kind = KINDS.get(way, "csv")
    answer = case.answers.get(way, case.answers.get(kind, case.answers.get("*")))
    return {"refused": answer} if isinstance(answer, str) else {"orders": answer}


def files(folder: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    ways = {"openpyxl": ("", ".xlsx"), **WAYS}
    for case in CASES:
        for way, (_, suffix) in ways.items():
            if expected(case, way) != {"orders": None}:
                yield (
                    f"{case.name}.{way}{suffix}",
                    (folder / way / (case.name + suffix)).read_bytes(),
                    expected(case, way),
                )


def main() -> int:
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "openpyxl").mkdir()
        names = [f"{case.name}.xlsx" for case in CASES]
        for case, name in zip(CASES, names, strict=True):
            write(case, folder / "openpyxl" / name)
        for way in WAYS:
            convert(folder, way, names)
        answers = {}
        with zipfile.ZipFile(CORPUS, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as corpus:
            for name, data, answer in files(folder):
                corpus.writestr(zipfile.ZipInfo(name, _EARLIEST), data, zipfile.ZIP_DEFLATED, 9)
                answers[name] = answer
    CORPUS.with_name(EXPECTED).write_text(
        json.dumps(answers, ensure_ascii=False, indent=0) + "\n", encoding="utf-8", newline="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
