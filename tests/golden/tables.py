"""The DBF files of the gallery, the smallest that show what they show: `python -m tests.golden.tables` writes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from filebridge.dbf import END_MARK, DbfField, header_to_bytes, new_header, record_to_bytes
from tests.golden.regenerate import SAMPLES

_DAY = date(2026, 11, 20)
XUNTOU = (
    "order_type C10 price_type C10 mode_price C20 stock_code C20 volume C20 account_id C20 act_type C10 brokertype C10 "
    "strategy C50 note C32 note1 C32 tradeparam C100 command_id C32 basketpath C100 inserttime C30 extraparam C100 "
    "batch_id C32"
)
HUNDSUN = (
    "CPBH C32 ZCDYBH C16 ZHBH C16 GDDM C20 JYSC C3 ZQDM C16 WTFX C4 WTJGLX C1 WTJG F11.4 WTSL N12 WBZDYXH N9 WTXH N8 "
    "WTSBDM N8 SBYY C254 CLBZ C1 BYZD C2 WTJE F16.2 TSBS C64 YWBS C2"
)
HUNDSUN_CANCELS = "WTXH N8 JYSC C3 ZQDM C16 CDCGBZ C1 SBYY C254 CLBZ C1 BYZD C2 BYZD2 C16"
CATS = (
    "inst_type C1 client_id C16 acct_type C8 acct C16 ord_no C32 symbol C16 tradeside C8 ord_qty C9 ord_price C8 "
    "ord_type C8 ord_param C32"
)
GOLDMINER = "sid C64 account_id C36 symbol C20 volume N10 order_type N4 order_biz N4 price N12.4 comment C64"


def fields(text: str) -> list[DbfField]:
    """Columns as a fact sheet writes them: `WTXH N8 WTJG F11.4`."""
    words = text.split()
    forms = ((*form[1:].partition("."), form[0]) for form in words[1::2])
    return [
        DbfField(name, kind, int(length), int(decimals or 0))
        for name, (length, _, decimals, kind) in zip(words[::2], forms, strict=True)
    ]


def dbf(columns: str, *rows: Mapping[str, str]) -> bytes:
    header = replace(new_header(fields(columns)), records=len(rows))
    records = [record_to_bytes(header, row) for row in rows]
    assert all(isinstance(record, bytes) for record in records), records
    return header_to_bytes(header, changed_on=_DAY) + b"".join(map(bytes, records)) + END_MARK  # type: ignore[arg-type]


def patched(data: bytes, place: int, change: bytes) -> bytes:
    return data[:place] + change + data[place + len(change) :]


XT = {"order_type": "23", "price_type": "3", "mode_price": "10.5", "stock_code": "600000", "volume": "100",
      "account_id": "10000001"}  # fmt: skip
HS = {"CPBH": "00080003", "ZCDYBH": "1", "ZHBH": "1", "GDDM": "A123456789", "JYSC": "1", "ZQDM": "600000", "WTFX": "1",
      "WTJGLX": "0", "WTJG": "10.5000", "WTSL": "100", "WBZDYXH": "100000001"}  # fmt: skip
CT = {"inst_type": "O", "client_id": "A1", "acct_type": "0", "acct": "10000001", "symbol": "600000.SH",
      "tradeside": "1", "ord_qty": "100", "ord_price": "10.50", "ord_type": "0"}  # fmt: skip
GM = {"sid": "A1", "account_id": "10000001", "symbol": "SHSE.600000", "volume": "100", "order_type": "1",
      "order_biz": "1", "price": "10.5000", "comment": "网格"}  # fmt: skip
_SMALL = dbf("symbol C10")
_ONE = dbf(XUNTOU, XT)
_RECORD = len(dbf(XUNTOU)) - len(END_MARK)
GALLERY: dict[str, bytes] = {
    "accepted/XT_DBF_ORDER.dbf": dbf(
        XUNTOU,
        {**XT, "note": "xt-1", "note1": "网格", "strategy": "低吸", "inserttime": "1795140000", "brokertype": "2"},
        {**XT, "order_type": "24", "stock_code": "SZ000001"},
        {**XT, "order_type": "201", "mode_price": "1082130433", "stock_code": "", "volume": "", "price_type": ""},
    ),
    "accepted/XT_DBF_ORDER_ETF.dbf": dbf(
        XUNTOU,
        {**XT, "order_type": "134", "stock_code": "510300", "volume": "900000", "mode_price": "0"},
        {**XT, "order_type": "135", "stock_code": "510300", "volume": "900000", "mode_price": ""},
    ),
    "accepted/XHPT_WT20261120.dbf": dbf(HUNDSUN, HS, {**HS, "JYSC": "2", "ZQDM": "000001", "WTFX": "2", "WBZDYXH": ""}),
    "accepted/XHPT_CD20261120.dbf": dbf(HUNDSUN_CANCELS, {"WTXH": "2"}),
    "accepted/instructions.dbf": dbf(
        CATS, CT, {"inst_type": "C", "acct_type": "0", "acct": "10000001", "ord_no": "F3KQ7ZL2X9WB4M6TA1CD"}
    ),
    "accepted/basket.order.dbf": dbf(GOLDMINER, GM),
    "refused/file-dbf-unknown.dbf": dbf("symbol C10 side C4", {"symbol": "600000", "side": "BUY"}),
    "refused/dbf-header-cut.dbf": _ONE[:100],
    "refused/dbf-version-unknown.dbf": patched(_SMALL, 0, b"\x8b"),
    "refused/dbf-header-broken.dbf": patched(_SMALL, 10, b"\x63"),
    "refused/dbf-field-unknown.dbf": patched(_SMALL, 43, b"Z"),
    "refused/dbf-record-broken.dbf": patched(_ONE, _RECORD, b"?"),
    "refused/dbf-cell-not-readable.dbf": patched(_ONE, _RECORD + 1, b"\xff\xff"),
    "refused/row-deleted.dbf": patched(_ONE, _RECORD, b"*"),
    "refused/row-already-answered.dbf": dbf(HUNDSUN, {**HS, "WTXH": "7"}),
    "refused/code-unknown.dbf": dbf(XUNTOU, {**XT, "order_type": "99"}),
    "refused/code-not-supported.dbf": dbf(HUNDSUN, {**HS, "JYSC": "3"}),
    "refused/column-not-supported.dbf": dbf(XUNTOU, {**XT, "tradeparam": "TWAP"}),
    "refused/account-not-mapped.dbf": dbf(CATS, {**CT, "acct": "20800018203"}),
    "refused/unix-time-not-readable.dbf": dbf(XUNTOU, {**XT, "inserttime": "2026-11-20 10:00:00"}),
    "refused/order-number-not-readable.dbf": dbf(HUNDSUN_CANCELS, {"WTXH": "0", "ZQDM": "600000"}),
    "refused/file-name-without-day.dbf": dbf(HUNDSUN_CANCELS, {"WTXH": "2"}),
    "accepted/cats.csv": b"O,0,10000001,600000.SH,100,1,10.50,0\nC,0,10000001,F3KQ7ZL2X9WB4M6TA1CD",
    "accepted/20261120.order.csv": (
        "\ufeffsid,account_id,symbol,volume,order_type,order_business(order_biz),price,comment\n"
        "A1,10000001,SHSE.600000,100,1,1,10.5,网格\nA2,10000001,SZSE.000001,200,1,2,11.60,\n"
    ).encode(),
    "accepted/20261120.cancel_order.csv": b"\xef\xbb\xbfsid,comment\nA1,\n",
    "accepted/ptrade.csv": (
        b"symbol,side,order_volume,order_price,price_type,strategy_name,signal_id\n"
        b"600000.SS,buy,100,10.50,limit,grid,P1\n000001.SZ,sell,200,11.60,limit,grid,P2\n"
    ),
}


def write() -> None:
    for name, content in GALLERY.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    write()
