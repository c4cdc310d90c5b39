"""Every setting: default, unit, a sentence. From filebridge.toml; FILEBRIDGE_<SECTION>__<NAME> goes before it."""

import os
import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from filebridge.domain.bounds import Limits
from filebridge.errors import HomeError, SettingsError
from filebridge.missettings import of_their_own, sentence, unreadable
from filebridge.sections import Account, Approval, Halt, Quotes, Seconds, Section, Transfer
from filebridge.sources import OWN, Source, folder_problems

SETTINGS_FILE = "filebridge.toml"
HIGH_FREQUENCY_PER_SECOND = 290
HIGH_FREQUENCY_PER_DAY = 19_000
# Terminals answer questions about money and positions from what they last heard.
LIVE_BALANCE_LAG_SECONDS = 3.0

Mode = Literal["paper", "live"]
Cny = Annotated[Decimal, Field(gt=0, le=10**15, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(ge=0, le=10**6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10**9)]
# Half-open; "24:00" is the end of the day, and one that ends before it starts goes over midnight.
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
_WIDE = Limits()


class Broker(Section):
    mode: Mode = Field("paper", description="`paper` trades with the simulated counter, `live` with the broker.")
    accounts: tuple[Account, ...] = Field(
        (Account(id="10000001"),), min_length=1, description="The accounts that may be traded."
    )
    userdata: str = Field(
        "userdata",
        description="The terminal's userdata folder (live: the full path of userdata_mini), or the simulator's.",
    )
    trading_hours: Literal["always", "exchange"] | None = Field(
        None, description="When orders may go: `always` (default for paper) or `exchange` (default for live)."
    )
    connect_seconds: Seconds = Field(30, description="How long connecting may take before the worker is replaced.")
    answer_seconds: Seconds = Field(10, description="How long an order's or a query's answer may take.")
    heartbeat_seconds: Seconds = Field(5, description="How long the worker may be silent before it is replaced.")
    group_size: int = Field(200, ge=1, le=1000, description="Orders that are recorded and handed over together.")

    @property
    def hours(self) -> Literal["always", "exchange"]:
        return self.trading_hours or ("exchange" if self.mode == "live" else "always")


class Recovery(Section):
    quiet_seconds: float | None = Field(
        None, ge=0, le=3600, description="Seconds between the two questions about orders in doubt (paper 1, live 10)."
    )
    reconcile_seconds: Seconds = Field(30, description="How often the broker's books are compared with the ledger.")


class Inbox(Section):
    max_file_age: Seconds = Field(600, description="Seconds; an older file is set aside instead of traded.")
    on_bad_row: Literal["refuse", "skip"] = Field(
        "refuse", description="`refuse` the whole file when one row is malformed, or `skip` that row."
    )
    require_end_line: bool = Field(
        False,
        description="Refuse a CSV without `#ROWS,<rows>` or `#END,<rows>`: then no cut of a file can go unnoticed.",
    )
    max_file_bytes: int = Field(134_217_728, ge=1024, description="Bytes; a larger file is refused unread.")
    rows_at_once: int = Field(
        6000,
        ge=1,
        description="Rows; a CSV or JSON Lines file with more is loaded in parts, and smaller ones go before it.",
    )
    settle_seconds: float = Field(
        0.5, ge=0, le=60, description="Seconds without a change before a file that has no end mark counts as finished."
    )
    scan_seconds: Seconds = Field(0.25, description="How often the folders are read, whatever the watcher says.")
    share_seconds: Seconds = Field(1, description="How often folders with `watch = false` are read.")
    sources: tuple[Source, ...] = Field(
        (), description="Folders that files come from beside the home's inbox/, each with its own rules."
    )

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """Every folder that files come from; the home's own is one, be it named or not."""
        named = any(source.place(Path()) == OWN.place(Path()) for source in self.sources)
        return self.sources if named else (OWN, *self.sources)

    def source(self, name: str) -> Source:
        """The entry of this name; of a folder that is in the settings no more, the home's own rules."""
        return next((source for source in self.all_sources if source.name == name), OWN)


class Risk(Section):
    max_order_age: Seconds = Field(600, description="Seconds; an order that waited longer is not sent any more.")
    outside_session: Literal["wait", "deny"] = Field(
        "wait", description="What an order does that comes while its market takes none: `wait` for it, or `deny`."
    )
    orders_per_second_max: int | None = Field(
        None, ge=1, description="Orders and cancels a second and account (paper: no bound; live: 290)."
    )
    orders_per_day_max: int | None = Field(
        None, ge=1, description="Orders and cancels a day and account (paper: no bound; live: 19,000)."
    )
    high_frequency_reported: bool = Field(
        False, description="True only if high-frequency trading has been reported to the broker."
    )
    order_quantity_max: int = Field(
        _WIDE.order_quantity_max, ge=1, description="Shares (bonds and repos: 张) of one order."
    )
    order_value_cny_max: Cny = Field(_WIDE.order_value_cny_max, description="CNY that one order may be worth.")
    total_orders_per_day_max: Count = Field(
        _WIDE.total_orders_per_day_max, description="Orders and cancels a day of all accounts together."
    )
    day_value_cny_max: Cny = Field(
        _WIDE.day_value_cny_max, description="CNY that an account may order on a day, whatever becomes of it."
    )
    total_day_value_cny_max: Cny = Field(
        _WIDE.total_day_value_cny_max, description="CNY that all accounts together may order on a day."
    )
    open_orders_max: Count = Field(
        _WIDE.open_orders_max, description="Orders of an account that work or are in doubt at the same time."
    )
    total_open_orders_max: Count = Field(
        _WIDE.total_open_orders_max, description="Orders of all accounts that work or are in doubt at the same time."
    )
    position_value_cny_max: Cny = Field(
        _WIDE.position_value_cny_max,
        description="CNY that what an account holds of a symbol may come to be worth, open buys included.",
    )
    position_percent_max: Percent = Field(
        _WIDE.position_percent_max, description="The same as percent of all that the account has."
    )
    price_from_last_percent_max: Percent = Field(
        _WIDE.price_from_last_percent_max,
        description="Percent by which a price may be worse than the last one; less than the default needs quotes.",
    )
    price_from_prev_close_percent_max: Percent = Field(
        _WIDE.price_from_prev_close_percent_max, description="The same against the previous close."
    )
    quote_age_max: Seconds = Field(
        _WIDE.quote_age_max.total_seconds(), description="Seconds; an older price is not believed."
    )
    repeats_max: Count = Field(
        _WIDE.repeats_max,
        description="How often the same order (account, symbol, side, quantity, price) may leave within `repeat_time`.",
    )
    repeat_time: Seconds = Field(_WIDE.repeat_time.total_seconds(), description="Seconds; see `repeats_max`.")
    cancel_percent_max: Percent = Field(
        _WIDE.cancel_percent_max,
        description="Cancels of a day in percent of its orders, above which an account may send no further orders.",
    )
    cancel_percent_from: Count = Field(
        _WIDE.cancel_percent_from, description="Orders of a day from which on `cancel_percent_max` counts."
    )
    balance_age_max: Seconds = Field(
        _WIDE.balance_age_max.total_seconds(),
        description="Seconds; the broker is asked again for money and positions that are older, before an order goes.",
    )
    balance_lag: float | None = Field(
        None,
        ge=0,
        le=60,
        description="Seconds by which the broker's word on money and positions may be behind (paper 0, live 3).",
    )
    hours_allowed: tuple[Hours, ...] = Field(
        ("00:00-24:00",),
        min_length=1,
        description='Times of day at which orders may leave, as in ["09:30-11:30", "13:00-14:57"]; cancels always may.',
    )
    transfers_allowed: tuple[Transfer, ...] = Field(
        (),
        description='Directions in which files may move money or shares, as in ["BANK_IN"]; none but those.',
    )
    transfer_value_cny_max: Cny = Field(_WIDE.transfer_value_cny_max, description="CNY that one transfer may move.")
    transfer_day_value_cny_max: Cny = Field(
        _WIDE.transfer_day_value_cny_max, description="CNY that transfers of an account may move on a day, in and out."
    )
    symbols_allowed: tuple[str, ...] = Field(
        _WIDE.symbols_allowed,
        min_length=1,
        description="Symbols that may be traded; `*` stands for any letters, `?` for one, as in `6*.SH`.",
    )
    symbols_forbidden: tuple[str, ...] = Field(
        _WIDE.symbols_forbidden, description="Symbols that may not be traded; it goes before `symbols_allowed`."
    )
    strategies_allowed: tuple[str, ...] = Field(
        _WIDE.strategies_allowed,
        min_length=1,
        description='Strategies that may trade, as the rows name them; "" is a row that names none.',
    )
    strategies_forbidden: tuple[str, ...] = Field(
        _WIDE.strategies_forbidden, description="Strategies that may not; it goes before `strategies_allowed`."
    )


class Ledger(Section):
    free_bytes_min: int = Field(
        67_108_864, ge=0, description="Bytes; with less free space on the home's disk nothing is taken in or sent."
    )


class Outbox(Section):
    report_seconds: Seconds = Field(1, description="Shortest time between two versions of orders-<date>.csv.")


class Settings(Section):
    """All settings of one home."""

    broker: Broker = Field(default_factory=Broker, description="The broker, or the simulated counter.")
    recovery: Recovery = Field(default_factory=Recovery, description="Starting again, and orders in doubt.")
    inbox: Inbox = Field(default_factory=Inbox, description="What is taken in.")
    risk: Risk = Field(default_factory=Risk, description="Limits that are checked before sending.")
    approval: Approval = Field(default_factory=Approval, description="Orders that wait for a person.")
    halt: Halt = Field(default_factory=Halt, description="When sending halts by itself, until a person resumes.")
    quotes: Quotes = Field(default_factory=Quotes, description="Market data.")
    ledger: Ledger = Field(default_factory=Ledger, description="The audit ledger.")
    outbox: Outbox = Field(default_factory=Outbox, description="The reports.")

    @model_validator(mode="after")
    def _live_limits(self) -> "Settings":
        bounds = (
            ("orders_per_second_max", self.risk.orders_per_second_max, HIGH_FREQUENCY_PER_SECOND),
            ("orders_per_day_max", self.risk.orders_per_day_max, HIGH_FREQUENCY_PER_DAY),
        )
        if self.broker.mode == "live" and not self.risk.high_frequency_reported:
            for name, value, bound in bounds:
                if value is not None and value > bound:
                    raise ValueError(
                        f"[risk] {name} = {value} may be at most {bound} in live mode, unless high-frequency trading "
                        "was reported to the broker (high_frequency_reported = true). Lower it.",
                        f"[risk] {name} = {value}：实盘最多为 {bound}，除非已向券商报备高频交易"
                        "（high_frequency_reported = true）。请调低。",
                    )
        return self

    @model_validator(mode="after")
    def _sources_agree(self) -> "Settings":
        accounts = {account.id for account in self.broker.accounts}
        names = [source.name.lower() for source in self.inbox.all_sources]
        for source in self.inbox.sources:
            if names.count(source.name.lower()) > 1:
                raise ValueError(
                    f"two entries of inbox are called {source.name}; rename one",
                    f"有两个 inbox 条目都叫 {source.name}，请改名",
                )
            unknown = {source.account, *source.accounts.values()} - accounts - {None}
            if unknown:
                account = min(filter(None, unknown))
                raise ValueError(
                    f"inbox {source.name}: account {account} is not in [broker] accounts; correct it or add it there",
                    f"inbox {source.name}：账号 {account} 不在 [broker] accounts 中，请更正或添加",
                )
        return self

    @property
    def limits(self) -> Limits:
        """The limits of [risk] as the domain looks at them: every one has a value, and none can be left out."""
        given = {name: value for name, value in self.risk if name in Limits._fields and value is not None}
        bounds = {"orders_per_second_max": self.orders_per_second_max, "orders_per_day_max": self.orders_per_day_max}
        given |= {name: bound for name, bound in bounds.items() if bound is not None}
        if "balance_lag" not in given and self.broker.mode == "live":
            given["balance_lag"] = LIVE_BALANCE_LAG_SECONDS
        given |= {
            name: timedelta(seconds=value)
            for name, value in given.items()
            if isinstance(getattr(_WIDE, name), timedelta)
        }
        return _WIDE._replace(**given | {"hours_allowed": tuple(map(_hours, self.risk.hours_allowed))})

    @property
    def quote_sources(self) -> tuple[str, ...]:
        """Those that there are in this mode: no simulated price is ever taken for a real one, nor the other way."""
        own, other = ("terminal", "simulator") if self.broker.mode == "live" else ("simulator", "terminal")
        return tuple(dict.fromkeys(source for source in self.quotes.sources or (own,) if source != other))

    @property
    def always_quotes(self) -> bool:
        if self.quotes.ask is not None:
            return self.quotes.ask == "always"
        return self.broker.mode == "live" or self.quotes.sources is not None

    @property
    def quiet_seconds(self) -> float:
        if self.recovery.quiet_seconds is not None:
            return self.recovery.quiet_seconds
        return 10.0 if self.broker.mode == "live" else 1.0

    @property
    def orders_per_second_max(self) -> int | None:
        return self.risk.orders_per_second_max or (HIGH_FREQUENCY_PER_SECOND if self.broker.mode == "live" else None)

    @property
    def orders_per_day_max(self) -> int | None:
        return self.risk.orders_per_day_max or (HIGH_FREQUENCY_PER_DAY if self.broker.mode == "live" else None)


_HEADING = f"{SETTINGS_FILE} cannot be used 设置无法使用:"
# Settings that are lists of entries.
_ENTRIES: dict[str, type[BaseModel]] = {"accounts": Account, "sources": Source}


def load_settings(home: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a home.

    Raises HomeError outside a home, SettingsError (naming the setting, the nearest known one, and the remedy) for
    anything unknown or unusable.
    """
    path = home / SETTINGS_FILE
    if not path.is_file():
        raise HomeError(
            f"{home} is not a filebridge home: there is no {SETTINGS_FILE} 不是 filebridge 主目录，没有该文件",
            hint=f"Make one with `filebridge init {home}`, or name yours with --home.",
            hint_zh=f"请用 filebridge init {home} 新建，或用 --home 指定。",
        )
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _no_toml(error, path) from error
    if isinstance(values.get("inbox"), list):
        # `[[inbox]]`: entries alone, and nothing said of the inbox in general.
        values["inbox"] = {"sources": values["inbox"]}
    _overlay(values, os.environ if environ is None else environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        names = list(os.environ if environ is None else environ)
        raise SettingsError(
            _HEADING
            + "".join(f"\n    {sentence(item, Settings, _ENTRIES, names)}" for item in of_their_own(error.errors())),
            hint=f"Correct {SETTINGS_FILE}; every setting is listed in docs/settings.md.",
            hint_zh=f"请更正 {SETTINGS_FILE}，全部设置见 docs/settings.md。",
        ) from error
    if problems := folder_problems(settings.inbox.all_sources, home):
        raise SettingsError(
            _HEADING + "".join(f"\n    {english}\n    {chinese}" for english, chinese in problems),
            hint=f"Correct the entries of inbox in {SETTINGS_FILE}; see docs/hand-over.md.",
            hint_zh=f"请更正 {SETTINGS_FILE} 中的 inbox 条目，见 docs/hand-over.md。",
        )
    return settings


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    prefix = "FILEBRIDGE_"
    for name, text in environ.items():
        section, separator, setting = name.removeprefix(prefix).lower().partition("__")
        if name.upper().startswith(prefix) and separator:
            part = values.setdefault(section, {})
            if isinstance(part, dict):
                part[setting] = _value(text)


def _hours(text: str) -> tuple[time, time]:
    starts, _, ends = text.partition("-")
    return time.fromisoformat(starts), time.max if ends == "24:00" else time.fromisoformat(ends)


def _value(text: str) -> Any:
    """A value as TOML would read it; anything else is text."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


def _no_toml(error: ValueError, path: Path) -> SettingsError:
    if isinstance(error, UnicodeDecodeError):
        return SettingsError(
            f"{_HEADING}\n    It is not UTF-8. 不是 UTF-8 编码。",
            hint="Save it as UTF-8 (Notepad: Save as, Encoding: UTF-8).",
            hint_zh="请另存为 UTF-8（记事本：另存为，编码选 UTF-8）。",
        )
    return SettingsError(
        f"{_HEADING}\n    {unreadable(error, path.read_text(encoding='utf-8-sig').splitlines())}",
        hint="Texts stand in quotation marks; a Windows path in single ones: userdata = 'D:\\QMT\\userdata_mini'.",
        hint_zh="文本要加引号；Windows 路径请用单引号：userdata = 'D:\\QMT\\userdata_mini'。",
    )
