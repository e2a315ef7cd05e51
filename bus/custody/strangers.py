"""Strangers: center names that are not in the county's directory. A record never gains one.

An offer that names a stranger is refused: this center would write to it for as long as the case lives. Elsewhere such
names are left out, since an honest center may have recorded them before this rule existed. Pure.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from bus.contract import messages as k
from bus.custody.record import Decision, Outgoing, Record, Refusal

UNKNOWN_CENTER = "unknown-center"


def without_strangers(
    before: Record | None, decision: Decision, data: k.CaseKind, is_member: Callable[[str], bool]
) -> Decision:
    """The decision on ``data`` without strangers. Raises ``Refusal``."""
    record = decision.record
    strangers = new_strangers(before, record, is_member)
    if not strangers:
        return decision
    if isinstance(data, k.Offered):
        raise _unknown_center()
    return replace(decision, record=left_out(record, strangers), outgoing=said_to_others(decision.outgoing, strangers))


def left_out(record: Record, strangers: Collection[str]) -> Record:
    """The record without these names. Raises ``Refusal`` where one of them is holder, arbiter or origin."""
    if {record.holder, record.arbiter, record.case.origin}.intersection(strangers):
        raise _unknown_center()
    return record.with_(
        path=tuple(center for center in record.path if center not in strangers),
        concerned=tuple(center for center in record.concerned if center not in strangers),
    )


def said_to_others(outgoing: Iterable[Outgoing], strangers: Collection[str]) -> tuple[Outgoing, ...]:
    """The messages of ``outgoing`` that do not go to strangers."""
    return tuple(one for one in outgoing if one.to not in strangers)


def _unknown_center() -> Refusal:
    return Refusal(UNKNOWN_CENTER, "it names a center that the directory does not list: fetch the newest, then replay")


def new_strangers(before: Record | None, after: Record, is_member: Callable[[str], bool]) -> set[str]:
    """Names that the change adds to the record and that no center of the county has."""
    if after is before:
        return set()
    named = _named(after) - {after.me} - (_named(before) if before is not None else set())
    return {center for center in named if not is_member(center)}


def _named(record: Record) -> set[str]:
    named = {*record.path, *record.concerned, record.holder, record.case.origin}
    return named | {record.arbiter} if record.arbiter is not None else named
