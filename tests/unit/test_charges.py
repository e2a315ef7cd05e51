"""Charges: whose time it was."""

from datetime import datetime
from itertools import pairwise

from bus.clocks.charges import Charge, Step, Why, age, charges
from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import Record, register
from bus.custody import commands as c
from bus.custody.grants import Extension, Hold
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, PARTY, matter
from tests.unit.test_clock_marks import MONDAY, at

NOW = at("2026-11-30 09:00")


def case(**changes: object) -> Record:
    """A case that the media center heard on Monday."""
    heard = matter(MEDIA).model_copy(update={"received_at": MONDAY})
    return register(c.Register(case=heard), MEDIA, COUNTY).record.with_(**changes)


def step(when: str, way: str, kind: str, peer: str, holder: str = MEDIA, arrived: str | None = None) -> Step:
    """One line of the journal."""
    return Step(at(when), way, kind, peer, holder, at(arrived) if arrived else None)


def spans(record: Record, *steps: Step, now: datetime = NOW) -> list[tuple[str, Why, str]]:
    """Center, reason, and the day and hour at which its time ends."""
    found: tuple[Charge, ...] = charges(record, steps, now)
    for one, other in pairwise(found):
        assert other.begins in (one.ends, one.begins)
    return [(one.center, one.why, one.ends.strftime("%d %H:%M")) for one in found]


def offer(peer: str, when: str, arrived: str | None) -> Step:
    """An offer that was said."""
    return step(when, "said", "case.offered", peer, arrived=arrived)


def test_the_holder_then_the_center_that_was_offered_it_then_the_new_holder() -> None:
    """The road is nobody's; from the receipt on it is the asked center's, until it answers."""
    assert spans(
        case(),
        offer(PARTY, "2026-11-24 09:00", "2026-11-24 10:00"),
        step("2026-11-25 09:00", "heard", "case.accepted", PARTY, PARTY),
    ) == [
        (MEDIA, Why.HOLDER, "24 09:00"),
        ("", Why.ROAD, "24 10:00"),
        (PARTY, Why.OFFERED, "25 09:00"),
        (PARTY, Why.HOLDER, "30 09:00"),
    ]


def test_an_offer_that_never_arrives_is_the_roads() -> None:
    """Three days without a receipt charge nobody that could not know."""
    assert spans(case(), offer(PARTY, "2026-11-24 09:00", None))[1:] == [("", Why.ROAD, "30 09:00")]


def test_each_return_is_its_decliners_and_then_the_offerers() -> None:
    """Declined twice: the time until each answer is the decliner's, after it the offerer has it again."""
    assert spans(
        case(),
        offer(PARTY, "2026-11-24 09:00", "2026-11-24 09:00"),
        step("2026-11-25 09:00", "heard", "case.declined", PARTY),
        offer(CIVIL, "2026-11-26 09:00", "2026-11-26 09:00"),
        step("2026-11-27 09:00", "heard", "case.declined", CIVIL),
    ) == [
        (MEDIA, Why.HOLDER, "24 09:00"),
        (PARTY, Why.OFFERED, "25 09:00"),
        (MEDIA, Why.RETURNED, "26 09:00"),
        (CIVIL, Why.OFFERED, "27 09:00"),
        (MEDIA, Why.RETURNED, "30 09:00"),
    ]


def test_the_own_answer_to_an_offer_counts_the_same() -> None:
    """Seen from the center that was asked."""
    theirs = case(me=PARTY)
    assert spans(
        theirs,
        step("2026-11-24 09:00", "heard", "case.offered", MEDIA),
        step("2026-11-25 09:00", "said", "case.declined", MEDIA),
    ) == [(MEDIA, Why.HOLDER, "24 09:00"), (PARTY, Why.OFFERED, "25 09:00"), (MEDIA, Why.RETURNED, "30 09:00")]


