"""`doctor`: looks at the machine and the home, changes nothing, and says what to do about what it finds.

A check is a function from what is known to findings; the table CHECKS is their order. None needs a running bridge.
"""

import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from filebridge.cli.showing import HERE, AsJson, Home, laid_out, screen_width
from filebridge.domain.reasons import Reason

PYTHONS = ((3, 11), (3, 12), (3, 13))
CALENDAR_WARNING = timedelta(days=60)
FREE_BYTES_WARNING = 1 << 30
# A home uses four session numbers in turn.
SESSION_FILES_MAX = 8
IMPORT_SECONDS = 60
EXAMPLE_ACCOUNT = "10000001"
# What is said ahead of time: nothing is wrong yet, and `doctor` ends with 0.
WARNINGS = frozenset({"CALENDAR_ENDS", "SESSION_FILES_MANY", "DISK_NEARLY_FULL"})
_LEVELS = {"ok": "ok", "warning": "note 提醒", "problem": "look 处理"}
_LEVEL_COLUMNS, _SUBJECT_COLUMNS = 11, 24
# In a process of its own, so that a native module that ends its process ends only that one.
_IMPORT = """
import sys
from filebridge.errors import GatewayNotReady
from filebridge.gateways.xttrader import import_xttrader
try:
    import_xttrader(paper=sys.argv[1] == "paper")
except GatewayNotReady as error:
    sys.exit(str(error))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw of its subject; `reason` says what is wrong and what to do, if anything is."""

    subject: str
    seen: str
    reason: Reason | None = None

    @property
    def level(self) -> str:
        """`ok`, `warning` or `problem`."""
        if self.reason is None:
            return "ok"
        return "warning" if self.reason.code in WARNINGS else "problem"


@dataclass(frozen=True, slots=True)
class Patient:
    """What every check is given."""

    home: Path
    settings: Any
    now: datetime

    @property
    def userdata(self) -> Path:
        return (self.home / str(self.settings.broker.userdata)).resolve()

    @property
    def is_live(self) -> bool:
        return bool(self.settings.broker.mode == "live")


def doctor(home: Home = HERE, as_json: AsJson = False) -> None:
    """Check Python, xtquant, the terminal's folder, disk, clock, calendar, rights and ledger. 检查运行环境。"""
    from filebridge import app
    from filebridge.config import load_settings

    patient = Patient(home.resolve(), load_settings(home), app.now())
    found = [finding for check in CHECKS for finding in check(patient)]
    if as_json:
        typer.echo(json.dumps([_as_row(finding) for finding in found], ensure_ascii=False, indent=1))
    else:
        show(found)
        typer.echo(f"\n{_in_all(found)}")
    raise typer.Exit(1 if any(finding.level == "problem" for finding in found) else 0)


def _in_all(found: Sequence[Finding]) -> str:
    levels = [finding.level for finding in found]
    wrong, warned = levels.count("problem"), levels.count("warning")
    noted = f"{warned} to note 项提醒" if warned else ""
    if wrong:
        return ", ".join(filter(None, (f"{wrong} to look at 项需要处理", noted)))
    return f"{noted}; nothing is wrong 没有问题" if warned else "all well 一切正常"


def show(found: Iterable[Finding]) -> None:
    """Each finding on a line; under it what to do, where something is wrong or will be."""
    from rich.cells import cell_len

    width = screen_width()
    for finding in found:
        # Chinese letters are two columns wide.
        level = _LEVELS[finding.level]
        margin = " " * (_LEVEL_COLUMNS - cell_len(level))
        room = " " * max(1, _SUBJECT_COLUMNS - cell_len(finding.subject))
        for line in laid_out(f"{level}{margin}{finding.subject}{room}", finding.seen, width):
            typer.echo(line)
        if finding.reason:
            for mark, text in (("→ ", finding.reason.message), ("  ", finding.reason.message_zh)):
                for line in laid_out(" " * 4 + mark, text, width):
                    typer.echo(line)


def _as_row(finding: Finding) -> dict[str, Any]:
    reason = finding.reason
    said = (reason.code, reason.message, reason.message_zh) if reason else ("", "", "")
    names = ("reason_code", "message", "message_zh")
    about = {"subject": finding.subject, "seen": finding.seen, "level": finding.level}
    return {**about, **dict(zip(names, said, strict=True))}


# ---- the checks


def _python(_: Patient) -> Iterator[Finding]:
    bits = 64 if sys.maxsize > 2**32 else 32
    name = sys.implementation.name
    seen = "{}.{}.{}, {} bits, {}, {}".format(*sys.version_info[:3], bits, name, sys.platform)
    suitable = bits == 64 and name == "cpython" and sys.version_info[:2] in PYTHONS
    yield Finding("Python", seen, None if suitable else Reason("PYTHON_NOT_SUITABLE", {"value": seen}))


def _xtquant(patient: Patient) -> Iterator[Finding]:
    mode = patient.settings.broker.mode
    trouble = _import_trouble(mode)
    from importlib.metadata import PackageNotFoundError, version

    try:
        seen = version("xtquant")
    except PackageNotFoundError:
        seen = "not installed"
    code = "NATIVE_MODULE_ABSENT" if patient.is_live else "XTQUANT_NOT_USABLE"
    yield Finding("xtquant", seen, Reason(code, {"text": trouble}) if trouble else None)


