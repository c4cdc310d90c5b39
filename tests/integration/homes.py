"""A home with the real program in it: started, stopped and killed as a process, fed by files, read by its reports."""

import csv
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, TypeVar

from filebridge import app
from filebridge.locks import FileLock
from filebridge.simulator import server
from tests.integration.forked import Forked, can_fork
from tests.windows.console import OWN_CONSOLE, press_ctrl_c

ACCOUNT = "10000001"
CASH = 100_000_000
# Under Wine everything takes a few times as long.
PATIENCE = 4 if sys.platform == "win32" else 1
# Waited for only where something is wrong: far longer than a busy machine needs.
DEADLINE_SECONDS = 60.0 * PATIENCE
COMMAND_SECONDS = 180.0 * PATIENCE
# How often a condition is looked at: often at first, then less, for each look reads reports again.
POLL_SECONDS, POLL_SECONDS_MAX = 0.005, 0.025
# Not the console script: killing that would, on Windows, only kill the launcher in front of Python.
PROGRAM = (sys.executable, "-P", "-c", "from filebridge.cli import main; main()")
# Put before the program, it has it started as a user starts it, in an interpreter of its own.
ANEW = ("env",) if sys.platform != "win32" else ()

# Prices of the simulated market; a buy above `last` is filled at once, one well below it rests.
MARKET = """symbol,prev_close,last
600000.SH,10.45,10.50
000001.SZ,11.60,11.65
510300.SH,4.010,4.012
113052.SH,118.300,118.420
601318.SH,52.00,52.10
"""
ROWS = "client_order_id,symbol,side,quantity,limit_price"

Row = dict[str, Any]
Process = subprocess.Popen[bytes] | Forked
Found = TypeVar("Found")
# What an order is, whatever its tag: account, symbol, side, quantity, price type, price, strategy.
Content = tuple[Any, ...]


def until(condition: Callable[[], Found | None], what: str, seconds: float = DEADLINE_SECONDS) -> Found:
    """The first true value of `condition`; AssertionError once the deadline is over."""
    deadline = time.monotonic() + seconds
    pause, length = threading.Event(), POLL_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still waiting for {what}"
        pause.wait(length)
        length = min(length * 1.2, POLL_SECONDS_MAX)
    return found


def bytes_of(path: Path) -> bytes:
    """A file that a running bridge may be replacing: for that moment Windows lets nobody open it."""

    def read() -> tuple[bytes] | None:
        try:
            return (path.read_bytes(),)
        except PermissionError:
            return None

    return until(read, f"{path.name} to be readable")[0]


def orders_file(*rows: str, header: str = ROWS) -> str:
    """The text of a CSV order file."""
    return "\n".join((header, *rows)) + "\n"


