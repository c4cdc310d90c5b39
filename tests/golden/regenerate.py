"""The samples and their expected answers: what an answer looks like as JSON, and how to write all of them again.

A denied sample's answer also holds what its receipt would say of each order.

`python -m tests.golden.regenerate` writes every `<name>.expected.json` beside its sample. The difference is to be
reviewed like code: it is what users will read.
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from filebridge.domain.admission import terms_of
from filebridge.domain.limits import Limits
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, AccountType, OrderInstruction, price_text
from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.risk import Rules, refusal
from filebridge.orderfiles import Origin, parse

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FOLDERS = ("accepted", "language", "refused", "denied")
ANSWER = ".expected.json"
# A Friday; the samples themselves name no date, so that they can be dropped on any day.
TODAY = date(2026, 11, 20)
RECEIVED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
# What the samples of other systems call the account.
ORIGIN = Origin(accounts={"00080003": "10000001"})
RULES = Rules(
    mode="paper",
    hours="always",
    calendar=TradingCalendar.of([TODAY]),
    max_order_age=timedelta(minutes=10),
    limits=Limits(),
    accounts={
        "10000001": AccountType.STOCK,
        "20000001": AccountType.CREDIT,
        "30000001": AccountType.FUTURE,
        "60000001": AccountType.STOCK_OPTION,
    },
)


def samples() -> list[Path]:
    """Every sample in the declared folders, by name."""
    paths = [path for folder in FOLDERS for path in sorted((SAMPLES / folder).iterdir())]
    return [path for path in paths if not path.name.startswith(".") and not path.name.endswith(ANSWER)]


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
            {"row": order.row, **_reason(reason)} for order in file.instructions if (reason := refusal_of(order))
        ]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _instruction(order: OrderInstruction) -> dict[str, object]:
    """Every field that says something; what a row left empty is left out."""
    values = order._asdict()
    return {name: _plain(value) for name, value in values.items() if value not in ("", None, 0, ())}


def refusal_of(order: OrderInstruction) -> Reason | None:
    """What our own rules say of an order in a paper home that is always open and has an account of each kind."""
    terms = terms_of(
        order,
        tag="",
        client_order_id=order.client_order_id,
        body="",
        account=order.account or "10000001",
        mode=RULES.mode,
        trade_date=order.trade_date or TODAY,
        intake_no=1,
        received_at=RECEIVED_AT,
    )
    return refusal(terms, RULES)


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
