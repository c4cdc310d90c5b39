"""What `check` adds to its answer where it cannot know, or where only this moment stands against an order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from filebridge import trial
from filebridge.config import Settings
from filebridge.domain.quotes import Quote
from filebridge.gateways import base
from tests.property.broker_model import BrokerModel
from tests.property.program import SETTINGS, START, Program, Row

HEADER = "client_order_id,symbol,side,quantity,limit_price"
NEW = "A-2,600000.SH,BUY,200,10.50"


class Priced(BrokerModel):
    """A broker that also tells prices."""

    def quotes(self, symbols: Sequence[str]) -> None:
        price = Decimal("10.5")
        told = tuple(
            Quote(symbol=each, at=self._clock(), source="simulator", last=price, prev_close=price) for each in symbols
        )
        self.said.append(base.Quotes("simulator", tuple(symbols), told))


@contextmanager
def with_an_order(**sections: dict[str, Any]) -> Iterator[Program]:
    """A home whose broker has an order that works."""
    given = SETTINGS.model_dump()
    whole = Settings.model_validate({**given, **{name: {**given[name], **values} for name, values in sections.items()}})
    program = Program(whole, Priced)
    try:
        program.start()
        program.kind_turn(6)
        program.drop_rows("first.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
        program.kind_turn(8)
        assert program.order(100)["status"] == "ACCEPTED"
        yield program
    finally:
        program.close()


def notes(program: Program, folder: Path, *lines: str) -> str:
    file = folder / "new.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows, _ = trial.check(program.folder, program.settings, file, now=program.now)
    return " ".join(note["message"] for row in rows for note in row["notes"])


def test_an_account_whose_books_are_of_long_ago(tmp_path: Path) -> None:
    with with_an_order() as program:
        program.wait(300)
        assert "10:00" in notes(program, tmp_path, HEADER, NEW)


def test_a_price_that_is_of_long_ago(tmp_path: Path) -> None:
    with with_an_order(risk={"price_from_last_percent_max": 5}) as program:
        program.wait(300)
        assert "simulator" in notes(program, tmp_path, HEADER, NEW)


def test_an_order_for_later_whose_limit_is_full_at_this_moment(tmp_path: Path) -> None:
    with with_an_order(risk={"open_orders_max": 1}) as program:
        later = (program.now + timedelta(hours=2)).isoformat()
        assert "then be denied" in notes(program, tmp_path, f"{HEADER},start_at", f"{NEW},{later}")


def test_a_cancel_that_the_exchange_does_not_take_now(tmp_path: Path) -> None:
    with with_an_order(broker={"trading_hours": "exchange"}) as program:
        (program.folder / "calendar.csv").write_text(f"trade_date\n{START.date()}\n", encoding="utf-8")
        program.now = START.replace(hour=14, minute=58)
        assert notes(program, tmp_path, "action,orig_client_order_id", "cancel,A-1")
