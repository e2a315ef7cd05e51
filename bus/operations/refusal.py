"""An operator's refusal of a message that waits for another: its sender is told, and sends it no more.

Such a message is parked without a receipt, and its sender sends it again for as long as it has none. So giving it up
here alone would park it again in an hour.
"""

from bus.contract.messages import Verdict
from bus.pipeline.inbound import NOT_FINAL, Inbound
from bus.pipeline.receive import release
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.apply import Applied
from bus.pipeline.receiving.decode import reread
from bus.pipeline.receiving.order import Turn, order
from bus.pipeline.receiving.receipt import receipt
from bus.pipeline.receiving.verify import fault_by_now
from bus.recovery.hooks import RECOVERY
from bus.store import parked
from bus.store.parked import ParkedItem
from bus.store.unit_of_work import UnitOfWork


def refuse_early(uow: UnitOfWork, row: ParkedItem) -> None:
    """Refuse the parked message for good, with the code that it waits by; what was held back behind it goes on.

    Does nothing where its turn is not now, or where it would be no member's word by now: the sender has not heard of
    it, or never said it."""
    one = reread(row.body) if row.body and row.code in NOT_FINAL else None
    if one is None or one.message.subject is None or RECOVERY.blocks_inbound(uow):
        return
    if fault_by_now(one.body, one.message, row.peer, uow.context):
        return
    batch = ReceiveBatch(uow)
    batch.epochs = RECOVERY.filter_inbound(uow.tx, [one.message])
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
