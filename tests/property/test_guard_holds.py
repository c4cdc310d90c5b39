"""Long walks through what people do with halts, approvals and keys; and that each of them sees a guard that is broken.

The walks are those of `test_gate.py`, taken at random but always alike, so that a broken guard is found in every run.
"""

from collections.abc import Callable
from datetime import date
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from filebridge.bridge import controls, guard
from filebridge.domain import approval, risk
from filebridge.domain import guard as rules
from filebridge.domain.guard import Level, Stance
from tests.property.broken import tried
from tests.property.broker_model import Fate
from tests.property.test_gate import AUTHOR, BOSS, POINTS, Story

SEEDS, STEPS = (1, 2, 3, 4), 250
Patch = pytest.MonkeyPatch
_FATES = (*(Fate.GOOD,) * 4, *Fate)
# Each move of a story, and what it is given; `lives` says whether it needs a bridge that runs, or one that does not.
MOVES: tuple[tuple[str, bool | None, Callable[[Random], dict[str, Any]]], ...] = (
    *(("drop", None, lambda r: {"count": r.randint(1, 3), "side": r.choice(("BUY", "BUY", "SELL")), "turns": 2}),) * 3,
    *(
        (
            *("judge", None),
            lambda r: {
                "index": r.randrange(6),
                "by": r.choice((AUTHOR, BOSS)),
                "verb": r.choice(("approve", "approve", "approve", "deny")),
                "well": r.random() < 0.5,
            },
        ),
    )
    * 2,
    ("judge_all", None, lambda r: {"by": r.choice((AUTHOR, BOSS)), "verb": r.choice(("approve", "deny"))}),
    (
        *("order_of_the_day", None),
        lambda r: {"what": r.choice(("halt", "reduce_only", "resume", "resume", "resume to reduce"))},
    ),
    *(("calm", True, lambda r: {}),) * 2,
    ("halt_file", None, lambda r: {"there": r.random() < 0.5}),
    ("keys", None, lambda r: {"what": r.choice(("arm", "disarm", "arm yesterday"))}),
    *(("turn", True, lambda r: {"turns": r.randint(1, 4), "kind": r.random() < 0.7}),) * 2,
    ("work", True, lambda r: {"fates": [r.choice(_FATES) for _ in range(r.randint(1, 3))]}),
    ("wait", None, lambda r: {"seconds": r.choice((1.1, 11, 61, 700, 3601, 14 * 3600))}),
    ("crash", True, lambda r: {"point": r.choice(("", *POINTS))}),
    *(("start", False, lambda r: {}),) * 8,
    ("come_back_on_the_next_day", True, lambda r: {"what": r.choice(("", "disarm", "arm yesterday"))}),
    (
        *("die_with_it_and_go_on", True),
        lambda r: {"what": r.choice(("halt", "reduce_only", "disarm", "halt file", "nothing"))},
    ),
)


def walk(seed: int, steps: int = STEPS) -> None:
    """One story; AssertionError where something left that may not."""
    chance, story = Random(seed), Story()
    try:
        story.begin(armed=True)
        for _ in range(steps):
            name, lives, given = chance.choice(MOVES)
            values = given(chance)
            held = name != "judge" or story.program.orders("HELD")
            if lives in (None, story.lives) and held:
                getattr(story, name)(**values)
                story.holds_always()
    finally:
        story.teardown()


# ---- the program with one guard taken out


def _sending_does_not_look(patch: Patch) -> None:
    patch.setattr(risk, "guard", SimpleNamespace(refusal=lambda terms, stance: None))


def _a_restart_forgets(patch: Patch) -> None:
    whole = guard.stance_in
    patch.setattr(guard, "stance_in", lambda reader: Stance(armed=whole(reader).armed))


def _a_halt_is_not_recorded(patch: Patch) -> None:
    def halt(self: guard.Guard, why: Any, by: str = "") -> None:
        self._become(Level.HALTED, why, by)

    patch.setattr(guard.Guard, "halt", halt)


def _the_halt_file_is_not_seen(patch: Patch) -> None:
    patch.setattr(controls.Controls, "see_halt_file", lambda self, found: None)


def _resume_does_not_mind_the_halt_file(patch: Patch) -> None:
    whole = controls.Controls.see_halt_file

    def see(self: controls.Controls, found: Any) -> None:
        whole(self, found)
        self._halt_file = ""

    patch.setattr(controls.Controls, "see_halt_file", see)


def _armed_for_ever(patch: Patch) -> None:
    patch.setattr(Stance, "arms", lambda self, account, trade_date: account in self.armed)


def _arms_on_any_date(patch: Patch) -> None:
    whole = controls.Controls._arm

    def arm(self: controls.Controls, request: Any, now: Any) -> Any:
        request.fields["trade_date"] = self._book.turn.trade_date.isoformat()
        return whole(self, request, now)

    patch.setattr(controls.Controls, "_arm", arm)


def _disarm_is_not_recorded(patch: Patch) -> None:
    def disarm(self: guard.Guard, account: str, by: str, **said: Any) -> None:
        left = {name: day for name, day in self.stance.armed.items() if name != account}
        self.stance = self.stance._replace(armed=left)

    patch.setattr(guard.Guard, "disarm", disarm)


def _any_day_is_armed(patch: Patch) -> None:
    patch.setattr(Stance, "arms", lambda self, account, trade_date: trade_date > date.min)


BROKEN: dict[str, Callable[[Patch], None]] = {
    "sending does not look at the guard": _sending_does_not_look,
    "a restart forgets halt and reduce-only": _a_restart_forgets,
    "a halt is not recorded": _a_halt_is_not_recorded,
    "the HALT file is not seen": _the_halt_file_is_not_seen,
    "resume does not mind the HALT file": _resume_does_not_mind_the_halt_file,
    "reduce-only lets a purchase out": lambda patch: patch.setattr(rules, "reduces", lambda terms: True),
    "nothing has to be armed": _any_day_is_armed,
    "armed for ever": _armed_for_ever,
    "a request for another date arms": _arms_on_any_date,
    "disarm is not recorded": _disarm_is_not_recorded,
    "nothing waits for approval": lambda patch: patch.setattr(approval, "required", lambda *given: None),
    "an author approves his own": lambda patch: patch.setattr(approval, "objection", lambda *given, **said: None),
    "an approval never lapses": lambda patch: patch.setattr(approval, "lapsed", lambda *given: None),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_leaves_that_the_guard_keeps_back(seed: int) -> None:
    walk(seed)


@pytest.mark.parametrize("broken", tried(BROKEN))
def test_a_broken_guard_is_seen(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[broken](monkeypatch)
    with pytest.raises(AssertionError, match=r"sent |bought "):
        for seed in SEEDS:
            walk(seed)
