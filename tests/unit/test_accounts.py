"""Each business of the paper accounts alone: what it holds back, what its trades move, what the night brings."""

from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import accounts as b
from filebridge.simulator.accounts import Account, Order
from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter, Ticket
from filebridge.simulator.debts import CreditTerms, Subject, standing
from filebridge.simulator.desk import Desk
from filebridge.simulator.effects import BY_NAME
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.faults import Faults
from filebridge.simulator.fees import Fees
from filebridge.simulator.holding_rows import asset_row, position_rows
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.market import Market
from filebridge.simulator.options import lot_margin, terms_of
from filebridge.simulator.settings import SettingsRefused
from filebridge.simulator.store import read_credit_terms, read_fees

YUAN = 1_000
CASH = 1_000_000 * YUAN
STOCK, FUND, FUND_T0, BOND = "600000.SH", "510300.SH", "513100.SH", "113050.SH"
INDEX, CALL, PUT = "IF2612.IF", "10005183.SHO", "90006534.SZO"
INSTRUMENTS = Instruments()
TYPES = {"stock": 2, "credit": 3, "futures": 1, "options": 6}


class Floor:
    """A counter with one account of each kind; prices stand at what a test says, in yuan."""

    def __init__(self, *holdings: tuple[str, str, int], **settings: Any) -> None:
        self.market = Market(instruments=INSTRUMENTS)
        self.books = Books()
        accounts = [[name, kind, CASH] for name, kind in TYPES.items()]
        held = [[name, symbol, quantity, quantity, quantity * 5 * YUAN] for name, symbol, quantity in holdings]
        self.books.apply(["open", "2026-11-23", accounts, held, {"credit": [CASH, CASH]}])
        self.numbers = count(1)
        self.counter = Counter(
            self.market, self.books, on_order=lambda order, status: None, on_fill=lambda fill: None,
            **{"fees": Fees(), **settings},
        )  # fmt: skip
        self.price(STOCK, 10)

    def price(self, symbol: str, yuan: float, prev_close: float | None = None) -> None:
        unit = self.market.price_unit(symbol)
        close = None if prev_close is None else round(prev_close * unit)
        self.market.set_price(symbol, last=round(yuan * unit), prev_close=close or round(yuan * unit))
        self.counter.requote([symbol], 0)

    def order(self, account: str, business: str, symbol: str, quantity: int, yuan: float | None = None) -> Order:
        """At the last price, unless another is given."""
        instrument, side = self.market.instrument(symbol), BY_NAME[business].side
        assert instrument is not None
        limit = self.market.quote(instrument).last if yuan is None else round(yuan * instrument.board.price_unit)
        name = "" if business == side else business
        ticket = Ticket(account, symbol, side, quantity, "LIMIT", limit, "", "", name)
        return self.counter.place(ticket, next(self.numbers), 0)

    def night(self, day: str) -> None:
        self.counter.settle(day)

    def __getitem__(self, account: str) -> Account:
        return self.books.accounts[account]


def moment(clock: str) -> datetime:
    return datetime.fromisoformat(clock).replace(tzinfo=SHANGHAI)


def debts(account: Account) -> list[tuple[str, int, int, int]]:
    return [(each.symbol, each.principal, each.quantity, each.interest) for each in account.compacts.values()]


# Stocks, funds, bonds, repos, new shares


@pytest.mark.parametrize(
    ("symbol", "side", "fees"),
    [
        (STOCK, "BUY", 25_000 + 1_000),
        (STOCK, "SELL", 25_000 + 1_000 + 50_000),
        ("688981.SH", "SELL", 25_000 + 1_000 + 50_000),
        ("430047.BJ", "SELL", 25_000 + 1_000 + 50_000),
        (FUND, "SELL", 25_000),
        (BOND, "SELL", 25_000),
    ],
)
def test_fees_by_board(symbol: str, side: str, fees: int) -> None:
    instrument = INSTRUMENTS.get(symbol)
    assert instrument is not None
    assert Fees().total(100_000 * YUAN, side, instrument.board) == fees


