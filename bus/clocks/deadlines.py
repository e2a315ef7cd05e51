"""The deadlines that run in a record, each from a stored moment. Pure.

A record of v0.1.0 has no moments of its own: a clock whose begin is unknown does not run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bus.clocks.rules import Clock, Rules
from bus.clocks.terms import Term, after
from bus.contract.case import Urgency
from bus.contract.messages import Rater
from bus.custody.record import Assist, ReceivedOffer, Record, SentOffer, Status

BAD_GRADE = 2
"""A grade up to this one asks for a call back (不满意, 非常不满意)."""
LONGEST = timedelta(days=5 * 366)
"""A later date, which any center of a case may have named, counts as this: each day up to it is looked at."""


LONGEST_HOLD = timedelta(days=366)
"""A longer hold counts as this."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing that is waited for."""

    clock: Clock
    begins: datetime
    due: datetime
    term: Term
    waits_for: tuple[str, ...]
    """Centers that must act. The own name: the own desk."""
    about: str = ""
    """Which offer, help, or ruling; empty where a round has only one."""
    round: int = 1
    missed_at: datetime | None = None
    """From when it counts as missed, where that is not at once."""

    @property
    def key(self) -> str:
        """What tells this deadline from every other of the case: a term that is moved begins its ladder anew."""
        return f"{self.round}:{self.clock}:{self.about}:{int(self.due.timestamp())}"


def deadlines(record: Record, rules: Rules) -> tuple[Deadline, ...]:
    """Return all that run in ``record`` at this center, in the order of the table."""
    running = (_bounded(deadline) for clock in _CLOCKS for deadline in clock(record, rules))
    return tuple(deadline for deadline in running if not _was_over(record, deadline))


def _was_over(record: Record, deadline: Deadline) -> bool:
    """Whether it ended before a settled matter was entered: nobody could have kept it."""
    return record.entered_at is not None and deadline.due <= record.entered_at


def _bounded(deadline: Deadline) -> Deadline:
    longest = deadline.begins + LONGEST
    return deadline if deadline.due <= longest else replace(deadline, due=longest, missed_at=None)


def term_ends(record: Record, rules: Rules) -> datetime:
    """Return the moment at which the case must be resolved: as registered, extended or ruled, or by the county's table.

    The term of the first round begins when the resident was heard, a later one with its round."""
    credit = _held(record, rules)
    ends = _term_as_settled(record, rules)
    return rules.calendar.add_working(ends, credit) if credit else ends


def _term_as_settled(record: Record, rules: Rules) -> datetime:
    if record.term is not None:
        return record.term
    first = record.round == 1
    if first and record.case.due is not None:
        return record.case.due
    return after(term_begins(record), _term(record, rules), rules.calendar)


def _held(record: Record, rules: Rules) -> timedelta:
    """The office hours of the round in which the case was on hold as granted, each counted once. What a later term has
    counted is left out."""
    total, latest = timedelta(), term_begins(record)
    holds = (one for one in record.holds if one.round == record.round and not one.settled)
    for one in sorted(holds, key=lambda hold: hold.begins):
        begins, ends = max(one.begins, latest), min(one.ends, one.begins + LONGEST_HOLD)
        total += rules.calendar.working_between(begins, ends)
        latest = max(latest, ends)
    return total


def term_begins(record: Record) -> datetime:
    """Return when the current round began."""
    return record.round_at or record.case.received_at if record.round > 1 else record.case.received_at


def _term(record: Record, rules: Rules) -> Term:
    return rules.term_of(record.case.category, record.case.urgency, record.round)


def _sign(record: Record, rules: Rules) -> Iterator[Deadline]:
    term = rules.sign[record.case.urgency]
    sent, received = record.offer_out, record.offer_in
    if record.status is Status.OPEN and sent is not None and not sent.withdrawing:
        yield _answer(record, rules, sent, term, sent.pending)
    if received is not None and not received.bid:
        yield _answer(record, rules, received, term, (record.me,))


def _answer(
    record: Record, rules: Rules, offer: SentOffer | ReceivedOffer, term: Term, waits_for: tuple[str, ...]
) -> Deadline:
    """By when an offer is answered: as its offerer asked, else by the county's rules."""
    due = max(offer.at, offer.sign_by) if offer.sign_by is not None else after(offer.at, term, rules.calendar)
    return Deadline(Clock.SIGN, offer.at, due, term, waits_for, str(offer.offer_id), record.round)


def _contact(record: Record, rules: Rules) -> Iterator[Deadline]:
    accepted = record.mine and record.version > 1 and record.status is Status.OPEN
    if accepted and record.since is not None and record.contacted_at is None:
        yield _from(record, rules, Clock.CONTACT, record.since, rules.fixed[Clock.CONTACT], (record.me,))


def _term_of_case(record: Record, rules: Rules) -> Iterator[Deadline]:
    at_origin = record.case.origin == record.me
    if record.status is not Status.OPEN or not (at_origin or record.mine):
        return
    offered = record.offer_out.pending if record.mine and record.offer_out is not None else ()
    waits_for = (offered or (record.holder,)) if at_origin else (record.me,)
    begins, due = term_begins(record), term_ends(record, rules)
    yield Deadline(Clock.TERM, begins, max(begins, due), _term(record, rules), waits_for, "", record.round)


