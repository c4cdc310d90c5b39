"""The rows of one file, decided one after the other; each sees what the rows before it did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from filebridge.bridge.book import OrderBook
from filebridge.domain import admission, risk
from filebridge.domain.admission import Answer, Known
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.orders import LOCAL, Action, Order, OrderInstruction, OrderTerms, Outcome, Status, body_hash
from filebridge.domain.reasons import Reason
from filebridge.ledger.store import Ledger

# One trade date and account; keys are looked up for all rows of such a group at once.
_Group = tuple[date, str]


@dataclass(slots=True)
class _Draft:
    """A row with its key. `terms` is None for a cancel, whose `name` is what it wants to cancel."""

    instruction: OrderInstruction
    group: _Group
    name: str
    terms: OrderTerms | None


class FileRows:
    """Decides and records the rows of one file within the current turn."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        rules: risk.Rules,
        *,
        file_name: str,
        intake_no: int,
        today: date,
        now: datetime,
    ) -> None:
        self._book = book
        self._rules = rules
        self._file_name = file_name
        self._intake_no = intake_no
        self._today = today
        self._now = now
        self._new_tag = ledger.new_tag
        self._known: dict[_Group, dict[str, list[Order]]] = {}
        self._corrects: dict[str, Order] = {}
        self._files: dict[int, str] = {intake_no: file_name}

    def prepare(self, rows: Sequence[OrderInstruction], only_account: str) -> list[_Draft]:
        """Give every row its key and look all keys up at once."""
        seen: Counter[tuple[_Group, str, str]] = Counter()
        drafts = []
        for row in rows:
            account = row.account or only_account
            group = (row.trade_date or self._today, account)
            if row.action is Action.CANCEL:
                drafts.append(_Draft(row, group, row.orig_client_order_id, None))
                continue
            nth = 0
            if not row.client_order_id:
                same = (group, row.basket, body_hash(row, account))
                seen[same] += 1
                nth = seen[same]
            terms = admission.terms_of(
                row,
                tag=self._new_tag(),
                account=account,
                mode=self._rules.mode,
                trade_date=group[0],
                nth=nth,
                intake_no=self._intake_no,
                received_at=self._now,
            )
            drafts.append(_Draft(row, group, terms.client_order_id, terms))
        for group in dict.fromkeys(draft.group for draft in drafts):
            self._look_up(group, [draft for draft in drafts if draft.group == group])
        return drafts

    def decide(self, draft: _Draft) -> Answer:
        """Decide one row and record what it does; the caller records the answer itself if it made no order."""
        orders = self._known[draft.group][draft.name]
        # What earlier rows of this file did to them.
        orders[:] = [self._book.get_open(order.terms.tag) or order for order in orders]
        if draft.terms is None:
            return self._cancel(draft, orders)
        known = Known(
            orders=orders,
            canceled_before=draft.name in self._book.canceled_before(trade_date=draft.group[0], account=draft.group[1]),
            corrects=self._corrects.get(draft.terms.tag),
            refusal=risk.refusal(draft.terms, self._rules),
            files=self._files,
        )
        answer = admission.decide_order(draft.instruction, draft.terms, known, self._now)
        if answer.order is not None:
            orders.append(answer.order)
        return answer

    def _cancel(self, draft: _Draft, orders: Sequence[Order]) -> Answer:
        trade_date, account = draft.group
        answer = admission.decide_cancel(draft.instruction, account, orders)
        if answer.outcome is not Outcome.CANCEL_ACCEPTED:
            return answer
        target = self._book.get(answer.tag) if answer.tag else None
        if target is None:
            self._book.mark_canceled(trade_date=trade_date, account=account, client_order_id=draft.name)
        else:
            reason = Reason("CANCELED_BEFORE_SENDING") if target.status in LOCAL else None
            self._book.happen(target, OrderEvent(kind=EventKind.CANCEL, at=self._now, reason=reason))
        return answer

    def _look_up(self, group: _Group, drafts: Sequence[_Draft]) -> None:
        trade_date, account = group
        names = [draft.name for draft in drafts]
        known = self._known[group] = self._book.with_keys(trade_date=trade_date, account=account, ids=names)
        for draft in drafts:
            # A cancel that names no trade date means the order that is open, be it tomorrow's.
            if draft.terms is None and draft.instruction.trade_date is None and not known[draft.name]:
                known[draft.name] = self._book.open_with_id(account=account, client_order_id=draft.name)
        derived = [draft.terms for draft in drafts if draft.terms is not None and draft.terms.id_derived]
        for basket in dict.fromkeys(terms.basket for terms in derived):
            self._look_for_corrections(group, basket, [terms for terms in derived if terms.basket == basket])
        numbers = {order.terms.intake_no for orders in known.values() for order in orders}
        numbers |= {order.terms.intake_no for order in self._corrects.values()}
        self._files |= self._book.file_names(numbers - self._files.keys())

    def _look_for_corrections(self, group: _Group, basket: str, rows: Sequence[OrderTerms]) -> None:
        """A sheet that was dropped before, wholly or in part, and now has other rows in the same symbols.

        It was dropped before if a row of it was, or if a file of its name was: a price corrected from 10.51 to 10.52
        must not buy twice, be it in the only row of the sheet.
        """
        trade_date, account = group
        known = self._known[group]
        repeated = {terms.client_order_id for terms in rows if admission.burning(known[terms.client_order_id])}
        fresh = [terms for terms in rows if terms.client_order_id not in repeated]
        if not fresh:
            return
        same_name = set() if repeated else self._book.intakes_named(self._file_name)
        if not (repeated or same_name):
            return
        symbols = {terms.symbol for terms in fresh}
        ordered = self._book.basket_orders(trade_date=trade_date, account=account, basket=basket, symbols=symbols)
        if repeated or any(order.terms.intake_no in same_name for order in ordered):
            for terms in fresh:
                # A row that never left may be dropped again, as its answer says. What stood beside it then is not what
                # it corrects; what was ordered since may be.
                known_before = known[terms.client_order_id]
                unsent = max((o.terms.intake_no for o in known_before if o.status is Status.NOT_SENT), default=0)
                later = [order for order in ordered if order.terms.intake_no > unsent]
                earlier = admission.correction_of(terms, later)
                if earlier is not None:
                    self._corrects[terms.tag] = earlier
