"""What goes over the wire between native module and counter: the messages, and their fields in order.

Both ends read these tables; nothing here opens a socket. A message is one JSON array a line. These are xtquant's
names: the wire is the edge where they belong.
"""

import json
from typing import Any

Message = list[Any]

# First line of a connection, and what a counter answers to it; longer lines come from no client of ours.
HELLO_BYTES_MAX = 65_536

# Fields of each row, in order: every field that the native class stores, so that a row fills an object whole.
ROWS: dict[str, tuple[str, ...]] = {
    "XtOrder": (
        "account_type", "account_id", "stock_code", "order_id", "order_sysid", "order_time", "order_type",
        "order_volume", "price_type", "price", "traded_volume", "traded_price", "order_status", "status_msg",
        "strategy_name", "order_remark", "direction", "offset_flag", "secu_account", "instrument_name",
    ),
    "XtTrade": (
        "account_type", "account_id", "stock_code", "order_type", "traded_id", "traded_time", "traded_price",
        "traded_volume", "traded_amount", "order_id", "order_sysid", "strategy_name", "order_remark", "direction",
        "offset_flag", "commission", "secu_account", "instrument_name",
    ),
    "XtAsset": (
        "account_type", "account_id", "cash", "frozen_cash", "market_value", "total_asset", "fetch_balance",
        "current_balance",
    ),
    "XtPosition": (
        "account_type", "account_id", "stock_code", "volume", "can_use_volume", "open_price", "market_value",
        "frozen_volume", "on_road_volume", "yesterday_volume", "avg_price", "direction", "last_price", "profit_rate",
        "float_profit", "position_profit", "open_date", "secu_account", "instrument_name",
    ),
    "XtAccountStatus": ("account_type", "account_id", "status"),
    "XtAccountInfo": (
        "account_type", "account_id", "broker_type", "platform_id", "broker_id", "broker_name", "product_id",
        "product_code", "product_name", "login_status",
    ),
    "OrderStockResp": (
        "account_type", "account_id", "order_id", "strategy_name", "order_remark", "error_id", "error_msg",
    ),
    "CancelOrderStockResp": (
        "account_type", "account_id", "order_id", "order_sysid", "cancel_result", "error_id", "error_msg",
    ),
    "XtOrderError": (
        "account_type", "account_id", "order_id", "seq", "error_id", "error_msg", "strategy_name", "order_remark",
    ),
    "XtCancelError": (
        "account_type", "account_id", "order_id", "market", "order_sysid", "error_id", "error_msg",
    ),
    "IPOData": (
        "ipo_code", "ipo_name", "ipo_type", "max_purchase_num", "min_purchase_num", "purchase_date", "issue_price",
    ),
    "NewPurchaseLimitInfo": ("new_purchase_limit_key", "new_purchase_limit_value"),
    "BankTransferResp": ("account_id", "success", "error_msg"),
    "TransferResp": ("m_strAccountID", "m_bSuccess", "m_strMsg"),
    "ComFund": (
        "m_bSuccess", "m_strMsg", "m_strMoneyType", "m_dCurrentBalance", "m_dEnableBalance", "m_dFetchBalance",
        "m_dInterest", "m_dAssetBalance", "m_dFetchCash", "m_dMarketValue", "m_dDebt",
    ),
    "BankInfo": ("success", "error_msg", "money_type", "bank_no", "bank_account", "bank_name"),
    "BankAmount": (
        "success", "error_msg", "account_id", "bank_account", "money_type", "balance", "enable_balance",
    ),
    "BankTransferStream": (
        "success", "error_msg", "date", "time", "transfer_no", "transfer_direction", "transfer_status", "bank_no",
        "bank_name", "bank_account", "money_type", "account_id", "balance", "remark",
    ),
    "OperateSmartAlgoTaskResp": ("success", "task_id", "reason", "error_msg"),
    "XtCreditDetail": (
        "account_type", "account_id", "status", "update_time", "calc_config", "frozen_cash", "balance", "available",
        "position_profit", "market_value", "fetch_balance", "stock_value", "fund_value", "total_debt",
        "enable_bail_balance", "per_assurescale_value", "assure_asset", "fin_debt", "fin_deal_avl", "fin_fee",
        "slo_debt", "slo_market_value", "slo_fee", "other_fare", "fin_max_quota", "fin_enable_quota",
        "fin_used_quota", "slo_max_quota", "slo_enable_quota", "slo_used_quota", "slo_sell_balance",
        "used_slo_sell_balance", "surplus_slo_sell_balance",
    ),
    "StkCompacts": (
        "account_type", "account_id", "compact_type", "cashgroup_prop", "exchange_id", "open_date", "business_vol",
        "real_compact_vol", "ret_end_date", "business_balance", "businessFare", "real_compact_balance",
        "real_compact_fare", "repaid_fare", "repaid_balance", "instrument_id", "compact_id", "position_str",
    ),
    "CreditSubjects": (
        "account_type", "account_id", "slo_status", "fin_status", "exchange_id", "slo_ratio", "fin_ratio",
        "instrument_id",
    ),
    "CreditSloCode": (
        "account_type", "account_id", "cashgroup_prop", "exchange_id", "enable_amount", "instrument_id",
    ),
    "CreditAssure": (
        "account_type", "account_id", "assure_status", "exchange_id", "assure_ratio", "instrument_id",
    ),
    "PositionStatistics": (
        "account_id", "exchange_id", "exchange_name", "product_id", "instrument_id", "instrument_name", "direction",
        "hedge_flag", "position", "yesterday_position", "today_position", "can_close_vol", "position_cost",
        "avg_price", "position_profit", "float_profit", "open_price", "used_margin", "used_commission",
        "frozen_margin", "frozen_commission", "instrument_value", "open_times", "open_volume", "cancel_times",
        "last_price", "rise_ratio", "product_name", "royalty", "expire_date", "assest_weight",
        "increase_by_settlement", "margin_ratio", "float_profit_divide_by_used_margin",
        "float_profit_divide_by_balance", "today_profit_loss", "yesterday_init_position", "frozen_royalty",
        "today_close_profit_loss", "close_profit", "ft_product_name", "open_cost",
    ),
}  # fmt: skip

