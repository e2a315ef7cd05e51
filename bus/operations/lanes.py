"""Ending the lanes to a center that does not exist: what waits for it is given up, and its cases no longer name it.

An offer that went to it alone comes back to whoever made it, for nobody can have decided. A center that is merely away
keeps its lanes: whatever is said to it waits.
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
"""How messages fare of which nobody has an inbox, or a key."""


class LaneInUse(ValueError):
    """The center is there, or may be: its lanes are not ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What was given up."""

    messages: int
    cases: int


def strangers(store: Store, context: CenterContext) -> list[str]:
    """For whom something waits, and who is no center as far as this one can tell."""
    with store.reading() as tx:
        return [center for center in peer_lanes.recipients(tx) if not _may_exist(tx, context, center)]


def end_lanes(store: Store, context: CenterContext, center: str, reason: str, now: datetime) -> Ended:
    """End all lanes to ``center``, for ``reason`` (a code word), which stands in each case's journal. Raises
    ``LaneInUse`` or ``StoreUnavailable``."""

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
    """By the directory; without one, whether it has ever spoken, or the road has found its inbox."""
    if not context.security.is_member(center):
        return False
    troubles = peer_lanes.troubles(tx, center)
    return (
        context.security.lists_members or peer_lanes.has_spoken(tx, center) or not troubles or not troubles <= {*NOBODY}
    )


def _forget(uow: UnitOfWork, case_id: UUID, center: str, reason: str) -> None:
    with suppress(Refusal):  # a record that cannot be read names nobody
        record = uow.record(case_id)
        if record is not None:
            uow.amend(without(record, center), "ended", center, reason)


def without(record: Record, center: str) -> Record:
    """The record, in which nothing more is to be said to ``center`` and nothing is awaited from it."""

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
