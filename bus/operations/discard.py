"""An operator gives up a parked item for good. A plain function, one transaction, one line in the journal."""

from datetime import datetime

from bus.context import CenterContext
from bus.operations.refusal import refuse_early
from bus.operations.replay import HELD, locked, note_act
from bus.store import inbox, outbox, parked, parked_marks
from bus.store.database import Store, Tx
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork


class MayNotGo(ValueError):
    """The item cannot be discarded; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def discard(store: Store, context: CenterContext, number: int, reason: str, now: datetime) -> None:
    """Give up the item parked under ``number``, for ``reason`` (a code word). Raises ``NotParked`` or ``MayNotGo``."""
    store.write(lambda tx: discard_within(tx, context, number, reason, now))


def discard_within(tx: Tx, context: CenterContext, number: int, reason: str, now: datetime) -> None:
    """The same in the caller's transaction."""
    uow, row = UnitOfWork(tx, context, now), locked(tx, number)
    if parked_marks.held_by(tx, number):
        raise MayNotGo(HELD)
    if row.place == parked.DESK:
        _leave_undone(tx, row)
    elif row.place == parked.PEER and row.message_id:
        # a message that still waits has a place in its lane: without it all later ones would be held back for ever
        for waiting in outbox.waiting(tx, [row.message_id]):
            if waiting.state == outbox.REFUSED:
                outbox.drop(tx, row.message_id, ms(now))
    elif row.place == parked.WIRE:
        refuse_early(tx, context, row, now)
    parked.take(tx, number)
    note_act(uow, row, "discarded", reason)
    uow.flush()


def _leave_undone(tx: Tx, row: ParkedItem) -> None:
    if row.message_id is None:
        return
    if inbox.state_of(tx, row.message_id) == inbox.WAITING:
        raise MayNotGo("replayed")
    inbox.drop_work(tx, row.message_id)
