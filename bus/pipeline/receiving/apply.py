"""Step 5, apply: custody decides on a message whose turn has come."""

from bus.contract.facts import FactsAsked, FactsTold
from bus.contract.messages import Verdict
from bus.contract.operations import OperationAsked, OperationTold
from bus.custody import Refusal
from bus.pipeline.inbound import NOT_FINAL, Inbound, Outcome
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.pipeline.receiving.facts import HOLDS_NO_CASES, hear_facts
from bus.pipeline.receiving.operations import hear_operation


def apply(batch: ReceiveBatch, one: Inbound) -> Applied | None:
    """The decision of custody on one message. None for the exceptions, which get no receipt and so come again.

    A message beyond its sender's quota is put off. An early message is parked: its sender knows from a third center
    what is still on its way here (a ruling, a hand-over). A message about a case whose record cannot be read is parked
    too: the record may be mended."""
    if quota := batch.quotas.exceeded(batch.uow, one.message):
        batch.put_off(one, quota)
        return None
    if one.fault:
        return Applied(Verdict.REFUSED, one.fault, "the sender and this center do not agree on the contract")
    if isinstance(one.message.data, FactsTold | FactsAsked):
        return hear_facts(batch, one, one.message.data)
    if isinstance(one.message.data, OperationAsked | OperationTold):
        return hear_operation(batch, one, one.message.data)
    if batch.uow.context.keeps_facts:
        return HOLDS_NO_CASES
    return _decided(batch, one)


def _decided(batch: ReceiveBatch, one: Inbound) -> Applied | None:
    try:
        with batch.uow.savepoint():
            decision = batch.uow.apply(one.message, one.body)
    except Refusal as refusal:
        if refusal.code not in NOT_FINAL:
            return Applied(Verdict.REFUSED, refusal.code, refusal.cure)
        batch.count(Outcome.EARLY)
        batch.park_message(one, refusal.code, refusal.cure)
        return None
    except Exception as bug:
        return Applied(Verdict.REFUSED, "internal", type(bug).__name__)
    return Applied(Verdict.SUPERSEDED if decision.superseded else Verdict.APPLIED)
