"""What a trade costs: commissions, stamp duty and transfer fee; one rule for each kind of instrument.

Rates are in millionths of the amount. The defaults are public rates (docs/simulator.md names the sources), and a user's
fees.csv overrides them. Nothing here knows an account.
"""

from dataclasses import dataclass

from filebridge.simulator.instruments import STOCK_BOARDS, Board
from filebridge.simulator.money import THOUSANDTHS

MILLION = 1_000_000
FEN = THOUSANDTHS // 100  # one fen, in the unit of all money here


@dataclass(frozen=True, slots=True)
class Fees:
    """`commission_min` is per order, not per fill; `option_fee` per lot; both in the unit of all money here."""

    commission_ppm: int = 250
    commission_min: int = 500 * FEN
    stamp_duty_ppm: int = 500
    transfer_fee_ppm: int = 10
    repo_day_ppm: int = 10
    futures_ppm: int = 23
    futures_close_today_ppm: int = 230
    option_fee: int = 200 * FEN

    def total(self, amount: int, side: str, board: Board) -> int:
        """All fees on an order of stocks, funds or bonds that has traded `amount`, each rounded half up to the fen.

        A sale never costs more than it brings, so that it cannot take cash which is not there.
        """
        if not amount:
            return 0
        fees = max(self.commission_min, to_fen(amount * self.commission_ppm))
        if board.board in STOCK_BOARDS:
            fees += to_fen(amount * self.transfer_fee_ppm)
            if side == "SELL":
                fees += to_fen(amount * self.stamp_duty_ppm)
        return fees if side == "BUY" else min(fees, amount)

    def repo(self, amount: int, days: int) -> int:
        """The commission on money lent by reverse repo: so much for each day up to 30 days, and no minimum."""
        return to_fen(amount * self.repo_day_ppm * min(days, 30))

    def futures(self, amount: int, board: Board, *, closes_today: bool) -> int:
        """On a trade of futures; closing a position of the same day costs more for index futures."""
        dearer = closes_today and board.board == "INDEX_FUTURE"
        return to_fen(amount * (self.futures_close_today_ppm if dearer else self.futures_ppm))


# Those of the fields that are money and not rates.
MONEY_FEES = frozenset({"commission_min", "option_fee"})


def to_fen(millionths: int) -> int:
    """Millionths of the unit of money, rounded half up to the fen."""
    unit = MILLION * FEN
    return (2 * millionths + unit) // (2 * unit) * FEN


def rounded(numerator: int, denominator: int) -> int:
    """numerator / denominator in the unit of money, rounded half up to the fen; for what is not negative."""
    unit = denominator * FEN
    return (2 * numerator + unit) // (2 * unit) * FEN
