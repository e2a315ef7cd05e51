"""The clock of an appointed visit: its hour is known, told of before, missed two hours after, and kept by coming."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bus.clocks.deadlines import LONGEST, deadlines
from bus.clocks.marks import look, remember
from bus.clocks.rules import Clock, Level, Rules
from bus.contract import messages as k
from bus.contract.case import Sensitive
from bus.custody import Record, decide, hear_message
from bus.custody import commands as c
from bus.custody.casework import Appointment
from bus.custody.visits import APPOINTED, UNMET, VISITED
from tests.harness.clocked import Clocked, clocked
from tests.harness.step import MEDIA as MEDIA_CENTER
from tests.harness.step import a_case
from tests.unit.custody_model.cases import MEDIA, PARTY
from tests.unit.test_clock_marks import MONDAY, at, offered, registered

RULES = Rules()
VISIT = at("2026-11-25 15:00")


def report(record: Record, stage: str = APPOINTED, hour: datetime | None = VISIT) -> c.Report:
    """What the holder says of a visit."""
    return c.Report(case_id=record.case.case_id, stage=stage, text="上门", at=hour if stage == APPOINTED else None)


def appointed(hour: datetime = VISIT) -> Record:
    """A case of the media center, with a visit of its own on Wednesday."""
    record = registered()
    return decide(record, report(record, hour=hour), MONDAY).record


def visits(record: Record) -> list[tuple[datetime, datetime | None]]:
    """The appointed visits that are waited for: the hour, and from when each is missed."""
    return [(one.due, one.missed_at) for one in deadlines(record, RULES) if one.clock is Clock.APPOINTMENT]


def given(record: Record, now: datetime) -> list[tuple[Level, tuple[str, ...]]]:
    """What is said of the visit at ``now``."""
    marks = look(record, RULES, now).marks
    return [(one.level, one.to) for one in marks if one.deadline.clock is Clock.APPOINTMENT]


def test_the_holders_desk_is_told_before_the_hour_and_two_hours_after_it() -> None:
    """Each once; at the hour itself, and up to two hours later, nothing is late."""
    record = appointed()
    assert given(record, at("2026-11-25 09:00")) == []
    soon = look(record, RULES, at("2026-11-25 11:00")).marks
    assert [(one.level, one.to) for one in soon if one.deadline.clock is Clock.APPOINTMENT] == [(Level.SOON, (MEDIA,))]
    record = remember(record, soon, RULES, at("2026-11-25 11:00"))
    assert given(record, at("2026-11-25 16:59")) == []
    late = look(record, RULES, at("2026-11-25 17:00")).marks
    assert [(one.level, one.to) for one in late if one.deadline.clock is Clock.APPOINTMENT] == [(Level.URGE, (MEDIA,))]
    record = remember(record, late, RULES, at("2026-11-25 17:00"))
    assert given(record, at("2026-12-31 17:00")) == []


def test_who_is_to_come_first_thing_in_the_morning_is_told_the_day_before() -> None:
    """In office hours: at the opening it would be too late. Missed in the evening, it is told of in the morning."""
    record = appointed(at("2026-11-24 08:30"))
    assert given(record, at("2026-11-23 17:00")) == [(Level.SOON, (MEDIA,))]
    record = appointed(at("2026-11-24 17:00"))
    assert given(record, at("2026-11-24 20:00")) == []
    assert given(record, at("2026-11-25 08:30")) == [(Level.URGE, (MEDIA,))]


@pytest.mark.parametrize("stage", [VISITED, UNMET])
def test_whoever_came_is_not_reminded(stage: str) -> None:
    """Also where nobody was met: another visit is another appointment."""
    record = appointed()
    assert visits(record) == [(VISIT, VISIT + timedelta(hours=2))]
    came = decide(record, report(record, stage), VISIT).record
    assert (visits(came), came.appointment) == ([], None)


def test_another_hour_replaces_the_first_and_a_day_without_an_hour_ends_it() -> None:
    """Only the last word counts; other progress changes nothing of it."""
    record = appointed()
    later = decide(record, report(record, hour=VISIT + timedelta(days=1)), MONDAY).record
    assert [hour for hour, _ in visits(later)] == [VISIT + timedelta(days=1)]
    told = decide(later, c.Report(case_id=record.case.case_id, stage="handling", text="处理中"), MONDAY).record
    assert visits(told) == visits(later)
    assert visits(decide(later, report(record, hour=None), MONDAY).record) == []


def test_the_clock_goes_with_holder_result_and_round() -> None:
    """A new holder makes its own appointment, and a result needs none; the old one does not come back."""
    ours, theirs = offered()
    case_id = ours.case.case_id
    back = decide(theirs, c.Accept(case_id=case_id), MONDAY).record
    visiting = decide(back, report(back), MONDAY)
    heard = hear_message(ours, visiting.outgoing[0].data, PARTY, MEDIA, case_id, MONDAY).record
    assert (heard.appointment, visits(heard)) == (visiting.record.appointment, [])
    ruled = k.Ruled(
        version=1000, ruling=k.Ruling.IMPOSED, holder=MEDIA, text="由你办理", case=back.case, path=(MEDIA, PARTY)
    )
    after = hear_message(visiting.record, ruled, "county-150402", PARTY, case_id, MONDAY).record
    assert after.appointment is None
    resolve = c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已办")
    done = decide(visiting.record, resolve, VISIT)
    assert done.record.appointment is None
    known = hear_message(heard, done.outgoing[0].data, PARTY, MEDIA, case_id, VISIT).record
    again = decide(known, c.Reopen(case_id=case_id, text="没来"), VISIT).record
    assert (known.appointment, again.appointment) == (None, None)


def test_the_first_word_of_a_new_holder_may_be_its_appointment() -> None:
    """Its accept is still on its way: the hour counts all the same."""
    ours, theirs = offered()
    case_id = ours.case.case_id
    taken = decide(theirs, c.Accept(case_id=case_id), MONDAY).record
    said = decide(taken, report(taken), MONDAY).outgoing[0].data
    heard = hear_message(ours, said, PARTY, MEDIA, case_id, MONDAY).record
    assert (heard.version, heard.appointment) == (2, Appointment(at=VISIT, made_at=MONDAY))


def test_without_an_hour_message_and_record_are_what_they_were() -> None:
    """Nothing is added to them, so that programs of v0.1.0 read the same bytes."""
    ours, theirs = offered()
    taken = decide(theirs, c.Accept(case_id=ours.case.case_id), MONDAY).record
    said = decide(taken, report(taken, hour=None), MONDAY)
    assert '"at"' not in said.outgoing[0].data.model_dump_json()
    assert '"appointment"' not in said.record.model_dump_json()
    told = decide(taken, report(taken), MONDAY)
    assert Record.model_validate_json(told.record.model_dump_json()) == told.record
    (word,) = [one.data for one in told.outgoing]
    assert isinstance(word, k.Progressed)
    assert word.at == VISIT


@pytest.mark.parametrize("hidden", ["sensitive", "not public"])
def test_the_hour_of_a_visit_to_a_patient_stays_with_the_holder(hidden: str) -> None:
    """As the text does; its own clock runs."""
    _, theirs = offered()
    taken = decide(theirs, c.Accept(case_id=theirs.case.case_id), MONDAY).record
    said = report(taken)
    if hidden == "sensitive":
        taken = taken.with_(case=taken.case.model_copy(update={"sensitive": (Sensitive.MEDICAL,)}))
    else:
        said = said.model_copy(update={"public": False})
    told = decide(taken, said, MONDAY)
    assert len(visits(told.record)) == 1
    assert [one.data.at for one in told.outgoing if isinstance(one.data, k.Progressed)] == [None]


def test_no_other_report_has_an_hour() -> None:
    """A slip in an adapter is seen at once."""
    with pytest.raises(ValueError, match="appointed"):
        c.Report(case_id=registered().case.case_id, stage="handling", text="处理中", at=VISIT)


@pytest.mark.parametrize("hour", [at("2021-05-20 09:30"), at("2199-12-31 23:59")])
def test_an_hour_at_either_end_of_time_stops_no_clock(hour: datetime) -> None:
    """Typed by mistake: what has passed is missed at once, what is far away counts as some years."""
    record = appointed(hour)
    assert look(record, RULES, MONDAY).next is not None
    ((due, _),) = visits(record)
    assert due <= MONDAY + LONGEST
    assert given(record, MONDAY) == ([(Level.URGE, (MEDIA,))] if hour < MONDAY else [])


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Clocked]:
    """The media center, with its clocks on."""
    made = clocked(MEDIA_CENTER, tmp_path)
    yield made
    made.center.close()


@pytest.mark.parametrize("kept", [False, True])
def test_the_desk_gets_its_lights_as_work_and_its_timers_follow(media: Clocked, kept: bool) -> None:
    """Yellow before the hour, red after two more; no message leaves, and a visit that took place is left alone."""
    case = a_case(MEDIA_CENTER, received_at=media.center.now)
    media.center.execute(c.Register(case=case))
    media.center.execute(c.Report(case_id=case.case_id, stage=APPOINTED, text="预约", at=at("2026-11-24 10:00")))
    media.until(at("2026-11-24 10:30"))
    if kept:
        media.center.execute(c.Report(case_id=case.case_id, stage=VISITED, text="已上门"))
    media.until(at("2026-11-24 17:00"))
    expected = [("appointment", MEDIA_CENTER, "soon.desk"), ("appointment", MEDIA_CENTER, "urge.desk")]
    assert [line for line in media.lines() if line[0] == "appointment"] == expected[: 1 if kept else 2]
    assert media.tasks() == ["case.urged"] * (1 if kept else 2)
    assert media.sent() == []
