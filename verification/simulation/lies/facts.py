"""Lies to the county's ledger: facts of what never happened, and of other centers' cases. Told only where there is one.

The schema allows all of it, and the ledger keeps it under the liar's name: what it contradicts is a finding.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from bus.contract.facts import CaseState, Fact, FactsAsked, FactsTold, Wait, lane_of
from verification.simulation.keys import LEDGER
from verification.simulation.lies.ground import Ground, Matter, Word

WAYS = ("did", "said", "heard", "superseded", "refused", "discarded", "ended", "restored", "erased")
KINDS = ("case.offered", "case.accepted", "case.declined", "case.closed", "register", "accept", "rule", None)
VERSIONS = (0, 1, 2, 3, 999, 1001, 2_000_000_000)


def _a_fact(ground: Ground, matter: Matter) -> Fact:
    draw = ground.draw
    return Fact(
        case_id=matter.subject,
        at=ground.now + timedelta(seconds=draw.choice((-86_400, 0, 0, 0, 86_400, 31_536_000))),
        way=draw.choice(WAYS),
        kind=draw.choice(KINDS),
        peer=ground.anyone(),
        message_id=draw.choice((*ground.others_ids, ground.new_id())),
        holder=ground.anyone(),
        version=draw.choice(VERSIONS),
        round=draw.choice((1, 1, 2, 99)),
    )


def _a_state(ground: Ground, matter: Matter) -> CaseState:
    draw = ground.draw
    return CaseState(
        case_id=matter.subject,
        origin=matter.case.origin,
        holder=ground.anyone(),
        version=draw.choice(VERSIONS),
        round=1,
        status=draw.choice(("open", "resolved", "closed", "no-such-status")),
        category="housing",
        urgency=matter.case.urgency,
        opened=matter.case.received_at,
        offered_to=draw.choice(((), (ground.someone(),), ground.ghosts(100))),
        sign_by=draw.choice((None, ground.now)),
        waits=draw.choice(((), (Wait(what="ruling", of=ground.someone(), due=ground.now),))),
        instant=None,
        hand_overs=draw.choice((None, 7)),
    )


def wild_facts(ground: Ground) -> Iterator[Word]:
    """Facts and states of cases of others, in its own lane."""
    matters = [ground.matter() for _ in range(ground.draw.choice((1, 3)))]
    facts = tuple(_a_fact(ground, matter) for matter in matters for _ in range(ground.draw.choice((1, 5))))
    states = {matter.subject: _a_state(ground, matter) for matter in matters}
    yield Word(LEDGER, FactsTold(facts=facts, states=tuple(states.values())), lane_of(ground.me))


def flood_of_facts(ground: Ground) -> Iterator[Word]:
    """As many facts of one case as a message takes."""
    matter = ground.matter()
    facts = tuple(_a_fact(ground, matter) for _ in range(500))
    yield Word(LEDGER, FactsTold(facts=facts, cut=ground.draw.random() < 0.5), lane_of(ground.me))


def in_another_lane(ground: Ground) -> Iterator[Word]:
    """Facts under another center's name, and a question that only a ledger may ask."""
    yield Word(LEDGER, FactsTold(facts=(_a_fact(ground, ground.matter()),)), lane_of(ground.someone()))
    to = ground.someone()
    yield Word(to, FactsAsked(why="new"), UUID(str(lane_of(to))))
