"""Lies for the checker to catch: each takes true evidence and plants one breach of one rule."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bus.testing.checker import Books, Effect, Evidence, Submission, Told
from bus.testing.checker.evidence import Kept, Known, Line
from tests.checker.county import DQ, RM, ZW, books_of, with_books, with_seat


class Lie(NamedTuple):
    """One planted breach, and the rule that must find it."""

    rule: str
    plant: Callable[[Evidence], Evidence]
    midway: bool = False
    """Planted while messages are under way; else at the end."""

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.rule}: {self.plant.__name__.strip('_')}"


LIES: list[Lie] = []


def lie(
    rule: str, *, midway: bool = False
) -> Callable[[Callable[[Evidence], Evidence]], Callable[[Evidence], Evidence]]:
    """The decorated function plants a breach of ``rule``."""

    def keep(plant: Callable[[Evidence], Evidence]) -> Callable[[Evidence], Evidence]:
        LIES.append(Lie(rule, plant, midway))
        return plant

    return keep


def first(books: Books, **wanted: Any) -> int:
    """Where the first journal line with these fields stands."""
    return next(at for at, line in enumerate(books.journal) if all(getattr(line, k) == v for k, v in wanted.items()))


def _journal(evidence: Evidence, name: str, change: Callable[[list[Line]], object]) -> Evidence:
    lines = list(books_of(evidence, name).journal)
    change(lines)
    return with_books(evidence, name, journal=lines)


def _with_line(evidence: Evidence, name: str, changes: dict[str, Any], **wanted: Any) -> Evidence:
    at = first(books_of(evidence, name), **wanted)
    return _journal(evidence, name, lambda lines: lines.__setitem__(at, lines[at]._replace(**changes)))


def _without_line(evidence: Evidence, name: str, **wanted: Any) -> Evidence:
    at = first(books_of(evidence, name), **wanted)
    return _journal(evidence, name, lambda lines: lines.pop(at))


def _with_row(evidence: Evidence, name: str, table: str, at: int = 0, **changes: Any) -> Evidence:
    rows = list(getattr(books_of(evidence, name), table))
    rows[at] = rows[at]._replace(**changes)
    return with_books(evidence, name, **{table: rows})


def _without_row(evidence: Evidence, name: str, table: str, at: int = 0) -> Evidence:
    rows = list(getattr(books_of(evidence, name), table))
    del rows[at]
    return with_books(evidence, name, **{table: rows})


def _submissions(evidence: Evidence, *changed: Submission, rest: Sequence[Submission] | None = None) -> Evidence:
    others = tuple(evidence.submissions or ())[1:] if rest is None else tuple(rest)
    return replace(evidence, submissions=(*changed, *others))


def _submission(evidence: Evidence) -> Submission:
    return (evidence.submissions or ())[0]


def _record(evidence: Evidence, name: str, change: Callable[[dict[str, Any]], object], at: int = 0) -> Evidence:
    """The custody record of a case, rewritten."""
    known = books_of(evidence, name).cases[at]
    record = json.loads(known.record)
    change(record)
    return _with_row(evidence, name, "cases", at, record=json.dumps(record, ensure_ascii=False))


def _cases_at(evidence: Evidence, name: str, plan: str) -> tuple[int, Known]:
    books = books_of(evidence, name)
    return next((at, known) for at, known in enumerate(books.cases) if f'"text":"{plan} ' in known.record)


def _on_its_way(evidence: Evidence, name: str) -> int:
    """Where in the outbox a message stands that has not arrived."""
    rows = enumerate(books_of(evidence, name).outbox)
    return next(at for at, o in rows if o.message not in books_of(evidence, o.recipient).remembered)


# -- custody -------------------------------------------------------------------------------------------------------


@lie("one-custodian")
def two_at_one_version(evidence: Evidence) -> Evidence:
    """The government service once took a case that the party service had at the same version."""
    line = books_of(evidence, DQ).journal[first(books_of(evidence, DQ), way="did", kind="accept")]
    twin = line._replace(holder=ZW)
    return with_books(evidence, ZW, journal=[*books_of(evidence, ZW).journal, twin])


@lie("one-custodian")
def _believes_in_another(evidence: Evidence) -> Evidence:
    """The origin's record names another holder at the version at which the holder has it."""
    return _with_row(evidence, RM, "cases", holder=ZW)


