"""The context that a form's handler gets: lookups within the transaction of the intake."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from bus.contract.case import Attachment
from bus.custody import Record
from bus.sdk.center import IntakeContext, Reject, Routes
from bus.store import cases
from bus.store.database import Tx
from bus.store.unit_of_work import UnitOfWork

CHINA = ZoneInfo("Asia/Shanghai")
"""All of China has one time zone; the day in a case number is the resident's day."""


def intake_context(
    uow: UnitOfWork, me: str, attachments: Callable[[Tx, str], Attachment | None], routes: Routes
) -> IntakeContext:
    """The context of the forms of one batch at center ``me``."""

    def find(system: str, native_id: str) -> UUID:
        found = cases.find(uow.tx, system, native_id) or uow.linked(system, native_id)
        if found is None:
            raise Reject("unknown-record", f"no case belongs to this record of {system}")
        return found

    def record(case_id: UUID) -> Record:
        known = uow.record(case_id)
        if known is None:
            raise Reject("unknown-case", "this center has never had this case")
        return known

    def attachment(sha256: str) -> Attachment:
        kept = attachments(uow.tx, sha256)
        if kept is None:
            raise Reject("no-attachment", "upload the attachment first, then name its SHA-256")
        return kept

    prefix = f"{me.replace('_', '').upper()}-{uow.now.astimezone(CHINA):%Y%m%d}"

    def number() -> str:
        return f"{prefix}-{uow.next_number(prefix):05d}"

    return IntakeContext(me, uow.now, find, record, attachment, number, uow.new_case_id, routes)