def _import_trouble(mode: str) -> str:
    """Why xttrader cannot be imported in this mode; empty where it can."""
    command = [sys.executable, "-P", "-c", _IMPORT, mode]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=IMPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {IMPORT_SECONDS} s"
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return "" if done.returncode == 0 else last or f"the process ended with {done.returncode}"


def _accounts(patient: Patient) -> Iterator[Finding]:
    accounts = [account.id for account in patient.settings.broker.accounts]
    is_example = patient.is_live and EXAMPLE_ACCOUNT in accounts
    reason = Reason("ACCOUNT_IS_THE_EXAMPLE", {"account": EXAMPLE_ACCOUNT}) if is_example else None
    yield Finding("accounts 账号", f"{patient.settings.broker.mode}: {', '.join(accounts)}", reason)
    for account, kind in [] if patient.is_live else _unopened(patient):
        context = {"account": account, "account_type": kind}
        yield Finding("paper account 模拟账号", account, Reason("PAPER_ACCOUNT_ABSENT", context))


def _unopened(patient: Patient) -> list[tuple[str, str]]:
    """The accounts of the settings, with their kinds, for which userdata/accounts.csv has no row."""
    from filebridge.simulator.store import ACCOUNT_TYPES, opening_record

    wanted = [(account.id, account.type.value) for account in patient.settings.broker.accounts]
    if not (patient.userdata / "accounts.csv").exists() and (patient.userdata / "books.jsonl").exists():
        # The counter goes by its books; the file is only how they began.
        return []
    record = None
    with suppress(LookupError, ArithmeticError, ValueError, OSError):
        record = opening_record(patient.userdata, "")
    opened = {(account, kind) for account, kind, _ in record[2]} if record else set()
    return [(account, kind) for account, kind in wanted if (account, ACCOUNT_TYPES[kind]) not in opened]


def _userdata(patient: Patient) -> Iterator[Finding]:
    userdata, subject = patient.userdata, "userdata 终端目录"
    context = {"userdata": str(userdata)}
    if not userdata.is_dir():
        yield Finding(subject, str(userdata), Reason("USERDATA_ABSENT", context))
        return
    trouble = _write_trouble(userdata)
    if trouble:
        yield Finding(subject, str(userdata), Reason("USERDATA_NOT_WRITABLE", {**context, "text": trouble}))
    elif patient.is_live and not (userdata / "up_queue_xtquant").exists():
        yield Finding(subject, str(userdata), Reason("TERMINAL_NEVER_RAN", context))
    else:
        yield Finding(subject, str(userdata))
    if not patient.is_live:
        return
    sizes = [path.stat().st_size for path in userdata.glob("down_queue_*")]
    seen = f"{len(sizes)}, {_size(sum(sizes))}"
    context |= {"value": str(len(sizes)), "size": _size(sum(sizes))}
    reason = Reason("SESSION_FILES_MANY", context) if len(sizes) > SESSION_FILES_MAX else None
    yield Finding("session files 会话文件", seen, reason)


def _disk(patient: Patient) -> Iterator[Finding]:
    free, limit = shutil.disk_usage(patient.home).free, patient.settings.ledger.free_bytes_min
    context = {"value": _size(free), "limit": _size(limit), "folder": str(patient.home)}
    code = "DISK_FULL" if free < limit else "DISK_NEARLY_FULL"
    reason = Reason(code, context) if free < max(limit, FREE_BYTES_WARNING) else None
    yield Finding("disk 磁盘", f"{_size(free)} free", reason)


def _clock(patient: Patient) -> Iterator[Finding]:
    newest, trouble, events = _ledger_state(patient)
    said = patient.now.isoformat(timespec="seconds")
    here = patient.now.astimezone().strftime("%z")
    # Not a problem: whatever the machine's zone, Shanghai's time counts.
    seen = f"{said} in Shanghai (this machine's zone: {here[:3]}:{here[3:]}); compare it with a clock 请与标准时间核对"
    behind = newest is not None and newest > patient.now
    context = {"value": said, "text": newest.isoformat(timespec="seconds") if newest else ""}
    yield Finding("clock 时钟", seen, Reason("CLOCK_BEHIND_LEDGER", context) if behind else None)
    yield Finding("ledger 账本", events, Reason("LEDGER_NOT_READABLE", {"text": trouble}) if trouble else None)


def _ledger_state(patient: Patient) -> tuple[datetime | None, str, str]:
    """(when the ledger was last written, why it cannot be read, what is in it)."""
    from filebridge import app
    from filebridge.errors import LedgerError
    from filebridge.ledger.views import LedgerReader

    path = patient.home / app.LEDGER
    if not path.exists():
        return None, "", "none yet; the first run makes it 尚无，首次运行时建立"
    try:
        reader = LedgerReader(path)
        try:
            newest = reader.newest_event()
        finally:
            reader.close()
    except LedgerError as error:
        return None, str(error), str(path)
    return (datetime.fromisoformat(newest["at"]) if newest else None), "", f"{newest['seq'] if newest else 0} events"