@lie("versions-never-fall")
def an_older_state_came_back(evidence: Evidence) -> Evidence:
    """A record went back from version 2 to version 1, and forward again."""
    books = books_of(evidence, DQ)
    newest = books.journal[-1]
    before = books.journal[first(books, case=newest.case)]
    assert before.version < newest.version
    return _journal(
        evidence,
        DQ,
        lambda lines: lines.extend(
            (before._replace(message=None, way="did"), newest._replace(message=None, way="did"))
        ),
    )


@lie("record-as-in-journal")
def changed_without_a_line(evidence: Evidence) -> Evidence:
    """A record is newer than anything that its journal tells."""
    return _with_row(evidence, RM, "cases", version=7)


@lie("record-as-in-journal")
def a_record_vanished(evidence: Evidence) -> Evidence:
    """The journal tells of a case that has no record."""
    return _without_row(evidence, ZW, "cases")


@lie("version-has-its-commit")
def taken_by_itself(evidence: Evidence) -> Evidence:
    """A center holds a case that it has never accepted."""
    return _without_line(evidence, DQ, way="did", kind="accept")


@lie("holder-knows")
def the_holder_forgot(evidence: Evidence) -> Evidence:
    """The holder's record and journal are those from before it accepted."""
    at, known = _cases_at(evidence, DQ, "resolve")
    dirty = _with_row(evidence, DQ, "cases", at, holder=RM, version=1)
    kept = [line for line in books_of(evidence, DQ).journal if line.case != known.case or line.version == 1]
    return with_books(dirty, DQ, journal=kept)


@lie("holder-knows")
def an_old_holder_stays(evidence: Evidence) -> Evidence:
    """The origin has never heard that it gave its case away."""
    at, _ = _cases_at(evidence, RM, "resolve")
    return _with_row(evidence, RM, "cases", at, holder=RM, version=1)


@lie("holders-agree")
def the_news_did_not_arrive(evidence: Evidence) -> Evidence:
    """Who had the case between believes that it is still open."""
    at, _ = _cases_at(evidence, DQ, "pass")
    return _with_row(evidence, DQ, "cases", at, status="open")


@lie("no-leg-dangles")
def an_offer_without_taker(evidence: Evidence) -> Evidence:
    """An offer waits for a center that has none."""
    out = {"offer_id": "x", "pending": [DQ], "asked": [DQ]}
    return _record(evidence, RM, lambda record: record.update(offer_out=out))


@lie("no-leg-dangles")
def an_offer_without_offerer(evidence: Evidence) -> Evidence:
    """A center has an offer that nobody makes."""
    offer = {"offer_id": "x", "offerer": RM}
    return _record(evidence, DQ, lambda record: record.update(offer_in=offer))


@lie("no-leg-dangles")
def help_unheard(evidence: Evidence) -> Evidence:
    """Help was given, and the asker still waits."""
    at, _ = _cases_at(evidence, DQ, "assist")
    return _record(evidence, DQ, lambda record: record["assists"][0].update(done=None), at)


@lie("every-case-answered")
def never_closed(evidence: Evidence) -> Evidence:
    """A case is resolved, and its resident never heard of it."""
    return _with_row(evidence, RM, "cases", status="resolved")


# -- delivery ------------------------------------------------------------------------------------------------------


@lie("applied-once")
def heard_twice(evidence: Evidence) -> Evidence:
    """A repeat was applied again."""
    books = books_of(evidence, DQ)
    line = books.journal[first(books, way="heard", kind="case.closed")]
    return _journal(evidence, DQ, lambda lines: lines.append(line))


@lie("applied-once")
def at_two_places(evidence: Evidence) -> Evidence:
    """One message took two places of its lane."""
    row = books_of(evidence, DQ).applied[0]
    return with_books(evidence, DQ, applied=[*books_of(evidence, DQ).applied, row._replace(sequence=9)])


