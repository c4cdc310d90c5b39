"""`arm` and `disarm`: live trading is let go by a person, for one account and trade date, after a check list.

The list is worked out here and shown item by item; the bridge looks again at what it knows itself, and
records all of it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from filebridge.cli.asking import By, Why, ask
from filebridge.cli.doctor import CHECKS, Finding, Patient, show
from filebridge.cli.reading import newest_status
from filebridge.cli.showing import HERE, Home
from filebridge.domain.reasons import Reason
from filebridge.errors import FilebridgeError

# Settings of [risk] that are wide where nobody wrote anything: for live trading somebody has to have thought of them.
TO_BE_SET = ("order_value_cny_max", "day_value_cny_max", "position_value_cny_max")
# A halt keeps nobody from arming, and stays one.
_STAYS = "SENDING_HELD_BACK"

AccountId = Annotated[str, typer.Option("--account", help="The account's number. 资金账号。")]


@dataclass(frozen=True, slots=True)
class _Start:
    """What the items of the list are worked out from."""

    home: Path
    settings: Any
    account: str
    now: datetime
    trade_date: date
    # What is known of the account by the ledger: positions and asset, and whether it was armed before.
    books: dict[str, Any] | None
    armed_before: str
    dry_run: Path | None


def arm(
    account: AccountId,
    dry_run: Annotated[
        Path | None,
        typer.Option("--dry-run", help="An order file to check; needed once. 试检用的委托文件。", exists=True),
    ] = None,
    home: Home = HERE,
    by: By = "",
) -> None:
    """Let an account trade live on the present trade date, after a check list. 解锁实盘交易（当日有效）。"""
    start = _start(home, account, dry_run)
    found = list(_items(start))
    show(found)
    wrong = [finding for finding in found if finding.level == "problem"]
    open_items = [finding.subject for finding in wrong if finding.reason and finding.reason.code != _STAYS]
    if open_items:
        typer.echo(f"\nNot armed: {len(open_items)} items are open. 未解锁：{len(open_items)} 项未通过。", err=True)
        raise typer.Exit(1)
    if not sys.stdin.isatty():
        raise FilebridgeError(
            "arm asks a person at a terminal, and there is none 需要在终端中由人工执行",
            hint="Type it yourself; no script may let live trading go.",
            hint_zh="请由人工在终端中执行，不允许用脚本解锁实盘。",
        )
    whose = _whose(start)
    typed = typer.prompt(
        f"\nOrders for account {account} ({whose}) will trade for real on {start.trade_date}. "
        "If it is yours, type the account's number to arm it.\n"
        f"账号 {account}（{whose}）将在 {start.trade_date} 进行真实交易，确认是您的账户后请再次输入账号",
        default="",
        show_default=False,
    )
    if typed.strip() != account:
        typer.echo("That is another number; not armed. 账号不符，未解锁。", err=True)
        raise typer.Exit(1)
    said = {"trade_date": start.trade_date.isoformat(), "checked": {item.subject: item.seen for item in found}}
    ask(home, "arm", by, account=account, dry_run=dry_run.name if dry_run else "", **said)


def disarm(account: AccountId, home: Home = HERE, by: By = "", reason: Why = "") -> None:
    """Let an account trade live no more; what waits is denied, cancels go on. 重新锁定实盘交易。"""
    ask(home, "disarm", by, account=account, reason=reason)


def _start(home: Path, account: str, dry_run: Path | None) -> _Start:
    from filebridge import app
    from filebridge.config import load_settings
    from filebridge.domain import risk
    from filebridge.ledger.views import LedgerReader

    settings = load_settings(home)
    configured = [each.id for each in settings.broker.accounts]
    if settings.broker.mode != "live":
        raise FilebridgeError(
            "[broker] mode is paper: there is nothing to arm 当前为模拟模式，无需解锁",
            hint='Write mode = "live" in filebridge.toml, and start `filebridge run` again.',
            hint_zh='请在 filebridge.toml 中设置 mode = "live" 并重新启动 filebridge run。',
        )
    if account not in configured:
        reason = Reason("ACCOUNT_UNKNOWN", {"value": account, "accounts": ", ".join(configured)})
        raise FilebridgeError(reason.message, hint_zh=reason.message_zh)
    now = app.now()
    trade_date = risk.current_date(now, app.rules_of(settings, app.load_calendar(home)))
    books, before = None, ""
    if (home / app.LEDGER).exists():
        reader = LedgerReader(home / app.LEDGER)
        try:
            told = {json.loads(row["body"])["account"]: row for row in reader.newest_books()}
            if account in told:
                books = json.loads(told[account]["body"]) | {"at": told[account]["at"]}
            arms = (row for row in reader.rare_events("ARMED") if json.loads(row["body"])["account"] == account)
            before = next((row["trade_date"] for row in arms), "")
        finally:
            reader.close()
    return _Start(home.resolve(), settings, account, now, trade_date, books, before, dry_run)


def _whose(start: _Start) -> str:
    """By what a person knows an account again."""
    told, books = _told(start), start.books
    asset = f"{Decimal(books['asset']['total_asset']):,.2f} CNY" if books else ""
    return ", ".join(filter(None, (told.get("broker_name"), told.get("account_type"), asset)))


# ---- the items


def _items(start: _Start) -> Iterator[Finding]:
    patient = Patient(start.home, start.settings, start.now)
    for check in CHECKS:
        yield from check(patient)
    yield from _limits(start)
    yield _account(start)
    yield _owner(start)
    yield _asset(start)
    yield _dry_run(start)


def _limits(start: _Start) -> Iterator[Finding]:
    risk = start.settings.risk
    for name in TO_BE_SET:
        if name in type(risk).model_fields:
            is_set = name in risk.model_fields_set
            reason = None if is_set else Reason("ARM_LIMIT_NOT_SET", {"value": name})
            yield Finding(f"[risk] {name}", f"{getattr(risk, name)}", reason)


def _account(start: _Start) -> Finding:
    status = newest_status(start.home, start.now)
    agrees = bool(status) and status["mode"] == "live" and start.account in status["agreed_accounts"]
    seen = status["connection"] if status else "filebridge does not run 未运行"
    reason = None if agrees else Reason("ARM_ACCOUNT_NOT_AGREED", {"account": start.account})
    return Finding("account 账号", f"{start.account}: {seen}", reason)


def _owner(start: _Start) -> Finding:
    """Whose account it is by the broker, and whether it is of the kind that the settings say."""
    (wanted,) = (each.type.value for each in start.settings.broker.accounts if each.id == start.account)
    told = _told(start)
    if not told:
        return Finding("owner 开户券商", f"{start.account}: {wanted}; the broker has not said 券商未返回", None)
    kind = told["account_type"]
    reason = (
        None
        if kind == wanted
        else Reason("ARM_ACCOUNT_TYPE", {"account": start.account, "value": kind, "expected": wanted})
    )
    return Finding("owner 开户券商", f"{start.account}: {told['broker_name'] or '-'}, {kind}", reason)


def _told(start: _Start) -> dict[str, str]:
    """What the broker said of the account itself; a ledger of an older version has nothing of it."""
    told: dict[str, str] = (start.books or {}).get("info", {})
    return told


def _asset(start: _Start) -> Finding:
    if start.books is None:
        return Finding("asset 资产", "unknown 未知", Reason("ARM_ASSET_UNKNOWN", {"account": start.account}))
    asset, held = start.books["asset"], len(start.books["positions"])
    seen = f"{asset['total_asset']} CNY, cash {asset['cash']}, {held} positions ({start.books['at'][:19]})"
    return Finding("asset 资产", f"{start.account}: {seen}; is it yours? 请核对", None)


def _dry_run(start: _Start) -> Finding:
    from filebridge import trial

    subject = "dry run 试检"
    if start.dry_run is None:
        missing = None if start.armed_before else Reason("ARM_DRY_RUN_MISSING")
        return Finding(
            subject, f"before the first start, {start.armed_before}" if start.armed_before else "none", missing
        )
    rows, usable = trial.check(
        start.home, start.settings, start.dry_run, as_armed=start.account, status=newest_status(start.home, start.now)
    )
    counts = Counter(row["outcome"] for row in rows)
    seen = f"{start.dry_run.name}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    bad = next((row["message"] for row in rows if row["outcome"] != "ACCEPTED" and row["message"]), "")
    return Finding(
        subject, seen, None if usable else Reason("ARM_DRY_RUN_FAILED", {"file": start.dry_run.name, "text": bad})
    )


COMMANDS = (arm, disarm)