def test_the_arbiter_until_it_rules() -> None:
    """From the question on; its ruling gives the case to another."""
    assert spans(
        case(),
        step("2026-11-24 09:00", "said", "case.arbitration-requested", COUNTY),
        step("2026-11-26 09:00", "heard", "case.ruled", COUNTY, CIVIL),
    ) == [
        (MEDIA, Why.HOLDER, "24 09:00"),
        (COUNTY, Why.ARBITER, "26 09:00"),
        (CIVIL, Why.HOLDER, "30 09:00"),
    ]


def test_the_origin_after_the_result_and_nobody_after_the_close() -> None:
    """The reply is the origin's; a new round is the holder's again."""
    record = case(holder=PARTY)
    assert spans(
        record,
        step("2026-11-24 09:00", "heard", "case.accepted", PARTY, PARTY),
        step("2026-11-25 09:00", "heard", "case.resolved", PARTY, PARTY),
        step("2026-11-26 09:00", "did", "close", MEDIA, PARTY),
        now=at("2026-11-27 09:00"),
    ) == [(MEDIA, Why.HOLDER, "24 09:00"), (PARTY, Why.HOLDER, "25 09:00"), (MEDIA, Why.REPLY, "26 09:00")]


def test_a_hold_is_nobodys_and_the_age_goes_on() -> None:
    """The holder is not charged; the figures are there with and without."""
    held = Hold(begins=at("2026-11-24 09:00"), until=at("2026-11-26 09:00"), by=MEDIA, ended=at("2026-11-25 09:00"))
    record = case(holds=(held,))
    found = charges(record, (), NOW)
    assert [(one.center, one.why) for one in found] == [
        (MEDIA, Why.HOLDER),
        ("", Why.HOLD),
        (MEDIA, Why.HOLDER),
    ]
    waited = age(record, found, NOW)
    assert (waited.whole, waited.held) == (NOW - MONDAY, at("2026-11-25 09:00") - at("2026-11-24 09:00"))


def asked(answered: str | None, granted: bool | None) -> Extension:
    """Asked on Tuesday, for a term that ends on Thursday."""
    return Extension(
        extension_id=new_id(),
        what=k.MoreTime.EXTENSION,
        by=PARTY,
        approver=MEDIA,
        at=at("2026-11-24 09:00"),
        until=NOW,
        due=at("2026-11-26 09:00"),
        answered_at=at(answered) if answered else None,
        granted=granted,
    )


def test_more_time_that_was_not_answered_in_time_is_the_approvers() -> None:
    """From the asking on. One that was answered in time, either way, stays the holder's."""
    taken = step("2026-11-23 10:00", "heard", "case.accepted", PARTY, PARTY)
    silent = case(holder=PARTY, extensions=(asked(None, None),))
    assert spans(silent, taken)[1:] == [(PARTY, Why.HOLDER, "24 09:00"), (MEDIA, Why.EXTENSION, "30 09:00")]
    late = case(holder=PARTY, extensions=(asked("2026-11-27 09:00", granted=False),))
    assert (MEDIA, Why.EXTENSION, "27 09:00") in spans(late, taken)
    answered = case(holder=PARTY, extensions=(asked("2026-11-25 09:00", granted=False),))
    assert Why.EXTENSION not in {why for _, why, _ in spans(answered, taken)}


def test_an_offer_to_several_charges_each_that_has_it() -> None:
    """Side by side, until the first bid."""
    found = spans(
        case(),
        offer(PARTY, "2026-11-24 09:00", "2026-11-24 09:00"),
        offer(CIVIL, "2026-11-24 09:00", "2026-11-24 09:00"),
        step("2026-11-25 09:00", "heard", "case.accepted", CIVIL, CIVIL),
    )
    assert found[1:] == [
        (PARTY, Why.OFFERED, "25 09:00"),
        (CIVIL, Why.OFFERED, "25 09:00"),
        (CIVIL, Why.HOLDER, "30 09:00"),
    ]
