"""The end of all lanes to a center that does not exist: its messages are given up, and no case names it any more.

An offer that went to it alone returns to its offerer, because no center can have decided. A center that is merely away
keeps its lanes: messages to it wait.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bus.context import CenterContext
from bus.custody import Record, Refusal
from bus.pipeline.no_key import NoKey
from bus.store import peer_lanes
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import SendResult

NO_SUCH_CENTER = "no-such-center"
NOBODY = (SendResult.UNROUTABLE.value, NoKey.NO_KEY.value)
"""Results of messages to a center without an inbox, or without a key."""


class LaneInUse(ValueError):
    """The center exists, or may exist: its lanes are not ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What was given up."""

    messages: int
    cases: int


def strangers(store: Store, context: CenterContext) -> list[str]:
    """Centers with waiting messages that do not exist, as far as this center can tell."""
    with store.reading() as tx:
        return [center for center in peer_lanes.recipients(tx) if not _may_exist(tx, context, center)]


def end_lanes(store: Store, context: CenterContext, center: str, reason: str, now: datetime) -> Ended:
    """End all lanes to ``center``, for ``reason`` (a code), which is noted in each case's journal. Raises ``LaneInUse``
    or ``StoreUnavailable``."""

    def change(tx: Tx) -> Ended:
        if _may_exist(tx, context, center):
            raise LaneInUse(center)
        uow = UnitOfWork(tx, context, now)
        rows = peer_lanes.waiting_for(tx, center)
        cases = sorted({case_id for _, case_id in rows})
        for case_id in cases:
            _forget(uow, UUID(case_id), center, reason)
        uow.flush()
        peer_lanes.end(tx, center, [message_id for message_id, _ in rows], NO_SUCH_CENTER, ms(now))
        return Ended(len(rows), len(cases))

    return store.write(change)


def _may_exist(tx: Tx, context: CenterContext, center: str) -> bool:
    """Whether the directory lists the center; without one, whether it has ever spoken, or a message has reached its
    inbox."""
    if not context.security.is_member(center):
        return False
    troubles = peer_lanes.troubles(tx, center)
    return (
        context.security.lists_members or peer_lanes.has_spoken(tx, center) or not troubles or not troubles <= {*NOBODY}
    )


def _forget(uow: UnitOfWork, case_id: UUID, center: str, reason: str) -> None:
    with suppress(Refusal):  # an unreadable record names no center
        record = uow.record(case_id)
        if record is not None:
            uow.amend(without(record, center), "ended", center, reason)


def without(record: Record, center: str) -> Record:
    """The record without messages to ``center``, and without anything awaited from it."""

    def others(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name != center)

    offer = record.offer_out
    if offer is not None and center in offer.pending:
        pending = others(offer.pending)
        offer = offer.model_copy(update={"pending": pending}) if pending else None
    return record.with_(
        path=others(record.path) if center not in (record.holder, record.case.origin) else record.path,
        concerned=others(record.concerned),
        offer_out=offer,
        arbitration=None if record.arbitration == center else record.arbitration,
        arbiter=None if record.arbiter == center else record.arbiter,
    )
