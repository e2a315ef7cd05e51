"""What a clock says of a case: the message to whoever is waited for, and the memory of it. Pure.

A reminder changes neither holder, version, offers, arbitration nor status. It is no command: no adapter gives it."""

from collections.abc import Collection

from bus.contract import messages as k
from bus.custody.bounds import with_told
from bus.custody.record import Decision, Outgoing, Record, Status


def may_urge(record: Record, center: str) -> bool:
    """Return whether ``center`` is one that ``case.urged`` is for: it holds the open case, or is asked to take it."""
    if record.status is not Status.OPEN:
        return False
    asked = record.offer_out.pending if record.offer_out is not None else ()
    return center == record.holder or center in asked or (center == record.me and record.offer_in is not None)


def remind(
    before: Record,
    after: Record,
    said: Collection[tuple[str, str]],
    escalated: Collection[tuple[str, k.Escalated]] = (),
) -> Decision:
    """Return the decision to say these texts, and these escalations, each to a center: ``after`` is the record that
    remembers them. Who is told by an escalation hears how the case ends."""
    urges = tuple(
        Outgoing(center, k.Urged(version=before.version, text=text))
        for center, text in said
        if may_urge(before, center)
    )
    told = with_told(before.told, *(center for center, _ in escalated if center not in before.path))
    changed = before.with_(reminded=after.reminded, told=told)
    return Decision(changed, (*urges, *(Outgoing(center, data) for center, data in escalated)))
