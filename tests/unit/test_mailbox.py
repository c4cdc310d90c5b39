"""The order in which messages reach a turn: what may wait for the sending, what may overtake, and for how long."""

import queue
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from filebridge.bridge import mailbox
from filebridge.bridge.mailbox import MESSAGES_A_TURN, Mailbox
from filebridge.domain.reasons import Reason
from filebridge.gateways.base import GatewayDown, GroupHanded, Message, NotCalled

HANDED = GroupHanded(1)
Queue = queue.Queue[list[Message]]


@pytest.fixture
def messages() -> Queue:
    return queue.Queue()


def news(number: int) -> list[Message]:
    return [NotCalled(f"tag {n}") for n in range(number)]


def test_messages_come_in_their_order(messages: Queue) -> None:
    messages.put(news(2))
    messages.put([NotCalled("third")])
    assert Mailbox(messages).take(0, hurried=False) == [*news(2), NotCalled("third")]


def test_what_is_too_much_for_a_turn_comes_in_the_next(messages: Queue) -> None:
    box = Mailbox(messages)
    messages.put(news(MESSAGES_A_TURN + 1))
    assert len(box.take(0, hurried=False)) == MESSAGES_A_TURN
    assert box.take(0, hurried=False) == news(MESSAGES_A_TURN + 1)[-1:]


def test_while_orders_wait_only_a_handed_group_comes_through(messages: Queue) -> None:
    box = Mailbox(messages)
    messages.put([*news(2), HANDED, *news(1)])
    assert box.take(0, hurried=True) == [HANDED]
    assert box.take(0, hurried=True) == []
    assert box.take(0, hurried=False) == [*news(2), *news(1)]


def test_no_message_waits_longer_than_the_lag(messages: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: Iterator[float] = count(100.0, 0.1)
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    box = Mailbox(messages)
    messages.put(news(1))
    taken: list[Message] = []
    turns = 0
    while not taken:
        turns += 1
        assert turns < 10, "the message waits for ever"
        taken = box.take(0, hurried=True)
    assert turns > 1, "the message did not wait at all"
    assert taken == news(1)


def test_no_more_than_so_many_messages_wait(messages: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "_WAITING_MAX", 3)
    box = Mailbox(messages)
    messages.put(news(2))
    assert box.take(0, hurried=True) == []
    messages.put(news(1))
    assert box.take(0, hurried=True) == [*news(2), *news(1)]


def test_what_is_about_the_connection_does_not_wait(messages: Queue) -> None:
    box = Mailbox(messages)
    down = GatewayDown(1, Reason("WORKER_SILENT"), None)
    messages.put([*news(1), down, *news(1)])
    assert box.take(0, hurried=True) == [*news(1), down, *news(1)]
    messages.put(news(1))
    assert box.take(0, hurried=True) == []


def test_a_call_to_look_elsewhere_ends_the_wait(messages: Queue) -> None:
    box = Mailbox(messages)
    messages.put([])
    began = time.monotonic()
    assert box.take(60, hurried=True) == []
    assert time.monotonic() - began < 30
    messages.put([*news(1), HANDED])
    assert box.take(60, hurried=True) == [HANDED]


def test_what_came_while_nobody_looked_has_waited_already(messages: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, *(500.0 for _ in range(20))])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    box = Mailbox(messages)
    messages.put(news(1))
    # The machine stood still, or a turn took long: answers that are there must be heard before they are missed.
    assert box.take(0, hurried=True) == news(1)


def test_how_long_the_oldest_unheard_message_has_waited(messages: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    box = Mailbox(messages)
    assert box.behind == timedelta(0)
    messages.put(news(MESSAGES_A_TURN + 1))
    box.take(0, hurried=False)
    moment = 104.0
    messages.put(news(1))
    assert box.behind == timedelta(seconds=4)
    box.take(0, hurried=False)
    assert box.behind == timedelta(0)
