"""Which order leaves next: first come, first served, and very large files behind all others."""

from filebridge.bridge.lanes import Lanes


def test_orders_of_large_files_leave_behind_all_others() -> None:
    ready = Lanes(large={7})
    for tag, intake_no in (("L1", 7), ("A", 8), ("L2", 7), ("B", 9)):
        ready.append(tag, intake_no)
    assert [ready.popleft(), ready.popleft(), ready.popleft()] == ["A", "B", "L1"]
    ready.append("C", 10)
    assert [ready.popleft(), ready.popleft(), bool(ready)] == ["C", "L2", False]


def test_what_had_to_wait_comes_back_to_the_front_of_its_lane() -> None:
    ready = Lanes(large={7})
    for tag, intake_no in (("L2", 7), ("B", 9)):
        ready.append(tag, intake_no)
    ready.put_back([("L0", 7), ("A0", 8), ("L1", 7), ("A1", 8)])
    assert [ready.popleft() for _ in range(6)] == ["A0", "A1", "B", "L0", "L1", "L2"]
