"""Recovery as the flow sees it: one object, with a hook for each moment at which a step has to ask it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bus.context import CenterContext
from bus.contract.envelope import Message
from bus.contract.messages import LogAsked, LogTold
from bus.recovery import requester, responder
from bus.recovery.complete import complete
from bus.recovery.responder import enter_epochs
from bus.store import archive, recovery
from bus.store.archive import OwedPage
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

STILL_COMING_MS = 3_600_000
"""For so long after a recovery a case that is not known here may still come: peers say again what was lost before its
receipt, with pauses of ten minutes at most, and the center's own system may have heard of it in the lost time."""


class RecoveryOutcome(StrEnum):
    """How a message of a recovery ended."""

    ASKED = "asked"
    TOLD = "told"
    TOLD_AGAIN = "told-again"
    """A page that is not awaited."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """What a center may say now."""

    epoch: int
    """In which it speaks."""
    recovers: bool
    """It says nothing of cases until it knows its own again."""
    questions: list[tuple[str, LogAsked]]
    """Whom it asks, and what."""


class Recovery:
    """What the steps know of a recovery."""

    def before_start(self, tx: Tx, context: CenterContext, now: datetime) -> None:
        """Engine, once: a recovery that a peer has pushed too far begins anew."""
        requester.begin_anew_if_wild(tx, context, now)

    def before_claim(self, tx: Tx, context: CenterContext, now: datetime) -> Speaking:
        """Relay, before it claims: a recovery in which everybody has told ends here, and then all is said as ever."""
        epoch = recovery.epoch(tx)
        if epoch.recovery is not None and requester.all_told(tx):
            complete(tx, context, now)
            epoch = recovery.epoch(tx)
        recovers = epoch.recovery is not None
        return Speaking(epoch.number, recovers, requester.questions(tx, epoch, now) if recovers else [])

    def pages(
        self, store: Store, owed: Iterable[OwedPage], is_member: Callable[[str], bool]
    ) -> list[tuple[OwedPage, LogTold | None]]:
        """Relay, after its claim: the pages that peers have asked for; None for one that cannot be made."""
        return responder.pages(store, owed, is_member)

    def filter_inbound(self, tx: Tx, messages: Collection[Message[Any]]) -> dict[str, int]:
        """Receive, before anything is applied: the epochs in which the senders speak, where it is not the first. What
        they said in an earlier one counts no more."""
        return enter_epochs(tx, messages)

    def epochs(self, tx: Tx, peers: Iterable[str]) -> dict[str, int]:
        """Receive, when it goes on with what was held back: the same, by the peers' names."""
        return {peer: known for peer, (known, _) in archive.epochs(tx, peers).items()}

    def blocks_inbound(self, uow: UnitOfWork) -> bool:
        """Receive: whether nothing about cases is applied now."""
        return uow.epoch.recovery is not None

    def hear(self, tx: Tx, context: CenterContext, message: Message[Any], now: datetime) -> RecoveryOutcome:
        """Receive: a peer asks for our log, or tells its own. Raises ``Refusal``."""
        if isinstance(message.data, LogAsked):
            responder.take_asked(tx, message, ms(now))
            return RecoveryOutcome.ASKED
        return RecoveryOutcome(requester.take_told(tx, context, message, now))

    def blocks_intake(self, uow: UnitOfWork) -> bool:
        """Intake: whether no form is taken in now."""
        return uow.epoch.recovery is not None

    def may_still_come(self, uow: UnitOfWork) -> bool:
        """Intake: whether a case that is not known here may have been lost, and still come."""
        ended_ms = uow.epoch.ended_ms
        return ended_ms is not None and uow.now_ms < ended_ms + STILL_COMING_MS


RECOVERY = Recovery()
"""The one that every step asks."""
