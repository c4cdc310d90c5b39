"""The window of `run`: whatever it says can be read in English and in Chinese, on a narrow screen too."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len

from filebridge.cli import showing, telling
from filebridge.domain.orders import OUTCOMES_ZH, STATUSES_ZH, Outcome, Side, Status
from filebridge.ledger.codec import dumps
from filebridge.orderfiles.sidewords import SIDES_ZH

TAG = "GNEM47BZHKETHUPIF5I2"
ORDER = SimpleNamespace(
    terms=SimpleNamespace(client_order_id="A-1", side=Side.MARGIN_BUY, quantity=1000, symbol="600000.SH")
)
WHY = {"reason_code": "HALTED", "context": {"by": "韩梅梅", "text": "a look first", "text_zh": "先看一看"}}
FILL = {"last_qty": 100, "last_price": "10.5", "trade_id": "1"}
SAID: dict[str, list[dict[str, Any]]] = {
    "FILE": [{"name": "a.csv", "rows": 3, "reason_code": ""}],
    "PART": [{"name": "a.csv", "rows_loaded": 500, "rows": [{}] * 500, "lines": 1000}],
    "ANSWERED": [{"name": "a.csv", "rows": 1, "of": 1}],
    "ROW": [{"row": row, "outcome": outcome, **WHY} for row in (0, 2) for outcome in ("DENIED", "REFUSED", "HELD")],
    "EVIDENCE": [{"text": "not listed", "text_zh": "未列出"}],
    "ALARM": [WHY],
    "CONNECTION": [
        {"up": True, "detail": "connected", "detail_zh": "已连接"},
        {"up": False, "detail": "the worker ended", "detail_zh": "工作进程已退出"},
    ],
    "CONTROL": [{"by": "LI", "verb": "halt", **WHY}],
    "HALTED": [{"by": "LI", "text": "", **WHY}],
    "REDUCE_ONLY": [{"by": "LI", "text": "", **WHY}],
    "RESUMED": [{"by": "LI", "text": "looked", "reason_code": "HALT_ASKED", "context": {"text": "looked"}}],
    "ARMED": [{"by": "LI", "account": "1", "armed": {"1": "2026-11-20"}}],
    "DISARMED": [{"by": "LI", "account": "1", "armed": {}}],
    "STOPPED": [{}],
    "ORDER": [
        *({"status": status} for status in ("DENIED", "REJECTED", "UNKNOWN", "EXPIRED", "NOT_SENT", "CANCELED")),
        {"status": "DENIED", **WHY},
        {"status": "FILLED", "fill": FILL},
    ],
}
EVENTS = [(kind, body) for kind, bodies in SAID.items() for body in bodies]


def commit(events: list[dict[str, Any]], **said: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{"events": events, "changes": (), "orders": {TAG: ORDER}, "files": {}, "loaded": {}, **said}
    )


def told(kind: str, body: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines about one event."""
    at = "2026-11-20T09:30:00.000+08:00"
    event = {"seq": 2, "kind": kind, "tag": TAG, "intake_no": 7, "at": at, "body": dumps(body)}
    of_file = {**event, "seq": 1, "kind": "ROW"}
    rows = (
        [{**of_file, "body": dumps({"row": 3, "outcome": "ACCEPTED", "reason_code": ""})}]
        if kind in ("FILE", "ANSWERED")
        else []
    )
    telling.say(commit([*rows, event], files={7: {"name": "单 1.csv"}}))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("kind", "body"), EVENTS)
def test_every_line_has_a_sense_in_both_languages(
    kind: str, body: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(kind, body, capsys)
    assert lines[0].startswith("09:30:00  ")
    text = "\n".join(lines).replace("单 1.csv", "").replace("韩梅梅", "")
    assert re.search("[A-Za-z]{4}", text), lines
    assert re.search("[\u4e00-\u9fff]{2}", text), lines
    assert "{" not in text
    assert "row 0" not in text


def test_rows_of_a_file_that_was_read_in_parts_are_told_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    def event(kind: str, body: dict[str, Any]) -> dict[str, Any]:
        at = "2026-11-20T09:30:00.000+08:00"
        return {"seq": 1, "kind": kind, "tag": "", "intake_no": 7, "at": at, "body": dumps(body)}

    refused = {"outcome": "REFUSED", "reason_code": "FILE_EMPTY", "context": {}}
    file = {"name": "单.xlsx", "rows": 0, "reason_code": "FILE_EMPTY"}
    telling.say(commit([event("ROW", {"row": 0, **refused}), event("FILE", file)], loaded={7: file}))
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.endswith("  单.xlsx: REFUSED 不予接受 FILE_EMPTY")
    assert last.endswith("  单.xlsx: 1 REFUSED 不予接受 FILE_EMPTY")
    telling.say(
        commit([event("ROW", {"row": 2, **refused}), event("ANSWERED", {"name": "单.xlsx", "rows": 1, "of": 9})])
    )
    assert "  单.xlsx row 2 第 2 行: REFUSED" in capsys.readouterr().out


def test_of_thousands_that_are_canceled_a_few_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    at = "2026-11-20T09:30:00.000+08:00"
    ended = {"kind": "ORDER", "tag": TAG, "intake_no": 7, "at": at, "body": dumps({"status": "CANCELED"})}
    filled = {**ended, "seq": 0, "body": dumps({"status": "CANCELED", "fill": FILL})}
    telling.say(commit([filled, *({**ended, "seq": seq} for seq in range(1, 2001)), {**filled, "seq": 2001}]))
    lines = capsys.readouterr().out.splitlines()
    assert sum("filled 成交" in line for line in lines) == 2
    assert sum(line.endswith(": CANCELED 已撤单") for line in lines) == 10
    assert "… 1,990 more CANCELED; `filebridge orders`" in lines[-2]


def test_a_narrow_screen_breaks_no_line_in_the_margin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(telling, "screen_width", lambda: 59)
    for kind, body in EVENTS:
        lines = told(kind, body, capsys)
        assert max(map(cell_len, lines)) <= 59
        assert all(line[:10] == " " * 10 for line in lines[1:])


def test_the_screen_is_minded_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert showing.screen_width() == 0
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for columns, width in (("80", 79), ("20", 0)):
        monkeypatch.setenv("COLUMNS", columns)
        assert showing.screen_width() == width


def test_a_problem_is_told_when_it_comes_and_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    problems = telling.Problems()

    def seconds(*found: list[str]) -> Iterator[str]:
        for each in found:
            problems.say({"at": "2026-11-20T09:30:00.000+08:00", "problems": each})
            yield capsys.readouterr().out

    first, second, third = seconds(["disk 磁盘: full"], ["disk 磁盘: full"], [])
    assert first == "09:30:00  look 注意: disk 磁盘: full\n"
    assert second == ""
    assert third == "09:30:00  over 已恢复: disk 磁盘: full\n"


def test_nothing_lacks_its_chinese_name() -> None:
    assert OUTCOMES_ZH.keys() == set(Outcome)
    assert STATUSES_ZH.keys() == set(Status)
    assert SIDES_ZH.keys() == set(Side)
    assert (SIDES_ZH[Side.BUY], SIDES_ZH[Side.CREATE], SIDES_ZH[Side.SUBSCRIBE]) == ("买入", "ETF申购", "新股申购")
