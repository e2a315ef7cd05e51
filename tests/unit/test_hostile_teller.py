"""One member tells the ledger whatever it likes, with a valid key: it fills its own bounds, and harms nobody else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

import bus.operations.audit
from bus.audit import MOST_OF_A_PAIR, CaseView, Violation, judge
from bus.audit.bounds import MOST_CLEARED
from bus.contract.case import Urgency
from bus.contract.facts import MOST_FACTS, CaseState, Fact, FactsTold, lane_of
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.pipeline.quotas import FACTS_A_DAY
from bus.pipeline.telling import Told, say
from bus.settings import Quotas
from bus.store import audit, audit_views, put_off
from bus.store import tables as t
from tests.harness.audited_county import GOVERNMENT, LEDGER, AuditedCounty
from tests.harness.step import MEDIA, PARTY, a_case
from tests.unit.test_auditor import FOUND_S, chatter, offered

LIAR = GOVERNMENT
"""The member that lies: the arbiter, which has a part in many cases."""


@pytest.fixture
def county(tmp_path: Path) -> Iterator[AuditedCounty]:
    """A county in which everybody has told something, and nothing is wrong."""
    made = AuditedCounty(tmp_path)
    for center in made.centers.values():
        center.execute(c.Register(case=a_case(center.context.me)))
    made.later(30)
    assert made.open() == []
    yield made
    made.close()


def lie(county: AuditedCounty, told: FactsTold) -> None:
    """The liar tells this in its own lane."""
    liar = county.centers[LIAR]
    lane = lane_of(LIAR)
    liar.store.write(lambda tx: say(tx, liar.context, LEDGER, Told(told), lane, liar.now))


def a_state(county: AuditedCounty, case_id: UUID, **more: Any) -> CaseState:
    """A state that the liar tells."""
    given: dict[str, Any] = {
        "case_id": case_id, "origin": LIAR, "holder": LIAR, "version": 1, "round": 1, "status": "open",
        "category": "housing", "urgency": Urgency.NORMAL, "opened": county.centers[LIAR].now,
    }  # fmt: skip
    return CaseState(**(given | more))


def a_fact(county: AuditedCounty, case_id: UUID, way: str, **more: Any) -> Fact:
    """A fact that the liar tells."""
    given: dict[str, Any] = {"at": county.centers[LIAR].now, "way": way, "holder": LIAR, "version": 1, "round": 1}
    return Fact(case_id=case_id, **(given | more))


def unheard(county: AuditedCounty, case_id: UUID) -> Fact:
    """A message that was never said."""
    return a_fact(county, case_id, "said", kind="case.urged", peer=PARTY, message_id=new_id())


def kept(county: AuditedCounty) -> Counter[str]:
    """How many rows of findings the ledger has, by code."""
    with county.ledger.store.reading() as tx:
        return Counter(tx.execute(select(t.findings.c.code)).scalars())


def test_a_liar_fills_its_own_bound_and_what_is_more_is_counted(county: AuditedCounty) -> None:
    """Three thousand messages that were never said: two hundred findings, and one that stands for the rest; and what is
    wrong between two honest centers is found within the minute all the same."""
    for _ in range(6):
        case_id = new_id()
        facts = tuple(unheard(county, case_id) for _ in range(MOST_FACTS))
        lie(county, FactsTold(facts=facts, states=(a_state(county, case_id),)))
    command = offered(county, sign_by=county.centers[MEDIA].now + timedelta(seconds=30))
    county.seconds_until(lambda: any(one.subject == str(command.case_id) for one in county.open()), 30 + FOUND_S)
    county.later(60)
    found = kept(county)
    assert found["overdue-receipt"] == MOST_OF_A_PAIR
    (many,) = [one for one in county.open() if one.code == "many-findings"]
    assert many.subject == f"{PARTY} {LIAR}"
    assert many.more >= 6 * 300 - MOST_OF_A_PAIR


def test_names_that_nobody_has_give_a_liar_no_more_room(county: AuditedCounty) -> None:
    """Offers past their deadline to a new ghost each time are bounded as one."""
    moment = county.centers[LIAR].now
    for first in range(0, 600, 200):
        states = tuple(
            a_state(county, new_id(), offered_to=(f"ghost{first + number}-150402",), sign_by=moment)
            for number in range(200)
        )
        lie(county, FactsTold(states=states))
    county.later(90)
    assert kept(county)["stuck-offer"] == MOST_OF_A_PAIR


def test_what_stands_for_others_clears_when_there_is_room(county: AuditedCounty) -> None:
    """The liar owns up: all heals, and of the findings that have cleared not every one is remembered."""
    cases = [new_id() for _ in range(MOST_FACTS)]
    for _ in range(MOST_CLEARED // MOST_OF_A_PAIR + 2):
        lie(county, FactsTold(states=tuple(a_state(county, case_id, version=3) for case_id in cases)))
        lie(county, FactsTold(facts=tuple(a_fact(county, case_id, "did", version=9) for case_id in cases)))
        county.later(30)
        assert {one.code.value for one in county.open()} == {"set-back", "many-findings"}
        lie(county, FactsTold(states=tuple(a_state(county, case_id, version=9) for case_id in cases)))
        county.later(30)
        assert county.open() == []
    assert kept(county)["set-back"] == MOST_CLEARED


def test_a_flood_about_one_case_hides_nothing_that_others_tell_of_it(county: AuditedCounty) -> None:
    """What honest centers have told is read, however much a liar tells of their case; the liar's older facts go."""
    command = offered(county, sign_by=county.centers[MEDIA].now + timedelta(seconds=90))
    county.later(10)
    for _ in range(4):
        facts = tuple(a_fact(county, command.case_id, "did", version=0) for _ in range(MOST_FACTS))
        lie(county, FactsTold(facts=facts))
    county.later(30)
    with county.ledger.store.reading() as tx:
        (view,) = audit_views.views(tx, [str(command.case_id)], audit.tellers(tx))
        by_center: dict[str, int] = dict(
            tx.execute(
                select(t.ledger_facts.c.center, func.count())
                .where(t.ledger_facts.c.case_id == str(command.case_id))
                .group_by(t.ledger_facts.c.center)
            ).all()
        )
    assert {(one.center, one.way, one.kind) for one in view.facts if one.center != LIAR} >= {
        (MEDIA, "said", "case.offered"),
        (PARTY, "heard", "case.offered"),
    }
    assert by_center[LIAR] < 3 * MOST_FACTS
    county.seconds_until(lambda: ("stuck-offer", PARTY) in county.codes(), 90 + FOUND_S)


