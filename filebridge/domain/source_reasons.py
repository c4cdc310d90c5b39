"""Reason codes of how a file came: by which folder, and whether it is whole.

A part of the table in reasons.py, which says what these texts are.
"""

SOURCE_REASONS: dict[str, tuple[str, str]] = {
    "FILE_NEVER_FINISHED": (
        "Nothing showed that the file is whole: {missing} did not come within {limit_seconds} s (max_file_age). "
        "Nothing was sent. Write the file again, and {missing} after it.",
        "没有任何标志表明文件已写完：{limit_seconds} 秒（max_file_age）内未出现 {missing}，没有发送任何委托。"
        "请重新生成文件，并在写完后给出 {missing}。",
    ),
    "FILE_TAKEN_SETTLED": (
        "Nothing said that this file is whole. It was taken because it did not change for {seconds} s: a pause while "
        "it is written would have cut it. Write under another name and rename the file, or end it with #END,<rows>.",
        "没有任何标志表明本文件已写完，只因 {seconds} 秒内没有变化而被收取：写入中途若有停顿，文件就会被截断。"
        "请先写成其他文件名再改名，或以 #END,<行数> 结尾。",
    ),
    "SHARE_HANGS": (
        "The folder {folder} of {source} has not answered for {seconds} s: its server or the network is gone, or very "
        "slow. Nothing is read from it until it answers; all other folders go on. Look at the server and the network.",
        "{source} 的目录 {folder} 已 {seconds} 秒没有响应：服务器或网络中断，或非常缓慢。恢复之前不会从中读取文件，"
        "其他目录不受影响。请检查服务器和网络。",
    ),
    "PROOF_MISSING": (
        "The files of this folder need a proof of origin, and none came: beside the file must lie one of the same name "
        "with {suffix} behind it. Nothing was sent. Sign the file and drop both again.",
        "该目录的文件必须附有来源证明，但没有收到：文件旁应有同名加 {suffix} 的文件。没有发送任何委托。"
        "请签名后重新投放两个文件。",
    ),
    "PROOF_UNREADABLE": (
        "The proof of origin ({suffix}) is not one: it is cut, or of another kind. Nothing was sent. Sign the file "
        "again.",
        "来源证明（{suffix}）内容无法识别，可能不完整或类型不符。没有发送任何委托。请重新签名。",
    ),
    "PROOF_WRONG": (
        "The proof of origin ({suffix}) does not fit the file: one of them was changed, or was made with another key. "
        "Nothing was sent. Find out who wrote the file before you sign it again.",
        "来源证明（{suffix}）与文件不符：文件或证明被改动过，或使用了其他密钥。没有发送任何委托。请先查明文件来源，再重新签名。",
    ),
    "PROOF_OF_OTHER_KEY": (
        "The signature ({suffix}) was made with another key than this folder's. Nothing was sent. Sign the file with "
        "the key whose public half stands in the settings.",
        "签名（{suffix}）使用的密钥不是该目录的密钥。没有发送任何委托。请使用与设置中公钥对应的密钥签名。",
    ),
    "PROOF_OF_OTHER_DAY": (
        "The proof of origin is of {proof_date}, and today is {trade_date}: an old file may have been dropped again. "
        "Nothing was sent. If it is meant for today, sign it today.",
        "来源证明的日期为 {proof_date}，而当前交易日为 {trade_date}：可能是旧文件被再次投放。没有发送任何委托。"
        "如今天仍需要，请今天重新签名。",
    ),
    "PROOF_WITHOUT_DATE": (
        "Neither the proof of origin nor this row says the day, so the file could be dropped again on another one. "
        "Fill in trade_date in every row, or sign the date as well (docs/hand-over.md).",
        "来源证明和本行都没有写明日期，旧文件可能在其他日子被再次投放。"
        "请在每一行填写 交易日，或把日期一并签名（见 docs/hand-over.md）。",
    ),
    "PROOF_OF_OTHER_OWNER": (
        "The file belongs to the user {owner}, but the files of this folder must belong to {expected}. Nothing was "
        "sent.",
        "文件属于用户 {owner}，但该目录的文件必须属于 {expected}。没有发送任何委托。",
    ),
    "PROOF_WRITABLE_BY_OTHERS": (
        "The file belongs to {owner}, but others may write to it, so it proves nothing. Nothing was sent. Write it "
        "with umask 022, or chmod go-w.",
        "文件属于 {owner}，但其他用户也可以写入，不能证明来源。没有发送任何委托。请使用 umask 022 或 chmod go-w。",
    ),
    "ROW_CONTRADICTS_SOURCE": (
        "{column} is {value}, but files of the folder {source} are of {expected}. Leave the cell empty, or drop the "
        "file where {value} belongs.",
        "{column} 为 {value}，但目录 {source} 的文件固定为 {expected}。请留空，或把文件放到 {value} 对应的目录。",
    ),
}