def test_money_of_a_sale_is_fetched_on_the_next_day() -> None:
    floor = Floor(("stock", STOCK, 1_000))
    floor.order("stock", "SELL", STOCK, 1_000)
    cash = floor["stock"].cash / YUAN
    assert asset_row(floor["stock"], floor.market)[6] == CASH / YUAN < cash
    floor.night("2026-11-24")
    assert asset_row(floor["stock"], floor.market)[6] == cash


def test_a_share_with_a_finer_price_than_money_is_not_traded(tmp_path: Path) -> None:
    own = tmp_path / "instruments.csv"
    own.write_text(f"symbol,name,tick,price_low,price_high\n{STOCK},,0.0001,5,60\n")
    floor = Floor()
    floor.market.instruments = Instruments(own)
    floor.price(STOCK, 10)
    assert "不允许此委托类别" in floor.order("stock", "BUY", STOCK, 100, 10).message


def test_the_users_fees_and_terms_of_credit(tmp_path: Path) -> None:
    assert (read_fees(tmp_path), read_credit_terms(tmp_path)) == (Fees(), CreditTerms())
    fees, credit = tmp_path / "fees.csv", tmp_path / "credit.csv"
    fees.write_text("commission_ppm,commission_min,transfer_fee_ppm\n100,0.1,\n")
    assert read_fees(tmp_path) == Fees(commission_ppm=100, commission_min=100)
    credit.write_text(f"symbol,haircut_percent,financed,shorted,lendable\n{STOCK},70,1,0,0\n")
    assert read_credit_terms(tmp_path).subjects == {STOCK: Subject(700_000, financed=True, shorted=False, lendable=0)}
    for text in ("", "commission_ppm\n", "comission_ppm\n100\n", "commission_ppm\nx\n", "commission_min\n-1\n"):
        fees.write_text(text)
        with pytest.raises(SettingsRefused, match=r"fees\.csv"):
            read_fees(tmp_path)
    for text in ("symbol\n1\n", f"symbol,haircut_percent,financed,shorted,lendable\n{STOCK},70,yes,0,0\n"):
        credit.write_text(text)
        with pytest.raises(SettingsRefused, match=r"credit\.csv"):
            read_credit_terms(tmp_path)


def test_a_sale_never_costs_more_than_it_brings() -> None:
    floor = Floor(("stock", FUND, 100))
    floor.price(FUND, 0.03)
    sold = floor.order("stock", "SELL", FUND, 100)
    assert (sold.commission, floor["stock"].cash) == (3 * YUAN, CASH)


@pytest.mark.parametrize(
    ("symbol", "status"), [(STOCK, b.REJECTED), (FUND, b.REJECTED), (FUND_T0, b.FILLED), (BOND, b.FILLED)]
)
def test_only_what_is_t_plus_0_is_sold_on_the_day_of_its_buy(symbol: str, status: int) -> None:
    floor = Floor()
    assert floor.order("stock", "BUY", symbol, 100).status == b.FILLED
    assert floor.order("stock", "SELL", symbol, 100).status == status
    floor.night("2026-11-24")
    assert floor.order("stock", "SELL", symbol, 100).status == (b.FILLED if status == b.REJECTED else b.REJECTED)


@pytest.mark.parametrize(("symbol", "early", "back", "days"), [("204001.SH", "", "2026-11-24", 1),
                         ("204007.SH", "2026-11-29", "2026-11-30", 7), ("131810.SZ", "", "2026-11-26", 3)])  # fmt: skip
