"""The conductor: gathers what came, decides, commits once, and only then acts. One loop, one thread, one queue."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from filebridge import failpoints
from filebridge.bridge.arrivals import Arrivals
from filebridge.bridge.book import OrderBook
from filebridge.bridge.controls import Answer, Controls, answers_before
from filebridge.bridge.guard import Guard
from filebridge.bridge.hearing import Listener
from filebridge.bridge.intake import Intake
from filebridge.bridge.judging import Judge
from filebridge.bridge.leftovers import Leftovers
from filebridge.bridge.mailbox import MESSAGES_A_TURN, Mailbox
from filebridge.bridge.parts import Parts
from filebridge.bridge.querying import Queries
from filebridge.bridge.recovery import Reconciler
from filebridge.bridge.reports import LAG, Reports
from filebridge.bridge.resting import Resting
from filebridge.bridge.sending import Sender
from filebridge.bridge.status import ended_status, whole_status
from filebridge.bridge.subscribing import Subscriptions
from filebridge.bridge.surroundings import ClockWatch, disk_problem, last_recorded
from filebridge.bridge.workbooks import read_apart
from filebridge.control import Request
from filebridge.domain import risk
from filebridge.domain.orders import Order, Status
from filebridge.domain.reasons import Reason
from filebridge.errors import GatewayNotReady, LedgerError
from filebridge.gateways import base
from filebridge.inbox import ClaimedFile
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Turn

FILES_A_TURN = 200
_COUNTER_EVERY = timedelta(seconds=5)
_STATUS_EVERY, _CONTROL_EVERY = timedelta(seconds=1), timedelta(seconds=0.2)
_FINISH_WAIT_SECONDS = 0.05
# While orders wait to be sent, their files may wait for the archive.
_REST_LAG = timedelta(seconds=5)
_UNCLEAN = frozenset({Status.HELD, Status.UNKNOWN, Status.DENIED, Status.REJECTED, Status.EXPIRED, Status.NOT_SENT})


@dataclass(slots=True)
class _Acts:
    """What a turn has decided and may do once it is committed."""

    group: list[Order] = field(default_factory=list)
    moves: list[tuple[Path, str]] = field(default_factory=list)
    answers: list[tuple[Request, Answer]] = field(default_factory=list)


class Bridge:
    """One running bridge. `step` is one turn; `run` in app turns it until the end."""

    def __init__(self, parts: Parts) -> None:
        settings, now = parts.settings, parts.clock()
        self._parts = parts
        at_once = settings.inbox.rows_at_once
        self.book = OrderBook(parts.ledger, parts.reader, rows_at_once=at_once)
        self._guard = Guard(self.book, parts.reader, parts.rules, settings.halt)
        waits = settings.broker.answer_seconds
        may_send, rules = self._may_send, parts.rules
        self._judge = Judge(
            *(self.book, parts.reader, rules, self._guard, parts.quotations, now),
            may_send=may_send,
            answer_seconds=waits,
        )
        self._sender = Sender(
            self.book,
            parts.gateway,
            parts.rules,
            judge=self._judge,
            quotations=parts.quotations,
            group_size=settings.broker.group_size,
            answer_seconds=waits,
        )
        home, behind = parts.ledger.home_mark, self._guard.ledger_is_behind
        self._listener = Listener(self.book, self._sender, rules, home_mark=home, behind=behind)
        self._reconciler = Reconciler(
            *(self.book, self._listener, self._sender, self._judge, parts.gateway, parts.rules),
            quiet_seconds=settings.quiet_seconds,
            reconcile_seconds=settings.recovery.reconcile_seconds,
        )
        self._leftovers = Leftovers(parts.reader, parts.boot_id, parts.handed_over)
        about = (self.book, parts.ledger, parts.reader, settings, parts.rules, self._guard, parts.quotations)
        self._intake = Intake(*about, rows_at_once=at_once, proofs=parts.proofs, sheets_apart=read_apart)
        books = (self.book, parts.ledger, parts.reader, rules, self._guard)
        subscriptions = Subscriptions(*books, may_send=may_send)
        self._queries = Queries(
            *(self.book, parts.reader, parts.gateway, parts.quotations, subscriptions), answer_seconds=waits
        )
        self._arrivals = Arrivals(parts.inbox, parts.follower, parts.archive, self._intake, parts.reader, self.book)
        self._controls = Controls(
            *(self.book, self._guard, self._reconciler, self._arrivals.release, self._intake.large),
            *(parts.reader, parts.rules),
        )
        self._connection = base.Connection(accounts=[account.id for account in settings.broker.accounts])
        self._generation = self._ended = 0
        self._first_answer_due = now + timedelta(seconds=settings.broker.connect_seconds)
        self._broker_was_asked = False
        self._clock = ClockWatch(last_recorded(parts.reader.newest_event(), now), parts.rules)
        self._mailbox = Mailbox(parts.messages)
        self._reports = Reports(parts.outbox, parts.replies, parts.watch, report_seconds=settings.outbox.report_seconds)
        self._resting = Resting(parts.archive)
        self.problems: dict[str, str] = {}
        self._due: dict[str, datetime] = {}
        self._controls_done: dict[str, Answer] = {}
        # Nothing was refused, denied, rejected, held or left in doubt since the start.
        self.is_clean = True
        self.was_busy = True

    # ---- starting

    def start(self) -> None:
        """Read the ledger, record the start, finish what an earlier run left, and begin to connect."""
        parts, now = self._parts, self._parts.clock()
        if parts.control.requests():
            self._controls_done = answers_before(parts.reader)
        acts = _Acts()
        # Before this start is one of them: the one before may have ended, on a day of its own, before it told anything.
        days = parts.reader.days_touched()
        failpoints.hit("start.leftovers")
        with self._turn(now) as turn:
            turn.append("STARTED", {"boot": parts.boot_id, "mode": parts.settings.broker.mode})
            for tag in self._leftovers.not_recorded(parts.last_handed(), parts.ledger.home_mark):
                self._guard.ledger_is_behind(tag)
            acts.moves += self._arrivals.at_start(now)
        day = risk.current_date(now, parts.rules)
        days |= {day} | {order.terms.trade_date for order in self.book.open_orders()}
        failpoints.hit("start.recorded")
        if not self.book.by_status[Status.SUBMITTING]:
            parts.forget_handed()
        # A worker takes a moment to begin; what it says waits in the queue.
        parts.gateway.start()
        parts.outbox.rebuild(sorted(days), all_receipts=False)
        parts.replies.begin(day)
        self._resting.add(acts.moves)
        self._resting.go_on()

    # ---- one turn

    def step(self, *, wait_seconds: float) -> bool:
        """One turn: gather, decide, commit, act. Returns whether there was anything to do."""
        parts = self._parts
        messages = self._mailbox.take(wait_seconds, hurried=self._sender.is_hurried)
        now = parts.clock()
        acts = _Acts()
        self._judge.look(now)
        if not self._connection.up and self._is_due("counter", now, _COUNTER_EVERY):
            self._try("counter", parts.keep_counter)
        if self._is_due("disk", now, _STATUS_EVERY):
            self._look_at_disk()
        files = self._claimable(now)
        with self._turn(now) as turn:
            self._look_at_clock(now)
            for message in messages:
                self._hear(message, now)
            self._take_controls(now, acts)
            self._guard.look(now, connected=self._connection.up)
            self._take(files, now, acts, is_full=len(messages) >= MESSAGES_A_TURN)
            behind = self._mailbox.behind
            self._sender.review(now, behind=behind)
            self._queries.review(now)
            is_reading = self._reconciler.is_reading or self._queries.is_asking
            acts.group = [] if is_reading else self._sender.next_group(now, behind=behind)
            # The last group waits for this commit as well.
            parts.ledger.hurry(bool(acts.group) or self._sender.is_hurried)
        self._act(turn, acts, now)
        self.was_busy = bool(turn.events or messages or files or self._reports.is_writing)
        return self.was_busy

    def _turn(self, now: datetime) -> AbstractContextManager[Turn]:
        return self.book.open_turn(now, risk.current_date(now, self._parts.rules))

    def _act(self, turn: Turn, acts: _Acts, now: datetime) -> None:
        """What may be done now that the turn is committed: the orders first, for they are what waits."""
        parts = self._parts
        self._sender.dispatch(acts.group, now)
        self._queries.go_on(turn)
        for request, answer in acts.answers:
            self._try("control answer", partial(parts.control.answer, request, answer))
        self.is_clean &= not any(order.status in _UNCLEAN for order in turn.orders.values())
        self._reports.add(turn)
        self._reports.tell(now, hurried=self._sender.is_hurried)
        self._resting.look()
        self._resting.add(acts.moves)
        # At once when nothing waits to be sent; what failed is tried again every second.
        hurried = self._sender.is_hurried
        at_once = not hurried and not self._resting.problem
        if at_once or self._is_due("archive", now, _REST_LAG if hurried else LAG):
            self._resting.go_on()
        self._reconciler.ask_if_due(now)
        parts.gateway.tick()
        if self._is_due("status", now, _STATUS_EVERY):
            parts.watcher.keep_alive()
            parts.outbox.status(self._status(now))
            parts.watch_status(parts.outbox.told)

    def _try(self, what: str, act: Callable[[], None]) -> None:
        """Views and folders may fail (a full disk, a drive that is gone) without harm to an order: they are tried
        again, and status.json says so meanwhile."""
        try:
            act()
            self.problems.pop(what, None)
        except (OSError, GatewayNotReady) as error:
            self.problems[what] = f"{what}: {error}"

    def finish(self) -> None:
        """Wait for the answers to what is out, write the last reports, and stop; nothing is cancelled."""
        self._sender.stopping = True
        parts, now = self._parts, self._parts.clock()
        deadline = now + timedelta(seconds=parts.settings.broker.answer_seconds)
        while not (self._sender.is_idle and self._mailbox.is_empty) and now < deadline:
            self.step(wait_seconds=_FINISH_WAIT_SECONDS)
            now = parts.clock()
        with self._turn(now) as turn:
            turn.append("STOPPED", {})
        self._reports.add(turn)
        self._reports.finish(now)
        self._resting.finish()
        self._connection.become(False, Reason("CONNECTION_STOPPED"), now)
        self._reconciler.disconnected()
        parts.outbox.status(self._status(now))
        parts.watcher.stop()
        parts.gateway.close()

    def abandon(self, error: LedgerError) -> None:
        """The ledger failed, so nothing goes on; status.json says so, if it can be written at all."""
        now = self._parts.clock()
        self._connection.become(False, Reason("CONNECTION_STOPPED"), now)
        # Of what the turn did in memory nothing may be believed: all else is as it was told last.
        before = self._parts.outbox.told or self._status(now)
        self._parts.outbox.status({**before, **ended_status(self._connection, error, now)})

    # ---- gathering

    def _may_take(self, now: datetime) -> bool:
        """Whether files may be taken in: once the broker was asked what it knows, or could not be."""
        return not (
            self._sender.stopping
            or self._sender.disk_full
            # A file taken now would be keyed with a day that may come twice.
            or self._guard.clock_went_back
            or (not self._broker_was_asked and now < self._first_answer_due)
        )

    def _claimable(self, now: datetime) -> list[ClaimedFile]:
        """Finished files that may be taken in."""
        if not self._may_take(now):
            return []
        inbox = self._parts.inbox
        woken, hints = self._parts.watcher.take()
        if not self._is_due("scan", now, timedelta(seconds=self._parts.settings.inbox.scan_seconds)) and not woken:
            return []
        files: list[ClaimedFile] = []
        self._try("inbox", lambda: files.extend(inbox.scan(now, hints=hints, at_most=FILES_A_TURN)))
        if inbox.has_more:
            self._due.pop("scan")
        today = risk.current_date(now, self._parts.rules)
        self._try("following", lambda: files.extend(self._parts.follower.scan(now, today)))
        return files

    def _take(self, files: list[ClaimedFile], now: datetime, acts: _Acts, *, is_full: bool) -> None:
        """Take files in. While orders wait, a turn that is full of news leaves very large files to the next."""
        acts.moves += self._arrivals.late()
        go_on = self._may_take(now) and not (is_full and self._sender.is_hurried)
        for moves, answer in self._arrivals.take(files, now, go_on=go_on):
            self.is_clean &= answer.usable
            acts.moves += moves

    def _take_controls(self, now: datetime, acts: _Acts) -> None:
        if not self._is_due("control", now, _CONTROL_EVERY):
            return
        requests: list[Request] = []
        self._try("control", lambda: requests.extend(self._parts.control.requests()))
        self._controls.see_halt_file(self._parts.control.halt_file)
        for request in requests:
            # What was recorded before a crash or a full disk took the answer away is answered, and not done again.
            if request.stamp not in self._controls_done:
                self._controls_done[request.stamp] = self._controls.handle(request, now)
            acts.answers.append((request, self._controls_done[request.stamp]))

    # ---- hearing

    def _hear(self, message: base.Message, now: datetime) -> None:
        match message:
            case base.SoleSender(generation, _) | base.GatewayUp(generation) if generation <= self._ended:
                # It died before its word was heard.
                return
            case base.SoleSender(_, log):
                self._sender.is_sole_sender(self._leftovers.never_handed, now)
                self.book.turn.append("WORKER", {"log": log, "boot": self._parts.boot_id})
            case base.GatewayUp(generation):
                self._generation = generation
                self._parts.gateway.accept(generation)
                self._connected(True, Reason("CONNECTED"), now)
                self._reconciler.connected(now)
            case base.GatewayDown(generation, reason, handed):
                self._ended = generation
                self._broker_was_asked = True
                self._connected(False, reason, now)
                self._reconciler.disconnected()
                self._sender.worker_is_gone()
                self._queries.worker_is_gone()
                self._sender.settle_handed(handed, now, (reason.message, reason.message_zh))
            case base.GroupHanded(generation):
                if generation == self._generation:
                    self._sender.group_is_back(now)
            case base.Snapshots(generation):
                if self._ended < generation == self._generation:
                    failpoints.hit("recovery.snapshot")
                    self._broker_was_asked |= self._reconciler.hear(message, now)
            case base.Balances(generation):
                if self._ended < generation == self._generation:
                    self._reconciler.hear_balances(message)
            case base.Told():
                self._queries.hear(message, now)
            case _:
                self._listener.hear(message, now)

    def _connected(self, up: bool, reason: Reason, now: datetime) -> None:
        if self._connection.become(up, reason, now):
            said = {"reason_code": reason.code, "detail": reason.message, "detail_zh": reason.message_zh}
            self.book.turn.append("CONNECTION", {"up": up, **said})

    def _look_at_clock(self, now: datetime) -> None:
        leapt, went_back = self._clock.look(now)
        if leapt:
            self._reconciler.connected(now)
        if went_back:
            self._guard.halt(went_back)

    def _look_at_disk(self) -> None:
        problem = disk_problem(self._parts.outbox.folder, self._parts.settings.ledger.free_bytes_min)
        self._sender.disk_full = bool(problem)
        self.problems.pop("disk", None)
        if problem:
            self.problems["disk"] = problem

    # ---- state

    def _status(self, now: datetime) -> Body:
        return whole_status(
            *(self._parts, self.book, now),
            connection=self._connection,
            agreed=self._reconciler.agreed,
            guard=self._guard.guard_status(risk.current_date(now, self._parts.rules)),
            loading=self._intake.large.status(),
            problems=[*self.problems.values(), *filter(None, [self._resting.problem])],
        )

    def _may_send(self, account: str) -> bool:
        return account in self._reconciler.agreed and self._parts.gateway.is_ready

    def _is_due(self, what: str, now: datetime, every: timedelta) -> bool:
        due = self._due.get(what)
        if due is not None and due - every <= now < due:
            return False
        self._due[what] = now + every
        return True

    def is_quiet(self) -> bool:
        """Whether every file is answered, every order handed over, and the broker's books read since."""
        waiting = self._parts.inbox.waiting or self._parts.follower.waiting
        if waiting or not self._intake.large.is_idle_or_held() or not self._broker_was_asked:
            return False
        if self._connection.up and self._reconciler.is_owed_an_answer:
            return False
        return self._queries.is_idle and not self.book.is_moving

    def at_rest(self) -> bool:
        """Whether nothing more will happen by itself: all is final, or waits for a person's approval."""
        return self.is_quiet() and all(order.status is Status.HELD for order in self.book.open_orders())

    @property
    def has_agreed(self) -> bool:
        """Whether the books of every account have been compared with the broker's on this connection."""
        return all(self._may_send(account) for account in self._connection.accounts)

    def unfinished(self) -> list[Order]:
        """Orders that are not final, or whose fills are not all told yet."""
        return self.book.open_orders()
