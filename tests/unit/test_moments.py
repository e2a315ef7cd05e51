"""Moments of a record: when the holder got the case, when it was resolved, and by whose clock."""

from datetime import timedelta
from uuid import UUID

from bus.contract import messages as k
from bus.contract.envelope import compose
from bus.custody import Record, Status, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.first import FirstRound
from bus.custody.moments import with_moments
from bus.custody.progress import CONTACTED
from bus.recovery.case_history import CaseHistory
from bus.recovery.rebuild import rebuild
from tests.unit.custody_model.cases import MEDIA, NOW, PARTY, matter

LATER = NOW + timedelta(hours=5)
DAYS_LATER = NOW + timedelta(days=3)


def registered() -> Record:
    """A case of the media center."""
    return register(c.Register(case=matter(MEDIA)), MEDIA, None).record


def offered() -> tuple[Record, Record, k.Offered]:
    """The case after its offer to the party center, at both, and the offer."""
    case = registered()
    made = decide(case, c.Offer(case_id=case.case.case_id, to=(PARTY,)), NOW)
    offer = made.outgoing[0].data
    assert isinstance(offer, k.Offered)
    return made.record, heard(None, offer, MEDIA, PARTY), offer


def heard(record: Record | None, data: k.CaseKind, source: str, me: str) -> Record:
    """The record after a message that was said at ``NOW``."""
    subject: UUID = record.case.case_id if record is not None else data.case.case_id  # type: ignore[union-attr]  # opens
    return hear_message(record, data, source, me, subject, NOW).record


def test_a_case_begins_when_the_resident_was_heard() -> None:
    """Neither the holder nor the round begins with the entry into the system, which may come days later."""
    record = registered()
    assert record.since == record.round_at == record.case.received_at


def test_an_offer_counts_from_when_it_was_made() -> None:
    """An offer that was three days on its way is three days old."""
    _, theirs, _ = offered()
    assert theirs.offer_in is not None
    assert theirs.offer_in.at == NOW


def test_custody_has_its_moment_at_both_ends() -> None:
    """The acceptor has it from its own clock, and the offerer from what the message says."""
    ours, theirs, _ = offered()
    taken = decide(theirs, c.Accept(case_id=theirs.case.case_id), LATER)
    assert taken.record.since == LATER
    told = hear_message(ours, taken.outgoing[0].data, PARTY, MEDIA, ours.case.case_id, LATER).record
    assert told.since == LATER


def test_the_first_contact_is_kept_and_goes_with_the_hand() -> None:
    """A second contact changes nothing; a new holder has its own to make."""
    case = registered()
    report = c.Report(case_id=case.case.case_id, stage=CONTACTED, text="已联系居民")
    contacted = decide(case, report, LATER).record
    assert decide(contacted, report, DAYS_LATER).record.contacted_at == LATER
    passed_on = with_moments(contacted, contacted.with_(holder=PARTY, version=2), DAYS_LATER)
    assert (passed_on.since, passed_on.contacted_at) == (DAYS_LATER, None)


def test_result_close_and_new_round_have_their_moments() -> None:
    """A reopened case forgets the moments of the round before, and begins a round of its own."""
    case = registered()
    case_id = case.case.case_id
    done = decide(case, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好"), LATER).record
    assert (done.resolved_at, done.closed_at) == (LATER, None)
    closed = decide(done, c.Close(case_id=case_id, replied_at=LATER), DAYS_LATER).record
    assert (closed.status, closed.resolved_at, closed.closed_at) == (Status.CLOSED, LATER, DAYS_LATER)
    again = decide(closed, c.Reopen(case_id=case_id, text="又坏了"), DAYS_LATER).record
    assert (again.round_at, again.resolved_at, again.closed_at) == (DAYS_LATER, None, None)
    assert again.since == case.since


def test_a_reopened_case_remembers_its_first_round() -> None:
    """For the figures, and at the origin alone; a third round changes nothing of it."""
    case = registered()
    case_id = case.case.case_id
    done = decide(case, c.Resolve(case_id=case_id, outcome=k.Outcome.PARTLY, public_reply="先垫上"), LATER).record
    again = decide(done, c.Reopen(case_id=case_id, text="又坏了"), DAYS_LATER).record
    assert again.first == FirstRound(
        due=case.case.due,
        resolved_at=LATER,
        reopened_at=DAYS_LATER,
        outcome=k.Outcome.PARTLY,
        instant=False,
        by=case.me,
    )
    redone = decide(again, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好"), DAYS_LATER).record
    third = decide(redone, c.Reopen(case_id=case_id, text="还是坏"), DAYS_LATER + timedelta(days=1)).record
    assert third.first == again.first
    elsewhere = done.with_(me=PARTY)
    assert with_moments(elsewhere, elsewhere.with_(round=2, status=Status.OPEN), DAYS_LATER).first is None


def test_a_ruling_that_is_awaited_has_its_moment() -> None:
    """It begins with the question and ends with the answer."""
    arbiter = "party_service-150402"
    case = register(c.Register(case=matter(MEDIA)), MEDIA, arbiter).record
    asked = decide(case, c.AskArbiter(case_id=case.case.case_id, ground=k.Ground.DISPUTED), LATER)
    assert asked.record.arbitration_at == LATER
    assert with_moments(asked.record, asked.record.with_(arbitration=None), DAYS_LATER).arbitration_at is None


def test_a_record_of_the_release_before_is_read() -> None:
    """A record without moments is whole; it gets those of what happens from now on."""
    moments = {"since", "round_at", "contacted_at", "resolved_at", "closed_at", "arbitration_at"}
    old = Record.model_validate_json(registered().model_dump_json(exclude=moments))
    assert old.since is None
    resolve = c.Resolve(case_id=old.case.case_id, outcome=k.Outcome.DONE, public_reply="已修好")
    assert decide(old, resolve, LATER).record.resolved_at == LATER


def test_a_restored_record_knows_the_first_round_again() -> None:
    """From the backup, and from what peers have told: resolved and reopened since; its project stays."""
    ours, theirs, _ = offered()
    taken = decide(theirs, c.Accept(case_id=theirs.case.case_id), NOW).record
    case_id = taken.case.case_id
    before = ours.with_(holder=PARTY, version=2, path=(MEDIA, PARTY), offer_out=None, project="XM-1")
    done = decide(taken, c.Resolve(case_id=case_id, outcome=k.Outcome.PARTLY, public_reply="先垫上"), LATER)
    known = hear_message(before, done.outgoing[0].data, PARTY, MEDIA, case_id, LATER).record
    again = decide(known, c.Reopen(case_id=case_id, text="又坏了"), DAYS_LATER)
    told = [
        compose(done.outgoing[0].data, source=PARTY, recipient=MEDIA, now=LATER, subject=case_id, sequence=1),
        compose(again.outgoing[0].data, source=MEDIA, recipient=PARTY, now=DAYS_LATER, subject=case_id, sequence=2),
    ]
    restored = rebuild(CaseHistory(MEDIA, before, told[1:], told[:1]), None)
    assert restored is not None
    assert (restored.first, restored.project) == (again.record.first, "XM-1")
    assert restored.first is not None
    assert restored.first.resolved_at == LATER
