"""The samples and their expected answers: what an answer looks like as JSON, and how to write all of them again.

A denied sample's answer also holds what filebridge would say of each order, at the intake or when it is about to leave,
after those above it. Beside it may lie a `<name>.toml`: settings that deny it, and what the `[account]` has; and a
`<name>.quotes.csv`, the market at that moment.

`python -m tests.golden.regenerate` writes every `<name>.expected.json` beside its sample. The difference is to be
reviewed like code: it is what users will read.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from filebridge.app import rules_of
from filebridge.config import Settings
from filebridge.domain.admission import terms_of
from filebridge.domain.counters import Balance, Holding
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import apply
from filebridge.domain.limits import Asked, Need, breach
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, AccountType, Order, OrderInstruction, OrderTerms, Status, price_text
from filebridge.domain.quote_checks import needs_quote, priced
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.risk import Rules, refusal
from filebridge.domain.sides import TRANSFERS
from filebridge.domain.tally import Tally
from filebridge.orderfiles import Origin, parse
from filebridge.quotes import read_quotes

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FOLDERS = ("accepted", "language", "refused", "denied")
ANSWER, OWN, QUOTES = ".expected.json", ".toml", ".quotes.csv"
# A Friday; the samples themselves name no date, so that they can be dropped on any day.
TODAY = date(2026, 11, 20)
RECEIVED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
# What the samples of other systems call the account.
ORIGIN = Origin(accounts={"00080003": "10000001"})
ACCOUNT = "10000001"
# What a new paper home has, and an account of each kind.
CASH, HOLDINGS = 10_000_000, {"600000.SH": 20_000, "000001.SZ": 20_000, "510300.SH": 50_000}
ACCOUNTS = {
    ACCOUNT: AccountType.STOCK,
    "20000001": AccountType.CREDIT,
    "30000001": AccountType.FUTURE,
    "60000001": AccountType.STOCK_OPTION,
}
# Files may make every transfer here, and each account has a bank.
HOME = {
    "broker": {"accounts": [{"id": name, "type": kind.value, "bank_no": "1"} for name, kind in ACCOUNTS.items()]},
    "risk": {"transfers_allowed": sorted(TRANSFERS)},
}
RULES = rules_of(Settings.model_validate(HOME), TradingCalendar.of([TODAY]))


def samples() -> list[Path]:
    """Every sample in the declared folders, by name."""
    paths = [path for folder in FOLDERS for path in sorted((SAMPLES / folder).iterdir())]
    return [path for path in paths if not path.name.startswith(".") and not path.name.endswith((ANSWER, OWN, QUOTES))]


def answer_path(sample: Path) -> Path:
    return sample.with_name(sample.stem + ANSWER)


def answer(sample: Path) -> str:
    """What filebridge reads in a sample, as its expected file holds it."""
    file = parse(sample.read_bytes(), name=sample.name, today=TODAY, origin=ORIGIN)
    content = {
        "format": file.format,
        "encoding": file.encoding,
        "delimiter": file.delimiter,
        "rows": file.rows,
        "instructions": [_instruction(order) for order in file.instructions],
        "problems": [_problem(found) for found in file.problems],
    }
    if sample.parent.name == "denied":
        content["denied"] = [
            {"row": order.row, **_reason(reason)} for order, reason in judged(sample, file.instructions) if reason
        ]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _instruction(order: OrderInstruction) -> dict[str, object]:
    """Every field that says something; what a row left empty is left out."""
    values = order._asdict()
    return {name: _plain(value) for name, value in values.items() if value not in ("", None, 0, ())}


def judged(sample: Path, rows: Iterable[OrderInstruction]) -> list[tuple[OrderInstruction, Reason | None]]:
    """Each order of a sample, and what stops it in a home with the sample's settings."""
    path = sample.with_name(sample.stem + OWN)
    given = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    account = given.pop("account", {})
    rules = rules_of(Settings.model_validate(HOME | given), RULES.calendar)
    held = {symbol: Holding(quantity, quantity) for symbol, quantity in account.get("holdings", HOLDINGS).items()}
    cash = Decimal(account.get("cash", CASH))
    tally = Tally(TODAY, repeat_time=rules.limits.repeat_time)
    tally.tell(ACCOUNT, Balance(RECEIVED_AT, cash, Decimal(account.get("total_asset", cash)), held))
    prices = sample.with_name(sample.stem + QUOTES)
    quotes = read_quotes(prices.read_bytes())[0] if prices.exists() else {}
    found = []
    for row in rows:
        terms = _terms(row)
        asked = Asked(terms, rules.limits, RECEIVED_AT, tally.counters(terms, RECEIVED_AT))
        reason = refusal(terms, rules) or _stopped(asked, quotes, rules)
        if reason is None:
            order = Order(terms, Status.RECEIVED, RECEIVED_AT)
            tally.put(apply(order, OrderEvent(EventKind.SUBMIT, RECEIVED_AT)), order)
        found.append((row, reason))
    return found


def _stopped(asked: Asked, quotes: Mapping[str, Quote], rules: Rules) -> Reason | None:
    """What stops an order that is about to leave; its market data is what lies beside the sample."""
    if not needs_quote(asked.terms, rules):
        return breach(asked, frozenset({Need.PAST, Need.BALANCE}))
    quote = quotes.get(asked.terms.symbol)
    why = ("file does not know it", "file 无此证券")
    found = priced(asked.terms, quote, why, RECEIVED_AT, rules)
    if isinstance(found, Reason):
        return found
    asked = replace(asked, terms=found.terms, quote=quote, quote_age=found.age)
    return breach(asked, frozenset({Need.PAST, Need.QUOTE, Need.BALANCE}))


def refusal_of(order: OrderInstruction) -> Reason | None:
    """What our own rules say of an order by itself, in a paper home that is always open, with accounts of each kind."""
    return refusal(_terms(order), RULES)


def _terms(order: OrderInstruction) -> OrderTerms:
    return terms_of(
        order,
        tag=f"{order.row}",
        client_order_id=order.client_order_id,
        body="",
        account=order.account or ACCOUNT,
        mode=RULES.mode,
        trade_date=order.trade_date or TODAY,
        intake_no=1,
        received_at=RECEIVED_AT,
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return price_text(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_reason(note) for note in value]
    return value


def _reason(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "message": reason.message, "message_zh": reason.message_zh}


def _problem(found: Problem) -> dict[str, object]:
    return {"row": found.row, "column": found.column, "value": found.value, **_reason(found.reason)}


if __name__ == "__main__":
    for sample in samples():
        answer_path(sample).write_text(answer(sample), encoding="utf-8", newline="\n")
