"""Which order leaves next: first come, first served, and very large files behind all others."""

from filebridge.bridge.lanes import Lanes, Place


def lanes(*places: tuple[str, int], large: int = 7) -> Lanes:
    """Orders with their file; of the account that their first letter names."""
    made = Lanes(large={large})
    for tag, intake_no in places:
        made.append(place(tag, intake_no))
    return made


def place(tag: str, intake_no: int) -> Place:
    return Place(tag, f"account {tag[0]}", intake_no)


def taken(ready: Lanes, count: int, *held_up: str) -> list[str]:
    but = {f"account {name}" for name in held_up}
    found = [ready.next(but=but) for _ in range(count)]
    return [each.tag for each in found if each is not None]


def test_orders_of_large_files_leave_behind_all_others() -> None:
    ready = lanes(("A1", 7), ("A2", 8), ("A3", 7), ("B1", 9))
    assert taken(ready, 3) == ["A2", "B1", "A1"]
    ready.append(place("C1", 10))
    assert (taken(ready, 9), ready.holds()) == (["C1", "A3"], False)


def test_what_had_to_wait_comes_back_to_the_front_of_its_lane() -> None:
    ready = lanes(("A1", 7), ("B1", 9))
    ready.put_back([place("A0", 7), place("C0", 8), place("B0", 7), place("C1", 8)])
    assert taken(ready, 9) == ["C0", "C1", "B1", "A0", "B0", "A1"]


def test_an_account_that_must_wait_keeps_its_places_and_stands_in_nobodys_way() -> None:
    ready = lanes(("A1", 8), ("B1", 8), ("A2", 8), ("B2", 7), ("A3", 7), ("B3", 8))
    first = ready.next()
    assert first == place("A1", 8)
    assert taken(ready, 2, "A") == ["B1", "B3"]
    assert ready.holds(but={"account A"})
    assert taken(ready, 9, "A") == ["B2"]
    assert (ready.holds(but={"account A"}), ready.holds()) == (False, True)
    ready.put_back([first])
    assert taken(ready, 9) == ["A1", "A2", "A3"]
