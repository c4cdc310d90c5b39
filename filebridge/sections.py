"""Sections of the settings that are about accounts and whether an order may leave, and what all have in common.

A part of config.py, which says what settings are.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from filebridge.domain import approval
from filebridge.domain.orders import AccountType

QuoteSource = Literal["terminal", "simulator", "file"]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
# The sides of transfers, by their names.
Transfer = Literal[
    "BANK_IN", "BANK_OUT", "FUNDS_TO_FAST", "FUNDS_TO_NORMAL", "FUNDS_SH_TO_SZ", "FUNDS_SZ_TO_SH", "SHARES_TO_FAST",
    "SHARES_TO_NORMAL",
]  # fmt: skip


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Account(Section):
    """One account at the broker."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,23}$", description="The account's number at the broker.")
    type: AccountType = Field(
        AccountType.STOCK, description="Its kind: STOCK, CREDIT, FUTURE or STOCK_OPTION; it says which sides it knows."
    )
    bank_no: str = Field(
        "",
        max_length=63,
        description="The bank's number at the broker, for transfers from and to the bank; empty: none.",
    )
    bank_account: str = Field(
        "", max_length=63, description="The account at the bank; it may be empty where one is bound."
    )
    bank_password_env: str = Field(
        "", description="Name of the environment variable that has the bank's password, where the bank asks for one."
    )
    fund_password_env: str = Field(
        "", description="Name of the environment variable that has the account's fund password, where it is asked for."
    )

    @property
    def bank(self) -> dict[str, str]:
        """What a transfer has to know of the bank; of passwords where they stand."""
        names = ("bank_no", "bank_account", "bank_password_env", "fund_password_env")
        return {name: getattr(self, name) for name in names}

    def password_missing(self, environ: Mapping[str, str]) -> str:
        """The environment variable of a password that transfers need and that is not there, or nothing."""
        names = (self.bank_password_env, self.fund_password_env)
        return next((name for name in names if name and not environ.get(name)), "")


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
