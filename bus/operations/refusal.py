"""An operator's refusal of a message that waits for another: its sender is told, and sends it no more.

Such a message is parked without a receipt, and its sender sends it again for as long as it has none. So giving it up
here alone would park it again in an hour.
"""

from datetime import datetime

from bus.context import CenterContext
from bus.contract.messages import Verdict
from bus.pipeline.inbound import NOT_FINAL, Inbound
from bus.pipeline.receive import release
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.pipeline.receiving.decode import reread
from bus.pipeline.receiving.order import Turn, order
from bus.pipeline.receiving.receipt import receipt
from bus.pipeline.receiving.verify import fault_by_now
from bus.recovery.hooks import RECOVERY
from bus.store import parked
from bus.store.database import Tx
from bus.store.parked import ParkedItem
from bus.store.unit_of_work import UnitOfWork


def refuse_early(tx: Tx, context: CenterContext, row: ParkedItem, now: datetime) -> None:
    """Refuse the parked message for good, with the code that it waits by; what was held back behind it goes on. All of
    it is written into the transaction ``tx``.

    Does nothing where its turn is not now, or where it would be no member's word by now: the sender has not heard of
    it, or never said it."""
    uow, one = UnitOfWork(tx, context, now), reread(row.body) if row.body and row.code in NOT_FINAL else None
    if one is None or one.message.subject is None or RECOVERY.blocks_inbound(uow):
        return
    if fault_by_now(one.body, one.message, row.peer, context):
        return
    batch = ReceiveBatch(uow)
    batch.epochs = RECOVERY.filter_inbound(tx, [one.message])
    batch.load([one])
    if order(batch, one) is Turn.NOW:
        _refuse(batch, one, row.code)


def _refuse(batch: ReceiveBatch, one: Inbound, code: str) -> None:
    receipt(batch, one, Applied(Verdict.REFUSED, code))
    batch.park.clear()  # an operator has seen it already
    release(batch, one.lane)
    batch.write_lanes()
    batch.write_rest()
    parked.take_messages(batch.uow.tx, parked.WIRE, [one.message_id])
