"""The market that the files of a userdata folder describe: counter.toml, instruments.csv, calendar.csv, the replay.

Read once, when the counter starts; what is wrong in one of them keeps it from starting. market.csv is the market's own.
"""

from pathlib import Path

from filebridge.domain.market import TradingCalendar, read_calendar
from filebridge.simulator.exchange_clock import ExchangeClock
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.market import Market
from filebridge.simulator.prices import PriceSource, StillPrices, WalkingPrices
from filebridge.simulator.replay import Replay
from filebridge.simulator.settings import SettingsRefused, read_settings

PACKAGED_CALENDAR = Path(__file__).parents[1] / "trading_calendar.csv"


def open_market(userdata: Path) -> Market:
    """SettingsRefused, with the file, the line and the reason, where one of the files cannot be taken as it is."""
    settings = read_settings(userdata)
    instruments = Instruments(userdata / "instruments.csv")
    clock = ExchangeClock(_calendar(userdata) if settings.hours == "exchange" else None)
    source: PriceSource = StillPrices()
    if settings.prices == "walk":
        source = WalkingPrices(settings.seed, settings.tick_seconds, settings.spread_ticks, clock)
    elif settings.prices == "replay":
        source = Replay(userdata / settings.replay, instruments, settings.bar_seconds)
    return Market(
        userdata / "market.csv", source=source, instruments=instruments, clock=clock, holds=settings.closed == "hold"
    )


def _calendar(userdata: Path) -> TradingCalendar:
    """The packaged trading days, and those that the user adds in calendar.csv."""
    own = userdata / "calendar.csv"
    paths = [PACKAGED_CALENDAR, own] if own.exists() else [PACKAGED_CALENDAR]
    try:
        return read_calendar(line for path in paths for line in path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{own.name}: {error}") from None