def _promise(record: Record, rules: Rules) -> Iterator[Deadline]:
    due, begins = record.due, record.since
    if not record.mine or record.status is not Status.OPEN or due is None or begins is None or due < begins:
        return
    if due != term_ends(record, rules):
        yield Deadline(Clock.PROMISE, begins, due, _term(record, rules), (record.me,), "", record.round)


def _appointment(record: Record, rules: Rules) -> Iterator[Deadline]:
    """Told of before the hour, and missed some hours after it. What the holder says of the visit ends it."""
    visit = record.appointment
    if not record.mine or record.status is not Status.OPEN or visit is None:
        return
    term, missed_at = _term(record, rules), after(visit.at, rules.fixed[Clock.APPOINTMENT], rules.calendar)
    yield Deadline(Clock.APPOINTMENT, visit.made_at, visit.at, term, (record.me,), "", record.round, missed_at)


def _assist(record: Record, rules: Rules) -> Iterator[Deadline]:
    for assist in record.assists:
        begins = assist.at
        if assist.done is not None or begins is None or record.status is not Status.OPEN:
            continue
        waits_for = _helper(record, assist)
        if waits_for:
            term = rules.fixed[Clock.ASSIST]
            due = assist.due if assist.due is not None and assist.due > begins else None
            ends = due or after(begins, term, rules.calendar)
            yield Deadline(Clock.ASSIST, begins, ends, term, waits_for, str(assist.assist_id), record.round)


def _helper(record: Record, assist: Assist) -> tuple[str, ...]:
    """The asker waits while it holds the case; a new holder hears the answer from it. The helper looks at itself."""
    if assist.assistant == record.me:
        return (record.me,)
    return (assist.assistant,) if assist.asker == record.me and record.mine else ()


def _withdrawal(record: Record, rules: Rules) -> Iterator[Deadline]:
    sent = record.offer_out
    if sent is not None and sent.withdrawing and sent.asked_back_at is not None:
        term = rules.fixed[Clock.WITHDRAWAL]
        yield _from(record, rules, Clock.WITHDRAWAL, sent.asked_back_at, term, sent.pending, str(sent.offer_id))


def _ruling(record: Record, rules: Rules) -> Iterator[Deadline]:
    begins, arbiter = record.arbitration_at, record.arbiter
    if record.arbitration is not None and begins is not None and arbiter is not None and record.status is Status.OPEN:
        yield _from(record, rules, Clock.RULING, begins, rules.fixed[Clock.RULING], (arbiter,), _when(begins))


def _when(moment: datetime) -> str:
    """Tells one asking from the next: the version may rise while a ruling is awaited."""
    return str(int(moment.timestamp()))


def _extension(record: Record, rules: Rules) -> Iterator[Deadline]:
    """Of who asked, and of who is asked; it ends with the term that it would move."""
    term = rules.fixed[Clock.EXTENSION]
    for one in record.extensions:
        ours = one.by == record.holder and record.me in (one.by, one.approver)
        if ours and one.granted is None and one.round == record.round and record.status is Status.OPEN:
            due = max(one.at, min(after(one.at, term, rules.calendar), one.due))
            yield Deadline(Clock.EXTENSION, one.at, due, term, (one.approver,), str(one.extension_id), record.round)


def _reply(record: Record, rules: Rules) -> Iterator[Deadline]:
    at_origin = record.case.origin == record.me
    if at_origin and record.status is Status.RESOLVED and record.resolved_at is not None:
        yield _from(record, rules, Clock.REPLY, record.resolved_at, rules.fixed[Clock.REPLY], (record.me,))


def _after_close(record: Record, rules: Rules) -> Iterator[Deadline]:
    if record.case.origin != record.me or record.status is not Status.CLOSED or record.closed_at is None:
        return
    given = [one for one in record.ratings if one.round == record.round and one.rater is Rater.RESIDENT]
    if not given:
        yield _from(record, rules, Clock.RATING, record.closed_at, rules.fixed[Clock.RATING], (record.me,))
    for one in given:
        if one.grade <= BAD_GRADE and one.at is not None and record.called_back_at is None:
            yield _from(record, rules, Clock.CALL_BACK, one.at, rules.fixed[Clock.CALL_BACK], (record.me,))
    yield _from(record, rules, Clock.REOPEN, record.closed_at, rules.fixed[Clock.REOPEN], (record.me,))


def _from(
    record: Record,
    rules: Rules,
    clock: Clock,
    begins: datetime,
    term: Term,
    waits_for: tuple[str, ...],
    about: str = "",
) -> Deadline:
    return Deadline(clock, begins, after(begins, term, rules.calendar), term, waits_for, about, record.round)


_CLOCKS: tuple[Callable[[Record, Rules], Iterator[Deadline]], ...] = (
    _sign,
    _contact,
    _term_of_case,
    _promise,
    _assist,
    _withdrawal,
    _ruling,
    _extension,
    _reply,
    _after_close,
    _appointment,
)


def ignores_office_hours(record: Record) -> bool:
    """Return whether reminders of this case are given at night, too."""
    return record.case.urgency is Urgency.EMERGENCY
