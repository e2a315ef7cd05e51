"""Intake: what the center's own system tells us becomes commands, and with them cases and messages, in one commit.

Many requests share a commit; each stands or falls alone. The same form again gets the same answer and changes nothing.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bus.context import Rules
from bus.contract.case import Attachment
from bus.custody import Record, Refusal
from bus.custody.commands import Register
from bus.sdk.center import Form, FrontDesk, Link, NotEver, Routes
from bus.store import cases, intakes
from bus.store.database import Store, StoreTrouble, Tx
from bus.store.unit_of_work import Page

CHINA = ZoneInfo("Asia/Shanghai")
"""All of China keeps one time; the day in a case number is the resident's day."""

STILL_COMING_MS = 3_600_000
"""For so long after a recovery a case that is not known here may still come: peers say again what was lost before its
receipt, with pauses of ten minutes at most, and the center's own system may have heard of it in the lost time."""
_UNKNOWN = frozenset({"unknown-case", "unknown-record"})


@dataclass(frozen=True, slots=True)
class Submission:
    """One form, already checked against its model."""

    form: Form
    body: BaseModel

    @property
    def key(self) -> tuple[str, str]:
        """(form, the source's own id)"""
        return self.form.name, self.form.native_id(self.body)

    def digest(self) -> str:
        """SHA-256 of what the form says, whatever the order of its keys."""
        return hashlib.sha256(self.body.model_dump_json().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the submitter is told."""

    status: str
    """``taken`` (now durable), ``repeated`` (was taken before), ``refused`` (with ``code`` and ``cure``), ``failed``
    (a fault of the adapter: nothing of the form was taken, and it may be sent again), ``later`` (it speaks of what
    this center, put back to a backup not long ago, may not know yet)."""
    cases: tuple[dict[str, str], ...] = ()
    """The cases it touched: ``{"case_id": …, "number": …}``."""
    code: str = ""
    cure: str = ""

    def as_json(self) -> str:
        """For the intake's memory."""
        return json.dumps({"cases": list(self.cases)})


@dataclass(frozen=True, slots=True)
class Counter:
    """What the front desk needs besides the store."""

    rules: Rules
    routes: Routes
    attachment: Callable[[Tx, str], Attachment | None]


def nobody() -> None:
    """Who is rung where nobody waits."""


def intake(
    store: Store,
    counter: Counter,
    submissions: Sequence[Submission],
    now: datetime,
    ring: Callable[[], None] = nobody,
) -> list[Reply]:
    """Take in a batch; one reply for each, in order. ``ring`` is called when it has left something to send or to do.
    Raises ``StoreTrouble``: then none of it was taken."""

    def change(tx: Tx) -> tuple[list[Reply], bool]:
        window = _Window(Page(tx, counter.rules, now), counter, {s.key for s in submissions})
        replies = [window.reply(submission) for submission in submissions]
        if cases.any_linked(tx, window.registered):  # rare: whose it is must be known before it is registered
            window = _Window(Page(tx, counter.rules, now), counter, {s.key for s in submissions}, ask_for_each=True)
            replies = [window.reply(submission) for submission in submissions]
        window.page.write()
        intakes.note(tx, window.fresh)
        return replies, window.page.stirs

    replies, stirs = store.write(change)
    if stirs:
        ring()
    return replies


class _Window:
    """What goes into one commit. Raises ``StoreTrouble`` while the center recovers."""

    def __init__(self, page: Page, counter: Counter, keys: set[tuple[str, str]], *, ask_for_each: bool = False) -> None:
        era = page.era
        if era.recovery is not None:
            raise StoreTrouble("this center recovers what it has forgotten since its backup: again later", passing=True)
        self.page = page
        self.desk = _front_desk(page, counter)
        self.may_come = era.ended_ms is not None and page.now_ms < era.ended_ms + STILL_COMING_MS
        self.known = intakes.known(page.tx, keys)
        self.fresh: list[dict[str, Any]] = []
        self.registered: set[tuple[str, str]] = set()
        """The records of the center's own system that have become cases, as if none were one already."""
        self.ask_for_each = ask_for_each
        """Whether the store is asked of each of them, before it is registered."""

    def reply(self, submission: Submission) -> Reply:
        """Take in one form, unless it was taken before."""
        reply = _repeated(submission, self.known) or _take(self, submission)
        if reply.status == "taken":
            (form, native_id), digest, answer = submission.key, submission.digest(), reply.as_json()
            self.known[form, native_id] = (digest, answer)
            self.fresh.append(
                {"form": form, "native_id": native_id, "digest": digest, "answer": answer, "at_ms": self.page.now_ms}
            )
        return reply


def _repeated(submission: Submission, known: dict[tuple[str, str], tuple[str, str]]) -> Reply | None:
    before = known.get(submission.key)
    if before is None:
        return None
    if before[0] != submission.digest():
        return Reply("refused", code="id-reused", cure="another form was sent under this id; give each its own")
    return Reply("repeated", tuple(json.loads(before[1])["cases"]))


def _take(window: _Window, submission: Submission) -> Reply:
    try:
        with window.page.attempt():
            touched = _carry_out(window, submission)
    except _Registered as known:
        return Reply("repeated", _shown([known.record]))
    except (Refusal, NotEver) as no:
        if window.may_come and no.code in _UNKNOWN:
            return Reply("later", code=no.code, cure="this center was put back to a backup: send it again later")
        return Reply("refused", code=no.code, cure=no.cure)
    except ValidationError as error:
        spots = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False)[:5])
        return Reply("refused", code="invalid", cure=spots[:200])
    except (StoreTrouble, SQLAlchemyError):
        raise  # the store's own fault: it retries, or says for all of them that nothing was taken
    except Exception as bug:  # of the adapter: its own form is not taken, its neighbours are
        return Reply("failed", code="handler-fault", cure=type(bug).__name__)
    return Reply("taken", _shown(touched))