# Requests: message kind -> the fields that follow [kind, seq]: storage names of the native request class, or what
# its documents and lists are called. A password that a request carries is in no message.
REQUESTS: dict[str, tuple[str, ...]] = {
    "subscribe": ("account_type", "account_id"),
    "unsubscribe": ("account_type", "account_id"),
    "order": (
        "account_type", "account_id", "stock_code", "order_type", "order_volume", "price_type", "price",
        "strategy_name", "order_remark",
    ),
    "cancel": ("account_type", "account_id", "order_id", "market", "order_sysid"),
    "query_orders": ("account_type", "account_id", "can_cancel", "order_id"),
    "query_trades": ("account_type", "account_id"),
    "query_asset": ("account_type", "account_id"),
    "query_positions": ("account_type", "account_id", "stock_code"),
    "query_account_status": (),
    "query_account_infos": (),
    "query_offerings": ("ipo_type",),
    "query_purchase_limit": ("account_type", "account_id"),
    "bank_transfer": ("account_type", "account_id", "direction", "bank_no", "bank_account", "balance"),
    "transfer": (
        "m_nAccountType", "m_strAccountID", "m_nOrderType", "m_dPrice", "m_strStockCode", "m_nOrderVolume",
        "m_nCreditTransferType",
    ),
    "query_com_fund": ("m_nAccountType", "m_strAccountID"),
    "query_banks": ("account_type", "account_id"),
    "query_bank_amount": ("account_type", "account_id", "bank_no", "bank_account"),
    "query_bank_transfers": (
        "account_type", "account_id", "start_date", "end_date", "bank_no", "bank_account",
    ),
    "query_algorithms": ("names",),
    "algorithm_order": ("order", "parameters"),
    "query_tasks": ("account",),
    "operate_task": ("m_nAccountType", "m_strAccountID", "m_nTaskId", "m_nOperateType"),
    "export": ("wanted", "parameters"),
    "query_credit_detail": ("account_type", "account_id"),
    "query_compacts": ("account_type", "account_id"),
    "query_credit_subjects": ("account_type", "account_id"),
    "query_credit_slo_code": ("account_type", "account_id"),
    "query_credit_assure": ("account_type", "account_id"),
    "query_position_statistics": ("m_nAccountType", "m_strAccountID"),
}  # fmt: skip

