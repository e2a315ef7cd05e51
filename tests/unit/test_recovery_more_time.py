"""More time after a restore: what was asked, granted and held is known again, from the backup and from the peers."""

from dataclasses import replace
from uuid import UUID

import pytest

from bus.clocks.deadlines import term_ends
from bus.clocks.rules import Rules
from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody.record import Record
from tests.harness.clocked import at
from tests.harness.recovering_county import Restored
from tests.harness.step import a_case
from tests.unit.test_recovery import A, B, county, does, record, rest

__all__ = ["county"]

RULES = Rules()
LATER = at("2026-12-08 12:00")


@pytest.fixture
def held(county: Restored) -> UUID:
    """The other center has a case of the first; both have their clocks on and read the new kinds."""
    county.now = at("2026-11-23 09:00")
    for center in county.centers.values():
        center.now = county.now
        center.context = replace(center.context, clocks=RULES, reads=lambda _center, _kind: True)
    case = a_case(A, received_at=county.now)
    does(county, A, c.Register(case=case), c.Offer(case_id=case.case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case.case_id))
    rest(county)
    return case.case_id


def granted(county: Restored, case_id: UUID, what: k.MoreTime = k.MoreTime.EXTENSION) -> None:
    """More time is asked for, and granted."""
    does(county, B, c.AskExtension(case_id=case_id, until=LATER, reason="等待配件", what=what))
    rest(county)
    does(county, A, c.AnswerExtension(case_id=case_id, granted=True))
    rest(county)


def kept(one: Record) -> tuple[object, ...]:
    """What the record knows of more time."""
    asked = tuple((x.extension_id, x.what, x.granted, x.until, x.approver) for x in one.extensions)
    return asked, tuple((x.begins, x.ended, x.until) for x in one.holds), one.term, one.extended, one.informed


@pytest.mark.parametrize("lost", [A, B])
@pytest.mark.parametrize("late", [False, True])
def test_a_granted_term_stands(county: Restored, held: UUID, lost: str, late: bool) -> None:
    """At the approver and at the holder, whether the backup knew of it or not."""
    if not late:
        backup = county.backup(lost)
    granted(county, held)
    if late:
        backup = county.backup(lost)
    before = kept(record(county, lost, held))
    assert before[2] == LATER
    county.put_back(lost, backup)
    rest(county)
    assert kept(record(county, lost, held)) == before
    assert term_ends(record(county, lost, held), RULES) == LATER


@pytest.mark.parametrize("lost", [A, B])
def test_a_hold_stands(county: Restored, held: UUID, lost: str) -> None:
    """Its begin and its end, as they were said."""
    backup = county.backup(lost)
    granted(county, held, k.MoreTime.HOLD)
    does(county, B, c.Hold(case_id=held, text="等待配件"))
    rest(county)
    does(county, B, c.Resume(case_id=held, text="配件已到"))
    rest(county)
    ends = {term_ends(record(county, center, held), RULES) for center in (A, B)}
    county.put_back(lost, backup)
    rest(county)
    assert {term_ends(record(county, center, held), RULES) for center in (A, B)} == ends
    assert len(record(county, lost, held).holds) == 1


def test_a_complaint_that_was_answered_is_not_awaited_again(county: Restored) -> None:
    """The offerer decides, as before the restore."""
    county.now = at("2026-11-23 09:00")
    third = next(name for name in county.centers if name not in (A, B))
    county.centers[A].context = replace(county.centers[A].context, arbiter=third)
    case = a_case(A, received_at=county.now)
    does(county, A, c.Register(case=case))
    backup = county.backup(A)
    does(county, A, c.Offer(case_id=case.case_id, to=(B,)))
    rest(county)
    does(county, A, c.AskArbiter(case_id=case.case_id, ground=k.Ground.SILENT))
    rest(county)
    does(county, B, c.Decline(case_id=case.case_id, reason=k.Reason.NOT_DUTY))
    rest(county)
    assert record(county, A, case.case_id).arbitration is None
    county.put_back(A, backup)
    rest(county)
    back = record(county, A, case.case_id)
    assert (back.arbitration, back.told) == (None, (third,))