def test_a_center_that_tells_too_much_a_day_is_put_off_until_the_next(county: AuditedCounty) -> None:
    """Nothing of it is kept beyond the quota, the others are heard; a day later it is heard again."""
    county.ledger.context = _with(county, Quotas(facts_a_day=10_000))
    with county.ledger.store.reading() as tx:
        before = tx.execute(select(func.count()).select_from(t.ledger_states)).scalar_one()
    for _ in range(25):
        lie(county, FactsTold(states=tuple(a_state(county, new_id()) for _ in range(MOST_FACTS))))
    chatter(county, MEDIA)
    county.later(60)
    with county.ledger.store.reading() as tx:
        told: dict[str, int] = dict(
            tx.execute(select(t.ledger_states.c.center, func.count()).group_by(t.ledger_states.c.center)).all()
        )
        (noted,) = put_off.listed(tx, 0)
    assert (noted["peer"], noted["quota"]) == (LIAR, FACTS_A_DAY)
    assert told[LIAR] <= 10_000 + before
    assert told[MEDIA] == 2
    for center in (*county.centers.values(), county.ledger):
        center.now += timedelta(days=1, minutes=10)
    county.later(700)
    with county.ledger.store.reading() as tx:
        after = tx.execute(select(func.count()).where(t.ledger_states.c.center == LIAR)).scalar_one()
    assert after > 12_000


def _with(county: AuditedCounty, quotas: Quotas) -> Any:
    return replace(county.ledger.context, quotas=quotas)


def test_nobody_waits_behind_a_center_that_tells_of_very_many_cases(county: AuditedCounty) -> None:
    """Of each center some cases are looked at in each round, however many another one has told of."""
    county.audits = False
    for _ in range(8):
        lie(county, FactsTold(states=tuple(a_state(county, new_id()) for _ in range(MOST_FACTS))))
    county.later(10)
    chatter(county, MEDIA)
    county.later(10)
    with county.ledger.store.reading() as tx:
        behind = tx.execute(select(func.count()).select_from(t.audit_touched)).scalar_one()
    assert behind > 8 * MOST_FACTS
    county.look()
    with county.ledger.store.reading() as tx:
        left = Counter(tx.execute(select(t.audit_touched.c.center)).scalars())
    assert left[MEDIA] == 0
    assert left[LIAR] > 6 * MOST_FACTS


def test_a_case_at_which_the_auditor_fails_holds_up_no_other(
    county: AuditedCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own findings stay as they are; what is wrong elsewhere is found, and clears."""
    poison = offered(county, sign_by=county.centers[MEDIA].now + timedelta(seconds=10))
    county.seconds_until(lambda: ("stuck-offer", PARTY) in county.codes(), 10 + FOUND_S)

    def fails(view: CaseView, now_ms: int) -> list[Violation]:
        if view.case_id == str(poison.case_id):
            raise ZeroDivisionError
        return judge(view, now_ms)

    monkeypatch.setattr(bus.operations.audit, "judge", fails)
    other = offered(county, sign_by=county.centers[MEDIA].now + timedelta(seconds=10))
    county.seconds_until(lambda: len(county.open()) == 2, 10 + FOUND_S)
    county.centers[PARTY].execute(c.Accept(case_id=other.case_id))
    county.seconds_until(lambda: len(county.open()) == 1, FOUND_S)
    assert county.open()[0].subject == str(poison.case_id)
