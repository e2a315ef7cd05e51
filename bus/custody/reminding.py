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


def remind(before: Record, after: Record, says: Collection[Outgoing]) -> Decision:
    """Return the decision to say these reminders: ``after`` is the record that remembers them. Who may not be urged is
    not; who is told by an escalation hears how the case ends."""
    said = tuple(
        one for one in says if isinstance(one.data, k.Escalated) or one.to == before.me or may_urge(before, one.to)
    )
    told = (one.to for one in said if isinstance(one.data, k.Escalated) and one.to not in before.path)
    return Decision(before.with_(reminded=after.reminded, told=with_told(before.told, *told)), said)
