"""Builds everything, once: a home on disk, a bridge from its settings, and turns it until the end."""

import os
import queue
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filebridge import config
from filebridge.archive import Archive
from filebridge.bridge.following import follower_of
from filebridge.bridge.present import order_report_row
from filebridge.bridge.replies import replies_of
from filebridge.bridge.surroundings import boot_id
from filebridge.config import Settings
from filebridge.control import ControlFolder
from filebridge.domain import risk
from filebridge.domain.market import TradingCalendar, market_age, read_calendar
from filebridge.domain.orders import SHANGHAI, Order
from filebridge.errors import GatewayNotReady, HomeError, LedgerError
from filebridge.inbox import Home, Inbox, Watcher, inbox_of
from filebridge.ledger.store import Turn
from filebridge.ledger.verify import fold
from filebridge.ledger.views import LedgerReader
from filebridge.locks import FileLock, holder_note
from filebridge.orderfiles import is_workbook_name, may_be_claimed
from filebridge.outbox import Outbox
from filebridge.proof import Proofs

if TYPE_CHECKING:
    # What only a running bridge needs is imported where one is made: the other commands start in half the time.
    from filebridge.bridge.conductor import Bridge
    from filebridge.bridge.quoting import Quotations
    from filebridge.gateways import base
    from filebridge.gateways.supervisor import WorkerSettings

_PACKAGED = Path(__file__).parent
LEDGER = "ledger.sqlite"
# Our own small files: locks, hand-over logs, what workers print.
PRIVATE = ".filebridge"
FOLDERS = ("inbox", "outbox", "archive", "control", "userdata", PRIVATE)
# A simulator that `run` started ends this long after its last client.
SIMULATOR_IDLE_SECONDS = 60.0
MESSAGES_MAX = 10_000
# The loop's longest sleep; a message or a watcher's wake ends it at once.
IDLE_SECONDS = 0.2


Row = dict[str, Any]
# Told of every commit, with its events, and of every second's status; for whoever shows what happens.
Watch = Callable[[Turn], None]
WatchStatus = Callable[[Row], None]


def now() -> datetime:
    """The time in Asia/Shanghai, in whole milliseconds: what the ledger keeps of it."""
    moment = datetime.now(SHANGHAI)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# ---- the home


def init_home(home: Path, *, account: str, cash: int) -> None:
    """Make a home with a paper account. Raises HomeError if there is one already; overwrites nothing."""
    if (home / config.SETTINGS_FILE).exists():
        raise HomeError(
            f"{home} is a filebridge home already 已是主目录",
            hint="Choose another folder, or use this one: `filebridge run --home ...`.",
            hint_zh="该目录已是 filebridge 主目录，请直接使用或另选目录。",
        )
    for name in FOLDERS:
        (home / name).mkdir(parents=True, exist_ok=True)
    # Who may write here may trade.
    for name in ("control", PRIVATE):
        (home / name).chmod(0o700)
    template = _PACKAGED.joinpath("home.toml").read_text(encoding="utf-8")
    write_new(home / "userdata" / "accounts.csv", f"account,account_type,cash\n{account},STOCK,{cash}\n")
    holdings = _PACKAGED.joinpath("holdings.csv").read_text(encoding="utf-8")
    write_new(home / "userdata" / "holdings.csv", holdings.replace("{account}", account))
    market = _PACKAGED.joinpath("market.csv").read_text(encoding="utf-8")
    write_new(home / "userdata" / "market.csv", market)
    counter = _PACKAGED.joinpath("counter.toml").read_text(encoding="utf-8")
    write_new(home / "userdata" / "counter.toml", counter)
    write_new(home / config.SETTINGS_FILE, template.replace("{account}", account))


