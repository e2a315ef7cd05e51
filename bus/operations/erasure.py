"""Erasure of a case: the resident's data become unreadable, the figures stay (crypto-shredding).

Erasure destroys the key that encrypts the case's record, messages and tasks, and the key of each file that no other
case names. A blank record takes its place: it holds what custody must know (holder, version, outcome), and nothing of
the matter or the resident. So every figure stays, and later messages about the case are answered as before. SQLite's
log holds the key until it is emptied, and a log without its last entries is the earlier store; so the log is emptied
after each erasure. An older backup holds the key too: it must be deleted with its data.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from bus.attachments.blob_store import BlobStore
from bus.context import CenterContext
from bus.contract.case import Case
from bus.custody import Record, Status
from bus.store import access_log, cases, files, parked, timers, waiting
from bus.store.database import Tx
from bus.store.encryption import destroy_key
from bus.store.files import KeyOfFile
from bus.store.timestamps import ms
from bus.store.unit_of_work import UNREADABLE, UnitOfWork

BLANK = "（已删除 / erased）"


class MayNotErase(ValueError):
    """The case may not be erased; ``code`` says why: ``unknown-case``, ``record-unreadable``, ``not-closed``,
    ``under-way`` or ``in-clear``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


RETENTION = "retention"
"""The actor of an erasure by the retention settings."""


def erase(blobs: BlobStore, context: CenterContext, case_id: UUID, now: datetime, who: str, why: str) -> bool:
    """Erase a closed case with no pending work; the access log records who wanted it and why.

    False: SQLite's log still holds the key, because a reader uses an older state; empty it later (``Store.empty_log``).
    Raises ``MayNotErase``."""
    blobs.remove(blobs.store.write(lambda tx: _erase(tx, context, case_id, now, who, why)))
    return blobs.store.empty_log()


def erase_old(
    blobs: BlobStore, context: CenterContext, before_ms: int, limit: int, now: datetime, *, sensitive: bool = False
) -> int:
    """Erase up to ``limit`` cases that may be erased and have not changed since ``before_ms``. ``sensitive``: only
    cases that need stricter care. Returns their number."""

    def change(tx: Tx) -> tuple[int, dict[str, KeyOfFile | None]]:
        done, gone = 0, dict[str, KeyOfFile | None]()
        for case_id in cases.erasable(tx, before_ms, limit, sensitive=sensitive):
            try:
                gone |= _erase(tx, context, case_id, now, RETENTION, f"closed before {before_ms // 1000}")
                done += 1
            except MayNotErase as no:  # pending work is checked again in an hour
                if no.code == UNREADABLE:
                    _park_unreadable(tx, context, case_id, now)
        return done, gone

    done, gone = blobs.store.write(change)
    blobs.remove(gone)
    if done:
        blobs.store.empty_log()  # while a reader uses an older state, the next round of housekeeping tries again
    return done


def _erase(
    tx: Tx, context: CenterContext, case_id: UUID, now: datetime, who: str, why: str
) -> Mapping[str, KeyOfFile | None]:
    """Erase one case. Returns the files that were erased with it."""
    loaded = cases.load_each(tx, [case_id])
    record = loaded.records.get(case_id)
    if record is None:
        raise MayNotErase(UNREADABLE if case_id in loaded.unreadable else "unknown-case")
    if record.status is not Status.CLOSED:
        raise MayNotErase("not-closed")
    if waiting.is_under_way(tx, str(case_id)):
        raise MayNotErase("under-way")
    changed_ms = cases.changed_ms(tx, case_id)
    if not destroy_key(tx, str(case_id), ms(now)):
        raise MayNotErase("in-clear")
    gone = files.forget(tx, record)
    timers.forget(tx, [str(case_id)])
    cases.keep(tx, [blank(record)], changed_ms)
    access_log.note(tx, at_ms=ms(now), who=who, what="erased", case_id=str(case_id), why=why)
    uow = UnitOfWork(tx, context, now)
    uow.load([case_id])
    uow.journal(case_id, "erased", "", "", None)
    uow.flush()
    return gone


def _park_unreadable(tx: Tx, context: CenterContext, case_id: UUID, now: datetime) -> None:
    """Park an unreadable case for an operator; the others are erased, and this one is not tried again while it is
    parked."""
    row = parked.row(
        parked.DESK,
        UNREADABLE,
        "the record of this closed case cannot be read, so it is not erased: compare with a backup",
        known_by=f"record {case_id}".encode(),
        owner=context.me,
        now_ms=ms(now),
        case_id=str(case_id),
    )
    parked.park(tx, [row])


def blank(record: Record) -> Record:
    """The record reduced to what custody needs, without the matter."""
    case = record.case
    bare = Case(
        case_id=case.case_id,
        number=case.number,
        origin=case.origin,
        title=BLANK,
        text=BLANK,
        category=case.category,
        place=case.place.model_copy(update={"text": None, "longitude": None, "latitude": None}),
        urgency=case.urgency,
        channel=case.channel,
        source=case.source,
        received_at=case.received_at,
        due=case.due,
        sensitive=case.sensitive,
    )
    result = None
    if record.result is not None:
        result = record.result.model_copy(update={"public_reply": BLANK, "lawful_route": BLANK})
    return record.with_(
        case=bare,
        returns=tuple(one.model_copy(update={"text": None}) for one in record.returns),
        assists=tuple(one.model_copy(update={"ask": BLANK}) for one in record.assists),
        result=result,
    )
