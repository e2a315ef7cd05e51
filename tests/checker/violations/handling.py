"""Lies about the desks."""

from tests.checker.county import MEDIA, PARTY, books_of, with_seat
from tests.checker.violations.planting import first, lie, with_journal, with_line, without_line
from verification.checker import Effect, Evidence


@lie("heard-is-worked")
def left_undone(evidence: Evidence) -> Evidence:
    """An offer is neither on the desk nor done."""
    return without_line(evidence, PARTY, way="desk", kind="case.offered")


@lie("heard-is-worked")
def the_reply_was_forgotten(evidence: Evidence) -> Evidence:
    """The origin resolved its own case, and its own desk never replied."""
    return without_line(evidence, MEDIA, way="desk", kind="case.resolved", peer=MEDIA)


@lie("done-once")
def finished_twice(evidence: Evidence) -> Evidence:
    """Two processes finished one task."""
    snapshot = books_of(evidence, PARTY)
    line = snapshot.journal[first(snapshot, way="desk", kind="case.offered")]
    return with_journal(evidence, PARTY, lambda lines: lines.append(line))


@lie("effects-have-a-cause")
def an_effect_of_nothing(evidence: Evidence) -> Evidence:
    """The vendor's system did something for no message."""
    return with_seat(evidence, PARTY, effects=(*evidence.seats[PARTY].effects, Effect("m-0:notice", "case.offered")))


@lie("effects-have-a-cause")
def an_effect_of_the_refused(evidence: Evidence) -> Evidence:
    """The vendor's system did what a refused message asked for."""
    return with_line(evidence, PARTY, {"way": "refused", "note": "stale"}, way="heard", kind="case.offered")


@lie("effects-once")
def two_under_one_key(evidence: Evidence) -> Evidence:
    """A repeat of the call had a second effect."""
    effects = evidence.seats[PARTY].effects
    return with_seat(evidence, PARTY, effects=(*effects, effects[0]))


@lie("effects-once")
def two_orders_for_one_case(evidence: Evidence) -> Evidence:
    """A case got a second work order under another key."""
    effects = evidence.seats[PARTY].effects
    order = next(effect for effect in effects if effect.what == "case.offered")
    return with_seat(evidence, PARTY, effects=(*effects, order._replace(key=order.key + ":again")))


@lie("effects-in-order")
def the_end_before_the_beginning(evidence: Evidence) -> Evidence:
    """The vendor's system heard of the end of a case before its beginning."""
    return with_seat(evidence, PARTY, effects=tuple(reversed(evidence.seats[PARTY].effects)))


@lie("done-left-its-effect")
def done_without_effect(evidence: Evidence) -> Evidence:
    """A task is done, and nothing of it is in the vendor's system."""
    return with_seat(evidence, PARTY, effects=evidence.seats[PARTY].effects[1:])