def write_new(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")


@contextmanager
def only_bridge(home: Path) -> Iterator[None]:
    """Hold the home: while one bridge runs, a second one refuses to start."""
    path = home / PRIVATE / "bridge.lock"
    path.parent.mkdir(exist_ok=True)
    lock = FileLock.acquire(path, str(os.getpid()))
    if lock is None:
        raise HomeError(
            f"another bridge runs in 已有 filebridge 运行于 {home} (process 进程 {holder_note(path)})",
            hint="Stop it first; one home has one bridge.",
            hint_zh="该主目录已有 filebridge 在运行，请先停止。",
        )
    with lock:
        yield


def load_calendar(home: Path) -> TradingCalendar:
    """The packaged trading days, and those that the user adds in `calendar.csv`."""
    lines = _PACKAGED.joinpath("trading_calendar.csv").read_text(encoding="utf-8").splitlines()
    own = home / "calendar.csv"
    if own.is_file():
        lines += own.read_text(encoding="utf-8-sig").splitlines()
    return read_calendar(lines)


def rules_of(settings: Settings, calendar: TradingCalendar) -> risk.Rules:
    return risk.Rules(
        mode=settings.broker.mode,
        hours=settings.broker.hours,
        calendar=calendar,
        max_order_age=timedelta(seconds=settings.risk.max_order_age),
        limits=settings.limits,
        accounts={account.id: account.type for account in settings.broker.accounts},
        approval=settings.approval.rules,
        outside_session=settings.risk.outside_session,
        always_quotes=settings.always_quotes,
        banks={
            account.id: account.password_missing(os.environ) for account in settings.broker.accounts if account.bank_no
        },
    )


def quotations_of(home: Path, settings: Settings, rules: risk.Rules, *, is_trial: bool = False) -> "Quotations":
    """Market data from where the settings say. On trial nothing is waited for, and what the ledger has of a source that
    would be asked counts whatever its age."""
    from filebridge.bridge.quoting import Quotations
    from filebridge.quotes import QUOTES_FILE, SOURCE, QuoteFile

    return Quotations(
        QuoteFile(home / QUOTES_FILE),
        settings.quote_sources,
        age_of=lambda quote, at: market_age(quote.symbol, quote.at, at, rules.calendar, rules.hours),
        age_max=rules.limits.quote_age_max,
        answer_seconds=0 if is_trial else settings.broker.answer_seconds,
        ageless={*settings.quote_sources} - {SOURCE} if is_trial else (),
    )


def watcher_of(home: Path, settings: Settings, wake: Callable[[], None]) -> Watcher:
    return Watcher([source.place(home) for source in settings.inbox.all_sources if source.watch], wake)


def _inbox_of(home: Path, settings: Settings, mark: str) -> Inbox:
    landed = home / PRIVATE / "landed"
    return inbox_of(home, settings, may_be_claimed, is_workbook_name, mark, landed=landed, clock=now)


def proofs_of(home: Path, settings: Settings) -> Proofs:
    """Raises SettingsError."""
    return Proofs.of(settings.inbox.all_sources, home, os.environ)


def _make_folders(home: Path, settings: Settings) -> None:
    """Those in the home; a source elsewhere may be a share that is away, and is its owner's to make."""
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)
    for source in settings.inbox.all_sources:
        if not Path(source.folder).is_absolute():
            source.place(home).mkdir(parents=True, exist_ok=True)


def outbox_of(home: Path, reader: LedgerReader) -> Outbox:
    return Outbox(home / "outbox", reader, order_report_row)


# ---- running


@contextmanager
def open_bridge(
    home: Path, settings: Settings, watch: Watch, watch_status: WatchStatus = lambda status: None
) -> "Iterator[Bridge]":
    """A bridge with everything around it. Raises HomeError, LedgerError or GatewayNotReady."""
    with only_bridge(home):
        _make_folders(home, settings)
        proofs = proofs_of(home, settings)
        userdata = (home / settings.broker.userdata).resolve()
        keep_counter = partial(_keep_counter, userdata) if settings.broker.mode == "paper" else _nothing
        with _meanwhile(keep_counter):
            # What a bridge is made of takes as long to import as a counter takes to start.
            from filebridge.bridge.conductor import Bridge
            from filebridge.bridge.parts import Parts
            from filebridge.gateways.supervisor import Supervisor, handed_over, last_handed
            from filebridge.ledger.opening import open_ledger
        ledger = open_ledger(home / LEDGER, at=now())
        reader = LedgerReader(home / LEDGER)
        messages: queue.Queue[list[base.Message]] = queue.Queue(MESSAGES_MAX)
        rules, who = rules_of(settings, load_calendar(home)), Home.at(home, mark=ledger.home_mark, boot=boot_id())
        gateway = Supervisor(_worker_settings(home, settings, userdata), messages)
        parts = Parts(
            settings=settings,
            rules=rules,
            clock=now,
            ledger=ledger,
            reader=reader,
            gateway=gateway,
            messages=messages,
            inbox=_inbox_of(home, settings, ledger.home_mark),
            follower=follower_of(home, settings, reader.feeds(), home / PRIVATE / "grown", who),
            replies=replies_of(home, settings, reader),
            watcher=watcher_of(home, settings, lambda: _wake(messages)),
            archive=Archive(home / "archive"),
            outbox=outbox_of(home, reader),
            control=ControlFolder(home / "control"),
            proofs=proofs,
            quotations=quotations_of(home, settings, rules),
            boot_id=boot_id(),
            handed_over=lambda name: handed_over(home / PRIVATE / name),
            forget_handed=lambda: _forget_handed(home / PRIVATE),
            last_handed=lambda: last_handed(home / PRIVATE),
            keep_counter=keep_counter,
            watch=watch,
            watch_status=watch_status,
        )
        try:
            bridge = Bridge(parts)
            try:
                yield bridge
            except LedgerError as error:
                bridge.abandon(error)
                raise
        finally:
            gateway.close()
            parts.follower.close()
            parts.watcher.stop()
            parts.inbox.close()
            reader.close()
            ledger.close()


