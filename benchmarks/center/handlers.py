"""The benchmark's handlers: one form, which becomes a case and its offer; and the offer at the other center, which is
only timed.
"""

import time
from typing import Any

from pydantic import BaseModel

from bus.contract.case import Person, Place, Source
from bus.contract.envelope import Message
from bus.contract.messages import Offered
from bus.custody.commands import Offer, Register
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext

DIVISION = "150402001000"


class Matter(BaseModel):
    """A resident's trouble."""

    native_id: str
    text: str
    to: str
    """The center that it is offered to at once; empty: none."""


def _nothing(_vendor: object) -> None:
    return None


center: Center[None] = Center("bench", _nothing)


@center.form("matter", Matter, lambda form: form.native_id)
def matter(context: IntakeContext, form: Matter) -> Commands:
    """Register the case, and offer it at once."""
    case = context.new_case(
        title="小区供暖温度不足",
        text=form.text,
        category="housing.heating",
        place=Place(division=DIVISION, text="红山区某小区"),
        channel="app",
        source=Source(system="bench", record=form.native_id),
        resident=Person(name="某某", phone="000-0000"),
    )
    return [Register(case=case), *([Offer(case_id=case.case_id, to=(form.to,))] if form.to else [])]


arrived: dict[str, float] = {}
"""The moment at which the center's own system would have had each matter, by the machine's monotonic clock."""


@center.on(Offered)
def offered(_desk: HandlerContext[Any], message: Message[Offered]) -> Commands:
    """Note the time. The work of the center's own system is not measured, only its start."""
    arrived[message.data.case.source.record] = time.monotonic()
    return []
