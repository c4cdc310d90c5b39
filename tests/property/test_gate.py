"""No order leaves while halted, unapproved or unarmed, whatever people do and however often the program dies.

A live home: orders worth much wait for a word that is not their author's, an account trades on the days on which a
person armed it, and halts come by request and by file. What is asserted at the moment of handing over is worked out
from what the people of the story did, never from what the program recorded.
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from filebridge.config import Settings
from filebridge.domain.orders import Order
from filebridge.gateways import base
from tests.property.broker_model import ACCOUNT, Fate
from tests.property.program import MAX_AGE, Crash, Fault, Program
from tests.property.stories import stories

AUTHOR, BOSS = "quant", "李雷"
SEEN = "a HALT file"
LAPSES = timedelta(hours=1)
# 300 shares at 10.5
FREE_CNY = 3150
LIVE = Settings.model_validate(
    {
        "broker": {
            "accounts": [{"id": ACCOUNT}],
            "group_size": 2,
            "mode": "live",
            "trading_hours": "always",
        },
        "inbox": {"settle_seconds": 0, "max_file_age": MAX_AGE.total_seconds()},
        "risk": {"max_order_age": MAX_AGE.total_seconds()},
        "recovery": {"quiet_seconds": 1},
        "ledger": {"free_bytes_min": 0},
        # This broker's model has no market.
        "quotes": {"ask": "needed"},
        "approval": {"required": "live", "above_value_cny": FREE_CNY, "by_another": True, "author": AUTHOR},
    }
)
POINTS = ("ledger.write", "ledger.commit", "ledger.committed", "sending.submit", "sending.submitted", "control.answer")
INDEX = st.integers(0, 5)


class Gate(Program):
    """A program that remembers what its people wanted, and looks at every hand-over."""

    def __init__(self) -> None:
        super().__init__(LIVE)
        # So that there is something to sell.
        price = Decimal("10.5")
        held = base.Position(ACCOUNT, "000001.SZ", "平安银行", 10**6, 10**6, price, price, 10**6 * price)
        self.broker.positions = (held,)
        # By the request's name, in the order of asking: whose word it was.
        self.by: dict[str, str] = {}
        self.armed_for: dict[str, str] = {}
        # Words about the level, in the order of asking; SEEN is a HALT file that a turn has seen.
        self.wishes: list[str] = []
        self.loosened: set[str] = set()

    def say(self, verb: str, tag: str = "", *, by: str = BOSS, **fields: Any) -> None:
        before = set(self.asked)
        self.ask(verb, tag, by=by, **fields)
        (name,) = set(self.asked) - before
        self.by[name] = by
        if verb in ("halt", "reduce_only", "resume"):
            self.wishes.append(name)
        if fields.get("reduce_only"):
            self.loosened.add(name)
        if verb == "arm":
            self.armed_for[name] = str(fields["trade_date"])

    @property
    def halt_file(self) -> Path:
        return self.folder / "control" / "HALT"

    def level(self) -> str:
        """ "halt", "reduce_only", "resume", or "" where a word is not answered yet, so that nobody can know."""
        found = "resume"
        for name in self.wishes:
            if name == SEEN:
                found = "halt"
            elif name not in self.answers:
                return ""
            elif self.answers[name]["ok"]:
                verb = self.asked[name][0]
                loosened = name in self.loosened
                found = "reduce_only" if loosened and found != "resume" else found if loosened else verb
        return found

    def is_armed(self) -> bool | None:
        armed = ""
        for name, (verb, _) in self.asked.items():
            if verb in ("arm", "disarm"):
                if name not in self.answers:
                    return None
                if self.answers[name]["ok"]:
                    armed = self.armed_for.get(name, "") if verb == "arm" else ""
        return armed == self.now.date().isoformat()

    def handed_over(self, orders: Sequence[Order]) -> None:
        super().handed_over(orders)
        assert not self.halt_file.exists(), "sent while a HALT file lies there"
        assert self.level() != "halt", "sent while halted"
        assert self.is_armed() is not False, "sent live, and nobody had armed the account for the day"
        allowed = {tag for name, (verb, tag) in self.asked.items() if verb == "approve" and self.by[name] == BOSS}
        for order in orders:
            terms = order.terms
            assert self.level() != "reduce_only" or terms.side == "SELL", "bought while reduce-only"
            if terms.limit_price is None or terms.limit_price * terms.quantity > FREE_CNY:
                assert terms.tag in allowed, "sent without another's approval"
                assert order.approved_at is not None, "sent without another's approval"
                waited = order.approved_at - terms.received_at
                assert waited <= LAPSES, "sent though its approval came too late"


class Story(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.program = Gate()
        self.meant = 0

    @initialize(armed=st.sampled_from([True, True, True, False]))
    def begin(self, armed: bool) -> None:
        self.program.start()
        self.program.kind_turn(3)
        if armed:
            self._arm(AUTHOR)
            self.program.kind_turn(2)

    @property
    def lives(self) -> bool:
        return self.program.bridge is not None

    def _arm(self, by: str) -> None:
        said: dict[str, Any] = {"trade_date": self.program.now.date().isoformat(), "checked": {"all": "well"}}
        self.program.say("arm", by=by, account=ACCOUNT, **said)

    @rule(count=st.integers(1, 3), side=st.sampled_from(["BUY", "BUY", "SELL"]), turns=st.integers(0, 3))
    def drop(self, count: int, side: str, turns: int) -> None:
        rows = []
        for _ in range(count):
            self.meant += 1
            # Some of them small enough to go without a word; quantities name what is meant.
            symbol = "000001.SZ" if side == "SELL" else "600000.SH"
            rows.append(f"G-{self.meant},{symbol},{side},{100 * self.meant},{'10.5' if self.meant % 2 else '0.01'}")
        header = "client_order_id,symbol,side,quantity,limit_price"
        self.program.drop(f"sheet-{self.meant}.csv", "\n".join((header, *rows)) + "\n")
        if self.lives:
            self.program.kind_turn(turns)

    @precondition(lambda self: self.program.orders("HELD"))
    @rule(
        index=INDEX,
        by=st.sampled_from([AUTHOR, BOSS]),
        verb=st.sampled_from(["approve", "approve", "approve", "deny"]),
        well=st.sampled_from([True, True, False]),
    )
    def judge(self, index: int, by: str, verb: str, well: bool) -> None:
        if well and self.lives:
            self.all_is_well_again()
        held = self.program.orders("HELD")
        if held:
            self.program.say(verb, held[index % len(held)]["tag"], by=by)
        if self.lives:
            self.program.kind_turn(2)

    @rule(by=st.sampled_from([AUTHOR, BOSS]), verb=st.sampled_from(["approve", "deny"]))
    def judge_all(self, by: str, verb: str) -> None:
        if verb == "approve" and by == BOSS:
            # What is approved in this way is meant as well.
            for row in self.program.orders("HELD"):
                self.program.say("approve", row["tag"])
        else:
            self.program.say(verb, by=by, all=True)

    @rule(what=st.sampled_from(["halt", "reduce_only", "resume", "resume", "resume", "resume to reduce"]))
    def order_of_the_day(self, what: str) -> None:
        if what == "resume to reduce":
            self.program.say("resume", reason="only out", reduce_only=True)
        else:
            self.program.say(what, reason="so be it")

    @precondition(lambda self: self.lives)
    @rule()
    def calm(self) -> None:
        self.all_is_well_again()

    def all_is_well_again(self) -> None:
        """Whoever is in charge has looked at everything."""
        self.program.halt_file.unlink(missing_ok=True)
        self.program.say("resume", reason="all is well")
        self._arm(BOSS)
        self.program.kind_turn(3)

    @rule(there=st.sampled_from([True, False, False]))
    def halt_file(self, there: bool) -> None:
        if not there:
            self.program.halt_file.unlink(missing_ok=True)
            return
        self.program.halt_file.write_text("by hand", encoding="utf-8")
        if self.lives:
            self.program.turn()
            if self.lives:
                self.program.wishes.append(SEEN)

    @rule(what=st.sampled_from(["arm", "arm", "disarm", "arm yesterday"]))
    def keys(self, what: str) -> None:
        if what == "arm":
            self._arm(BOSS)
        elif what == "disarm":
            self.program.say("disarm", account=ACCOUNT)
        else:
            self.program.say("arm", account=ACCOUNT, trade_date="2090-02-28", checked={"all": "well"})

    @precondition(lambda self: self.lives)
    @rule(turns=st.integers(1, 4), kind=st.booleans())
    def turn(self, turns: int, kind: bool) -> None:
        (self.program.kind_turn if kind else self.program.turn)(turns)

    @precondition(lambda self: self.lives)
    @rule(fates=st.lists(st.sampled_from([Fate.GOOD, Fate.GOOD, *Fate]), min_size=1, max_size=3))
    def work(self, fates: list[Fate]) -> None:
        for fate in fates:
            self.program.broker.work(fate)
        self.program.turn()

    @rule(seconds=st.sampled_from([1.1, 11, 61, 700, 3601, 14 * 3600]))
    def wait(self, seconds: float) -> None:
        self.program.wait(seconds)

    @precondition(lambda self: self.lives)
    @rule(point=st.sampled_from(["", *POINTS]))
    def crash(self, point: str) -> None:
        if point:
            self.program.fault = Fault(point, 1, Crash(point))
            self.program.kind_turn(2)
            self.program.fault = None
        if self.lives:
            self.program.crash()

    @precondition(lambda self: not self.lives)
    @rule()
    def start(self) -> None:
        self.program.start()
        self.program.kind_turn(3)

    @precondition(lambda self: self.lives)
    @rule(what=st.sampled_from(["halt", "reduce_only", "disarm", "halt file", "nothing"]))
    def die_with_it_and_go_on(self, what: str) -> None:
        """Orders wait; a word, a crash, a start, and an order that would be free to go."""
        self.all_is_well_again()
        self.drop(count=6, side="SELL", turns=0)
        self.program.turn()
        if what == "halt file":
            self.halt_file(there=True)
        elif what == "disarm":
            self.program.say("disarm", account=ACCOUNT)
        elif what != "nothing":
            self.program.say(what, reason="so be it")
        self.program.kind_turn(2)
        if self.lives:
            self.program.crash()
        self.program.start()
        self.program.kind_turn(2)
        self.drop(count=2, side="BUY", turns=3)

    @precondition(lambda self: self.lives)
    @rule(what=st.sampled_from(["", "disarm", "arm yesterday"]))
    def come_back_on_the_next_day(self, what: str) -> None:
        self.all_is_well_again()
        self.program.wait(14 * 3600)
        self.program.kind_turn(3)
        if what:
            self.keys(what)
            self.program.kind_turn(2)
        self.drop(count=3, side="SELL", turns=5)

    @invariant()
    def holds_always(self) -> None:
        self.program.check_always()

    def teardown(self) -> None:
        self.program.close()


TestStory = Story.TestCase
TestStory.settings = settings(
    # What is rarely met, test_guard_holds walks through in every run.
    max_examples=stories(40 if sys.platform == "linux" else 10),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
