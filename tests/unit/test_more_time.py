"""More time: asked for before the term ends, granted by another, said to all, charged to who lets it lie."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bus.clocks.deadlines import deadlines, term_ends
from bus.clocks.marks import look
from bus.clocks.rules import Clock, Level, Rules
from bus.clocks.terms import after
from bus.contract import messages as k
from bus.contract.case import Person, Urgency
from bus.custody import Record, Refusal, Status, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.more_time import Granting, approver
from bus.custody.record import nobody_reads
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, PARTY, matter
from tests.unit.test_clock_marks import MONDAY, at

RULES = Rules()
ENDS = at("2026-11-30 23:59:59")
"""Five working days after Monday."""
LATER = at("2026-12-08 12:00")


def granting(*readers: str) -> Granting:
    """The clocks are on; these centers read the new kinds."""
    return Granting(
        lambda record: term_ends(record, RULES),
        lambda ends: after(ends, RULES.longest_extension, RULES.calendar),
        lambda center, _kind: center in readers,
    )


ALL = granting(MEDIA, PARTY, CIVIL, COUNTY)


@dataclass
class Town:
    """Centers that hear each other at once; every message is kept."""

    now: datetime = MONDAY
    granting: Granting | None = ALL
    records: dict[str, Record] = field(default_factory=dict)
    said: list[tuple[str, str, k.CaseKind]] = field(default_factory=list)

    def does(self, me: str, command: type, **fields: object) -> None:
        """A center does something, and all of it is heard."""
        record = self.records[me]
        decision = decide(record, command(case_id=record.case.case_id, **fields), self.now, 2, self.granting)
        self.records[me] = decision.record
        for one in decision.outgoing:
            if one.to != me:
                self.hears(one.to, one.data, me)

    def hears(self, me: str, data: k.CaseKind, source: str, said_at: datetime | None = None) -> None:
        """A center hears a message, and what follows from it."""
        self.said.append((source, me, data))
        case_id = next(iter(self.records.values())).case.case_id
        reads = self.granting.reads if self.granting is not None else nobody_reads
        heard = hear_message(self.records.get(me), data, source, me, case_id, said_at or self.now, None, reads)
        self.records[me] = heard.record
        for one in heard.outgoing:
            if one.to != me:
                self.hears(one.to, one.data, me)

    def kinds(self, kind: type) -> list[tuple[str, str]]:
        """Who said messages of this kind to whom."""
        return [(source, to) for source, to, data in self.said if isinstance(data, kind)]

    def refused(self, me: str, command: type, **fields: object) -> str:
        """The code with which a command is refused."""
        with pytest.raises(Refusal) as refusal:
            self.does(me, command, **fields)
        return refusal.value.code


def held_by_party(arbiter: str | None = COUNTY) -> Town:
    """The media center heard the case; the party center has it since Monday morning."""
    town = Town()
    case = matter(MEDIA, Person(name="包桂英")).model_copy(update={"received_at": MONDAY})
    town.records[MEDIA] = register(c.Register(case=case), MEDIA, arbiter).record
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.does(PARTY, c.Accept)
    return town


def at_home(arbiter: str | None = None) -> Town:
    """The media center has its own case."""
    town = Town()
    case = matter(MEDIA).model_copy(update={"received_at": MONDAY})
    town.records[MEDIA] = register(c.Register(case=case), MEDIA, arbiter).record
    return town


def asks(town: Town, me: str = PARTY, until: datetime = LATER, what: k.MoreTime = k.MoreTime.EXTENSION) -> None:
    """The holder asks."""
    town.does(me, c.AskExtension, until=until, reason="等待配件", what=what)


def test_a_granted_extension_moves_the_term_everywhere() -> None:
    """The origin grants; the holder says `extended`, with the date that older programs read."""
    town = held_by_party()
    asks(town)
    assert town.kinds(k.ExtensionRequested) == [(PARTY, MEDIA)]
    assert {term_ends(one, RULES) for one in town.records.values()} == {ENDS}
    town.does(MEDIA, c.AnswerExtension, granted=True)
    assert {term_ends(one, RULES) for one in town.records.values()} == {LATER}
    *_, said = [data for _, _, data in town.said if isinstance(data, k.Progressed)]
    assert (said.stage, said.due, said.term) == ("extended", LATER, LATER)


def test_the_question_tells_nobody_who_the_resident_is() -> None:
    """Neither the origin, which knows, nor the arbiter, which need not."""
    town = held_by_party()
    asks(town)
    assert [data.case.resident for _, _, data in town.said if isinstance(data, k.ExtensionRequested)] == [None]


def test_the_arbiter_grants_the_second_and_hears_the_end() -> None:
    """It did not know the case: it learns of it without the resident, may not rule on it, and hears how it ends."""
    town = held_by_party()
    asks(town)
    town.does(MEDIA, c.AnswerExtension, granted=True)
    asks(town, until=at("2026-12-15 12:00"))
    assert town.kinds(k.ExtensionRequested) == [(PARTY, MEDIA), (PARTY, COUNTY)]
    assert town.records[COUNTY].case.resident is None
    assert town.refused(COUNTY, c.Rule, holder=MEDIA, text="由你办理") == "not-asked"
    town.does(COUNTY, c.AnswerExtension, granted=True)
    assert term_ends(town.records[MEDIA], RULES) == at("2026-12-15 12:00")
    town.does(PARTY, c.Resolve, outcome=k.Outcome.DONE, public_reply="已修好")
    assert town.records[COUNTY].status is Status.RESOLVED
    town.does(MEDIA, c.Close, replied_at=town.now)
    assert town.records[COUNTY].status is Status.CLOSED  # told by the holder: the origin does not know of it


def test_an_arbiter_that_is_then_asked_to_rule_may() -> None:
    """With the question it learns the whole case."""
    town = held_by_party()
    for until in (LATER, at("2026-12-15 12:00")):
        asks(town, until=until)
        town.does(MEDIA if until == LATER else COUNTY, c.AnswerExtension, granted=True)
    town.does(PARTY, c.AskArbiter, ground=k.Ground.DISPUTED)
    assert town.records[COUNTY].case.resident is not None
    town.does(COUNTY, c.Rule, holder=MEDIA, text="由你办理")
    assert town.records[MEDIA].mine


@pytest.mark.parametrize(
    ("origin", "arbiter", "extended", "who"),
    [
        (MEDIA, COUNTY, 0, MEDIA),
        (MEDIA, COUNTY, 1, COUNTY),
        (MEDIA, None, 1, MEDIA),
        (PARTY, COUNTY, 0, COUNTY),
        (PARTY, COUNTY, 5, COUNTY),
        (PARTY, None, 0, PARTY),
        (MEDIA, PARTY, 1, MEDIA),
    ],
)
def test_who_grants(origin: str, arbiter: str | None, extended: int, who: str) -> None:
    """The origin the first, the arbiter the next; a holder grants itself only where nobody else could."""
    record = register(c.Register(case=matter(origin)), origin, arbiter).record
    ours = record.with_(me=PARTY, holder=PARTY, extended=extended)
    assert approver(ours, k.MoreTime.EXTENSION, PARTY) == who


def test_without_a_grant_no_own_command_extends() -> None:
    """Neither a later date nor a hold; any other progress goes on, and a promise does not move the term."""
    town = held_by_party()
    assert town.refused(PARTY, c.Report, stage="extended", text="延期", due=LATER) == "needs-approval"
    assert town.refused(PARTY, c.Report, stage="on-hold", text="等待", due=LATER) == "needs-approval"
    assert town.refused(PARTY, c.Hold, text="等待", until=LATER) == "needs-approval"
    town.does(PARTY, c.Report, stage="visited", text="已到现场", due=LATER)
    assert term_ends(town.records[MEDIA], RULES) == ENDS


@pytest.mark.parametrize("clocks", [None, granting()])
def test_where_nobody_can_be_asked_all_is_as_before(clocks: Granting | None) -> None:
    """With the clocks off, or where the approver's program is older, the holder reports it; no term moves by that."""
    town = held_by_party()
    town.granting = clocks
    town.does(PARTY, c.Report, stage="extended", text="延期", due=LATER)
    town.does(PARTY, c.Report, stage="on-hold", text="等待", due=LATER)
    assert town.records[MEDIA].due == LATER
    assert town.records[MEDIA].holds == ()
    assert term_ends(town.records[MEDIA], RULES) == ENDS
    code = "clocks-off" if clocks is None else "cannot-be-asked"
    assert town.refused(PARTY, c.AskExtension, until=LATER, reason="等待配件") == code