def _shown(records: Sequence[Record]) -> tuple[dict[str, str], ...]:
    return tuple({"case_id": str(r.case.case_id), "number": r.case.number} for r in records)


class _Registered(Exception):
    """The matter is a case already, though this form is not remembered: the store was put back to a backup."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record


def _carry_out(window: _Window, submission: Submission) -> list[Record]:
    page = window.page
    touched: dict[UUID, None] = {}
    for item in submission.form.handler(window.desk, submission.body):
        touched[item.case_id] = None
        if isinstance(item, Register):
            _never_twice(window, item)
        if isinstance(item, Link):
            page.link(item.case_id, item.system, item.native_id)
            continue
        page.do(item)
        if isinstance(item, Register):
            page.link(item.case_id, item.case.source.system, item.case.source.record)
    return [record for case_id in touched if (record := page.record(case_id)) is not None]


def _never_twice(window: _Window, item: Register) -> None:
    """Raises ``_Registered`` when the record of the center's own system is a case of ours already."""
    page, source = window.page, item.case.source
    window.registered.add((source.system, source.record))
    known = page.linked(source.system, source.record)
    if known is None and window.ask_for_each:
        known = cases.find(page.tx, source.system, source.record)
    record = page.record(known) if known is not None else None
    if record is not None:
        raise _Registered(record)


def _front_desk(page: Page, counter: Counter) -> FrontDesk:
    def find(system: str, native_id: str) -> UUID:
        found = cases.find(page.tx, system, native_id) or page.linked(system, native_id)
        if found is None:
            raise NotEver("unknown-record", f"no case belongs to this record of {system}")
        return found

    def record(case_id: UUID) -> Record:
        known = page.record(case_id)
        if known is None:
            raise NotEver("unknown-case", "this center has never had this case")
        return known

    def attachment(sha256: str) -> Attachment:
        kept = counter.attachment(page.tx, sha256)
        if kept is None:
            raise NotEver("no-attachment", "upload the attachment first, then name its SHA-256")
        return kept

    prefix = f"{counter.rules.me.replace('_', '').upper()}-{page.now.astimezone(CHINA):%Y%m%d}"

    def number() -> str:
        return f"{prefix}-{page.next_number(prefix):05d}"

    return FrontDesk(counter.rules.me, page.now, find, record, attachment, number, page.new_case_id, counter.routes)
