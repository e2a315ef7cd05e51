"""After a restore nobody is reminded twice: what was said since the backup is known by its text."""

from datetime import timedelta
from uuid import UUID

import pytest

from bus.clocks.rules import Level
from bus.custody import commands as c
from tests.harness.clocked import Clocked, at
from tests.harness.recovering_county import Restored
from tests.harness.step import a_case
from tests.unit.test_recovery import A, B, county, does, record, rest

__all__ = ["county"]

WEDNESDAY = at("2026-11-25 09:00")


@pytest.fixture
def media(county: Restored) -> Clocked:
    """The media center of the county, with its clocks on."""
    county.now = at("2026-11-23 09:00")
    county.centers[A].now = county.now
    made = Clocked(county.centers[A])
    made.settle()
    return made


def offered(county: Restored) -> UUID:
    """A case that the party center is asked to take."""
    case = a_case(A, received_at=county.now)
    does(county, A, c.Register(case=case), c.Offer(case_id=case.case_id, to=(B,)))
    rest(county)
    return case.case_id


def urged(county: Restored, media: Clocked) -> list[tuple[str, str, str]]:
    """What the clocks say on Wednesday morning, which arrives."""
    county.now = WEDNESDAY
    county.centers[A].now = WEDNESDAY
    media.restart()
    media.look()
    said = media.lines()
    rest(county)
    return said


def test_what_was_said_since_the_backup_is_not_said_again(county: Restored, media: Clocked) -> None:
    """The offer, too, is known by what its recipient tells."""
    backup = county.backup(A)
    case_id = offered(county)
    assert urged(county, media) == [("sign", B, "urge.urged")]
    before = record(county, A, case_id).reminded
    county.put_back(A, backup)
    rest(county)
    back = record(county, A, case_id).reminded
    assert [(one.key, one.level, one.to) for one in back] == [(one.key, one.level, one.to) for one in before]
    county.centers[A].now = WEDNESDAY + timedelta(hours=1)
    media.restart()
    media.look()
    assert media.lines() == []


def test_what_the_backup_knows_stays_known(county: Restored, media: Clocked) -> None:
    """A case that changes after the backup keeps its reminders of before."""
    case_id = offered(county)
    assert urged(county, media) == [("sign", B, "urge.urged")]
    backup = county.backup(A)
    before = record(county, A, case_id).reminded
    does(county, A, c.Withdraw(case_id=case_id, reason="误派"))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    assert record(county, A, case_id).reminded == before


def test_a_reminder_that_nobody_has_heard_is_given_again(county: Restored, media: Clocked) -> None:
    """It was lost with the store."""
    case_id = offered(county)
    backup = county.backup(A)
    county.now = county.centers[A].now = WEDNESDAY
    media.restart()
    media.look()
    assert record(county, A, case_id).reminded[0].level == Level.URGE
    county.put_back(A, backup)
    rest(county)
    assert record(county, A, case_id).reminded == ()
    media.restart()
    media.wait(minutes=1)
    media.look()
    assert ("sign", B, "urge.urged") in media.lines()