def test_a_center_alone_grants_itself_and_that_is_seen() -> None:
    """Holder, origin, no arbiter: it is granted at once, and told apart by its approver."""
    town = at_home()
    asks(town, MEDIA)
    (own,) = town.records[MEDIA].extensions
    assert (own.granted, own.approver, own.by) == (True, MEDIA, MEDIA)
    assert term_ends(town.records[MEDIA], RULES) == LATER
    town.does(MEDIA, c.Hold, text="等待", until=at("2026-11-25 09:00"))
    assert [one.until for one in town.records[MEDIA].holds] == [at("2026-11-25 09:00")]


@pytest.mark.parametrize(
    ("fields", "now", "code"),
    [
        ({"until": LATER}, "2026-12-01 08:30", "too-late"),
        ({"until": at("2026-11-27 12:00")}, "2026-11-24 09:00", "not-later"),
        ({"until": at("2027-06-01 12:00")}, "2026-11-24 09:00", "too-long"),
        ({"until": at("2026-11-24 08:00"), "what": k.MoreTime.HOLD}, "2026-11-24 09:00", "not-later"),
    ],
)
def test_what_cannot_be_asked_for(fields: dict[str, object], now: str, code: str) -> None:
    """After the term, for no later moment, or further than the county allows."""
    town = held_by_party()
    town.now = at(now)
    assert town.refused(PARTY, c.AskExtension, reason="等待配件", **fields) == code


