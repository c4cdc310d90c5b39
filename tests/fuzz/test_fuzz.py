"""A sample of what `dev.py fuzz` does, and that what judges it can find something."""

import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from filebridge.domain.orders import OrderInstruction, Side
from filebridge.orderfiles import ParsedFile
from tests.fuzz import crew
from tests.fuzz.judge import Mutant, Verdict, judge, minimised, read

SEED = 20261122
FILES = 2_500


def test_no_mutated_file_is_misread() -> None:
    found = {}
    taken = 0
    for number in range(FILES):
        verdict = crew.examine(crew.made(SEED, number), number)
        taken += verdict.orders > 0
        if verdict.findings:
            found[number] = verdict.findings
    assert found == {}, f"python dev.py fuzz --seed {SEED} --case {next(iter(found))}"
    # Were everything refused, nothing would be compared.
    assert taken > FILES // 20


# ---- readers that are wrong ------------------------------------------------------------------------------------------


def changed(change: Callable[[list[OrderInstruction]], list[OrderInstruction]]) -> Callable[[Mutant], ParsedFile]:
    def reader(mutant: Mutant) -> ParsedFile:
        file = read(mutant)
        return replace(file, instructions=tuple(change([*file.instructions]))) if file.instructions else file

    return reader


def without_the_end_line(mutant: Mutant) -> ParsedFile:
    """One that does not compare the count."""
    before, mark, _ = mutant.data.rpartition(b"#END")
    return read(mutant._replace(data=before if mark else mutant.data, end_line_required=False))


def blind_to_control_characters(mutant: Mutant) -> ParsedFile:
    return read(mutant._replace(data=mutant.data.translate(None, b"\x01\x08\x1b\x7f")))


def raising(mutant: Mutant) -> ParsedFile:
    return ParsedFile(problems=(), rows=len(mutant.data.decode("utf-8")))


def first_of(change: Callable[[OrderInstruction], OrderInstruction]) -> Callable[[Mutant], ParsedFile]:
    return changed(lambda orders: [change(orders[0]), *orders[1:]])


OTHER_SIDE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
WRONG: dict[str, tuple[Callable[[Mutant], ParsedFile], str]] = {
    "another quantity": (first_of(lambda order: order._replace(quantity=order.quantity * 10)), "invented"),
    "another side": (first_of(lambda order: order._replace(side=OTHER_SIDE[order.side or Side.BUY])), "invented"),
    "another price": (first_of(lambda order: order._replace(limit_price=Decimal("1.05"))), "invented"),
    "another exchange": (first_of(lambda order: order._replace(symbol=f"{order.symbol[:6]}.XX")), "invented"),
    "another id": (first_of(lambda order: order._replace(client_order_id="x")), "invented"),
    "an order too few": (changed(lambda orders: orders[1:]), "answer"),
    "an order twice": (changed(lambda orders: [*orders, orders[-1]]), "answer"),
    "an order of no row": (changed(lambda orders: [*orders, orders[-1]._replace(row=99)]), "invented"),
    "no count": (without_the_end_line, "taken"),
    "no control characters": (blind_to_control_characters, "taken"),
    "an exception": (raising, "traceback"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_reader_that_is_wrong_is_found_out(name: str) -> None:
    reader, kind = WRONG[name]
    verdicts = (judge(crew.made(SEED, number), reader) for number in range(FILES))
    assert any(text.startswith(kind) for verdict in verdicts for text in verdict.findings)


def test_a_finding_is_minimised() -> None:
    row = "600000,BUY,100,10.5\n"
    whole = Mutant("a.csv", f"symbol,side,quantity,limit_price\n{row * 20}".encode())
    small = minimised(whole, WRONG["another quantity"][0])
    assert len(small.data) < len(whole.data) / 5
    assert judge(small, WRONG["another quantity"][0]).findings


# ---- processes -------------------------------------------------------------------------------------------------------


def hanging_dying_or_greedy(mutant: Mutant, number: int) -> Verdict:
    while number == 1:
        pass
    if number == 3:
        os._exit(7)
    return Verdict([], 1)


def test_a_file_that_hangs_or_kills_is_told_and_the_others_are_read() -> None:
    job = crew.Job(SEED, 0, 6, examine=hanging_dying_or_greedy)
    told = list(crew.run(job, 1, seconds=1.0, stop=lambda: False))
    found = [finding for progress in told for finding in progress.findings]
    assert [(finding.number, finding.texts[0].split(":")[0]) for finding in found] == [(1, "hang"), (3, "death")]
    assert sum(progress.files for progress in told) >= 4