@lie("lanes-in-order")
def a_later_one_first(evidence: Evidence) -> Evidence:
    """Two messages of one lane were applied in the wrong order."""
    books = books_of(evidence, DQ)
    lane = next((r.peer, r.case) for r in books.applied if r.sequence == 2)
    ids = [m for m, line in books.arrived.items() if (line.peer, line.case) == lane][:2]
    swap = dict(zip(ids, reversed(ids), strict=True))
    applied = [r._replace(message=swap.get(r.message, r.message)) for r in books.applied]
    return with_books(evidence, DQ, applied=applied)


@lie("lanes-in-order")
def a_gap(evidence: Evidence) -> Evidence:
    """A place in the middle of a lane was never filled."""
    books = books_of(evidence, DQ)
    at = next(at for at, row in enumerate(books.applied) if row.sequence == 1)
    return _with_row(evidence, DQ, "applied", at, sequence=99)


@lie("lanes-in-order")
def the_mark_ran_ahead(evidence: Evidence) -> Evidence:
    """The lane's mark is further than what was applied: the next message would be taken for a repeat."""
    at = next(at for at, lane in enumerate(books_of(evidence, DQ).lanes) if lane.applied)
    return _with_row(evidence, DQ, "lanes", at, applied=9)


@lie("inbox-as-in-journal")
def applied_unwritten(evidence: Evidence) -> Evidence:
    """The inbox remembers a message of which the journal tells nothing."""
    return _without_line(evidence, DQ, way="heard", kind="case.closed")


@lie("inbox-as-in-journal")
def heard_and_forgotten(evidence: Evidence) -> Evidence:
    """A message was heard and the inbox does not remember it: a repeat would be applied again."""
    return _without_row(evidence, DQ, "applied")


@lie("inbox-as-in-journal")
def another_fate(evidence: Evidence) -> Evidence:
    """A message was heard, and its sender is told that it was refused."""
    return _with_row(evidence, DQ, "applied", verdict="refused", code="stale")


@lie("outbox-as-in-journal", midway=True)
def owed_and_never_said(evidence: Evidence) -> Evidence:
    """The outbox holds a message of which the journal tells nothing."""
    message = books_of(evidence, DQ).outbox[0].message
    return _without_line(evidence, DQ, way="said", message=message)


@lie("outbox-as-in-journal")
def said_beside_the_lane(evidence: Evidence) -> Evidence:
    """A message was said, and its lane does not count it."""
    at = next(at for at, lane in enumerate(books_of(evidence, RM).lanes) if lane.sent)
    return _with_row(evidence, RM, "lanes", at, sent=0)


@lie("said-has-its-deed")
def told_a_result_it_never_gave(evidence: Evidence) -> Evidence:
    """A center tells a result, and has given none."""
    return _without_line(evidence, DQ, way="did", kind="resolve")


@lie("trouble-is-seen", midway=True)
def refused_unseen(evidence: Evidence) -> Evidence:
    """A refused message stands in the outbox, and nobody is shown it."""
    return _with_row(evidence, DQ, "outbox", state="refused")


@lie("trouble-is-seen", midway=True)
def parked_unseen(evidence: Evidence) -> Evidence:
    """A task is parked, and nobody is shown it."""
    return _with_row(evidence, RM, "work", state="parked")


@lie("trouble-is-seen")
def refusal_unseen(evidence: Evidence) -> Evidence:
    """What was refused here is nowhere to be seen."""
    message = books_of(evidence, DQ).applied[0].message
    dirty = _with_row(evidence, DQ, "applied", verdict="refused", code="stale")
    return _with_line(dirty, DQ, {"way": "refused"}, message=message)


@lie("said-is-kept", midway=True)
def receipted_before_it_arrived(evidence: Evidence) -> Evidence:
    """A message has left the outbox, and its recipient has never seen it."""
    return _without_row(evidence, ZW, "outbox", _on_its_way(evidence, ZW))


@lie("applied-was-said")
def out_of_thin_air(evidence: Evidence) -> Evidence:
    """A message was applied that its source never said."""
    return _without_line(evidence, RM, way="said", kind="case.offered")