def test_one_question_at_a_time() -> None:
    """The answer comes first; then, granted or not, another may be asked."""
    town = held_by_party()
    asks(town)
    assert town.refused(PARTY, c.AskExtension, until=LATER, reason="再次") == "extension-asked"
    town.does(MEDIA, c.AnswerExtension, granted=False, text="请按期办结")
    assert term_ends(town.records[PARTY], RULES) == ENDS
    asks(town)


def test_silence_is_no_consent() -> None:
    """An answer that comes after the term, or was said after it, extends nothing."""
    town = held_by_party()
    asks(town)
    asked = town.records[MEDIA].extensions[0]
    town.now = at("2026-12-01 08:30")
    assert town.refused(MEDIA, c.AnswerExtension, granted=True) == "too-late"
    late = k.ExtensionAnswered(version=2, extension_id=asked.extension_id, granted=True)
    town.hears(PARTY, late, MEDIA)
    assert town.records[PARTY].extensions[0].granted is False
    assert term_ends(town.records[PARTY], RULES) == ENDS


def test_a_grant_on_the_road_when_the_term_ends_counts() -> None:
    """It counts when it was said."""
    town = held_by_party()
    asks(town)
    asked = town.records[PARTY].extensions[0]
    town.now = at("2026-12-01 08:30")
    said = k.ExtensionAnswered(version=2, extension_id=asked.extension_id, granted=True)
    town.hears(PARTY, said, MEDIA, at("2026-11-30 17:00"))
    assert term_ends(town.records[PARTY], RULES) == LATER


def test_only_the_approver_answers_and_once() -> None:
    """Another center's word is refused; a second word of the right one is superseded."""
    town = held_by_party()
    asks(town)
    asked = town.records[PARTY].extensions[0]
    word = k.ExtensionAnswered(version=2, extension_id=asked.extension_id, granted=True)
    with pytest.raises(Refusal, match="not-approver"):
        town.hears(PARTY, word, COUNTY)
    town.hears(PARTY, word, MEDIA)
    before = town.records[PARTY]
    town.hears(PARTY, word.model_copy(update={"granted": False}), MEDIA)
    assert town.records[PARTY] == before


def test_a_peers_extension_without_a_grant_is_heard_and_moves_no_term() -> None:
    """Its date is a promise. Also where it claims a grant that this center, which grants it, never gave."""
    town = held_by_party()
    plain = k.Progressed(version=2, stage="extended", text="延期", due=LATER)
    town.hears(MEDIA, plain, PARTY)
    town.hears(MEDIA, plain.model_copy(update={"term": LATER}), PARTY)
    assert town.records[MEDIA].due == LATER
    assert (town.records[MEDIA].term, town.records[MEDIA].extended) == (None, 0)


