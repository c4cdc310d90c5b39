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
    "ROW_CONTRADICTS_SOURCE": (
        "{column} is {value}, but files of the folder {source} are of {expected}. Leave the cell empty, or drop the "
        "file where {value} belongs.",
        "{column} 为 {value}，但目录 {source} 的文件固定为 {expected}。请留空，或把文件放到 {value} 对应的目录。",
    ),
}
