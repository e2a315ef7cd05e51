"""The remind step: what is due is said once, by whom it concerns, and moves no case."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bus.clocks.rules import Level, Rules, TermRule
from bus.clocks.terms import parse
from bus.contract import messages as k
from bus.contract.case import Case, Urgency
from bus.custody.commands import Accept, Close, Offer, Register, Resolve
from bus.recovery import requester
from bus.store import tables as t
from bus.store import timers
from bus.store.timers import TimerRow
from bus.store.unit_of_work import UnitOfWork
from tests.harness.clocked import Clocked, at, clocked, milliseconds
from tests.harness.step import MEDIA, PARTY, a_case, carry

COUNTY = "command_center-150402"


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Clocked]:
    """The media center."""
    made = clocked(MEDIA, tmp_path, arbiter=COUNTY)
    yield made
    made.center.close()


@pytest.fixture
def party(tmp_path: Path) -> Iterator[Clocked]:
    """The party service."""
    made = clocked(PARTY, tmp_path)
    yield made
    made.center.close()


def registered(media: Clocked, urgency: Urgency = Urgency.NORMAL) -> Case:
    """A case of the media center, heard now."""
    case = a_case(MEDIA, received_at=media.center.now, urgency=urgency)
    media.center.execute(Register(case=case))
    return case


def offered(media: Clocked, urgency: Urgency = Urgency.NORMAL) -> Case:
    """The same, offered to the party service."""
    case = registered(media, urgency)
    media.center.execute(Offer(case_id=case.case_id, to=(PARTY,)))
    return case


def accepted(media: Clocked, party: Clocked) -> Case:
    """The same, with the party service as its holder."""
    case = offered(media)
    carry(media.center, party.center)
    party.center.execute(Accept(case_id=case.case_id))
    carry(media.center, party.center)
    return case


def test_an_offer_that_nobody_signs_is_urged_at_the_next_opening(media: Clocked, party: Clocked) -> None:
    """One message to the center that was asked, once, and a line in the journal."""
    case = offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 08:29"))
    assert media.sent() == []
    media.until(at("2026-11-25 12:00"))
    assert media.sent() == [("case.urged", PARTY)]
    assert media.lines() == [("sign", PARTY, "urge.urged")]
    (given,) = media.record(case).reminded
    assert (given.level, given.to, given.key.split(":")[1]) == (Level.URGE, (PARTY,), "sign")


def test_a_reminder_changes_nothing_but_the_memory_of_it(media: Clocked, party: Clocked) -> None:
    """Holder, version, offers, status and the number of urges of persons stay."""
    case = offered(media)
    carry(media.center, party.center)
    before = media.record(case)
    media.until(at("2026-11-25 12:00"))
    after = media.record(case)
    assert after.reminded
    assert after.with_(reminded=()) == before


def test_the_urge_is_understood_by_its_recipient(media: Clocked, party: Clocked) -> None:
    """It is the ``case.urged`` of ever: work for the desk there, with a text that names clock and date alone."""
    offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 12:00"))
    party.center.now = media.center.now
    (parcel,) = media.center.relay()
    assert party.center.receive(parcel.body)["applied"] == 1
    assert party.tasks() == ["case.offered", "case.urged"]
    assert "签收期限 2026-11-24 23:59".encode() in parcel.body
    assert "楼道灯".encode() not in parcel.body


def test_the_own_desk_gets_its_lights_as_work(media: Clocked) -> None:
    """That the term ends soon, and that it has ended."""
    case = registered(media)
    media.until(at("2026-12-01 12:00"))
    assert [one for one in media.lines() if one[0] == "term"] == [
        ("term", MEDIA, "soon.desk"),
        ("term", MEDIA, "urge.desk"),
    ]
    assert media.tasks() == ["case.urged", "case.urged"]
    assert media.sent() == []
    assert media.record(case).urges == 0


def test_a_desk_without_a_handler_is_given_no_work(tmp_path: Path) -> None:
    """Nothing would be parked that nobody can mend: the journal has it."""
    media = clocked(MEDIA, tmp_path)
    media.has_desk = False
    media.restart()
    registered(media)
    media.until(at("2026-12-01 12:00"))
    assert ("term", MEDIA, "urge.noted") in media.lines()
    assert media.tasks() == []
    media.center.close()


def test_an_offer_without_a_receipt_is_not_urged(media: Clocked) -> None:
    """The center does not know of it: the own operator hears that nobody is there."""
    case = offered(media)
    done = media.until(at("2026-11-25 12:00"))
    assert media.sent() == [("case.offered", PARTY)]
    assert media.lines() == [("sign", PARTY, "urge.nobody-there")]
    assert sum((one.away for one in done), done[0].away) == {PARTY: 1}
    assert media.record(case).reminded[0].to == ()


def test_an_accept_that_crosses_an_urge_is_no_error(media: Clocked, party: Clocked) -> None:
    """Both are heard at the other end, in whatever order, and nothing is refused."""
    case = offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 12:00"))
    party.center.now = media.center.now
    party.center.execute(Accept(case_id=case.case_id))
    urged, accepted_ = media.center.relay(), party.center.relay()
    heard = [party.center.receive(*(one.body for one in urged)), media.center.receive(*(one.body for one in accepted_))]
    assert [set(one) & {"refused", "parked", "put-off"} for one in heard] == [set(), set()]
    assert media.record(case).holder == PARTY


def test_an_open_offer_urges_all_that_have_not_answered_and_never_ends_by_itself(media: Clocked) -> None:
    """Nobody bids: the offer stands as it stood."""
    other = "civilization_center-150402"
    case = registered(media)
    media.center.execute(Offer(case_id=case.case_id, to=(PARTY, other), mode=k.Mode.OPEN))
    media.center.store.write(lambda tx: tx.execute(t.outbox.delete()))  # as if both had receipted it
    before = media.record(case).offer_out
    media.until(at("2026-12-11 12:00"))
    first = [line for line in media.lines() if line[0] == "sign"][:5]
    assert first == [
        *(("sign", PARTY, "urge.urged"), ("sign", other, "urge.urged")),
        # the urges of the day before were never receipted
        *(("sign", PARTY, "supervise.nobody-there"), ("sign", other, "supervise.nobody-there")),
        ("sign", MEDIA, "supervise.desk"),
    ]
    assert media.record(case).offer_out == before


def test_the_arbiter_is_not_urged_in_a_case_that_it_does_not_know(media: Clocked, party: Clocked) -> None:
    """The rung that goes to it is a line in the journal: an urge would be about an unknown case there."""
    offered(media)
    carry(media.center, party.center)
    media.until(at("2026-12-02 12:00"))
    assert ("sign", COUNTY, "escalate.noted") in media.lines()
    assert {to for _, to in media.sent()} == {PARTY}


def test_an_emergency_is_urged_at_night(media: Clocked, party: Clocked) -> None:
    """Heard at 23:50, urged at 00:05."""
    media.until(at("2026-11-23 23:50"))
    offered(media, Urgency.EMERGENCY)
    party.center.now = media.center.now
    carry(media.center, party.center)
    media.until(at("2026-11-24 00:05"))
    assert ("sign", PARTY, "urge.urged") in media.lines()


def test_a_crash_before_the_commit_gives_the_reminder_later_and_once(
    media: Clocked, party: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Message, memory and timer are of one transaction."""
    offered(media)
    carry(media.center, party.center)
    media.look()
    media.until(at("2026-11-25 08:00"))
    media.wait(minutes=45)
    with monkeypatch.context() as patched:
        patched.setattr(UnitOfWork, "_write_timers", _crash)
        with pytest.raises(RuntimeError, match="out of power"):
            media.reminding.round()
    assert (media.sent(), media.lines()) == ([], [])
    media.restart()
    media.look()
    media.look()
    assert media.lines() == [("sign", PARTY, "urge.urged")]


