"""Which quote counts: the sources in their order, fresh before stale, and how long an order waits for a better one."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from filebridge.bridge.quoting import REUSE, SYMBOLS_A_QUESTION, Found, Quotations
from filebridge.domain.orders import SHANGHAI
from filebridge.domain.quotes import Quote
from filebridge.gateways.base import Quotes
from filebridge.quotes import QuoteFile

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
AGE_MAX, ANSWER_SECONDS = timedelta(seconds=30), 10.0
SYMBOL = "600000.SH"


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def quote(at: datetime = NOW, source: str = "terminal") -> Quote:
    return Quote(SYMBOL, at, source, last=Decimal("10.5"))


def answer(*quotes: Quote, text: str = "", source: str = "terminal") -> Quotes:
    return Quotes(source, (SYMBOL,), quotes, text)


class Desk:
    """Quotations over a file of this test, and their last question."""

    def __init__(self, folder: Path, *sources: str) -> None:
        self.path = folder / "quotes.csv"
        self.quotations = Quotations(
            QuoteFile(self.path),
            sources,
            age_of=lambda quote, now: now - quote.at,
            age_max=AGE_MAX,
            answer_seconds=ANSWER_SECONDS,
        )

    def write(self, at: datetime) -> None:
        self.path.write_text(f"symbol,at,last\n{SYMBOL},{at:%Y-%m-%d %H:%M:%S},10.6\n", encoding="utf-8")

    def find(self, at: datetime) -> Found | None:
        return self.quotations.find(SYMBOL, at)


def test_it_is_asked_once_and_waited_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal")
    assert desk.quotations.due(NOW) == []
    assert desk.find(NOW) is None
    assert desk.quotations.due(NOW) == [SYMBOL]
    assert desk.find(seconds(0.1)) is None
    assert desk.quotations.due(seconds(0.1)) == []
    desk.quotations.hear(answer(quote(seconds(0.1))), seconds(0.2))
    assert desk.find(seconds(0.2)) == Found(quote(seconds(0.1)))
    # It serves whoever comes within a moment, and nobody asks again for what was answered.
    assert desk.find(seconds(0.9)) is not None
    assert desk.quotations.due(seconds(0.9)) == []
    # After it a price is asked for anew: it moves.
    assert desk.find(seconds(0.2) + REUSE) is None
    assert desk.quotations.due(seconds(0.2) + REUSE) == [SYMBOL]


def test_who_gets_no_answer_waits_no_longer_than_for_any_other(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal")
    for step in range(int(ANSWER_SECONDS)):
        assert desk.find(seconds(step)) is None
    found = desk.find(seconds(ANSWER_SECONDS))
    assert found == Found(None, ("terminal: no answer in time", "terminal：未在时限内应答"))
    # Whoever comes much later waits again.
    assert desk.find(seconds(60)) is None


def test_a_source_that_does_not_know_it_denies_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal", "file")
    assert desk.find(NOW) is None
    desk.quotations.hear(answer(), seconds(0.1))
    found = desk.find(seconds(0.1))
    assert found == Found(
        None, ("terminal does not know it; file does not know it", "terminal 无此证券；file 无此证券")
    )


def test_a_source_that_fails_says_so_and_is_asked_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal")
    assert desk.find(NOW) is None
    desk.quotations.hear(answer(text="no service"), seconds(0.1))
    assert desk.find(seconds(0.1)) is None
    assert desk.quotations.problems() == ["market data, terminal: no service"]
    assert desk.find(seconds(1.2)) is None
    assert desk.quotations.due(seconds(1.2)) == [SYMBOL]
    desk.quotations.hear(answer(quote(seconds(1.2))), seconds(1.3))
    assert desk.find(seconds(1.3)) == Found(quote(seconds(1.2)))
    assert desk.quotations.problems() == []


def test_the_first_fresh_one_in_the_declared_order_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "file", "terminal")
    desk.write(NOW)
    found = desk.find(NOW)
    assert found is not None
    assert found.quote is not None
    assert found.quote.source == "file"
    assert desk.quotations.due(NOW) == []
    # The file grows old: the next source is asked, and its price goes before the old one.
    assert desk.find(seconds(31)) is None
    assert desk.quotations.due(seconds(31)) == [SYMBOL]
    desk.quotations.hear(answer(quote(seconds(31))), seconds(31))
    found = desk.find(seconds(31))
    assert found is not None
    assert found.quote == quote(seconds(31))


def test_of_stale_ones_the_newest_is_told_in_the_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal", "file")
    desk.write(NOW)
    assert desk.find(seconds(60)) is None
    desk.quotations.hear(answer(quote(seconds(-60))), seconds(60.1))
    # A newer one may come yet: the market may have opened this moment.
    assert desk.find(seconds(60.2)) is None
    found = desk.find(seconds(60 + ANSWER_SECONDS))
    assert found is not None
    assert found.quote is not None
    assert (found.quote.source, found.quote.at) == ("file", NOW)


def test_a_worker_that_is_gone_owes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal")
    assert desk.find(NOW) is None
    assert desk.quotations.due(NOW) == [SYMBOL]
    desk.quotations.not_asked()
    assert desk.find(seconds(0.1)) is None
    assert desk.quotations.due(seconds(0.1)) == [SYMBOL]


def test_a_source_that_nobody_declared_is_not_believed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "file")
    desk.quotations.hear(answer(quote(), source="simulator"), NOW)
    assert desk.find(NOW) == Found(None, ("file does not know it", "file 无此证券"))
    assert Desk(tmp_path).find(NOW) == Found(None, ("none is declared", "未配置"))


@pytest.mark.parametrize("leap", [-3600, 3600])
def test_a_clock_that_leaps_makes_wait_anew_and_nothing_else(tmp_path: Path, leap: int) -> None:
    desk = Desk(tmp_path, "terminal")
    assert desk.find(NOW) is None
    assert desk.quotations.due(NOW) == [SYMBOL]
    assert desk.find(seconds(leap)) is None
    assert desk.quotations.due(seconds(leap)) == [SYMBOL]


def test_many_symbols_are_asked_for_in_parts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "terminal")
    for number in range(SYMBOLS_A_QUESTION + 1):
        assert desk.quotations.find(f"{number:06}.SH", NOW) is None
    first = desk.quotations.due(NOW)
    assert len(first) == SYMBOLS_A_QUESTION
    desk.quotations.hear(Quotes("terminal", tuple(first), (), ""), NOW)
    assert desk.quotations.due(NOW) == [f"{SYMBOLS_A_QUESTION:06}.SH"]