def test_a_hold_is_granted_begun_and_ended() -> None:
    """Its office hours are added to the term, as they were used, and no day of the resident's is lost."""
    town = held_by_party()
    asks(town, until=at("2026-11-27 09:00"), what=k.MoreTime.HOLD)
    town.does(MEDIA, c.AnswerExtension, granted=True)
    town.now = at("2026-11-24 09:00")
    town.does(PARTY, c.Hold, text="等待配件")
    assert town.refused(PARTY, c.Hold, text="再次") == "on-hold"
    town.now = at("2026-11-25 09:00")
    town.does(PARTY, c.Resume, text="配件已到")
    for record in (town.records[PARTY], town.records[MEDIA]):
        assert [(one.begins, one.ends) for one in record.holds] == [(at("2026-11-24 09:00"), at("2026-11-25 09:00"))]
        assert term_ends(record, RULES) == at("2026-12-01 17:30")  # 6.5 office hours after the end of Monday
    assert town.refused(PARTY, c.Hold, text="未经同意") == "needs-approval"


def test_a_hold_over_a_holiday_counts_its_office_hours_once() -> None:
    """Dynamics counted the holiday twice: a hold from Wednesday to the day after the National Day week."""
    record = at_home().records[MEDIA]
    case = record.case.model_copy(update={"received_at": at("2026-09-29 09:00")})
    record = record.with_(case=case)
    until = at("2026-10-08 09:00")
    asked = decide(record, c.Hold(case_id=case.case_id, text="等待", until=until), at("2026-09-30 17:00"), 2, ALL)
    assert term_ends(asked.record, RULES) - term_ends(record, RULES) < timedelta(days=1)
    worked = RULES.calendar.working_between(at("2026-09-30 17:00"), until)
    assert worked == timedelta(hours=1)  # half an hour before the holiday, half an hour after
    assert term_ends(asked.record, RULES) == RULES.calendar.add_working(term_ends(record, RULES), worked)


def test_two_holds_at_one_time_count_once() -> None:
    """However a peer tells it."""
    town = at_home()
    record = town.records[MEDIA]
    town.does(MEDIA, c.Hold, text="等待", until=at("2026-11-25 09:00"))
    (one,) = town.records[MEDIA].holds
    twice = record.with_(holds=(one, one))
    assert term_ends(twice, RULES) == term_ends(town.records[MEDIA], RULES)


def test_a_raised_urgency_forgets_no_hold_and_is_never_later() -> None:
    """GLPI forgot the pause when the priority changed: the new term runs from the first word, with the hold."""
    town = at_home()
    town.does(MEDIA, c.Hold, text="等待", until=at("2026-11-24 09:00"))
    record = town.records[MEDIA]
    raised = record.with_(case=record.case.model_copy(update={"urgency": Urgency.URGENT}))
    plain = raised.with_(holds=())
    assert term_ends(plain, RULES) == at("2026-11-26 23:59:59")
    assert term_ends(plain, RULES) < term_ends(raised, RULES) < term_ends(record, RULES)


def test_a_hold_moves_neither_the_first_word_nor_the_age() -> None:
    """Frappe added it to the creation: when the resident was heard stays."""
    town = at_home()
    before = town.records[MEDIA].case.received_at
    town.does(MEDIA, c.Hold, text="等待", until=at("2026-11-24 09:00"))
    assert town.records[MEDIA].case.received_at == before
    assert next(one for one in deadlines(town.records[MEDIA], RULES) if one.clock is Clock.TERM).begins == before


def test_a_later_term_has_counted_the_holds_before_it() -> None:
    """What was granted is a moment: a hold before it adds nothing any more, one after it does."""
    town = at_home()
    town.does(MEDIA, c.Hold, text="等待", until=at("2026-11-24 09:00"))
    town.now = at("2026-11-24 10:00")
    asks(town, MEDIA)
    assert term_ends(town.records[MEDIA], RULES) == LATER
    town.does(MEDIA, c.Resume, text="继续")
    town.does(MEDIA, c.Hold, text="再等待", until=at("2026-11-25 10:00"))
    assert term_ends(town.records[MEDIA], RULES) > LATER


