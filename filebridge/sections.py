"""Sections of the settings that are about whether an order may leave, and what all sections have in common.

A part of config.py, which says what settings are.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from filebridge.domain import approval

QuoteSource = Literal["terminal", "simulator", "file"]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Approval(Section):
    required: Literal["never", "live", "always"] = Field(
        "never", description="Whose orders wait for `filebridge approve`: `live` in live mode, `always` in both."
    )
    above_value_cny: Decimal = Field(
        Decimal(0), ge=0, le=10**15, allow_inf_nan=False, description="CNY; only orders worth more wait."
    )
    accounts: tuple[str, ...] = Field(
        ("*",), min_length=1, description="Only orders of these accounts wait; `*` stands for any letters."
    )
    by_another: bool = Field(False, description="True if somebody else than the author of a file must approve it.")
    author: str = Field(
        "", max_length=64, description="Who drops all files; empty: each file's owner, as the system knows it."
    )
    expire_seconds: Seconds = Field(3600, description="Seconds; a held order that nobody approved by then is denied.")

    @property
    def rules(self) -> approval.Approval:
        """As the domain looks at them."""
        given = {name: value for name, value in self if name != "expire_seconds"}
        return approval.Approval(**given, expire=timedelta(seconds=self.expire_seconds))


class Halt(Section):
    reject_orders: int = Field(
        50, ge=5, le=10_000, description="So many of the newest orders that the broker answered are looked at together."
    )
    reject_percent_max: int = Field(
        80, ge=1, le=100, description="Percent; when the broker refused so many of them, sending halts."
    )
    broker_lost_seconds: float = Field(
        300,
        gt=0,
        le=604_800,
        description="Seconds of open market without the broker, after it was there, before sending halts.",
    )


class Quotes(Section):
    sources: Annotated[tuple[QuoteSource, ...], Field(min_length=1)] | None = Field(
        None,
        description="Where prices come from; the first with a fresh one counts: `terminal` (live only), `simulator` "
        "(paper only), `file` (quotes.csv in the home). Without it `terminal` in live mode, else `simulator`.",
    )
    ask: Literal["needed", "always"] | None = Field(
        None,
        description="`needed`: only for orders priced from market data, or where a limit of [risk] looks at prices; "
        "`always`: for every order, so that the exchange's price limits are checked (default: `needed` in paper mode "
        "without `sources`, else `always`).",
    )
