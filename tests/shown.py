"""Which test shows a reason that neither a sample nor a story can: states of machines, other processes and rights.

It cannot lie: while a test that stands here runs, `tests/conftest.py` looks whether the program itself came to the
reason, in this process or in one whose home the test has, and fails the test where it did not.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from filebridge.domain.reasons import Reason

# Made again from what the ledger holds, which says nothing of who said it first.
_READS_BACK = ("filebridge.ledger.codec",)
# What users put there is no word of the program's.
_NOT_OURS = ("inbox", "archive")
_GROWING = "tests/property/test_growing.py"
_PROOF = "tests/unit/test_proof.py"
_KILLED = "tests/integration/test_killed_worker.py"
_FAULTS = "tests/integration/test_faults_connection.py"
_LARGE = "tests/integration/test_large_cancels.py"
_REPAIRED = (
    "tests/integration/test_spreadsheets.py"
    "::test_several_repairs_of_a_row_are_told_together_and_a_refusal_names_the_cell"
)
_APPROVAL = "tests/unit/test_guard.py::test_whose_approval_counts"
_APART = "tests/unit/test_workbooks_apart.py"
_SHARES = "tests/integration/test_shares.py"
_OTHERS = "tests/integration/test_other_systems.py"
_OLD_ROWS = f"{_OTHERS}::test_rows_that_may_be_old_are_set_aside_and_keep_their_place_when_a_person_lets_them_in"
_CHECK = "tests/property/test_check_agrees.py"
_NOTES = "tests/property/test_check_notes.py"
_DOCTOR = "tests/integration/test_doctor.py"
_WRONG = f"{_DOCTOR}::test_it_finds_what_is_wrong"
_KEYS = f"{_DOCTOR}::test_a_proof_that_cannot_be_checked_is_found_and_an_inbox_that_needs_none"
_SOURCES = "tests/integration/test_sources.py"
_PROVEN = f"{_SOURCES}::test_only_what_is_proven_for_this_day_trades"
_MACHINE = "tests/integration/test_states_of_the_machine.py"
_UNFIT = f"{_MACHINE}::test_doctor_on_a_machine_that_is_not_as_it_should_be"
_LIST = f"{_MACHINE}::test_the_check_list_before_the_first_live_order"

# code -> the test, as pytest names it.
_TRANSFER = (
    "tests/integration/test_transfers.py"
    "::test_a_crash_leaves_a_transfer_unsent_or_in_doubt_and_never_sends_it_again[worker.called]"
)
BY_TEST: dict[str, str] = {
    **dict.fromkeys(("TRANSFER_UNKNOWN", "CANCEL_OF_TRANSFER", "REPLACE_OF_TRANSFER"), _TRANSFER),
    "ACCOUNT_IN_USE": f"{_MACHINE}::test_an_account_that_another_home_trades_is_not_touched",
    "ACCOUNT_IS_THE_EXAMPLE": f"{_WRONG}[_accounts-ACCOUNT_IS_THE_EXAMPLE]",
    "ACCOUNT_NOT_SUBSCRIBED": f"{_MACHINE}::test_an_account_that_the_terminal_does_not_have",
    "APPROVAL_AUTHOR_UNKNOWN": f"{_APPROVAL}[-risk-risk--APPROVAL_AUTHOR_UNKNOWN]",
    "ARM_ACCOUNT_TYPE": f"{_MACHINE}::test_the_check_list_sees_an_account_of_another_kind",
    "ARM_ASSET_UNKNOWN": _LIST,
    "ARM_DRY_RUN_FAILED": _LIST,
    "ARM_DRY_RUN_MISSING": _LIST,
    "ARM_LIMIT_NOT_SET": _LIST,
    "CALENDAR_ENDED": f"{_DOCTOR}::test_it_warns_sixty_days_before_the_calendar_ends",
    "CALENDAR_ENDS": f"{_DOCTOR}::test_it_warns_sixty_days_before_the_calendar_ends",
    "CHECK_BALANCE_NOT_KNOWN": f"{_CHECK}::test_what_left_before_counts_and_what_waits_in_line_leaves_first",
    "CHECK_BALANCE_RECORDED": f"{_NOTES}::test_an_account_whose_books_are_of_long_ago",
    "CHECK_CANCEL_WAITS": f"{_NOTES}::test_a_cancel_that_the_exchange_does_not_take_now",
    "CHECK_DAY_UNKNOWN": f"{_MACHINE}::test_check_says_of_a_day_whether_anything_trades_on_it",
    "CHECK_DENIED_BY_NOW": f"{_NOTES}::test_an_order_for_later_whose_limit_is_full_at_this_moment",
    "CHECK_NO_TRADING_DAY": f"{_MACHINE}::test_check_says_of_a_day_whether_anything_trades_on_it",
    "CHECK_QUOTE_NOT_KNOWN": f"{_CHECK}::test_without_a_ledger_no_good_sample_is_denied[prices-from-the-market.csv]",
    "CHECK_QUOTE_RECORDED": f"{_NOTES}::test_a_price_that_is_of_long_ago",
    "CLOCK_BEHIND_LEDGER": f"{_WRONG}[_clock-CLOCK_BEHIND_LEDGER]",
    "CONNECTION_NOT_STARTED": f"{_MACHINE}::test_before_the_connection_and_after_it",
    "CONNECTION_STOPPED": f"{_MACHINE}::test_before_the_connection_and_after_it",
    "CONTROL_CANCEL_WAITING": f"{_LARGE}::test_a_person_cancels_what_waits_in_a_large_file",
    "CONTROL_NOT_RELEASED": f"{_SOURCES}::test_a_release_into_a_folder_that_is_away_is_answered_and_ends_nothing",
    "CONTROL_ROWS_UNKNOWN": _OLD_ROWS,
    "DISK_FULL": f"{_WRONG}[_disk-DISK_FULL]",
    "DISK_NEARLY_FULL": f"{_MACHINE}::test_doctor_warns_before_the_disk_is_full",
    "FILE_MORE_PROBLEMS": "tests/unit/test_native_csv.py::test_at_most_a_thousand_problems_are_listed",
    "FILE_NEVER_FINISHED": f"{_SOURCES}::test_a_receipt_says_how_little_showed_that_a_file_is_whole",
    "FILE_NOT_REGULAR": f"{_MACHINE}::test_a_file_that_cannot_be_opened_is_answered",
    "FILE_REWRITTEN": f"{_GROWING}::test_a_file_that_was_written_anew_is_refused_once[False-cut-20261120.order.csv]",
    "FILE_TAKEN_SETTLED": f"{_SOURCES}::test_a_receipt_says_how_little_showed_that_a_file_is_whole",
    "FILE_UNREADABLE": f"{_MACHINE}::test_a_file_that_cannot_be_opened_is_answered",
    "FILE_WORKBOOK_NOT_READ": f"{_APART}::test_where_no_process_can_be_started_the_file_is_refused",
    "FOLDER_NOT_USABLE": f"{_WRONG}[_folders-FOLDER_NOT_USABLE]",
    "FOLDER_OPEN_TO_OTHERS": f"{_DOCTOR}::test_a_folder_that_everyone_may_write_in_is_found",
    "FOLDER_TELLS_NO_WRITERS": _UNFIT,
    "LEDGER_NOT_READABLE": f"{_WRONG}[_clock-LEDGER_NOT_READABLE]",
    "NATIVE_MODULE_ABSENT": _UNFIT,
    "OLD_WORKER_ENDED": f"{_MACHINE}::test_an_old_worker_of_this_home_is_ended_before_the_books_are_read",
    "OWN_INBOX_UNPROVEN": _KEYS,
    "PAPER_ACCOUNT_ABSENT": f"{_WRONG}[_accounts-PAPER_ACCOUNT_ABSENT]",
    "PROOF_KEY_NOT_USABLE": _KEYS,
    "PROOF_KEY_OPEN_TO_OTHERS": _KEYS,
    "PROOF_MISSING": _PROVEN,
    "PROOF_OF_OTHER_DAY": _PROVEN,
    "PROOF_OF_OTHER_KEY": f"{_PROOF}::test_any_other_signature_does_not[companion4-PROOF_OF_OTHER_KEY]",
    "PROOF_OF_OTHER_OWNER": f"{_PROOF}::test_a_file_proves_its_owner_only_if_nobody_else_may_write_to_it",
    "PROOF_UNREADABLE": f"{_PROOF}::test_any_other_hmac_does_not[-PROOF_UNREADABLE]",
    "PROOF_WITHOUT_DATE": _PROVEN,
    "PROOF_WRITABLE_BY_OTHERS": f"{_PROOF}::test_a_file_proves_its_owner_only_if_nobody_else_may_write_to_it",
    "PROOF_WRONG": _PROVEN,
    "PYTHON_NOT_SUITABLE": _UNFIT,
    "ROWS_OF_ANOTHER_HOME": f"{_OTHERS}::test_of_two_homes_over_one_folder_one_follows",
    "ROWS_OF_UNKNOWN_AGE": f"{_GROWING}::test_a_name_without_a_day_begins_anew_on_the_next[False]",
    "ROWS_STALE": _OLD_ROWS,
    "ROW_CONTRADICTS_SOURCE": f"{_SOURCES}::test_each_folder_has_its_own_rules_and_answers",
    "ROW_READ_AS": _REPAIRED,
    "SENDING_HELD_BACK": f"{_MACHINE}::test_doctor_says_that_sending_is_held_back",
    "SESSION_FILES_MANY": f"{_WRONG}[_userdata-SESSION_FILES_MANY]",
    "SHARE_HANGS": f"{_SHARES}::test_a_share_that_hangs_holds_up_nothing_else_and_comes_back[open]",
    "TERMINAL_ABSENT": f"{_MACHINE}::test_a_terminal_that_does_not_run",
    "TERMINAL_DISCONNECTED": f"{_KILLED}::test_a_lost_counter_is_found_again",
    "TERMINAL_NEVER_RAN": f"{_WRONG}[_userdata-TERMINAL_NEVER_RAN]",
    "TICK_NOT_KNOWN": "tests/property/test_pricing.py::test_without_a_tick_there_is_no_offset",
    "USERDATA_ABSENT": f"{_WRONG}[_userdata-USERDATA_ABSENT]",
    "USERDATA_NOT_WRITABLE": _UNFIT,
    "WORKER_ENDED": f"{_KILLED}::test_a_killed_worker_is_replaced",
    "WORKER_LATE": f"{_FAULTS}::test_a_mute_counter_leaves_doubts_and_nothing_twice",
    "WORKER_SILENT": f"{_KILLED}::test_a_silent_worker_is_replaced",
    "XTQUANT_NOT_USABLE": _UNFIT,
}


@contextmanager
def reasons_made() -> Iterator[set[str]]:
    """The codes of all reasons that the program's own code comes to meanwhile, in this process."""
    made: set[str] = set()
    kept = Reason.__dict__["__new__"]

    def noting(kind: type[Reason], code: str, context: Mapping[str, str] = MappingProxyType({})) -> Reason:
        module = str(sys._getframe(1).f_globals.get("__name__", ""))
        if module.startswith("filebridge.") and module not in _READS_BACK:
            made.add(code)
        return tuple.__new__(kind, (code, context))

    Reason.__new__ = noting  # type: ignore[assignment, method-assign]
    try:
        yield made
    finally:
        Reason.__new__ = kept  # type: ignore[method-assign]


def is_left_in(folder: Path, code: str) -> bool:
    """Whether a process that had its home there has recorded or reported the reason."""
    for path in folder.rglob("*"):
        if path.is_file() and not set(_NOT_OURS).intersection(path.relative_to(folder).parts):
            try:
                if f'"{code}"'.encode() in path.read_bytes():
                    return True
            except OSError:
                # Held open by its process, on Windows.
                continue
    return False
