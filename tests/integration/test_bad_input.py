"""Files that cannot be used, and names and things that are no files: each is answered, and the bridge goes on."""

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import rmtree

import pytest

from filebridge.config import Inbox
from tests.integration.homes import Home, Receipt, Row, orders_file, until

GOOD = "600000.SH,BUY,100,10.51"
HEADER = "symbol,side,quantity,limit_price"
NUMBERS = count(1)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a file system of another kind")


@pytest.fixture(autouse=True)
def goes_on(shared: Home) -> Iterator[None]:
    """After whatever a test has dropped, a good file is traded."""
    yield
    name = f"good-{next(NUMBERS)}"
    receipt = shared.trade(f"{name}.csv", orders_file(f"{name},{GOOD}"))
    assert receipt.outcomes == ["ACCEPTED"]
    shared.wait_for_status(name, "FILLED")
    until(lambda: not list(shared.inbox.iterdir()), "an empty inbox")


def check_refused(receipt: Receipt, shared: Home) -> None:
    """Nothing of it trades, and every answer says in both languages what is wrong."""
    assert set(receipt.outcomes) == {"REFUSED"}
    assert receipt.whole["outcome"] == "REFUSED"
    assert shared.sent_for(receipt.tags) == []
    for row in receipt.whole["rows"]:
        assert row["reason_code"]
        assert len(row["message"]) > 20
        assert any("\u4e00" <= letter <= "\u9fff" for letter in row["message_zh"])
        assert not re.search(r"\{\w+\}", row["message"] + row["message_zh"]), "a part of the text was not filled in"
    assert receipt.end[:2] == ["#END", str(len(receipt.rows))]


def problems(receipt: Receipt) -> list[tuple[int, str, str, str]]:
    return [
        (row["row"], row.get("column", ""), row.get("value", ""), row["reason_code"]) for row in receipt.whole["rows"]
    ]