def test_money_lent_by_reverse_repo_comes_back_with_its_interest(symbol: str, early: str, back: str, days: int) -> None:
    floor = Floor()
    floor.price(symbol, 1.825)
    lent = floor.order("stock", "SELL", symbol, 100)
    account, fee = floor["stock"], lent.commission
    assert (lent.status, lent.business, account.lent, account.cash) == (
        b.FILLED,
        "LEND",
        10_000 * YUAN,
        CASH - 10_000 * YUAN - fee,
    )
    # It is worth what was lent, whatever its rate; and what the asset counts, a position shows.
    (shown,) = position_rows(account, symbol, floor.market)
    assert (shown[2:7], shown[12]) == ([symbol, 100, 0, 100.0, 10_000.0], 100.0)
    assert asset_row(account, floor.market)[4] == 10_000
    assert fee == {1: 100, 7: 700, 3: 100}[days]
    if early:
        floor.night(early)
        assert account.lent == 10_000 * YUAN
    floor.night(back)
    assert account.loans == {}
    assert position_rows(account, symbol, floor.market) == []
    assert (account.lent, account.cash) == (0, CASH - fee + days * 500)  # 10,000 x 1.825 % / 365 is 0.50 a day
    assert "不允许此委托类别" in floor.order("stock", "BUY", symbol, 100).message
    assert "资金可用数不足" in floor.order("stock", "SELL", symbol, 10_000).message


def test_a_subscription_takes_market_value_and_wins_nothing() -> None:
    floor = Floor(("stock", STOCK, 2_000))
    new = "787981.SH"
    floor.price(STOCK, 4.99)
    assert "可申购额度" in floor.order("stock", "BUY", new, 500).message
    floor.price(STOCK, 10)
    assert "可申购额度" in floor.order("stock", "BUY", new, 2_500).message
    asked = floor.order("stock", "BUY", new, 2_000)
    assert (asked.status, asked.frozen_cash, floor["stock"].cash) == (b.REPORTED, 0, CASH)
    assert "重复申购" in floor.order("stock", "BUY", new, 500).message
    floor.night("2026-11-24")
    assert (asked.status, asked.filled_qty, set(floor["stock"].positions)) == (b.CANCELED, 0, {STOCK})


# Credit


def test_margin_buying_opens_a_debt_and_binds_quota_and_margin() -> None:
    floor = Floor()
    account = floor["credit"]
    resting = floor.order("credit", "MARGIN_BUY", STOCK, 1_000, 9.5)
    assert account.frozen_fin_quota == 9_500 * YUAN + 5_000 + 100  # fees are borrowed too
    floor.counter.cancel(resting, "credit")
    assert (account.frozen_fin_quota, account.fin_quota) == (0, CASH)
    bought = floor.order("credit", "MARGIN_BUY", STOCK, 10_000)
    debt = 100_000 * YUAN + bought.commission
    assert (account.cash, debts(account)) == (CASH, [(STOCK, debt, 0, 0)])
    assert (account.fin_quota, account.positions[STOCK].unsettled_qty) == (CASH - debt, 10_000)
    # 1,000,000 cash less the debt at 100 %; the small loss from the fees counts in full.
    stood = standing(account, floor.market, CreditTerms())
    assert stood.available_margin == CASH - debt - bought.commission
    assert "融资额度不足" in floor.order("credit", "MARGIN_BUY", STOCK, 100_000).message
    assert "非融资标的证券" in floor.order("credit", "MARGIN_BUY", BOND, 10).message
    account.cash = debt + 50_000 * YUAN
    assert "保证金可用余额不足" in floor.order("credit", "MARGIN_BUY", STOCK, 5_000).message
    assert "保证金可用余额不足" in floor.order("credit", "SHORT_SELL", STOCK, 5_000).message
    assert floor.order("credit", "MARGIN_BUY", STOCK, 4_000).status == b.FILLED


