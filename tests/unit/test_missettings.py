"""A setting that cannot be used: its key, its value, why, and what to write, in both languages."""

import re
from pathlib import Path

import pytest

from filebridge.config import SETTINGS_FILE, load_settings
from filebridge.errors import SettingsError


def refusal(home: Path, text: str | bytes, **environ: str) -> SettingsError:
    (home / SETTINGS_FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        load_settings(home, environ)
    return caught.value


@pytest.mark.parametrize(
    ("text", "key", "english", "chinese"),
    [
        ('[risk]\norder_value_cny_max = "much"', '[risk] order_value_cny_max = "much"', "a number", "应为数字"),
        ("[risk]\norder_value_cny_max = -1", "[risk] order_value_cny_max = -1", "above 0", "必须大于 0"),
        ("[risk]\nopen_orders_max = 1.5", "[risk] open_orders_max = 1.5", "whole number", "应为整数"),
        ("[inbox]\nsettle_seconds = 61", "[inbox] settle_seconds = 61", "60 or less", "不得大于 60"),
        ('[broker]\nmode = "Live"', '[broker] mode = "Live"', "'paper' or 'live'", "'paper' 或 'live'"),
        ("[broker]\naccounts = []", "[broker] accounts = []", "at least 1 entry", "至少需要 1 项"),
        ('[broker]\naccounts = [{ id = "1 2" }]', "[broker] accounts entry 1 第 1 项 id", "letters", "资金账号为"),
        ('[risk]\nhours_allowed = ["9-11"]', "[risk] hours_allowed entry 1 第 1 项", "09:30-11:30", "请写作"),
        ('[inbox]\nrequire_end_line = "maybe"', '[inbox] require_end_line = "maybe"', "true or false", "只能是 true"),
        ("risk = 5", "risk = 5", "a section", "小节"),
        ('[risk]\nsymbols_allowed = "6*"', '[risk] symbols_allowed = "6*"', "a list", "应为列表"),
        ("[inbox]\nmax_fileage = 5", "[inbox] max_fileage = 5", "did you mean max_file_age?", "是否指 max_file_age"),
        ('mode = "live"', 'mode = "live"', "belongs under [broker]", "[broker] 小节"),
        ("[outbox]\nxyz = 1", "[outbox] xyz = 1", "no such setting", "没有这项设置"),
        ('[[inbox]]\nfolder = "a"', "[inbox] sources entry 1 第 1 项 name", "It is missing", "缺少该项"),
        (
            '[[inbox]]\nname = "nul"\nfolder = "a"',
            '[inbox] sources entry 1 第 1 项 name = "nul"',
            "a device's name",
            "设备名",
        ),
        (
            '[broker]\nmode = "live"\n[risk]\norders_per_second_max = 400',
            "filebridge.toml",
            "at most 290",
            "最多为 290",
        ),
    ],
)
def test_it_is_named_with_its_value_and_remedy(tmp_path: Path, text: str, key: str, english: str, chinese: str) -> None:
    said = str(refusal(tmp_path, f"{text}\n")).splitlines()
    assert len(said) == 4
    assert said[1].strip().startswith(key)
    assert english in said[2]
    assert chinese in said[3]
    assert not re.search("[\u4e00-\u9fff]", said[2])


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, "[risk]\nopen_orders_max = 0\nrepeats_max = 0\n[outbox]\nreport_seconds = 0\n"))
    assert said.count("必须") + said.count("不得") == 3


def test_the_environments_variable_is_named_where_it_is_the_one_that_is_wrong(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, "", FILEBRIDGE_INBOX__MAX_FILE_AGE="ten minutes"))
    assert 'FILEBRIDGE_INBOX__MAX_FILE_AGE (environment variable 环境变量) = "ten minutes"' in said


def test_what_is_no_toml_is_shown_with_its_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, '[broker]\nuserdata = "D:\\国金\\userdata_mini"\n')
    assert "line 2 第 2 行" in str(error)
    assert "D:\\国金" in str(error)
    assert "单引号" in error.hint_zh
    error = refusal(tmp_path, "[inbox]\n# 收件箱\n".encode("gbk"))
    assert "UTF-8" in str(error)
    assert "另存为" in error.hint_zh
