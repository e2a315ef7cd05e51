"""A lane of facts after a restore: what a restored ledger was told since its backup, and what a center was asked. A
command that was carried since the backup is not carried out again: its person gives it anew.
"""

from collections.abc import Iterable

from bus.contract.epochs import epoch_of
from bus.contract.facts import FactsAsked, FactsTold
from bus.contract.operations import OperationAsked, OperationTold
from bus.recovery.order import in_order
from bus.recovery.told_messages import ToldMessage
from bus.store import facts, ledger
from bus.store.unit_of_work import UnitOfWork


def is_of_facts(told: Iterable[ToldMessage]) -> bool:
    """Whether these messages stand in a lane of facts, or of commands, and not in that of a case."""
    return any(isinstance(one.message.data, FactsTold | FactsAsked | OperationAsked | OperationTold) for one in told)


def hear_facts_again(uow: UnitOfWork, heard: Iterable[ToldMessage]) -> None:
    """Apply what was heard in this lane since the backup. Where something is missing all the same, the ledger asks."""
    for message in in_order(one.message for one in heard if one.readable):
        if isinstance(message.data, FactsTold) and uow.context.keeps_facts:
            epoch = epoch_of(message.sequence)
            ledger.take(uow.tx, message.source, message.data, epoch, uow.now_ms, uow.context.keeping)
        elif isinstance(message.data, FactsAsked):
            facts.ask(uow.tx, message.source)