def content(line: Row) -> Content:
    """What the counter was asked for, without the tag that names it."""
    names = ("account", "stock_code", "order_type", "order_volume", "price_type", "price", "strategy_name")
    return tuple(line[name] for name in names)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt, both of its files read."""

    path: Path
    rows: list[Row]
    whole: Row
    end: list[str]

    @property
    def outcomes(self) -> list[str]:
        return [row["outcome"] for row in self.rows]

    @property
    def codes(self) -> list[str]:
        return [row["reason_code"] for row in self.rows]

    @property
    def tags(self) -> list[str]:
        return [row["tag"] for row in self.rows]


class Home:
    """One home folder, its bridge process, and everything that can be read from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.outbox = folder / "outbox"
        self.archive = folder / "archive"
        self.userdata = folder / "userdata"
        # What is put before the program: a tracer, a namespace, another clock.
        self.before: tuple[str, ...] = ()
        self.bridge: Process | None = None
        self._starts = count(1)

    @classmethod
    def made(cls, folder: Path, *, cash: int = CASH) -> "Home":
        app.init_home(folder, account=ACCOUNT, cash=cash)
        home = cls(folder)
        (home.userdata / "market.csv").write_text(MARKET, encoding="utf-8")
        (home.userdata / "counter.toml").write_text('prices = "still"\n', encoding="utf-8")
        return home

    def move_userdata(self, place: Path) -> None:
        """The terminal and its counter live elsewhere, out of reach of what happens to the home's disk."""
        shutil.move(self.userdata, place)
        self.userdata.symlink_to(place)
        self.userdata = place

    # ---- the program

    def command(self, *words: str, **settings: object) -> subprocess.CompletedProcess[str]:
        """Run one command of the program in this home to its end."""
        return run_program(*words, "--home", str(self.folder), before=self.before, **settings)

    def json_of(self, *words: str) -> Any:
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def once(self, timeout: float = DEADLINE_SECONDS, **settings: object) -> subprocess.CompletedProcess[str]:
        return self.command("run", "--once", "--timeout", str(timeout), **settings)

    def start(self, *words: str, **settings: object) -> Process:
        """Start `run` and return at once; `settings` as for `run_program`."""
        assert self.bridge is None or self.bridge.poll() is not None
        with self.folder.with_name(f"{self.folder.name}-run-{next(self._starts):02d}.txt").open("wb") as said:
            words = ("run", "--home", str(self.folder), *words)
            self.bridge = started(words, environment(settings), said, before=self.before, flags=OWN_CONSOLE)
        return self.bridge

    def ready(self, *words: str, **settings: object) -> "Home":
        """Start `run` and wait until it has agreed with the broker."""
        began = time.time()
        self.start(*words, **settings)
        until(lambda: self.status_since(began).get("agreed_accounts"), "a bridge that has agreed with the broker")
        return self

    def stop(self) -> int:
        """End the bridge as a person would; its exit code."""
        assert self.bridge is not None
        if sys.platform == "win32":
            # There is no SIGTERM there: what is called so ends a process as a kill does.
            press_ctrl_c(self.bridge.pid)
        else:
            self.bridge.terminate()
        return self.bridge.wait(DEADLINE_SECONDS)

    def ended(self) -> int:
        """Wait until the bridge has ended by itself, as at a failpoint; its exit code."""
        assert self.bridge is not None
        return self.bridge.wait(DEADLINE_SECONDS)

    def kill(self) -> None:
        """kill -9 of the bridge."""
        assert self.bridge is not None
        self.bridge.kill()
        self.bridge.wait(DEADLINE_SECONDS)

    def said(self) -> str:
        """All that bridges of this home have printed."""
        return "".join(path.read_text(encoding="utf-8") for path in self._said_in())

    def said_last(self) -> str:
        """What the newest bridge has printed."""
        return self._said_in()[-1].read_text(encoding="utf-8")

    def _said_in(self) -> list[Path]:
        return sorted(self.folder.parent.glob(f"{glob.escape(self.folder.name)}-run-*.txt"))

    def worker_pid(self) -> int:
        """The process that holds the account's lock, from the note that it left there."""
        try:
            note = json.loads(bytes_of(self._worker_lock))
        except (FileNotFoundError, ValueError):
            return 0
        return int(note["pid"])

    def worker_is_gone(self) -> bool:
        """Whether nobody holds the account's lock: a process that is no more holds none, be it a zombie."""
        if not self._worker_lock.exists():
            return True
        lock = FileLock.acquire(self._worker_lock, "")
        if lock is None:
            return False
        lock.release()
        return True

    @property
    def _worker_lock(self) -> Path:
        return self.userdata / f"filebridge-{ACCOUNT}.lock"

    def close(self) -> None:
        """Leave no process behind."""
        if self.bridge is not None and self.bridge.poll() is None:
            self.kill()
        until(self.worker_is_gone, "the end of the worker")
        server.stop(self.userdata)

    # ---- in

    def drop(self, name: str, text: str | bytes) -> Path:
        """As a careful program does: write under another name, then rename."""
        part = self.inbox / ".being-written.part"
        part.write_bytes(text if isinstance(text, bytes) else text.encode())
        part.rename(self.inbox / name)
        return self.inbox / name

    def trade(self, name: str, text: str | bytes) -> Receipt:
        """Drop a file and wait for its receipt."""
        before = len(self.receipts(name))
        self.drop(name, text)
        return self.receipt_no(before + 1, name)

    def receipt_no(self, number: int, name: str, seconds: float = DEADLINE_SECONDS) -> Receipt:
        """The n-th receipt for files of this name, once it is there."""

        def there() -> list[Receipt]:
            found = self.receipts(name)[number - 1 : number]
            assert found or self.bridge is None or self.bridge.poll() is None, f"the bridge ended:\n{self.said()}"
            return found

        return until(there, f"receipt {number} of {name}", seconds)[0]

    def settled(self, *, but: str = "") -> "Home":
        """Wait until every answered row has its order in the report and none of them works any more."""

        def reported() -> bool:
            rows = {row["tag"]: row for row in self.orders()}
            tags = {tag for receipt in self.receipts_all() for tag in receipt.tags}
            working = {row["client_order_id"] for row in rows.values() if row["leaves_qty"] != "0"}
            return tags <= {"", *rows} and working <= {but}

        until(reported, "all orders to be final")
        return self

    # ---- out

    def receipts(self, name: str) -> list[Receipt]:
        """The receipts for files of this name, oldest first."""
        stem = Path(name).stem
        return [_receipt(path) for path in self._receipt_paths() if path.name.rsplit(".", 3)[0] == stem]

    def receipts_all(self) -> list[Receipt]:
        return [_receipt(path) for path in self._receipt_paths()]

    def _receipt_paths(self) -> list[Path]:
        paths = [path for path in self.outbox.glob("*.receipt.json") if _whole(path)]
        return sorted(paths, key=_intake_no)

    def orders(self) -> list[Row]:
        return [row for path in sorted(self.outbox.glob("orders-*.csv")) for row in read_csv(path)]

    def order(self, client_order_id: str) -> Row:
        """The newest order of that id."""
        return [row for row in self.orders() if row["client_order_id"] == client_order_id][-1]

    def wait_for_status(self, client_order_id: str, *statuses: str) -> Row:
        def reached() -> Row | None:
            rows = [row for row in self.orders() if row["client_order_id"] == client_order_id]
            return rows[-1] if rows and rows[-1]["status"] in statuses else None

        return until(reached, f"{client_order_id} to be {' or '.join(statuses)}")

    def fills(self) -> list[Row]:
        return [row for path in sorted(self.outbox.glob("fills-*.csv")) for row in read_csv(path)]

    def positions(self) -> list[Row]:
        return read_csv(self.outbox / f"positions-{ACCOUNT}.csv")

    def event_files(self) -> list[Path]:
        return sorted(self.outbox.glob("events-*.jsonl"))

    def events(self) -> list[Row]:
        texts = (bytes_of(path).decode() for path in self.event_files())
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def status_since(self, began: float) -> Row:
        """status.json, or nothing if it was not written since."""
        path = self.outbox / "status.json"
        if not path.exists() or path.stat().st_mtime <= began:
            return {}
        found: Row = json.loads(bytes_of(path))
        return found

    def requests(self, kind: str = "order") -> list[Row]:
        """What the counter received, from its journal; a line that is being written is left out."""
        path = self.userdata / "journal.jsonl"
        data = bytes_of(path) if path.exists() else b""
        lines = data[: data.rfind(b"\n") + 1].splitlines()
        wanted = f'"kind":"{kind}"'.encode()
        return [json.loads(line) for line in lines if wanted in line]

    def sent_for(self, tags: Iterable[str]) -> list[Content]:
        """What the counter was asked for under these tags, in the order of the tags."""
        by_tag = {line["order_remark"]: content(line) for line in self.requests()}
        return [by_tag[tag] for tag in tags if tag in by_tag]

    def twice(self) -> list[Content]:
        """Orders that the counter received more than once, under whatever tag."""
        return [each for each, times in Counter(map(content, self.requests())).items() if times > 1]

    def archived(self, folder: str) -> list[Path]:
        return sorted(self.archive.glob(f"*/{folder}/*"))

    def resting(self, receipt: Receipt) -> Path:
        """Where the file of this receipt rests, once it does: soon after its receipt."""
        place = self.archive / str(receipt.whole["archived_as"])
        return until(lambda: place if os.path.lexists(place) else None, f"{place.name} to be archived")


