"""Intake: forms of the center's own system become commands, and with them cases and messages, in one commit.

Many forms share a commit; each is accepted or refused alone. A repeated form gets the same answer and changes
nothing.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ValidationError

from bus.context import CenterContext
from bus.contract.case import Attachment, Person
from bus.custody import Record, Refusal
from bus.custody.commands import Register
from bus.custody.handing import registered_again
from bus.pipeline.activity_row import activity_row
from bus.pipeline.early_forms import TOO_MANY, EarlyForms
from bus.pipeline.intake_context import intake_context
from bus.pipeline.routes import RoutesOfForm, leads_nowhere
from bus.recovery.hooks import RECOVERY
from bus.sdk.center import Activity, Form, Link, Reject, Routes
from bus.security.errors import KeyUnusable
from bus.store import cases, early_forms, intakes
from bus.store.database import DriverError, Store, StoreUnavailable, Tx
from bus.store.unit_of_work import UnitOfWork

_UNKNOWN = frozenset({"unknown-case", "unknown-record"})


@dataclass(frozen=True, slots=True)
class Submission:
    """One form, already checked against its model."""

    form: Form
    body: BaseModel

    @property
    def key(self) -> tuple[str, str]:
        """The idempotency key: (form, the source's own id)."""
        return self.form.name, self.form.native_id(self.body)

    def digest(self) -> str:
        """SHA-256 of the form's content, independent of the order of keys."""
        return hashlib.sha256(self.body.model_dump_json().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a form."""

    status: str
    """``taken`` (now durable), ``repeated`` (was taken before), ``refused`` (with ``code`` and ``cure``), ``failed`` (a
    fault of the adapter: nothing was taken, and the form may be sent again), ``later`` (it names something that this
    center, restored from a backup lately, may not know yet)."""
    cases: tuple[dict[str, str], ...] = ()
    """The cases it touched: ``{"case_id": …, "number": …}``."""
    code: str = ""
    cure: str = ""

    def as_json(self) -> str:
        """The stored form of the answer."""
        return json.dumps({"cases": list(self.cases)})


@dataclass(frozen=True, slots=True)
class IntakeDeps:
    """What intake needs besides the store."""

    context: CenterContext
    routes: Routes
    attachment: Callable[[Tx, str], Attachment | None]
    forms: Mapping[str, Form] = field(default_factory=dict)
    """The forms of the center, by name: those that waited for their record are read again."""


def noop() -> None:
    """No-op wake-up callback."""


Also = Callable[[Tx, list[Reply]], None]
"""Extra writes in a batch's transaction, once its replies are known."""


def nothing_else(_tx: Tx, _replies: list[Reply]) -> None:
    """No extra writes: only the batch itself is written."""


def intake(
    store: Store,
    deps: IntakeDeps,
    submissions: Sequence[Submission],
    now: datetime,
    wake: Callable[[], None] = noop,
    also: Also = nothing_else,
) -> list[Reply]:
    """Take in a batch; one reply for each form, in order. ``wake`` is called when messages or tasks were left.

    Raises ``StoreUnavailable``: then nothing was taken. ``also`` is written with the batch; if a form had to be left
    out, it is written after the others, in a transaction of its own."""
    try:
        return _take_together(store, deps, submissions, now, wake, also)
    except KeyUnusable:
        raise
    except Exception as fault:
        if isinstance(fault, StoreUnavailable) and fault.passing:
            raise
        # one form is at fault: it alone must fail, whatever its fault is
        if len(submissions) == 1:
            replies = [Reply("failed", code="cannot-be-stored", cure=type(fault).__name__)]
        else:
            replies = [reply for one in submissions for reply in intake(store, deps, [one], now, wake)]
    if also is not nothing_else:
        store.write(lambda tx: also(tx, replies))
    return replies


def _take_together(
    store: Store,
    deps: IntakeDeps,
    submissions: Sequence[Submission],
    now: datetime,
    wake: Callable[[], None],
    also: Also,
) -> list[Reply]:
    """The replies of a batch that is taken in one commit."""

    def change(tx: Tx) -> tuple[list[Reply], bool]:
        batch = _IntakeBatch(UnitOfWork(tx, deps.context, now), deps, {s.key for s in submissions})
        replies = [batch.reply(submission) for submission in submissions]
        if cases.any_linked(tx, batch.registered):  # rare: its case must be known before the form is registered
            batch = _IntakeBatch(
                UnitOfWork(tx, deps.context, now), deps, {s.key for s in submissions}, ask_for_each=True
            )
            replies = [batch.reply(submission) for submission in submissions]
        batch.early.settle(batch.uow.linked_records())
        batch.uow.flush()
        intakes.note(tx, batch.fresh)
        also(tx, replies)
        return replies, batch.uow.has_output

    replies, stirs = store.write(change)
    if stirs:
        wake()
    return replies


def release_early(store: Store, deps: IntakeDeps, now: datetime, most: int, wake: Callable[[], None] = noop) -> int:
    """Carry out forms that still wait although their record is there by now. Returns how many records had such forms.
    Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        if not early_forms.known_by_now(tx, 1):
            return 0

    def change(tx: Tx) -> tuple[int, bool]:
        uow = UnitOfWork(tx, deps.context, now)
        if RECOVERY.blocks_intake(uow):
            return 0, False
        batch = _IntakeBatch(uow, deps, set())
        records = early_forms.known_by_now(tx, most)
        batch.early.settle(records)
        batch.uow.flush()
        return len(records), batch.uow.has_output

    released, stirs = store.write(change)
    if stirs:
        wake()
    return released


class _IntakeBatch:
    """The forms of one commit. Raises ``StoreUnavailable`` while the center recovers."""

    def __init__(
        self, uow: UnitOfWork, deps: IntakeDeps, keys: set[tuple[str, str]], *, ask_for_each: bool = False
    ) -> None:
        if RECOVERY.blocks_intake(uow):
            raise StoreUnavailable(
                "this center recovers what it has forgotten since its backup: again later", passing=True
            )
        self.uow = uow
        self.routes = RoutesOfForm(deps.routes)
        self.context = intake_context(uow, deps.context.me, deps.attachment, self.routes)
        self.known = intakes.known(uow.tx, keys)
        self.fresh: list[intakes.IntakeRow] = []
        self.registered: set[tuple[str, str]] = set()
        """Records of the center's own system that have become cases, on the assumption that none was one already."""
        self.early = EarlyForms(uow, deps.forms, lambda form, body: _carry_out(self, form, body))
        self.ask_for_each = ask_for_each
        """Whether the store is asked about each record before it is registered."""

    def reply(self, submission: Submission) -> Reply:
        """The reply to one form, which is taken in unless it was taken before."""
        reply = _repeated(submission, self.known) or _take(self, submission)
        if reply.status == "taken":
            (form, native_id), digest, answer = submission.key, submission.digest(), reply.as_json()
            self.known[form, native_id] = (digest, answer)
            self.fresh.append(intakes.IntakeRow(form, native_id, digest, answer, self.uow.now_ms))
        return reply


def _repeated(submission: Submission, known: dict[tuple[str, str], tuple[str, str]]) -> Reply | None:
    before = known.get(submission.key)
    if before is None:
        return None
    if before[0] != submission.digest():
        return Reply("refused", code="id-reused", cure="another form was sent under this id; give each its own")
    return Reply("repeated", tuple(json.loads(before[1])["cases"]))


def _take(batch: _IntakeBatch, submission: Submission) -> Reply:
    try:
        return _taken(batch, submission)
    except _Registered as known:
        if (fuller := registered_again(known.record, known.resident)) is not None:
            batch.uow.restore(fuller.record, fuller.outgoing)
        return Reply("repeated", _shown([known.record]))
    except (Refusal, Reject) as no:
        if no.code in _UNKNOWN and RECOVERY.may_still_come(batch.uow):
            return Reply("later", code=no.code, cure="this center was put back to a backup: send it again later")
        return Reply("refused", code=no.code, cure=no.cure)
    except ValidationError as error:
        spots = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False)[:5])
        return Reply("refused", code="invalid", cure=spots[:200])
    except (StoreUnavailable, DriverError):
        raise  # the store's own fault: it retries, or reports for the whole batch that nothing was taken
    except Exception as bug:  # a fault of the adapter: its own form is not taken, its neighbours are
        return Reply("failed", code="handler-fault", cure=type(bug).__name__)


