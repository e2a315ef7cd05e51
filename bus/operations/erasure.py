"""Erasing a case: what tells of the resident becomes noise, and what is counted stays.

Destroyed is the key under which the case's record, messages and tasks stand, and the key of each file that no other
case names. In its place stands a record that says what custody must know (who has it, at which version, how it went)
and nothing of the matter or the resident. So every figure stays what it was, and what others still say of the case is
answered as ever. SQLite's log has the key until it is emptied, and a log without its last entries is the store of
before: so it is emptied after each erasure. A backup of before has the key, too: it is erased with the backup.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from bus.attachments.blob_store import BlobStore
from bus.context import CenterContext
from bus.contract.case import Case
from bus.custody import Record, Status
from bus.store import access_log, cases, files, parked, waiting
from bus.store.database import Tx
from bus.store.encryption import destroy_key
from bus.store.files import KeyOfFile
from bus.store.timestamps import ms
from bus.store.unit_of_work import UNREADABLE, UnitOfWork

BLANK = "（已删除 / erased）"


class MayNotErase(ValueError):
    """It is not erased; ``code`` says why: ``unknown-case``, ``record-unreadable``, ``not-closed``, ``under-way`` or
    ``in-clear``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


RETENTION = "retention"
"""Who erases when nobody asked for it: the time that the settings give."""


def erase(blobs: BlobStore, context: CenterContext, case_id: UUID, now: datetime, who: str, why: str) -> bool:
    """Erase a closed case of which nothing is under way; it is recorded who wanted it and why.

    False: the store's log still holds the key, for somebody reads what is older; it must be emptied later
    (``Store.empty_log``). Raises ``MayNotErase``."""
    blobs.remove(blobs.store.write(lambda tx: _erase(tx, context, case_id, now, who, why)))
    return blobs.store.empty_log()


def erase_old(
    blobs: BlobStore, context: CenterContext, before_ms: int, limit: int, now: datetime, *, sensitive: bool = False
) -> int:
    """Erase up to ``limit`` cases that have not changed since ``before_ms`` and may be erased. ``sensitive``: only such
    as want stricter care. Returns how many."""

    def change(tx: Tx) -> tuple[int, dict[str, KeyOfFile | None]]:
        done, gone = 0, dict[str, KeyOfFile | None]()
        for case_id in cases.erasable(tx, before_ms, limit, sensitive=sensitive):
            try:
                gone |= _erase(tx, context, case_id, now, RETENTION, f"closed before {before_ms // 1000}")
                done += 1
            except MayNotErase as no:  # what is under way is looked at again in an hour
                if no.code == UNREADABLE:
                    _park_unreadable(tx, context, case_id, now)
        return done, gone

    done, gone = blobs.store.write(change)
    blobs.remove(gone)
    if done:
        blobs.store.empty_log()  # where somebody reads, the next round of housekeeping tries again
    return done


def _erase(
    tx: Tx, context: CenterContext, case_id: UUID, now: datetime, who: str, why: str
) -> Mapping[str, KeyOfFile | None]:
    """Returns the files that went with it."""
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
    cases.keep(tx, [blank(record)], changed_ms)
    access_log.note(tx, at_ms=ms(now), who=who, what="erased", case_id=str(case_id), why=why)
    uow = UnitOfWork(tx, context, now)
    uow.load([case_id])
    uow.journal(case_id, "erased", "", "", None)
    uow.flush()
    return gone


def _park_unreadable(tx: Tx, context: CenterContext, case_id: UUID, now: datetime) -> None:
    """Into an operator's sight; the others are erased, and this one is not tried again while it is parked."""
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
    """What custody knows of the case, and nothing of what it is about."""
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