@lie("applied-was-said")
def another_kind(evidence: Evidence) -> Evidence:
    """A message was heard as something else than what was said."""
    return _with_line(evidence, RM, {"kind": "case.urged"}, way="said", kind="case.offered")


@lie("refused-was-refused", midway=True)
def a_timeout_called_refusal(evidence: Evidence) -> Evidence:
    """A message that its recipient has applied is called refused by its sender."""
    arrived = books_of(evidence, RM).remembered
    at = next(at for at, owed in enumerate(books_of(evidence, DQ).outbox) if owed.message in arrived)
    return _with_row(evidence, DQ, "outbox", at, state="refused")


@lie("refused-was-refused", midway=True)
def nobody_refused_it(evidence: Evidence) -> Evidence:
    """A message that never arrived is called refused by its sender."""
    return _with_row(evidence, ZW, "outbox", _on_its_way(evidence, ZW), state="refused")


@lie("nothing-left")
def still_owed(evidence: Evidence) -> Evidence:
    """Receipts have never left."""
    return with_books(evidence, DQ, owed=3)


@lie("nothing-left", midway=True)
def not_drained(evidence: Evidence) -> Evidence:
    """It was called drained, and messages are under way."""
    return evidence


# -- desks ---------------------------------------------------------------------------------------------------------


@lie("heard-is-worked")
def left_undone(evidence: Evidence) -> Evidence:
    """An offer is neither on the desk nor done."""
    return _without_line(evidence, DQ, way="desk", kind="case.offered")


@lie("heard-is-worked")
def the_reply_was_forgotten(evidence: Evidence) -> Evidence:
    """The origin resolved its own case, and its own desk never replied."""
    return _without_line(evidence, RM, way="desk", kind="case.resolved", peer=RM)


@lie("done-once")
def finished_twice(evidence: Evidence) -> Evidence:
    """Two processes finished one task."""
    books = books_of(evidence, DQ)
    line = books.journal[first(books, way="desk", kind="case.offered")]
    return _journal(evidence, DQ, lambda lines: lines.append(line))


@lie("effects-have-a-cause")
def an_effect_of_nothing(evidence: Evidence) -> Evidence:
    """The vendor's system did something for no message."""
    return with_seat(evidence, DQ, effects=(*evidence.seats[DQ].effects, Effect("m-0:notice", "case.offered")))


@lie("effects-have-a-cause")
def an_effect_of_the_refused(evidence: Evidence) -> Evidence:
    """The vendor's system did what a refused message asked for."""
    return _with_line(evidence, DQ, {"way": "refused", "note": "stale"}, way="heard", kind="case.offered")


@lie("effects-once")
def two_under_one_key(evidence: Evidence) -> Evidence:
    """A repeat of the call had a second effect."""
    effects = evidence.seats[DQ].effects
    return with_seat(evidence, DQ, effects=(*effects, effects[0]))


@lie("effects-once")
def two_orders_for_one_case(evidence: Evidence) -> Evidence:
    """A case got a second work order under another key."""
    effects = evidence.seats[DQ].effects
    order = next(effect for effect in effects if effect.what == "case.offered")
    return with_seat(evidence, DQ, effects=(*effects, order._replace(key=order.key + ":again")))


@lie("effects-in-order")
def the_end_before_the_beginning(evidence: Evidence) -> Evidence:
    """The vendor's system heard of the end of a case before its beginning."""
    return with_seat(evidence, DQ, effects=tuple(reversed(evidence.seats[DQ].effects)))


@lie("done-left-its-effect")
def done_without_effect(evidence: Evidence) -> Evidence:
    """A task is done, and nothing of it is in the vendor's system."""
    return with_seat(evidence, DQ, effects=evidence.seats[DQ].effects[1:])


# -- doors ---------------------------------------------------------------------------------------------------------


@lie("told-is-kept")
def taken_and_lost(evidence: Evidence) -> Evidence:
    """A form was told taken, and is nowhere."""
    ghost = _submission(evidence)._replace(native_id="ghost", cases=())
    return _submissions(evidence, ghost, rest=evidence.submissions)


@lie("told-is-kept")
def taken_as_something_else(evidence: Evidence) -> Evidence:
    """What is in the books is not what was handed in."""
    return _submissions(evidence, _submission(evidence)._replace(digest="0" * 64))