def run_program(*words: str, before: Sequence[str] = (), **settings: object) -> subprocess.CompletedProcess[str]:
    """One command to its end; `settings` are those of filebridge.toml: inbox__max_file_age=1."""
    done = finished(words, environment(settings), before=before)
    # As read from a pipe as text: every end of a line is one character.
    said, complained = (data.decode().replace("\r\n", "\n") for data in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, said, complained)


def finished(
    words: Sequence[str], given: Mapping[str, str], *, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """The program, run to its end in this environment."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        process = started(words, given, said, complained, before=before)
        try:
            code = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(
            [*before, *PROGRAM, *words], code, _read_again(said), _read_again(complained)
        )


def started(
    words: Sequence[str],
    given: Mapping[str, str],
    to: IO[bytes],
    errors_to: IO[bytes] | None = None,
    *,
    before: Sequence[str] = (),
    flags: int = 0,
) -> Process:
    """The program, started; `to` and `errors_to` take what it says. Quickly where nothing stands before it."""
    if not before and can_fork(given):
        with Path(os.devnull).open("rb") as nothing:
            return Forked(words, given, [nothing, to, errors_to or to])
    return subprocess.Popen(
        [*before, *PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=to,
        stderr=errors_to or subprocess.STDOUT,
        env=given,
        creationflags=flags,
    )


def _read_again(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def environment(settings: dict[str, object]) -> dict[str, str]:
    # Wide enough that no table folds a value.
    given = {**os.environ, "COLUMNS": "500", "PYTHONIOENCODING": "utf-8"}
    return given | {f"FILEBRIDGE_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def living_in(home: Home) -> Iterator[Home]:
    try:
        yield home
    finally:
        home.close()


def read_csv(path: Path) -> list[Row]:
    """The rows of a report, which Excel must be able to read: it begins with a BOM."""
    data = bytes_of(path)
    assert data.startswith(b"\xef\xbb\xbf"), f"{path.name} has no BOM"
    lines = data.decode("utf-8-sig").splitlines()
    return [row for row in csv.DictReader(lines) if not str(next(iter(row.values()))).startswith("#END")]


def _receipt(path: Path) -> Receipt:
    table = path.with_name(path.name.replace(".receipt.json", ".receipt.csv"))
    whole = json.loads(bytes_of(path))
    end = bytes_of(table).decode().splitlines()[-1].split(",")
    assert end[0] == "#END", f"{table.name} has no end line"
    return Receipt(table, read_csv(table), whole, end)


def _whole(path: Path) -> bool:
    """The two files of a receipt appear one after the other, each whole."""
    return path.with_name(path.name.replace(".receipt.json", ".receipt.csv")).exists()


def _intake_no(path: Path) -> int:
    return int(path.name.removesuffix(".receipt.json").rpartition("-")[2])
