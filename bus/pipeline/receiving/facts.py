"""Step 5 of facts: the county's ledger keeps what a center tells it, and a center hears what the ledger asks."""

from bus.contract.epochs import epoch_of
from bus.contract.facts import FactsAsked, FactsTold, lane_of
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.store import facts, ledger

DONE = Applied(Verdict.APPLIED)
NOT_ITS_LANE = Applied(Verdict.REFUSED, "not-its-lane", "a center tells its facts in its own lane")
NO_LEDGER = Applied(Verdict.REFUSED, "no-ledger", "this center keeps no facts: name the ledger in [facts]")
NOT_OUR_LEDGER = Applied(Verdict.REFUSED, "not-our-ledger", "name it in [facts] where it is the county's ledger")

HOLDS_NO_CASES = Applied(Verdict.REFUSED, "holds-no-cases", "a ledger takes no cases: hand it to a center")


def hear_facts(batch: ReceiveBatch, one: Inbound, data: FactsTold | FactsAsked) -> Applied:
    """Keep facts, or note that the state of every case is asked for."""
    return _keep(batch, one, data) if isinstance(data, FactsTold) else _asked(batch, one)


def _keep(batch: ReceiveBatch, one: Inbound, told: FactsTold) -> Applied:
    """Keep what a center tells of its own records, under its own name."""
    tx, context, center = batch.uow.tx, batch.uow.context, one.message.source
    if not context.keeps_facts:
        return NO_LEDGER
    if one.message.subject != lane_of(center):
        return NOT_ITS_LANE
    ledger.take(tx, center, told, epoch_of(one.message.sequence), batch.uow.now_ms, context.keeping)
    return DONE


def _asked(batch: ReceiveBatch, one: Inbound) -> Applied:
    context = batch.uow.context
    if one.message.subject != lane_of(context.me):
        return NOT_ITS_LANE
    if context.ledger is None or context.ledger.name != one.message.source:
        return NOT_OUR_LEDGER
    facts.ask(batch.uow.tx, context.ledger.name)
    return DONE
