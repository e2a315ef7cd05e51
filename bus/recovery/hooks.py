"""Recovery as the flow sees it: one object, with a hook for each moment at which a step asks it."""

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
"""How long after a recovery an unknown case may still come. Peers resend messages lost before their receipt, with
backoff up to ten minutes, and the center's own system may have heard of the case in the lost time."""


class RecoveryOutcome(StrEnum):
    """The outcome of a recovery's message."""

    ASKED = "asked"
    TOLD = "told"
    TOLD_AGAIN = "told-again"
    """A page that is not awaited."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """What a center may say now."""

    epoch: int
    """Its epoch."""
    recovers: bool
    """Whether it recovers; then it sends nothing about cases."""
    questions: list[tuple[str, LogAsked]]
    """The peers to ask, and the questions."""


class Recovery:
    """The steps' access to a recovery."""

    def before_start(self, tx: Tx, context: CenterContext, now: datetime) -> None:
        """Engine, once: restart a recovery that a peer has pushed too far."""
        requester.begin_anew_if_wild(tx, context, now)

    def before_claim(self, tx: Tx, context: CenterContext, now: datetime) -> Speaking:
        """Relay, before it claims: end a recovery in which every peer has told."""
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
        """Receive, before anything is applied: the epochs of senders that are not in their first. What they said in an
        earlier one no longer counts."""
        return enter_epochs(tx, messages)

    def epochs(self, tx: Tx, peers: Iterable[str]) -> dict[str, int]:
        """Receive, for held-back messages: the same as ``filter_inbound``, by the peers' names."""
        return {peer: known for peer, (known, _) in archive.epochs(tx, peers).items()}

    def blocks_inbound(self, uow: UnitOfWork) -> bool:
        """Receive: whether no message about cases is applied now."""
        return uow.epoch.recovery is not None

    def hear(self, tx: Tx, context: CenterContext, message: Message[Any], now: datetime) -> RecoveryOutcome:
        """Receive: handle a peer's question for our log, or its page. Raises ``Refusal``."""
        if isinstance(message.data, LogAsked):
            responder.take_asked(tx, message, ms(now))
            return RecoveryOutcome.ASKED
        return RecoveryOutcome(requester.take_told(tx, context, message, now))

    def blocks_intake(self, uow: UnitOfWork) -> bool:
        """Intake: whether no form is taken in now."""
        return uow.epoch.recovery is not None

    def blocks_clocks(self, uow: UnitOfWork) -> bool:
        """Remind: whether nobody is reminded now, since the records are not yet what they were."""
        return uow.epoch.recovery is not None

    def may_still_come(self, uow: UnitOfWork) -> bool:
        """Intake: whether an unknown case may have been lost, and may still come."""
        ended_ms = uow.epoch.ended_ms
        return ended_ms is not None and uow.now_ms < ended_ms + STILL_COMING_MS


RECOVERY = Recovery()
"""The instance that every step asks."""