def _guard(patient: Patient) -> Iterator[Finding]:
    """Whether orders may leave at all, by the ledger and by a HALT file."""
    from filebridge import app
    from filebridge.bridge.guard import stance_in, state_of
    from filebridge.control import ControlFolder
    from filebridge.domain.risk import current_date
    from filebridge.errors import LedgerError
    from filebridge.ledger.views import LedgerReader

    path, state, is_open = patient.home / app.LEDGER, "", True
    if path.exists():
        try:
            reader = LedgerReader(path)
            try:
                stance = stance_in(reader)
            finally:
                reader.close()
        except LedgerError:
            # Said by the check of the ledger.
            return
        rules = app.rules_of(patient.settings, app.load_calendar(patient.home))
        state, is_open = state_of(stance, current_date(patient.now, rules)), stance.level == "OPEN"
    control = ControlFolder(patient.home / "control")
    with suppress(OSError):
        control.requests()
    if control.halt_file:
        state, is_open = f"control/{control.halt_file[0]}: {control.halt_file[1]}; {state}".rstrip("; "), False
    reason = None if is_open else Reason("SENDING_HELD_BACK", {"text": state})
    yield Finding("guard 发送闸门", state or "open 正常", reason)


def _calendar(patient: Patient) -> Iterator[Finding]:
    from filebridge import app

    last = app.load_calendar(patient.home).last
    left = last - patient.now.date()
    context = {"trade_date": last.isoformat(), "file": str(patient.home / "calendar.csv")}
    code = "CALENDAR_ENDS" if left >= timedelta(0) else "CALENDAR_ENDED"
    reason = Reason(code, context) if left < CALENDAR_WARNING else None
    yield Finding("calendar 交易日历", f"until {last.isoformat()}", reason)


def _folders(patient: Patient) -> Iterator[Finding]:
    for name in ("inbox", "outbox", "archive", "control"):
        folder = patient.home / name
        trouble = _write_trouble(folder)
        reason = Reason("FOLDER_NOT_USABLE", {"folder": str(folder), "text": trouble}) if trouble else None
        # Windows keeps rights elsewhere; there the owner's profile is the wall.
        if not reason and sys.platform != "win32" and folder.stat().st_mode & stat.S_IWOTH:
            reason = Reason("FOLDER_OPEN_TO_OTHERS", {"folder": str(folder)})
        yield Finding(f"{name}/", str(folder), reason)


def _sources(patient: Patient) -> Iterator[Finding]:
    inbox = patient.settings.inbox
    proven = any(source.proof != "none" for source in inbox.sources)
    for source in inbox.sources:
        folder = source.place(patient.home)
        watched = "watched" if source.watch else "scanned"
        seen = f"{folder} (policy {source.policy}, {watched}, proof {source.proof})"
        yield Finding(f"source {source.name}", seen, _source_trouble(patient, source, folder))
    if proven and len(inbox.all_sources) > len(inbox.sources):
        yield Finding("source inbox", str(patient.home / "inbox"), Reason("OWN_INBOX_UNPROVEN"))


def _source_trouble(patient: Patient, source: Any, folder: Path) -> Reason | None:
    """The first thing that is wrong with a folder that files come from."""
    from filebridge.errors import SettingsError
    from filebridge.inbox.finished import Writer, writer_of
    from filebridge.proof import Proofs, user_number

    context = {"folder": str(folder), "source": source.name}
    try:
        Proofs.of([source], patient.home, os.environ)
    except SettingsError as error:
        return Reason("PROOF_KEY_NOT_USABLE", {**context, "text": str(error)})
    if source.owner and user_number(source.owner) is None:
        return Reason("PROOF_KEY_NOT_USABLE", {**context, "text": f"there is no user {source.owner}"})
    trouble = "it is a link" if folder.is_symlink() else _write_trouble(folder)
    if trouble:
        return Reason("FOLDER_NOT_USABLE", {**context, "text": trouble})
    if sys.platform != "win32":
        key = patient.home / source.key_file
        if source.key_file and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return Reason("PROOF_KEY_OPEN_TO_OTHERS", {**context, "file": str(key)})
        if source.proof == "none" and folder.stat().st_mode & stat.S_IWOTH:
            return Reason("FOLDER_OPEN_TO_OTHERS", context)
    if source.watch and source.policy in ("auto", "closed"):
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as made:
            if writer_of(made.name) is not Writer.SOME:
                return Reason("FOLDER_TELLS_NO_WRITERS", {**context, "value": source.policy})
    return None


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    *(_python, _xtquant, _accounts, _userdata, _folders, _sources),
    *(_disk, _clock, _calendar, _guard),
)


def _write_trouble(folder: Path) -> str:
    """Why a file cannot be made, renamed and deleted there; empty where it can. The name is never an order's."""
    made = folder / f".doctor-{secrets.token_hex(4)}"
    renamed = made.with_name(f"{made.name}.renamed")
    try:
        made.write_bytes(b"filebridge doctor\n")
        made.replace(renamed)
        renamed.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


COMMANDS = (doctor,)
