"""Escalation: an arbiter that reads it is told of a term that has long ended, and hears how the case ends."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.codec import decode
from bus.custody import Refusal, Status
from bus.custody import commands as c
from bus.custody.record import Reads
from bus.pipeline.circuit_breaker import CircuitBreaker, HandlerOutcome, RetryPolicy
from bus.pipeline.handle import finish_and_claim, perform
from bus.sdk.center import Center
from tests.harness.clocked import Clocked, at, clocked
from tests.harness.step import MEDIA, PARTY, carry
from tests.unit.test_remind import COUNTY, accepted

ESCALATED = at("2026-12-04 12:00")
"""Three working days after the term."""


@dataclass
class Three:
    """Origin, holder and arbiter."""

    media: Clocked
    party: Clocked
    county: Clocked

    def read_by(self, reads: Reads) -> None:
        """Which centers read the new kinds, as all of them know."""
        for one in (self.media, self.party, self.county):
            one.center.context = replace(one.center.context, reads=reads)
            one.restart()

    def brought(self) -> None:
        """All three hear each other."""
        ones = (self.media.center, self.party.center, self.county.center)
        for _ in range(4):
            for one in ones:
                one.now = max(other.now for other in ones)
            for one in ones:
                for parcel in one.relay():
                    to = next(other for other in ones if other.context.me == decode(parcel.body).recipient)
                    to.receive(parcel.body)

    def overdue(self) -> Case:
        """A case whose term has ended three working days ago."""
        case = accepted(self.media, self.party)
        self.media.until(ESCALATED)
        return case


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    """Three centers with their clocks on."""
    made = Three(clocked(MEDIA, tmp_path, arbiter=COUNTY), clocked(PARTY, tmp_path), clocked(COUNTY, tmp_path))
    made.read_by(lambda _center, _kind: True)
    yield made
    for one in (made.media, made.party, made.county):
        one.center.close()


def escalations(one: Clocked) -> list[str]:
    """To whom a center has escalated."""
    return [to for kind, to in one.sent() if kind == k.Escalated.kind]


def test_the_arbiter_is_told_without_the_resident_and_hears_the_close(three: Three) -> None:
    """It knows the matter, may not rule on it unasked, and hears that it has ended."""
    case = three.overdue()
    assert escalations(three.media) == [COUNTY]
    assert ("term", COUNTY, "escalate.escalated") in three.media.lines()
    three.brought()
    known = three.county.record(case)
    assert (known.case.resident, known.holder, known.status) == (None, PARTY, Status.OPEN)
    with pytest.raises(Refusal, match="not-asked"):
        three.county.center.execute(c.Rule(case_id=case.case_id, holder=MEDIA, text="由你办理"))
    three.party.center.execute(c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    three.brought()
    three.media.center.execute(c.Close(case_id=case.case_id, replied_at=three.media.center.now))
    three.brought()
    assert three.county.record(case).status is Status.CLOSED


def test_an_arbiter_that_does_not_read_it_is_told_nothing(three: Three) -> None:
    """The reminder is a line in the journal, as before the wire had words for it."""
    three.read_by(lambda _center, _kind: False)
    case = three.overdue()
    assert escalations(three.media) == []
    assert ("term", COUNTY, "escalate.noted") in three.media.lines()
    assert three.media.record(case).told == ()


def test_an_escalation_moves_no_case(three: Three) -> None:
    """Holder, version, offers, arbitration and status stay at both ends."""
    case = accepted(three.media, three.party)
    before = three.media.record(case)
    three.media.until(ESCALATED)
    after = three.media.record(case)
    assert after.with_(reminded=(), told=()) == before.with_(reminded=(), told=())
    assert after.told == (COUNTY,)


def test_an_adapter_without_a_handler_has_it_journaled(three: Three) -> None:
    """It is not parked: nobody could mend it. Any other kind without a handler is."""
    three.overdue()
    three.brought()
    county, breaker = three.county.center, CircuitBreaker(RetryPolicy())
    bare: Center[None] = Center("command_center", lambda _client: None)
    _, claimed = finish_and_claim(county.store, county.context, [], breaker, county.now, 10)
    assert [one.message.data.kind for one in claimed] == [k.Escalated.kind]
    done = [perform(bare, None, lambda _paper: b"", one, county.now) for one in claimed]
    finish_and_claim(county.store, county.context, done, breaker, county.now, 10)
    assert three.county.tasks() == []
    assert [(one.outcome, one.code) for one in done] == [(HandlerOutcome.DONE, "no-handler")]


def test_a_light_says_what_is_waited_for(three: Three) -> None:
    """The reminder carries level, clock and date; what people urge carries none, byte for byte as before."""
    case = accepted(three.media, three.party)
    three.media.until(at("2026-12-01 12:00"))
    bodies = [decode(parcel.body) for parcel in three.media.center.relay()]
    (urge,) = [one.data for one in bodies if isinstance(one.data, k.Urged)]
    assert (urge.level, urge.clock, urge.due) == (1, "term", at("2026-11-30 23:59:59"))
    three.media.center.execute(c.Urge(case_id=case.case_id, text="请尽快"))
    (plain,) = [parcel.body for parcel in three.media.center.relay() if b"case.urged" in parcel.body]
    assert b"level" not in plain
    assert b"clock" not in plain


def test_more_time_is_asked_for_and_granted_between_centers(three: Three) -> None:
    """Through stores and messages: the term at the origin is the later one, and its clock runs to that."""
    case = accepted(three.media, three.party)
    later = at("2026-12-08 12:00")
    with pytest.raises(Refusal, match="needs-approval"):
        three.party.center.execute(c.Report(case_id=case.case_id, stage="extended", text="延期", due=later))
    three.party.center.execute(c.AskExtension(case_id=case.case_id, until=later, reason="等待配件"))
    three.brought()
    three.media.center.execute(c.AnswerExtension(case_id=case.case_id, granted=True))
    three.brought()
    assert three.media.record(case).term == later
    three.media.until(at("2026-12-04 12:00"))
    assert [line for line in three.media.lines() if line[2].startswith("urge")] == []
    three.media.until(at("2026-12-09 12:00"))
    assert ("term", PARTY, "urge.urged") in three.media.lines()


def test_with_the_clocks_off_the_holder_reports_as_before(three: Three) -> None:
    """No grant is needed; nothing is asked."""
    case = accepted(three.media, three.party)
    three.party.center.context = replace(three.party.center.context, clocks=None)
    later = at("2026-12-08 12:00")
    three.party.center.execute(c.Report(case_id=case.case_id, stage="extended", text="延期", due=later))
    with pytest.raises(Refusal, match="clocks-off"):
        three.party.center.execute(c.AskExtension(case_id=case.case_id, until=later, reason="等待配件"))
    three.brought()
    assert (three.media.record(case).due, three.media.record(case).term) == (later, None)
    carry(three.media.center, three.party.center)