def _crash(_uow: object) -> None:
    raise RuntimeError("out of power")


def test_what_was_answered_while_its_timer_was_due_is_not_urged(media: Clocked, party: Clocked) -> None:
    """The record of the moment counts, not the timer."""
    case = accepted(media, party)
    _due_now(media, case)
    party.center.execute(Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已办"))
    carry(media.center, party.center)
    media.center.execute(Close(case_id=case.case_id, replied_at=media.center.now))
    _due_now(media, case)
    media.look()
    assert media.lines() == []


def _due_now(media: Clocked, case: Case) -> None:
    media.center.store.write(lambda tx: timers.put(tx, [TimerRow(str(case.case_id), 1)]))


def test_nothing_is_said_after_the_last_window_of_a_closed_case(media: Clocked) -> None:
    """Rating and reopening are noted at the origin, and then the case has no timer."""
    case = registered(media)
    media.center.execute(
        Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已办"),
        Close(case_id=case.case_id, replied_at=media.center.now),
    )
    done = len(media.tasks())
    media.until(at("2026-12-20 12:00"))
    assert {line[0] for line in media.lines()} == {"rating", "reopen"}
    assert len(media.tasks()) == done
    assert media.sent() == []
    assert media.next() == {}


def test_every_open_case_has_a_next_moment(media: Clocked, party: Clocked) -> None:
    """Also when all rungs are climbed: somebody looks at it again."""
    case = accepted(media, party)
    media.until(at("2026-12-25 12:00"))
    assert media.next()[str(case.case_id)] > milliseconds("2026-12-25 12:00")
    assert ("term", "", "announce.noted") in media.lines()


def test_a_case_that_no_row_fits_harms_no_other(tmp_path: Path, party: Clocked) -> None:
    """It is looked at again in a day, and told by its code; the others are reminded of."""
    rules = Rules(terms=(TermRule(parse("5wd"), category="housing"),))
    media = clocked(MEDIA, tmp_path, rules=rules)
    strange = a_case(MEDIA, received_at=media.center.now, category="roads")
    media.center.execute(Register(case=strange))
    registered(media)
    done = media.look()
    assert done[0].unfit == {"no-term": 1}
    assert media.next()[str(strange.case_id)] == milliseconds("2026-11-24 09:00")
    media.until(at("2026-12-01 12:00"))
    assert ("term", MEDIA, "urge.desk") in media.lines()
    media.center.close()


def test_a_record_that_cannot_be_read_harms_no_other(media: Clocked) -> None:
    """The same for a damaged record."""
    bad, good = registered(media), registered(media)
    damaged = update(t.cases).where(t.cases.c.case_id == str(bad.case_id)).values(record="{}")
    media.center.store.write(lambda tx: tx.execute(damaged))
    media.look()
    assert media.next()[str(bad.case_id)] == milliseconds("2026-11-24 09:00")
    assert media.next()[str(good.case_id)] > milliseconds("2026-11-24 09:00")


def test_nobody_is_reminded_while_the_center_recovers(media: Clocked, party: Clocked) -> None:
    """The records are not yet what they were."""
    offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 08:00"))
    requester.begin(media.center.store, media.center.context, [PARTY], media.center.now)
    assert all(one.recovering for one in media.until(at("2026-11-26 12:00")))
    assert media.lines() == []