OTHERS = "FILE_HAS_OTHER_PROBLEMS"
# text or bytes -> (row, column, value, code) of every answer
REFUSED: dict[str, tuple[str | bytes, list[tuple[int, str, str, str]]]] = {
    "unknown column": (
        orders_file(f"{GOOD},1", header=f"{HEADER},colour"),
        [(1, "colour", "colour", "COLUMN_UNKNOWN")],
    ),
    "misspelt column": (
        orders_file(GOOD, header="symbol,side,quantty,limit_price"),
        [(1, "quantty", "quantty", "COLUMN_MISSPELT"), (1, "quantity", "", "COLUMN_MISSING")],
    ),
    "missing column": (
        orders_file("600000.SH,BUY,100", header="symbol,side,quantity"),
        [(1, "limit_price", "", "COLUMN_MISSING")],
    ),
    "not a number": (
        orders_file("600000.SH,BUY,NaN,NaN", header=HEADER),
        [(2, "quantity", "NaN", "QUANTITY_NOT_INTEGER"), (2, "limit_price", "NaN", "PRICE_NOT_NUMBER")],
    ),
    "numbers below zero": (
        orders_file("600000.SH,BUY,-100,-10.51", header=HEADER),
        [(2, "quantity", "-100", "QUANTITY_NOT_POSITIVE"), (2, "limit_price", "-10.51", "PRICE_NOT_POSITIVE")],
    ),
    "zeros": (
        orders_file("600000.SH,BUY,0,0", header=HEADER),
        [(2, "quantity", "0", "QUANTITY_NOT_POSITIVE"), (2, "limit_price", "0", "PRICE_NOT_POSITIVE")],
    ),
    "half a share": (
        orders_file("600000.SH,BUY,100.5,10.51", header=HEADER),
        [(2, "quantity", "100.5", "QUANTITY_NOT_INTEGER")],
    ),
    "an unknown symbol": (
        orders_file(GOOD, "SPAM,BUY,100,10.51", GOOD, header=HEADER),
        [(2, "", "", OTHERS), (3, "symbol", "SPAM", "SYMBOL_NOT_RECOGNISED"), (4, "", "", OTHERS)],
    ),
    "all at once": (
        orders_file("SPAM,HOLD,much,dear", "600000.SH,BUY,,10.51", header=HEADER),
        [
            (2, "symbol", "SPAM", "SYMBOL_NOT_RECOGNISED"),
            (2, "side", "HOLD", "SIDE_UNKNOWN"),
            (2, "quantity", "much", "QUANTITY_NOT_INTEGER"),
            (2, "limit_price", "dear", "PRICE_NOT_NUMBER"),
            (3, "quantity", "", "VALUE_MISSING"),
        ],
    ),
    "text after the last column": (
        orders_file(GOOD, f"{GOOD},oops", header=HEADER),
        [(2, "", "", OTHERS), (3, "", "oops", "ROW_TEXT_AFTER_LAST_COLUMN")],
    ),
    "no final newline": (
        orders_file(GOOD, header=HEADER).rstrip("\n"),
        [(0, "", "", "FILE_NO_FINAL_NEWLINE")],
    ),
    "nothing": ("", [(0, "", "", "FILE_EMPTY")]),
    "only a header": (orders_file(header=HEADER), [(0, "", "", "FILE_NO_ORDERS")]),
    "binary": (bytes(range(256)) * 8, [(0, "", "", "FILE_BINARY")]),
    "a workbook": (b"PK\x03\x04" + bytes(200), [(0, "", "", "FILE_IS_WORKBOOK")]),
    "json in a csv": ('[{"symbol": "600000.SH"}]', [(0, "", ".csv", "FILE_CONTENT_MISMATCH")]),
    "another account": (
        orders_file(f"999,{GOOD}", header=f"account,{HEADER}"),
        [(2, "account", "999", "ACCOUNT_UNKNOWN")],
    ),
    "meant for live": (orders_file(f"live,{GOOD}", header=f"mode,{HEADER}"), [(2, "mode", "live", "MODE_MISMATCH")]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_problem_is_answered(shared: Home, name: str) -> None:
    text, expected = REFUSED[name]
    receipt = shared.trade(f"{name}.csv", text)
    check_refused(receipt, shared)
    found = problems(receipt)
    # A problem of the whole file shows as its value whatever helps, and that is not for this test to know.
    assert [each if each[0] else (0, "", "", each[3]) for each in found] == [
        each if each[0] else (0, "", "", each[3]) for each in expected
    ]
    data = text if isinstance(text, bytes) else text.encode()
    assert shared.resting(receipt).read_bytes() == data


NAMES = (
    "two words.csv",
    "今天的 委托 单.csv",
    "🚀 to the moon 🌕.csv",
    "=SUM(A1).csv",
    "-rf.csv",
    "a.b.c.csv",
    "UPPER.CSV",
    "100% #1 [x]{y}'z.csv",
    "e\u0301 combining.csv",
    "长" * 80 + ".csv",
    "x" * 251 + ".csv",
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_any_name_is_traded_and_answered(shared: Home, name: str) -> None:
    number = f"name-{NAMES.index(name)}"
    text = orders_file(f"{number},{GOOD}")
    shared.drop(name, text)
    row = shared.wait_for_status(number, "FILLED")
    (receipt,) = [found for found in shared.receipts_all() if row["tag"] in found.tags]
    kept = receipt.path.name.rsplit(".", 3)[0]
    # Named after it, wholly or as far as a name can go.
    assert kept == Path(name).stem if len(name.encode()) < 180 else kept.startswith(name[:40])
    assert shared.resting(receipt).read_bytes() == text.encode()
    assert shared.resting(receipt).suffix == Path(name).suffix
    # A name that Excel would run as a formula is defused.
    shown = f"'{name}" if name[0] in "=-" else name
    assert row["file"] == shown or len(name.encode()) > 180


@POSIX
def test_a_name_that_is_no_text(shared: Home) -> None:
    name = os.fsdecode(b"\xff\xfebytes.csv")
    shared.drop(name, orders_file(f"bytes,{GOOD}"))
    shared.wait_for_status("bytes", "FILLED")


@POSIX
def test_a_name_with_a_line_break(shared: Home) -> None:
    shared.drop("two\nlines.csv", orders_file(f"lines,{GOOD}"))
    shared.wait_for_status("lines", "FILLED")


def test_unfinished_names_are_left_alone(shared: Home) -> None:
    names = (".hidden.csv", "orders.csv.tmp", "orders.csv.part", "~$orders.csv", "orders.csv.crdownload", "orders.csv~")
    for name in names:
        (shared.inbox / name).write_text(orders_file(GOOD, header=HEADER))
    marker = shared.trade("after the unfinished.csv", orders_file(f"unfinished,{GOOD}"))
    assert marker.outcomes == ["ACCEPTED"]
    for name in names:
        (shared.inbox / name).unlink()


def test_an_unknown_extension(shared: Home) -> None:
    receipt = shared.trade("orders.pdf", b"%PDF-1.7 ...")
    assert problems(receipt) == [(0, "", ".pdf", "FILE_FORMAT_UNKNOWN")]
    check_refused(receipt, shared)


def test_a_folder(shared: Home) -> None:
    (shared.inbox / ".folder.part").mkdir()
    (shared.inbox / ".folder.part" / "inner.csv").write_text(orders_file(GOOD, header=HEADER))
    (shared.inbox / ".folder.part").rename(shared.inbox / "folder.csv")
    until(
        lambda: any("folder.csv: a folder" in each for each in shared.status_since(0).get("problems", [])),
        "the folder to be told",
    )
    assert [path.name for path in (shared.inbox / "folder.csv").iterdir()] == ["inner.csv"]
    rmtree(shared.inbox / "folder.csv")


def test_200_megabytes_are_refused_unread(shared: Home) -> None:
    with (shared.inbox / ".large.part").open("wb") as file:
        file.truncate(200 << 20)
    began = time.monotonic()
    (shared.inbox / ".large.part").rename(shared.inbox / "large.csv")
    receipt = shared.receipt_no(1, "large.csv")
    assert time.monotonic() - began < 5
    check_refused(receipt, shared)
    assert receipt.codes == ["FILE_TOO_LARGE"]
    assert "209715200" in receipt.rows[0]["message"]
    resting = shared.resting(receipt)
    assert resting.stat().st_size == 200 << 20
    resting.unlink()


@POSIX
def test_links_are_not_followed(shared: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(orders_file(f"link,{GOOD}"))
    for name, target in (("link.csv", outside), ("dangling.csv", tmp_path / "nothing"), ("loop.csv", Path("loop.csv"))):
        (shared.inbox / name).symlink_to(target)
        receipt = shared.receipt_no(1, name)
        check_refused(receipt, shared)
        assert receipt.codes == ["FILE_NOT_REGULAR"]
    assert outside.read_text() == orders_file(f"link,{GOOD}")


@POSIX
def test_pipes_and_sockets(shared: Home, tmp_path: Path) -> None:
    os.mkfifo(shared.inbox / "pipe.csv")
    receipt = shared.receipt_no(1, "pipe.csv")
    check_refused(receipt, shared)
    assert receipt.codes == ["FILE_NOT_REGULAR"]
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        # The path of a socket may only be short.
        os.chdir(tmp_path)
        try:
            listener.bind("socket.csv")
        finally:
            os.chdir(before)
        (tmp_path / "socket.csv").rename(shared.inbox / "socket.csv")
        check_refused(shared.receipt_no(1, "socket.csv"), shared)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file(shared: Home) -> None:
    part = shared.inbox / ".unreadable.part"
    part.write_text(orders_file(GOOD, header=HEADER))
    part.chmod(0)
    part.rename(shared.inbox / "unreadable.csv")
    receipt = shared.receipt_no(1, "unreadable.csv")
    check_refused(receipt, shared)
    assert receipt.codes == ["FILE_UNREADABLE"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who writes")
def test_a_file_that_is_being_written_is_left_alone(shared: Home) -> None:
    path = shared.inbox / "slow.csv"
    pause = threading.Event()
    with path.open("w") as file:
        file.write("client_order_id,symbol,side,quantity,limit_price\n")
        for number in range(8):
            # Longer in all than a file has to be still, and at every moment whole lines only.
            file.write(f"slow-{number},{GOOD}\n")
            file.flush()
            pause.wait(0.2)
        # It looks settled now, but somebody still holds it open.
        pause.wait(1.5)
        assert shared.receipts("slow.csv") == []
        assert path.exists()
        file.write(f"slow-8,{GOOD}\n")
    receipt = shared.receipt_no(1, "slow.csv")
    assert receipt.outcomes == ["ACCEPTED"] * 9


def test_a_file_that_grows_is_taken_when_it_is_still(shared: Home) -> None:
    settles = Inbox().settle_seconds
    # Where this process itself stood still for as long, so did the file: then it is nobody's fault, and tried again.
    name = next(name for name in (f"grows-{number}" for number in count()) if grown(shared, name) < settles * 0.8)
    receipt = shared.receipt_no(1, f"{name}.csv")
    assert receipt.outcomes == ["ACCEPTED"] * 8
    assert len(shared.receipts(f"{name}.csv")) == 1


def grown(shared: Home, name: str) -> float:
    """Lets a file grow, longer in all than a file has to be still; the longest time between two changes, in seconds."""
    path, pause = shared.inbox / f"{name}.csv", threading.Event()
    changed, longest = time.monotonic(), 0.0
    path.write_text("client_order_id,symbol,side,quantity,limit_price\n")
    for number in range(8):
        pause.wait(0.2)
        with path.open("a") as file:
            file.write(f"{name}-{number},{GOOD}\n")
        before, changed = changed, time.monotonic()
        longest = max(longest, changed - before)
    return longest


def test_a_counted_file_need_not_wait(shared: Home) -> None:
    (shared.inbox / "cut.csv").write_text(orders_file(f"cut-1,{GOOD}") + "#END,2\n")
    receipt = shared.receipt_no(1, "cut.csv")
    check_refused(receipt, shared)
    assert "FILE_ROW_COUNT_MISMATCH" in receipt.codes


def test_many_files_at_once(shared: Home) -> None:
    names = [f"crowd-{number}" for number in range(40)]
    for name in names:
        shared.drop(f"{name}.csv", orders_file(f"{name},{GOOD}" if int(name[6:]) % 4 else f"{name},{GOOD},x"))
    for name in names:
        shared.receipt_no(1, f"{name}.csv")
    outcomes = {name: shared.receipts(name + ".csv")[0].whole["outcome"] for name in names}
    assert outcomes == {name: "ACCEPTED" if int(name[6:]) % 4 else "REFUSED" for name in names}


def test_cells_that_excel_would_run_come_back_defused(shared: Home) -> None:
    header = "client_order_id,symbol,side,quantity,limit_price,note,strategy"
    receipt = shared.trade(
        "formulas.csv", orders_file(f'formula,{GOOD},"=HYPERLINK(""http://x"",""y"")",@evil', header=header)
    )
    assert receipt.outcomes == ["ACCEPTED"]
    row: Row = shared.wait_for_status("formula", "FILLED")
    assert row["note"].startswith("'=HYPERLINK")
    assert row["strategy"] == "'@evil"


def test_bad_rows_may_be_skipped(home: Home) -> None:
    home.drop("skip.csv", orders_file(f"skip-1,{GOOD}", "skip-2,600000.SH,BUY,none,10.51", f"skip-3,{GOOD}"))
    assert home.once(inbox__on_bad_row="skip").returncode == 1
    (receipt,) = home.receipts("skip.csv")
    assert sorted(receipt.outcomes) == ["ACCEPTED", "ACCEPTED", "REFUSED"]
    assert [row["status"] for row in home.orders()] == ["FILLED", "FILLED"]


def test_the_end_line_may_be_required(home: Home) -> None:
    home.drop("uncounted.csv", orders_file(f"u-1,{GOOD}"))
    home.drop("counted.csv", orders_file(f"c-1,{GOOD}") + "#END,1")
    assert home.once(inbox__require_end_line="true").returncode == 1
    assert home.receipts("uncounted.csv")[0].codes[0] == "FILE_END_LINE_MISSING"
    assert home.receipts("counted.csv")[0].outcomes == ["ACCEPTED"]


def test_the_ledger_of_all_this_is_whole(shared: Home) -> None:
    assert shared.command("verify").returncode == 0
    until(lambda: shared.bridge is not None and shared.bridge.poll() is None, "the bridge, alive")