# Pushes, [kind, row], and answers, [kind, seq, payload]: the binding that is called, and the class of the row(s).
PUSHES: dict[str, tuple[str, str]] = {
    "push_order": ("bindOnStockOrderCallback", "XtOrder"),
    "push_trade": ("bindOnStockTradeCallback", "XtTrade"),
    "push_order_error": ("bindOnOrderErrorCallback", "XtOrderError"),
    "push_cancel_error": ("bindOnCancelErrorCallback", "XtCancelError"),
    "push_account_status": ("bindOnUpdateAccountStatusCallback", "XtAccountStatus"),
}
ANSWERS: dict[str, tuple[str, str]] = {
    "subscribe": ("bindOnSubscribeRespCallback", "int"),
    "unsubscribe": ("bindOnUnsubscribeRespCallback", "int"),
    "order": ("bindOnOrderStockRespCallback", "OrderStockResp"),
    "cancel": ("bindOnCancelOrderStockRespCallback", "CancelOrderStockResp"),
    "query_orders": ("bindOnQueryStockOrdersCallback", "list[XtOrder]"),
    "query_trades": ("bindOnQueryStockTradesCallback", "list[XtTrade]"),
    "query_asset": ("bindOnQueryStockAssetCallback", "list[XtAsset]"),
    "query_positions": ("bindOnQueryStockPositionsCallback", "list[XtPosition]"),
    "query_account_status": ("bindOnQueryAccountStatusCallback", "list[XtAccountStatus]"),
    "query_account_infos": ("bindOnQueryAccountInfosCallback", "list[XtAccountInfo]"),
    "query_offerings": ("bindOnQueryIPODataCallback", "list[IPOData]"),
    "query_purchase_limit": ("bindOnQueryNewPurchaseLimitCallback", "list[NewPurchaseLimitInfo]"),
    "bank_transfer": ("bindOnBankTransferRespCallback", "BankTransferResp"),
    "transfer": ("bindOnTransferRespCallback", "TransferResp"),
    "query_com_fund": ("bindOnQueryComFundRespCallback", "list[ComFund]"),
    "query_banks": ("bindOnQueryBankInfoRespCallback", "list[BankInfo]"),
    "query_bank_amount": ("bindOnQueryBankAmountRespCallback", "list[BankAmount]"),
    "query_bank_transfers": ("bindOnQueryBankTransferStreamRespCallback", "list[BankTransferStream]"),
    "query_algorithms": ("bindOnGetSmartAlgoParamRespCallback", "str"),
    "algorithm_order": ("bindOnSmartOrderStockRespCallback", "str"),
    "query_tasks": ("bindOnQuerySmartAlgoTaskRespCallback", "str"),
    "operate_task": ("bindOnOperateSmartAlgoTaskRespCallback", "OperateSmartAlgoTaskResp"),
    "export": ("bindOnExportDataRespCallback", "str"),
    "query_credit_detail": ("bindOnQueryCreditDetailRespCallback", "list[XtCreditDetail]"),
    "query_compacts": ("bindOnQueryStkCompactsRespCallback", "list[StkCompacts]"),
    "query_credit_subjects": ("bindOnQueryCreditSubjectsRespCallback", "list[CreditSubjects]"),
    "query_credit_slo_code": ("bindOnQueryCreditSloCodeRespCallback", "list[CreditSloCode]"),
    "query_credit_assure": ("bindOnQueryCreditAssureRespCallback", "list[CreditAssure]"),
    "query_position_statistics": ("bindOnQueryPositionStatisticsRespCallback", "list[PositionStatistics]"),
}

_ENCODE = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def encode(message: Any) -> bytes:
    """One line. ASCII with escapes, so half a character that a native buffer cut off crosses as it is."""
    return _ENCODE(message).encode("ascii") + b"\n"


def decode_lines(block: bytes) -> list[Message]:
    """The messages of whole lines; ValueError for what is no JSON. One parse for all of them, for speed."""
    messages: list[Message] = json.loads(b"[" + block.rstrip(b"\n").replace(b"\n", b",") + b"]")
    return messages
