"""Step 4, order: a message is applied when its place in the lane has come, and not before.

An early message is held back until the gap before it is closed. A message at an occupied place was dealt with before,
or its sender has forgotten it in a restore.
"""

from enum import Enum

from bus.contract.codec import digest
from bus.contract.epochs import MAX_AHEAD, epoch_of
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound, Outcome
from bus.pipeline.quotas import HELD_BYTES
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.decode import reread
from bus.pipeline.receiving.receipt import owe
from bus.pipeline.receiving.verify import fault_by_now
from bus.store import inbox
from bus.store.parked import SET_BACK
from bus.store.rows import HeldRow


class Turn(Enum):
    """The position of a message relative to its lane."""

    NOW = "now"
    TAKEN = "taken"
    """Its place is occupied already."""
    TOO_EARLY = "too-early"
    """An earlier message is missing."""
    TOO_FAR = "too-far"
    """More are missing than an honest center could be ahead."""


def order(batch: ReceiveBatch, one: Inbound) -> Turn:
    """The message's turn in its lane."""
    ahead = one.message.sequence - batch.marks[one.lane]
    if ahead == 1:
        return Turn.NOW
    if ahead <= 0:
        return Turn.TAKEN
    return Turn.TOO_FAR if ahead > MAX_AHEAD else Turn.TOO_EARLY


def repeat(batch: ReceiveBatch, one: Inbound) -> None:
    """Answer a message at an occupied place. A repeat gets the same receipt, and nothing changes. If another message
    stands there, the sender's store was restored, whether the sender knows it or not."""
    before, message = batch.known_at(one.position), one.message
    if before is not None and before.message_id == one.message_id:
        batch.count(Outcome.REPEATED)
        owe(batch, one, Verdict(before.verdict), before.code, before.digest)
    elif epoch_of(message.sequence) < batch.epochs.get(message.source, 0):
        batch.count(Outcome.FENCED)
        batch.uow.journal(batch.case_of(one), "fenced", message.type, message.source, message.id)
    else:
        batch.count(Outcome.REFUSED)
        owe(batch, one, Verdict.REFUSED, "sequence-reused", digest(one.body))
        batch.park_message(one, "sequence-reused", SET_BACK)


def park_far(batch: ReceiveBatch, one: Inbound) -> None:
    """Park a message that is too far ahead for an operator; nothing is held back for it."""
    batch.count(Outcome.PARKED)
    batch.park_message(one, "too-far-ahead")


def hold_back(batch: ReceiveBatch, one: Inbound) -> None:
    """Hold the message back until the earlier ones have come, within its sender's quota."""
    (peer, case_id), sequence = one.lane, one.message.sequence
    if not batch.held.has(one.lane, sequence):
        if not batch.quotas.may_hold(batch.uow, peer, len(one.body)):
            batch.put_off(one, HELD_BYTES)
            return
        batch.held.add(one.lane, sequence, one.body)
        batch.hold.append(HeldRow(peer, case_id, sequence, one.body, batch.uow.now_ms))
    batch.count(Outcome.HELD)


def next_held(batch: ReceiveBatch, lane: inbox.Lane) -> Inbound | None:
    """The next held-back message of this lane, if it still counts; None: there is none, or not in this transaction."""
    sequence = batch.marks[lane] + 1
    if not batch.held.has(lane, sequence) or not batch.held.may_release(lane, sequence):
        return None
    body = batch.held.body(batch.uow.tx, lane, sequence)
    one = None if body is None else reread(body)
    if one is None:  # altered in the store: its sender still has it
        batch.held.drop(lane, sequence)
        return None
    if fault := fault_by_now(one.body, one.message, lane[0], batch.uow.context):
        _park_held(batch, one, fault)
        return None
    return one


def _park_held(batch: ReceiveBatch, one: Inbound, fault: str) -> None:
    """Park a held-back message whose signature no longer counts. It gets no receipt and its place stays free: its
    sender still has it, and sends it again with a valid signature."""
    item = batch.strange(one.body, one.lane[0], fault)
    batch.park.append(item._replace(case_id=one.lane[1], message_id=one.message_id))
    batch.let_go(one)
