"""The rows of one file, decided one after the other; each sees what the rows before it did."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import date, datetime
from typing import NamedTuple

from filebridge.bridge.asking import FileQuestions, Subscribing, cancel_unknown, stop_subscribing
from filebridge.bridge.book import OrderBook
from filebridge.bridge.guard import Guard
from filebridge.bridge.quoting import Quotations
from filebridge.bridge.stopping import also_what_waits
from filebridge.bridge.underway import Overlap
from filebridge.domain import admission, approval, canceling, quote_checks, replacing, risk
from filebridge.domain.admission import Answer, Known
from filebridge.domain.canceling import Selection, Stops
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.issues import is_of_issues
from filebridge.domain.orders import (
    LOCAL,
    PLACING,
    Action,
    Order,
    OrderInstruction,
    OrderTerms,
    OrderType,
    Outcome,
    Status,
    body_hash,
    derived_id,
)
from filebridge.domain.reasons import Reason
from filebridge.ledger.store import Ledger

_UNSENT = Reason("CANCELED_BEFORE_SENDING")
# One trade date and account; keys are looked up for all rows of such a group at once.
_Group = tuple[date, str]


Overlaps = Set[Overlap]


class Draft(NamedTuple):
    """A row with its key. `name` is its id, given or derived; of a cancel the id of what it wants to cancel, if it
    names one, and no `body`."""

    instruction: OrderInstruction
    group: _Group
    name: str
    body: str = ""

    @property
    def is_of_sheet(self) -> bool:
        """Whether it is an order without an id of its own, which a sheet that comes again may correct."""
        return self.instruction.action is Action.ORDER and not self.instruction.client_order_id


class RowKeys:
    """Gives the rows of one file their keys, in their order: the n-th identical row without an id gets the n-th id."""

    def __init__(self, *, today: date, now: datetime, rules: risk.Rules, only_account: str) -> None:
        """`today` is the trade date of a row that names none, if its market does not keep hours of its own."""
        self._today = today
        self._now = now
        self._rules = rules
        self._only_account = only_account
        self._seen: Counter[tuple[_Group, str, str]] = Counter()
        # What is asked once for all rows alike.
        self._days: dict[tuple[Action, str, OrderType | None], date] = {}

    def drafts(self, rows: Iterable[OrderInstruction]) -> list[Draft]:
        return [self._draft(row) for row in rows]

    def _draft(self, row: OrderInstruction) -> Draft:
        account = row.account or self._only_account
        if row.trade_date is None and (day := self._day(row)) != self._today:
            row = row._replace(trade_date=day)
        group = (row.trade_date or self._today, account)
        if row.action not in PLACING:
            return Draft(row, group, row.orig_client_order_id)
        body = body_hash(row, account)
        if row.client_order_id:
            return Draft(row, group, row.client_order_id, body)
        same = (group, row.basket, body)
        self._seen[same] += 1
        nth = self._seen[same]
        name = derived_id(trade_date=group[0], account=account, basket=row.basket, body=body, nth=nth)
        return Draft(row, group, name, body)

    def _day(self, row: OrderInstruction) -> date:
        alike = (row.action, row.symbol, row.order_type)
        day = self._days.get(alike)
        if day is None:
            day = self._days[alike] = risk.row_date(row, self._now, self._rules)
        return day


class FileRows:
    """Decides and records the rows of one file within the current turn."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        rules: risk.Rules,
        guard: Guard,
        *,
        file_name: str,
        intake_no: int,
        received_at: datetime,
        now: datetime,
        mode: str,
        stop_rest: Callable[[Selection, int], int],
        quotations: Quotations | None = None,
        overlaps: Overlaps = frozenset(),
        stops: Stops | None = None,
    ) -> None:
        """`mode` is the one in which the file was taken in. `stop_rest` has a cancel hold for the rows of very large
        files that are no orders yet, but for this file's, and says for how many files. `overlaps` are baskets of the
        file that are known to be ordered before, beside what its rows here say; `stops` are the cancels that hold for
        its rows."""
        self._book = book
        self._rules = rules
        self._guard = guard
        self._file_name = file_name
        self._intake_no = intake_no
        self._received_at = received_at
        self._now = now
        self._moment = risk.moment_of(now, rules)
        self._overlaps = overlaps
        self._mode = mode
        self._stop_rest = stop_rest
        self._quotations = quotations
        self._stops = stops or Stops()
        self._ledger = ledger
        self._known: dict[_Group, defaultdict[str, list[Order]]] = {}
        self._canceled: dict[_Group, set[str]] = {}
        # By row; and the file under way that asks for the same.
        self._corrects: dict[int, Order] = {}
        self._meets: dict[int, str] = {}
        self._files: dict[int, str] = {intake_no: file_name}
        self._questions = FileQuestions(book, file_name=file_name, intake_no=intake_no, now=now)

    def decide(self, drafts: Sequence[Draft]) -> Iterator[Answer]:
        """Decide row after row and record what each does; whoever takes an answer records it before the next."""
        groups: dict[_Group, list[Draft]] = {}
        for draft in drafts:
            groups.setdefault(draft.group, []).append(draft)
        for group, members in groups.items():
            self._look_up(group, members)
        tags = iter(self._ledger.new_tags(len(drafts)))
        for draft in drafts:
            orders = self._known[draft.group][draft.name]
            if orders:
                # What earlier rows of this file did to them.
                orders[:] = [self._book.get_open(order.terms.tag) or order for order in orders]
            match draft.instruction.action:
                case Action.ORDER if is_of_issues(draft.instruction):
                    yield self._subscribe(draft)
                case Action.ORDER | Action.TRANSFER:
                    yield self._order(draft, orders, next(tags))
                case Action.REPLACE:
                    yield self._replace(draft, orders, next(tags))
                case Action.CANCEL:
                    yield self._cancel(draft, orders)
                case Action.CANCEL_ALL:
                    yield self._cancel_all(draft)
                case Action.QUERY:
                    yield self._questions.ask(draft.instruction, draft.group[1], (each.instruction for each in drafts))

    def _order(self, draft: Draft, orders: list[Order], tag: str) -> Answer:
        terms = self._terms(draft, tag)
        known = Known(
            orders=orders,
            canceled_before=self._is_canceled(draft, terms),
            corrects=self._corrects.get(terms.row),
            meets=self._meets.get(terms.row, ""),
            refusal=self._refusal(draft.instruction, terms),
            approval=self._approval(terms),
            files=self._files,
        )
        answer = admission.decide_order(draft.instruction, terms, known, self._now)
        if answer.order is not None:
            orders.append(answer.order)
        return answer

    def _terms(self, draft: Draft, tag: str) -> OrderTerms:
        trade_date, account = draft.group
        return admission.terms_of(
            draft.instruction,
            tag=tag,
            client_order_id=draft.name,
            body=draft.body,
            account=account,
            mode=self._mode,
            trade_date=trade_date,
            intake_no=self._intake_no,
            received_at=self._received_at,
        )

    def _subscribe(self, draft: Draft) -> Answer:
        """Ask for the day's new issues; they become orders with the answer (subscribing.py)."""
        row, (trade_date, account) = draft.instruction, draft.group
        keyed = row._replace(client_order_id=draft.name, account=account, trade_date=trade_date)
        terms = self._terms(draft, "")
        refused = self._guard.refusal(terms) or risk.issues_refusal(row, trade_date, self._moment, self._rules)
        if self._is_canceled(draft, terms):
            refused = Reason("CANCELED_BEFORE_ARRIVAL", {"client_order_id": draft.name})
        if refused is not None:
            return Answer(row, Outcome.DENIED, draft.name, account, refused)
        return self._questions.subscribe(row, Subscribing(keyed, self._mode, self._received_at))

    def _replace(self, draft: Draft, orders: list[Order], tag: str) -> Answer:
        """Cancel an order, and make the one that takes its place once that is settled."""
        row, (_, account) = draft.instruction, draft.group
        known = Known(orders=orders, files=self._files)
        again = admission.repeated(row, draft.name, draft.body, account, known)
        if again is not None:
            return again
        named = self._known[draft.group].get(row.orig_client_order_id, [])
        target = replacing.target_of([self._book.get_open(each.terms.tag) or each for each in named], self._mode)
        if target is None:
            return replacing.unknown(row, draft.name, account)
        replaced = replacing.Replaced(
            target, list(self._book.replaced_by(target)), self._book.successor(target.terms.tag)
        )
        terms = replacing.terms_after(
            row,
            replaced,
            tag=tag,
            client_order_id=draft.name,
            body=draft.body,
            intake_no=self._intake_no,
            received_at=self._received_at,
        )
        known = known._replace(
            canceled_before=self._is_canceled(draft, terms),
            refusal=self._refusal(row, replacing.expected(terms, replaced)),
            approval=self._approval(terms),
        )
        answer = replacing.decide_replace(row, terms, replaced, known, self._now)
        if answer.order is not None:
            orders.append(answer.order)
            if answer.outcome in (Outcome.ACCEPTED, Outcome.HELD):
                self._take_back(target, Reason("REPLACED_BEFORE_SENDING", {"client_order_id": draft.name}))
        return answer

    def _is_canceled(self, draft: Draft, terms: OrderTerms) -> bool:
        return draft.name in self._canceled[draft.group] or self._stops.hit(terms)

    def _refusal(self, row: OrderInstruction, terms: OrderTerms) -> Reason | None:
        """Why an order like this cannot be sent; one that names its time may wait for it."""
        refused = risk.refusal(terms, self._rules) or self._guard.refusal(terms)
        names_time = row.start_at is not None or row.trade_date is not None
        if refused is not None or names_time or self._rules.outside_session == "wait":
            return refused
        return risk.outside_session(terms, risk.opening_of(terms, self._moment, self._rules), self._rules)

    def _approval(self, terms: OrderTerms) -> Reason | None:
        known = self._quotations if terms.limit_price is None else None
        quote = known.newest(terms.symbol, self._now) if known else None
        return approval.required(terms, self._rules.approval, quote_checks.highest(terms, quote, self._rules))

    def _cancel(self, draft: Draft, orders: Sequence[Order]) -> Answer:
        trade_date, account = draft.group
        if draft.name:
            answer = canceling.decide_cancel(draft.instruction, account, orders)
        else:
            numbered = self._numbered(draft)
            answer = canceling.decide_cancel_by_number(draft.instruction, account, trade_date, numbered)
        target = self._book.get(answer.tag) if answer.tag else None
        if answer.outcome is not Outcome.CANCEL_ACCEPTED:
            return self._refused(answer, target, draft.instruction.trade_date)
        if target is None:
            named_day = draft.instruction.trade_date
            answer = cancel_unknown(self._book, answer, draft.name, trade_date, named_day, self._take_back)
            if named_day is None:
                # It may wait in a very large file as the order of a later day, which the mark of this day is not about.
                self._stop_rest(Selection(account=account, client_order_id=draft.name), self._intake_no)
        else:
            self._take_back(target)
            answer = self._with_replacement(answer, target)
        return answer

    def _refused(self, answer: Answer, target: Order | None, day: date | None) -> Answer:
        """Of an order that ended because it was replaced, the answer names the one that works in its place."""
        if target is None or answer.reason is None or answer.reason.code != "CANCEL_ORDER_FINAL":
            return answer
        heir = self._book.heir(answer.tag)
        if heir is None:
            return also_what_waits(answer, target, day, lambda stop: self._stop_rest(stop, self._intake_no))
        return answer._replace(reason=replacing.hint("CANCEL_ORDER_REPLACED", answer.client_order_id, target, heir))

    def _with_replacement(self, answer: Answer, target: Order) -> Answer:
        """Whoever cancels an order that is being replaced does not mean the new one to go instead."""
        successor = self._book.successor(target.terms.tag)
        if successor is None:
            return answer
        self._take_back(successor)
        context = {"orig_client_order_id": answer.client_order_id, "client_order_id": successor.terms.client_order_id}
        return answer._replace(reason=Reason("CANCEL_WITH_REPLACEMENT", context))

    def _cancel_all(self, draft: Draft) -> Answer:
        """Cancel what is open at this moment and fits; also what waits in very large files, but for this one's rows
        below."""
        wanted = canceling.selection_of(draft.instruction, draft.group[1])
        orders = wanted.among(self._book.open_orders())
        for order in orders:
            self._take_back(order)
        files = self._stop_rest(wanted, self._intake_no)
        issues = stop_subscribing(self._book, wanted)
        return canceling.decide_cancel_all(draft.instruction, draft.group[1], orders, issues, files)

    def _take_back(self, order: Order, why: Reason = _UNSENT) -> None:
        """Cancel an order; `why` is said of one that was not sent."""
        reason = why if order.status in LOCAL else None
        self._book.happen(order, OrderEvent(kind=EventKind.CANCEL, at=self._now, reason=reason))

    def _numbered(self, draft: Draft) -> list[Order]:
        """Our orders of that day with the broker's number that a cancel names, or with that tag, which some systems'
        programs know as the number; another mode's number is another's."""
        tagged = self._book.get(draft.instruction.broker_order_id)
        if tagged is not None and (tagged.terms.trade_date, tagged.terms.account) == draft.group:
            return [tagged]
        found = self._book.with_broker_ids(
            account=draft.group[1],
            trade_date=draft.group[0],
            broker_order_id=draft.instruction.broker_order_id,
            counter_order_id="",
        )
        return [order for order in found if order.terms.mode == self._rules.mode]

    def _look_up(self, group: _Group, drafts: Sequence[Draft]) -> None:
        trade_date, account = group
        names = [name for draft in drafts for name in (draft.name, draft.instruction.orig_client_order_id) if name]
        known = self._known[group] = self._book.with_keys(trade_date=trade_date, account=account, ids=names)
        # The book's own set: a cancel in this file is seen by the rows below it.
        self._canceled[group] = self._book.canceled_before(trade_date=trade_date, account=account)
        derived: dict[str, list[Draft]] = {}
        for draft in drafts:
            row = draft.instruction
            if not draft.body:
                # A cancel that names no trade date means the order that is open, be it tomorrow's.
                if draft.name and row.trade_date is None and not known[draft.name]:
                    known[draft.name] = self._book.open_with_id(account=account, client_order_id=draft.name)
            elif draft.is_of_sheet:
                derived.setdefault(row.basket, []).append(draft)
        for basket, members in derived.items():
            self._look_for_corrections(group, basket, members)
        numbers = {order.terms.intake_no for orders in known.values() for order in orders}
        numbers |= {order.terms.intake_no for order in self._corrects.values()}
        self._files |= self._book.file_names(numbers - self._files.keys())

    def _look_for_corrections(self, group: _Group, basket: str, rows: Sequence[Draft]) -> None:
        """A sheet that was dropped before, wholly or in part, and now has other rows in the same symbols.

        It was dropped before if a row of it was, or if a file of its name was: a price corrected from 10.51 to 10.52
        must not buy twice, be it in the only row of the sheet.
        """
        trade_date, account = group
        known = self._known[group]
        repeated = {draft.name for draft in rows if admission.burning(known[draft.name])}
        fresh = [draft for draft in rows if draft.name not in repeated]
        if not fresh:
            return
        self._look_at_files_under_way(group, basket, rows, fresh)
        overlaps = bool(repeated) or (trade_date.isoformat(), account, basket) in self._overlaps
        same_name = set() if overlaps else self._book.intakes_named(self._file_name) - {self._intake_no}
        if not (overlaps or same_name):
            return
        symbols = {draft.instruction.symbol for draft in fresh}
        ordered = self._book.basket_orders(trade_date=trade_date, account=account, basket=basket, symbols=symbols)
        # A very large file has orders of its own already.
        ordered = [order for order in ordered if order.terms.intake_no != self._intake_no]
        if overlaps or any(order.terms.intake_no in same_name for order in ordered):
            for draft in fresh:
                # A row that never left may be dropped again, as its answer says. What stood beside it then is not what
                # it corrects; what was ordered since may be.
                known_before = known[draft.name]
                unsent = max((o.terms.intake_no for o in known_before if o.status is Status.NOT_SENT), default=0)
                later = [order for order in ordered if order.terms.intake_no > unsent]
                earlier = admission.correction_of(draft.instruction, later)
                if earlier is not None:
                    self._corrects[draft.instruction.row] = earlier

    def _look_at_files_under_way(
        self, group: _Group, basket: str, rows: Sequence[Draft], fresh: Sequence[Draft]
    ) -> None:
        """The same, where the sheet that was dropped before is a very large one whose rows are not all orders yet."""
        names = [draft.name for draft in rows]
        for sheet in self._book.under_way.overlapping(self._intake_no, self._file_name, group, basket, names):
            for draft in fresh:
                row = draft.instruction
                if sheet.asks_like(group, row) and not sheet.has(group, draft.name):
                    self._meets[row.row] = sheet.name