def _taken(batch: _IntakeBatch, submission: Submission) -> Reply:
    """The reply to a form that is carried out, or that waits for its record."""
    form, body = submission.form, submission.body
    if (record := batch.early.awaited(form, body)) is not None:
        if batch.early.hold(form, submission.key[1], record, body):
            return Reply("taken")
        return Reply("later", code=TOO_MANY, cure="too many forms wait for their records: hand those in first")
    with batch.uow.savepoint():
        return Reply("taken", _shown(_carry_out(batch, form, body)))


def _shown(records: Sequence[Record]) -> tuple[dict[str, str], ...]:
    return tuple({"case_id": str(r.case.case_id), "number": r.case.number} for r in records)


class _Registered(Exception):
    """The record is a case already, though this form is not remembered: the store was restored from a backup."""

    def __init__(self, record: Record, resident: Person | None) -> None:
        super().__init__()
        self.record, self.resident = record, resident


def _carry_out(batch: _IntakeBatch, form: Form, body: BaseModel) -> list[Record]:
    uow = batch.uow
    touched: dict[UUID, None] = {}
    batch.routes.named.clear()
    for item in form.handler(batch.context, body):
        if isinstance(item, Activity):
            uow.held(activity_row(item))
            continue
        touched[item.case_id] = None
        if leads_nowhere(uow, batch.routes, item):
            continue
        if isinstance(item, Register):
            _never_twice(batch, item)
        if isinstance(item, Link):
            uow.link(item.case_id, item.system, item.native_id)
            continue
        uow.execute(item)
        if isinstance(item, Register):
            uow.link(item.case_id, item.case.source.system, item.case.source.record)
    return [record for case_id in touched if (record := uow.record(case_id)) is not None]


def _never_twice(batch: _IntakeBatch, item: Register) -> None:
    """Raises ``_Registered`` when the record of the center's own system is linked to a case already."""
    uow, source = batch.uow, item.case.source
    batch.registered.add((source.system, source.record))
    known = uow.linked(source.system, source.record)
    if known is None and batch.ask_for_each:
        known = cases.find(uow.tx, source.system, source.record)
    record = uow.record(known) if known is not None else None
    if record is not None:
        raise _Registered(record, item.case.resident)