def test_gains_of_a_debt_count_at_the_haircut_and_losses_in_full() -> None:
    floor = Floor(("credit", FUND, 10_000))
    floor.price(FUND, 4)
    bought = floor.order("credit", "MARGIN_BUY", STOCK, 10_000)
    debt = 100_000 * YUAN + bought.commission
    for price, counted in ((11, (110_000 * YUAN - debt) * 65 // 100), (9, 90_000 * YUAN - debt)):
        floor.price(STOCK, price)
        stood = standing(floor["credit"], floor.market, CreditTerms())
        assert stood.available_margin == CASH + 32_000 * YUAN + counted - debt


def test_a_sale_repays_interest_before_principal_and_the_rest_is_cash() -> None:
    floor = Floor()
    bought = floor.order("credit", "MARGIN_BUY", STOCK, 10_000)
    debt = 100_000 * YUAN + bought.commission
    floor.night("2026-11-25")
    interest = round(debt * 0.065 * 2 / 360 / 10) * 10
    account = floor["credit"]
    assert debts(account) == [(STOCK, debt, 0, interest)]
    first = floor.order("credit", "SELL_TO_REPAY", STOCK, 100)
    net = 1_000 * YUAN - first.commission
    assert debts(account) == [(STOCK, debt - (net - interest), 0, 0)]
    second = floor.order("credit", "SELL_TO_REPAY", STOCK, 9_900, 9)
    assert second.status == b.FILLED
    left = debt - (net - interest) - (99_000 * YUAN - second.commission)
    assert debts(account) == [(STOCK, left, 0, 0)]
    assert (account.cash, account.fin_quota) == (CASH, CASH - left)
    # The price of a direct repayment is its amount; what is more than the debt stays.
    paid = floor.order("credit", "DIRECT_REPAY", STOCK, 100, 50_000)
    assert (paid.status, account.cash, account.fin_quota) == (b.FILLED, CASH - left, CASH)
    assert account.fills[-1].amount == left
    assert "无可归还的负债" in floor.order("credit", "DIRECT_REPAY", STOCK, 100, 1).message
    assert "可用还款资金不足" in floor.order("credit", "DIRECT_REPAY", STOCK, 100, 2_000_000).message
    assert "价格不合法" in floor.order("credit", "DIRECT_REPAY", STOCK, 100, 0).message


def test_what_was_sold_short_is_returned_from_the_next_day_on() -> None:
    floor = Floor()
    account = floor["credit"]
    assert "最近成交价" in floor.order("credit", "SHORT_SELL", STOCK, 1_000, 9.99).message
    sold = floor.order("credit", "SHORT_SELL", STOCK, 10_000)
    assert (account.cash, account.proceeds) == (CASH, 100_000 * YUAN - sold.commission)
    assert (debts(account), account.slo_quota) == ([(STOCK, 0, 10_000, 0)], CASH - 100_000 * YUAN)
    assert "无可归还的负债" in floor.order("credit", "BUY_TO_RETURN", STOCK, 10_000).message
    floor.night("2026-11-24")
    interest = round(100_000 * YUAN * 0.0835 / 360 / 10) * 10
    assert debts(account) == [(STOCK, 0, 10_000, interest)]
    floor.price(STOCK, 9)
    assert "超过融券合约" in floor.order("credit", "BUY_TO_RETURN", STOCK, 10_100).message
    back = floor.order("credit", "BUY_TO_RETURN", STOCK, 10_000)
    spent = 90_000 * YUAN + back.commission
    # It is paid from the proceeds, which stay bound until the night.
    assert (account.cash, account.proceeds) == (CASH, 100_000 * YUAN - sold.commission - spent)
    assert (account.slo_quota, debts(account)) == (CASH, [(STOCK, 0, 0, interest)])
    floor.night("2026-11-25")
    assert (account.cash, account.proceeds) == (CASH + 10_000 * YUAN - sold.commission - back.commission - interest, 0)
    assert account.compacts == {}


def test_interest_is_paid_as_far_as_cash_goes() -> None:
    floor = Floor(("credit", STOCK, 50_000))
    account = floor["credit"]
    floor.order("credit", "SHORT_SELL", STOCK, 10_000)
    floor.night("2026-11-24")
    assert floor.order("credit", "DIRECT_RETURN", STOCK, 10_000).status == b.FILLED
    assert account.positions[STOCK].quantity == 40_000
    [(_, _, _, interest)] = debts(account)
    account.cash, proceeds = 10 * YUAN, account.proceeds
    floor.night("2026-11-25")
    assert (account.cash, account.proceeds) == (proceeds, 0)
    assert debts(account) == [(STOCK, 0, 0, interest - 10 * YUAN)]


def test_an_odd_lot_is_returned_by_a_whole_one_and_the_surplus_is_kept() -> None:
    floor = Floor(("credit", STOCK, 550))
    account = floor["credit"]
    floor.order("credit", "SHORT_SELL", STOCK, 1_000)
    floor.night("2026-11-24")
    later = floor.order("credit", "SHORT_SELL", STOCK, 100)
    assert floor.order("credit", "DIRECT_RETURN", STOCK, 550).status == b.FILLED
    assert floor.order("credit", "BUY_TO_RETURN", STOCK, 500).status == b.FILLED
    # 450 were owed; the 50 that are left over do not repay today's debt.
    assert later.status == b.FILLED
    assert [quantity for _, _, quantity, _ in debts(account)] == [0, 100]
    assert (account.positions[STOCK].quantity, account.positions[STOCK].unsettled_qty) == (50, 50)


def test_ordinary_and_special_debts_are_repaid_by_their_own() -> None:
    floor = Floor()
    assert floor.order("credit", "MARGIN_BUY_SPECIAL", STOCK, 1_000).status == b.FILLED
    assert "无可归还的负债" in floor.order("credit", "DIRECT_REPAY", STOCK, 100, 100).message
    assert floor.order("credit", "DIRECT_REPAY_SPECIAL", STOCK, 100, 100).status == b.FILLED
    [debt] = floor["credit"].compacts.values()
    assert (debt.special, debt.repaid) == (True, 100 * YUAN)


def test_what_may_be_borrowed_is_limited() -> None:
    own = {STOCK: Subject(500_000, financed=False, shorted=True, lendable=1_000)}
    floor = Floor(terms=CreditTerms(subjects=own))
    assert "非融资标的证券" in floor.order("credit", "MARGIN_BUY", STOCK, 100).message
    resting = floor.order("credit", "SHORT_SELL", STOCK, 800, 10.5)
    assert resting.status == b.REPORTED
    assert "可用融券头寸不足" in floor.order("credit", "SHORT_SELL", STOCK, 300).message
    floor.counter.cancel(resting, "credit")
    assert floor.order("credit", "SHORT_SELL", STOCK, 300).status == b.FILLED
    assert "可用融券头寸不足" in floor.order("credit", "SHORT_SELL", STOCK, 800).message
    assert "非融券标的证券" in Floor(terms=CreditTerms(subjects={STOCK: Subject(0, True, False, 0)})).order(
        "credit", "SHORT_SELL", STOCK, 100).message  # fmt: skip
    assert "不允许此委托类别" in floor.order("credit", "SELL", "204001.SH", 100).message


# Futures


def test_a_future_binds_margin_and_realises_its_profit() -> None:
    floor = Floor()
    account = floor["futures"]
    floor.price(INDEX, 4_000)
    value = 4_000 * 300 * YUAN
    opened = floor.order("futures", "OPEN_LONG", INDEX, 2)
    margin, fee = 2 * value * 12 // 100, 2 * 27_600
    assert (opened.status, opened.commission, account.margin) == (b.FILLED, fee, margin)
    assert account.cash == CASH - margin - fee
    assert "CTP:平昨仓位不足" in floor.order("futures", "CLOSE_LONG_HISTORY", INDEX, 1).message
    assert "CTP:平今仓位不足" in floor.order("futures", "CLOSE_SHORT_TODAY", INDEX, 1).message
    assert "CTP:平仓量超过持仓量" in floor.order("futures", "CLOSE_LONG_TODAY_FIRST", INDEX, 3).message
    assert "CTP:资金不足" in floor.order("futures", "OPEN_SHORT", INDEX, 10).message
    floor.price(INDEX, 4_010, 4_000)
    closed = floor.order("futures", "CLOSE_LONG_TODAY", INDEX, 1)
    dear = round(4_010 * 300 * YUAN * 0.00023 / 10) * 10
    assert closed.commission == dear
    assert account.cash == CASH - margin // 2 - fee - dear + 10 * 300 * YUAN
    floor.price(INDEX, 3_990, 4_000)
    floor.night("2026-11-24")
    held = account.legs["LONG"][INDEX]
    assert (held.quantity, held.cost, held.margin) == (1, 3_990 * 300 * YUAN, 3_990 * 300 * YUAN * 12 // 100)
    assert account.cash + account.margin == CASH - fee - dear  # + 3,000 and - 3,000
    assert "CTP:平今仓位不足" in floor.order("futures", "CLOSE_LONG_TODAY", INDEX, 1).message
    assert floor.order("futures", "CLOSE_LONG_HISTORY", INDEX, 1).status == b.FILLED
    assert (account.margin, held.quantity) == (0, 0)


def test_accounts_are_settled_at_the_last_price_of_their_day_whenever_that_is_noticed(tmp_path: Path) -> None:
    """The market walks; one counter runs through the night, the other is started again in the morning."""
    cash = []
    for name, clocks in (("runs", ("05 23:59:59", "06 00:00:01")), ("sleeps", ())):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "accounts.csv").write_text("account,account_type,cash\nfutures,FUTURE,1000000\n")
        (folder / "counter.toml").write_text('prices = "walk"\n')
        desk = Desk(folder, Faults(), moment("2026-01-05 14:00:00"))
        desk.handle(1, [["order", 1, 1, "futures", INDEX, 0, 1, 5, 0.0, "s", "TAG"]], moment("2026-01-05 14:00:01"))
        for clock in clocks:
            desk.tick(moment(f"2026-01-{clock}"))
        desk.close()
        desk = Desk(folder, Faults(), moment("2026-01-06 09:00:00"))
        account = desk.counter.books.accounts["futures"]
        assert account.legs["LONG"][INDEX].quantity == 1
        cash.append(account.cash)
        desk.close()
    assert cash[0] == cash[1]


def test_one_order_closes_and_opens() -> None:
    floor = Floor()
    account = floor["futures"]
    symbol = "rb2701.SF"
    floor.order("futures", "OPEN_LONG", symbol, 3)
    floor.night("2026-11-24")
    floor.order("futures", "OPEN_LONG", symbol, 2)
    assert floor.order("futures", "CLOSE_LONG_HISTORY_TODAY_THEN_OPEN_SHORT", symbol, 4).status == b.FILLED
    assert {leg: account.held(leg, symbol).quantity for leg in ("LONG", "LONG_TODAY")} == {"LONG": 0, "LONG_TODAY": 1}
    assert floor.order("futures", "CLOSE_LONG_TODAY_HISTORY_THEN_OPEN_SHORT", symbol, 4).status == b.FILLED
    assert (account.held("LONG_TODAY", symbol).quantity, account.held("SHORT_TODAY", symbol).quantity) == (0, 3)
    # "Close" of the two-key style sells without looking at what is held.
    assert floor.order("futures", "OPEN", symbol, 1).status == b.FILLED
    assert (account.held("LONG_TODAY", symbol).quantity, account.held("SHORT_TODAY", symbol).quantity) == (1, 3)


def test_a_loss_may_leave_less_than_nothing_and_then_nothing_is_opened() -> None:
    floor = Floor()
    floor.price(INDEX, 4_000)
    floor.order("futures", "OPEN_LONG", INDEX, 6)
    floor.price(INDEX, 3_600, 4_000)
    floor.night("2026-11-24")
    account = floor["futures"]
    assert account.cash < 0
    assert "CTP:资金不足" in floor.order("futures", "OPEN_SHORT", INDEX, 1).message
    assert floor.order("futures", "CLOSE_LONG_HISTORY", INDEX, 6, 3_600).status == b.FILLED
    assert account.cash > 0


# Stock options


@pytest.mark.parametrize(
    ("symbol", "option", "underlying", "yuan"),
    [
        # 50ETF call, strike 2.600: out of the money by 0.100; max(12 % x 2.5 - 0.1, 7 % x 2.5) + 0.05
        (CALL, 0.05, 2.5, 2_500),
        (CALL, 0.05, 2.7, 3_740),
        (CALL, 0.05, 2.0, 1_900),
        # ChiNext ETF put, strike 3.700: min(max(12 % x 4 - 0.3, 7 % x 3.7) + 0.1, 3.7)
        (PUT, 0.1, 4.0, 3_590),
        (PUT, 0.1, 3.5, 5_200),
        (PUT, 3.6, 3.0, 37_000),
    ],
)
def test_the_margin_of_a_written_option(symbol: str, option: float, underlying: float, yuan: int) -> None:
    instrument = INSTRUMENTS.get(symbol)
    assert instrument is not None
    assert lot_margin(instrument, round(option * 10_000), round(underlying * 1_000)) == yuan * YUAN


def test_the_terms_of_an_option_stand_in_its_name() -> None:
    call, put = (INSTRUMENTS.get(symbol) for symbol in (CALL, PUT))
    assert call is not None
    assert put is not None
    terms = terms_of(call)
    assert terms is not None
    assert (terms.is_call, terms.underlying, terms.strike, terms.units) == (True, "510050.SH", 2_600, 10_000)
    assert [terms.expiry(day) for day in ("2026-11-23", "2027-04-28", "2027-04-29")] == ["2027-04-28"] * 2 + [
        "2028-04-26"
    ]
    assert terms_of(put) is not None
    nameless = INSTRUMENTS.get("10999999.SHO")
    assert nameless is not None
    assert terms_of(nameless) is None
    assert "期权合约不存在" in Floor().order("options", "OPTION_BUY_OPEN", "10999999.SHO", 1, 0.1).message


def test_premium_margin_and_fees_of_options() -> None:
    floor = Floor()
    account = floor["options"]
    floor.price("510050.SH", 2.5)
    floor.price(CALL, 0.05)
    assert floor.order("options", "OPTION_BUY_OPEN", CALL, 2).commission == 4 * YUAN
    assert account.cash == CASH - 1_004 * YUAN
    assert "合约可平数量不足" in floor.order("options", "OPTION_SELL_CLOSE", CALL, 3).message
    floor.order("options", "OPTION_SELL_CLOSE", CALL, 2)
    assert account.cash == CASH - 8 * YUAN
    assert floor.order("options", "OPTION_SELL_OPEN", CALL, 3).status == b.FILLED
    assert (account.cash, account.margin) == (CASH + 1_500 * YUAN - 14 * YUAN - 7_500 * YUAN, 7_500 * YUAN)
    floor.price("510050.SH", 2.7, 2.5)
    floor.night("2026-11-24")
    assert account.margin == 3 * 3_740 * YUAN
    floor.price(CALL, 0.04)
    assert floor.order("options", "OPTION_BUY_CLOSE", CALL, 3).status == b.FILLED
    assert (account.cash, account.margin) == (CASH + 300 * YUAN - 20 * YUAN, 0)
    assert "期权可用资金不足" in floor.order("options", "OPTION_BUY_OPEN", CALL, 50, 2.1).message


def test_a_covered_option_pledges_locked_shares() -> None:
    floor = Floor(("options", "510050.SH", 25_000))
    account, fund = floor["options"], "510050.SH"
    floor.price(fund, 2.5)
    floor.price(CALL, 0.05)
    assert "可用锁定证券数量不足" in floor.order("options", "COVERED_OPEN", CALL, 1).message
    assert "非期权合约标的" in floor.order("options", "LOCK", "513100.SH", 100).message
    assert floor.order("options", "LOCK", fund, 20_000).status == b.FILLED
    assert floor.order("options", "COVERED_OPEN", CALL, 2).status == b.FILLED
    assert (account.margin, account.cash) == (0, CASH + 996 * YUAN)
    assert "可用锁定证券数量不足" in floor.order("options", "UNLOCK", fund, 10_000).message
    assert floor.order("options", "COVERED_CLOSE", CALL, 1).status == b.FILLED
    assert floor.order("options", "UNLOCK", fund, 10_000).status == b.FILLED
    held = {leg: account.held(leg, fund).quantity for leg in ("LONG", "LOCKED", "PLEDGED")}
    assert held == {"LONG": 15_000, "LOCKED": 0, "PLEDGED": 10_000}
    # In the money on its day, it delivers at its strike of 2.600.
    cash = account.cash
    floor.price(fund, 2.7)
    floor.night("2027-04-28")
    floor.night("2027-04-29")
    assert account.cash == cash + 26_000 * YUAN
    assert {leg: account.held(leg, fund).quantity for leg in ("LONG", "LOCKED", "PLEDGED")} == {
        "LONG": 15_000, "LOCKED": 0, "PLEDGED": 0}  # fmt: skip


def test_options_are_exercised_on_their_day_only() -> None:
    floor = Floor(("options", "159915.SZ", 10_000))
    account = floor["options"]
    floor.price("510050.SH", 2.9)
    for symbol in (CALL, PUT):
        floor.price(symbol, 0.05)
        floor.order("options", "OPTION_BUY_OPEN", symbol, 2)
    assert "非行权日" in floor.order("options", "CALL_EXERCISE", CALL, 1).message
    floor.night("2027-03-24")
    assert "行权方向不符" in floor.order("options", "CALL_EXERCISE", PUT, 1).message
    assert "证券可用数量不足" in floor.order("options", "PUT_EXERCISE", PUT, 2).message
    put = floor.order("options", "PUT_EXERCISE", PUT, 1)
    cash = account.cash
    assert (put.status, account.positions["159915.SZ"].frozen_qty) == (b.REPORTED, 10_000)
    floor.night("2027-03-25")
    # The second put lapses.
    assert (put.status, account.cash, PUT in account.positions) == (b.FILLED, cash + 37_000 * YUAN, False)
    floor.night("2027-04-28")
    call = floor.order("options", "CALL_EXERCISE", CALL, 2)
    assert (call.status, call.frozen_cash) == (b.REPORTED, 52_000 * YUAN)
    floor.night("2027-04-29")
    assert (call.status, account.positions["510050.SH"].available_qty) == (b.FILLED, 20_000)
    assert account.cash == cash + 37_000 * YUAN - 52_000 * YUAN


def test_a_written_option_in_the_money_costs_the_difference() -> None:
    floor = Floor()
    account = floor["options"]
    floor.price("510050.SH", 2.5)
    floor.price(CALL, 0.05)
    floor.order("options", "OPTION_SELL_OPEN", CALL, 1)
    floor.price("510050.SH", 2.75, 2.5)
    floor.night("2027-04-28")
    floor.night("2027-04-29")
    assert (account.margin, account.cash, account.legs["SHORT"]) == (0, CASH + 498 * YUAN - 1_500 * YUAN, {})


def test_books_of_an_earlier_version_are_still_read() -> None:
    books = Books()
    for record in (
        ["open", "2026-11-20", [["1", 2, 1_000_000]], [["1", STOCK, 100, 100, 1_000]]],
        ["order", 1, "1", STOCK, "SELL", 100, "LIMIT", 10_000, "s", "TAG", 1],
        ["report", 1, "00000001", 0],
        ["fill", 1, 1, 100, 10_000, 5_500, 0, True, 2],
    ):
        books.apply(record)
    account = books.accounts["1"]
    assert (account.cash, account.fills[0].amount, books.orders[1].business) == (1_994_500, 1_000_000, "SELL")
