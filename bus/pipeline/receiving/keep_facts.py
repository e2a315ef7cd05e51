"""Step 5 of facts: the county's ledger keeps what a center tells it."""

from bus.contract.facts import FactsTold, lane_of
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.store import ledger


def keep_facts(batch: ReceiveBatch, one: Inbound, told: FactsTold) -> Applied:
    """Keep the facts that a center tells of its own records, under its own name."""
    if not batch.uow.context.keeps_facts:
        return Applied(Verdict.REFUSED, "no-ledger", "this center keeps no facts: name the ledger in [facts]")
    if one.message.subject != lane_of(one.message.source):
        return Applied(Verdict.REFUSED, "not-its-lane", "a center tells its facts in its own lane")
    ledger.take(batch.uow.tx, one.message.source, told, batch.uow.now_ms)
    return Applied(Verdict.APPLIED)
