"""Claims (认领): a named person of the center takes a matter upon itself, and the first one has it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from bus.contract.types import Moment, NativeId, Strict
from bus.custody.claim import already_claimed
from bus.custody.commands import Accept, Claim, Command, PostHolder, Report
from bus.sdk.center import Commands, IntakeContext, Link, Reject
from bus.sdk.workorders.acts import Act

TICKET = "claim"
"""Under this name each round's claim is linked: an older program looks for it too."""


class Claiming(Act):
    """认领: somebody of the center takes the matter from the board; the first one has it."""

    said = "claim"
    claimant: PostHolder
    post: PostHolder | None = None
    due: Moment | None = None

    def commands(self, context: IntakeContext, case_id: UUID, event_id: str) -> Commands:
        """The first claimant gets the matter; of a matter that is offered to this center, a claim accepts the offer."""
        return claimed(context, case_id, self.claimant, self.post, self.due)


class ClaimForm(Strict):
    """认领、领办: form ``claim`` of a board of its own; an adapter adds how it names the record."""

    claim_no: NativeId = Field(title="认领流水号")
    claimant: PostHolder = Field(title="认领人")
    post: PostHolder | None = Field(default=None, title="职务")
    due: Moment | None = Field(default=None, title="承诺期限")


def claimed(
    context: IntakeContext, case_id: UUID, claimant: str, post: str | None, due: datetime | None
) -> list[Command | Link]:
    """What a claim asks of the bus. Raises ``Reject``: ``claimed``, which names who has the matter."""
    record = context.record(case_id)
    ticket = f"{case_id}/{record.round}"
    if context.known(TICKET, ticket) is not None:
        by = record.claim.who if record.claim is not None else None
        taken = already_claimed(by or "他人 / somebody")
        raise Reject(taken.code, taken.cure)
    text = f"{claimant}（{post}）认领" if post else f"{claimant}认领"
    taking: Command = Report(case_id=case_id, stage="claimed", text=text, due=due)
    if record.offer_in is not None:
        taking = Accept(case_id=case_id, commitment=text, due=due)
    mark = Link(case_id=case_id, system=TICKET, native_id=ticket)
    return [taking, Claim(case_id=case_id, claimant=claimant, post=post), mark]