@lie("told-is-kept")
def told_another_case(evidence: Evidence) -> Evidence:
    """The repeat of a form was told another case than the first."""
    one, two, *_ = evidence.submissions or ()
    return _submissions(evidence, one._replace(told=Told.REPEATED, cases=two.cases))


@lie("told-is-kept")
def the_case_vanished(evidence: Evidence) -> Evidence:
    """The form is in the books, its case is not."""
    case = _submission(evidence).cases[0]
    return with_books(evidence, RM, cases=[known for known in books_of(evidence, RM).cases if known.case != case])


@lie("told-no-is-no")
def a_timeout_called_failure(evidence: Evidence) -> Evidence:
    """A form was told failed, and was taken."""
    return _submissions(evidence, _submission(evidence)._replace(told=Told.FAILED, cases=()))


@lie("told-no-is-no")
def refused_and_taken(evidence: Evidence) -> Evidence:
    """A form was told refused, twice, and was taken."""
    no = _submission(evidence)._replace(told=Told.REFUSED, cases=(), code="needs-arbiter")
    return _submissions(evidence, no, no)


@lie("taken-was-submitted")
def nobody_handed_it_in(evidence: Evidence) -> Evidence:
    """A form is in the books that nobody handed in."""
    return replace(evidence, submissions=(evidence.submissions or ())[1:])


@lie("taken-was-submitted")
def through_no_door(evidence: Evidence) -> Evidence:
    """A case was registered by nobody's form."""
    dirty = _without_row(evidence, RM, "taken")
    return replace(dirty, submissions=(evidence.submissions or ())[1:])


@lie("submitted-is-open-plus-closed")
def the_origin_forgot(evidence: Evidence) -> Evidence:
    """Another center has a case that its own origin does not know."""
    return _without_row(evidence, RM, "cases")


# -- contents ------------------------------------------------------------------------------------------------------


@lie("matter-unaltered")
def another_matter(evidence: Evidence) -> Evidence:
    """One character of the matter changed on the way."""
    return _record(evidence, DQ, lambda record: record["case"].update(text=record["case"]["text"] + "。"))


@lie("matter-unaltered")
def another_resident(evidence: Evidence) -> Evidence:
    """Two centers know different residents for one case."""
    at, known = _cases_at(evidence, RM, "pass")
    dirty = _record(evidence, RM, lambda record: record["case"].update(resident={"name": "居民甲"}), at)
    at = next(at for at, other in enumerate(books_of(evidence, ZW).cases) if other.case == known.case)
    return _record(dirty, ZW, lambda record: record["case"].update(resident={"name": "居民乙"}), at)


@lie("matter-as-submitted")
def not_what_was_said(evidence: Evidence) -> Evidence:
    """The same wrong text stands everywhere: only the resident knows better."""
    return _submissions(evidence, _submission(evidence)._replace(text="0" * 64))


@lie("result-unaltered")
def another_result(evidence: Evidence) -> Evidence:
    """The origin knows other words of the result than the center that gave it."""
    return _record(evidence, RM, lambda record: record["result"].update(public_reply="未修好"))


@lie("bytes-unaltered")
def other_bytes(evidence: Evidence) -> Evidence:
    """What arrived has other bytes than what left."""
    row = books_of(evidence, DQ).applied[0]
    said = Kept("said", row.message, DQ, row.case, "case.offered", b'{"data": 1}')
    heard = said._replace(way="heard", peer=RM, body=b'{"data": 2}')
    return with_books(with_books(evidence, RM, archive=[said]), DQ, archive=[heard])


@lie("bytes-unaltered", midway=True)
def another_body_on_the_desk(evidence: Evidence) -> Evidence:
    """A task's content differs from the message that is still owed."""
    books = books_of(evidence, RM)
    owed = {o.message for o in books_of(evidence, DQ).outbox}
    at, task = next((at, task) for at, task in enumerate(books.work) if task.message in owed)
    document = json.loads(task.body)
    document["data"]["version"] += 1
    return _with_row(evidence, RM, "work", at, body=json.dumps(document).encode())