def run(
    home: Path, settings: Settings, *, once: bool, timeout: float | None, watch: Watch, watch_status: WatchStatus
) -> tuple[bool, list[Order]]:
    """Run the bridge until it is told to stop (SIGTERM, Ctrl-C) or, with `once`, until all is done.

    `timeout` is in seconds. Returns whether all went through without a problem, and the orders that are not final.
    """
    stop: list[int] = []
    with _stop_on_signals(stop), open_bridge(home, settings, watch, watch_status) as bridge:
        bridge.start()
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        while not stop and time.monotonic() < deadline:
            busy = turn(bridge)
            if once and not busy and bridge.at_rest():
                break
        left = bridge.unfinished()
        # A file that is still being read is unfinished as well.
        clean = bridge.is_clean and not left and bridge.has_agreed and (not once or bridge.is_quiet())
        bridge.finish()
    return clean, left


def turn(bridge: "Bridge") -> bool:
    """One turn; waits a moment for news if the one before had nothing to do. Returns whether there was anything."""
    return bridge.step(wait_seconds=0 if bridge.was_busy else IDLE_SECONDS)


@contextmanager
def _stop_on_signals(stop: list[int]) -> Iterator[None]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda number, _: stop.append(number)) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def rebuild(home: Path, settings: Settings) -> int:
    """Make the ledger's views and the whole outbox again from the events; returns how many days were made."""
    from filebridge.ledger.opening import open_ledger

    with only_bridge(home):
        reader = LedgerReader(home / LEDGER)
        ledger = open_ledger(home / LEDGER, at=now())
        try:
            ledger.rewrite_views(fold(reader.events()).rows())
            days = reader.days()
            outbox_of(home, reader).rebuild(days, all_receipts=True)
            moment = now()
            replies = replies_of(home, settings, reader)
            replies.begin(risk.current_date(moment, rules_of(settings, load_calendar(home))))
            replies.finish(moment)
        finally:
            ledger.close()
            reader.close()
    return len(days)


def _worker_settings(home: Path, settings: Settings, userdata: Path) -> "WorkerSettings":
    from filebridge.gateways.supervisor import WorkerSettings

    return WorkerSettings(
        userdata=userdata,
        accounts=tuple((account.id, account.type.value) for account in settings.broker.accounts),
        banks={account.id: account.bank for account in settings.broker.accounts if account.bank_no},
        paper=settings.broker.mode == "paper",
        # Homes that share a terminal must not share a session number.
        session_base=zlib.crc32(str(home.resolve()).encode()) % 1_000_000 * 10 + 1,
        home=home.resolve(),
        folder=home / PRIVATE,
        connect_seconds=settings.broker.connect_seconds,
        answer_seconds=settings.broker.answer_seconds,
        heartbeat_seconds=settings.broker.heartbeat_seconds,
    )


def _keep_counter(userdata: Path) -> None:
    from filebridge.simulator import launching as simulator

    if simulator.running(userdata) is not None:
        return
    try:
        simulator.start(userdata, idle_seconds=SIMULATOR_IDLE_SECONDS)
    except simulator.CounterNotStarted as error:
        raise GatewayNotReady(
            f"the simulated counter does not start 模拟柜台无法启动: {error}",
            hint="Correct what it names in the userdata folder; docs/simulator.md describes its files.",
            hint_zh="请更正 userdata 目录中上述文件，说明见 docs/simulator.md。",
        ) from error


@contextmanager
def _meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Have something done while the block runs; waits for its end, and raises what it raises."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(act)
        yield
        done.result()


def _nothing() -> None:
    """The broker's terminal is the user's to start."""


def _forget_handed(folder: Path) -> None:
    from filebridge.gateways.supervisor import HANDED_SUFFIX

    for path in folder.glob(f"*{HANDED_SUFFIX}"):
        path.unlink()


def _wake(messages: "queue.Queue[list[base.Message]]") -> None:
    if messages.empty():
        messages.put([])