@pytest.mark.parametrize("end", ["resolve", "hand-over", "reopen"])
def test_a_hold_ends_with_its_holder_and_its_round(end: str) -> None:
    """Nobody works under another's hold."""
    town = held_by_party()
    asks(town, until=at("2026-12-04 09:00"), what=k.MoreTime.HOLD)
    town.does(MEDIA, c.AnswerExtension, granted=True)
    town.does(PARTY, c.Hold, text="等待配件")
    town.now = at("2026-11-24 09:00")
    if end == "hand-over":
        town.does(PARTY, c.Offer, to=(CIVIL,))
        town.does(CIVIL, c.Accept)
    else:
        town.does(PARTY, c.Resolve, outcome=k.Outcome.DONE, public_reply="已修好")
        if end == "reopen":
            town.does(MEDIA, c.Reopen, text="仍不亮")
    for center in (MEDIA, PARTY):
        assert [one.ended for one in town.records[center].holds] == [at("2026-11-24 09:00")]
    if end == "reopen":
        assert term_ends(town.records[MEDIA], RULES) == at("2026-12-01 23:59:59")


def test_extensions_count_over_all_rounds() -> None:
    """A reopened case does not begin again with the origin's easy first one."""
    town = held_by_party()
    asks(town)
    town.does(MEDIA, c.AnswerExtension, granted=True)
    town.does(PARTY, c.Resolve, outcome=k.Outcome.DONE, public_reply="已修好")
    town.does(MEDIA, c.Close, replied_at=town.now)
    town.now = at("2026-12-07 09:00")
    town.does(MEDIA, c.Reopen, text="仍不亮")
    assert term_ends(town.records[PARTY], RULES) == at("2026-12-14 23:59:59")
    asks(town, until=at("2026-12-18 12:00"))
    assert town.kinds(k.ExtensionRequested)[-1] == (PARTY, COUNTY)


def test_the_clock_of_the_answer_runs_at_both() -> None:
    """A working day; the approver sees it on its own desk, and it is over with the term that it would move."""
    town = held_by_party()
    asks(town)
    for center in (MEDIA, PARTY):
        (one,) = [one for one in deadlines(town.records[center], RULES) if one.clock is Clock.EXTENSION]
        assert (one.waits_for, one.due) == ((MEDIA,), at("2026-11-24 23:59:59"))
        marks = look(town.records[center], RULES, at("2026-11-25 08:30")).marks
        assert (Clock.EXTENSION, Level.URGE) in {(mark.deadline.clock, mark.level) for mark in marks}
    town.does(MEDIA, c.AnswerExtension, granted=False)
    for center in (MEDIA, PARTY):
        assert Clock.EXTENSION not in {one.clock for one in deadlines(town.records[center], RULES)}


def test_a_question_of_a_center_that_lost_the_case_is_waited_for_no_more() -> None:
    """It is void, and the approver has nothing to answer."""
    town = held_by_party()
    asks(town)
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.does(CIVIL, c.Accept)
    for center in (MEDIA, PARTY, CIVIL):
        assert Clock.EXTENSION not in {one.clock for one in deadlines(town.records[center], RULES)}
    assert town.refused(PARTY, c.AskExtension, until=LATER, reason="等待配件") == "not-holder"


def test_an_escalation_opens_nothing_and_claims_nothing() -> None:
    """What the arbiter knows stays; of an unknown case it learns the matter, never the resident, and is no holder."""
    town = held_by_party()
    record = town.records[MEDIA]
    word = k.Escalated(
        version=2,
        holder=PARTY,
        clock="term",
        due=ENDS,
        text="提级",
        case=record.case.without_resident(),
        path=record.path,
    )
    town.hears(COUNTY, word, MEDIA)
    known = town.records[COUNTY]
    assert (known.holder, known.arbitration, known.informed, known.case.resident) == (PARTY, None, True, None)
    town.hears(COUNTY, word.model_copy(update={"holder": CIVIL, "version": 3}), MEDIA)
    assert (town.records[COUNTY].holder, town.records[COUNTY].version) == (PARTY, 2)
    with pytest.raises(Refusal, match="not-holder"):
        hear_message(None, word.model_copy(update={"holder": COUNTY}), MEDIA, COUNTY, record.case.case_id, MONDAY)
    with pytest.raises(Refusal, match="unknown-case"):
        hear_message(None, word, PARTY, MEDIA, record.case.case_id, MONDAY)
    with pytest.raises(Refusal, match="unknown-arbiter"):
        hear_message(None, word, MEDIA, COUNTY, record.case.case_id, MONDAY, {CIVIL})


def test_progress_without_more_time_is_written_as_before() -> None:
    """Byte for byte what v0.1.0 wrote: the additions are left out."""
    told = k.Progressed(version=2, stage="visited", text="已到现场", due=LATER).model_dump_json()
    assert '"at"' not in told
    assert '"term"' not in told
