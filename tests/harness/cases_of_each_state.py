"""Four cases of one center, in each state that a list can show."""

from datetime import datetime, timedelta

from bus.contract.case import Case, Place
from bus.contract.messages import Outcome
from bus.custody.commands import Accept, Close, Offer, Register, Resolve
from tests.harness.step import BareCenter, a_case, carry


def cases_of_each_state(here: BareCenter, peer: BareCenter, since: datetime) -> list[Case]:
    """Two that ``here`` keeps, one that ``peer`` has taken, and one that is answered; a day apart, as N-0 to N-3."""
    me, other = here.context.me, peer.context.me
    cases = []
    for number, category in enumerate(("road", "housing", "housing.heating", "health")):
        here.now = peer.now = since + timedelta(days=number)
        case = a_case(me, category=category, number=f"N-{number}", place=Place(division="150402006"))
        cases.append(case)
        here.execute(Register(case=case))
        if number > 1:
            here.execute(Offer(case_id=case.case_id, to=(other,)))
            carry(here, peer)
            peer.execute(Accept(case_id=case.case_id))
            carry(here, peer)
    answered = cases[-1].case_id
    peer.execute(Resolve(case_id=answered, outcome=Outcome.DONE, public_reply="已办。"))
    carry(here, peer)
    here.execute(Close(case_id=answered, replied_at=here.now))
    carry(here, peer)
    return cases
