"""The messages that a restored center sends again, and those that it must hear again.

A message to several centers may have reached only some; the others must get it too. A received message whose answer no
peer has heard counts as unanswered. Pure.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Outgoing, Record
from bus.custody.follow_ups import ruling_passed_on, standing
from bus.custody.handing import ask, tell, waiting, waits
from bus.custody.merge import overruled
from bus.custody.plans import is_step
from bus.recovery.case_history import CaseHistory, claim, path_until

_NEWS = (k.Accepted, k.Granted, k.Ruled, k.Resolved, k.Rated, k.Reopened, k.Closed, k.Published, k.Progressed)
_ANSWERED_AT_ONCE = (k.WithdrawalRequested, k.Closed, k.AssistAnswered, k.Urged)
"""Besides bids: kinds that may cause a message as soon as they are heard."""
_SAID_BY_HEARING = (k.Granted, k.Lost, k.Withdrawn, k.WithdrawalRequested, k.Urged, k.Ruled, k.Reopened, k.Handed)


def must_be_heard_again(history: CaseHistory, message: Message[k.CaseMessage]) -> bool:
    """Whether no peer has heard our answer to it: then it is decided anew, by the ordinary rules. A message that
    another bidder has lost does not answer a bid: only the grant does, or a message to the bidder itself."""
    data, answers = message.data, history.causes.get(message.id, ())
    if isinstance(data, k.Accepted) and data.bid:
        return not any(isinstance(one.data, k.Granted) or one.recipient == message.source for one in answers)
    return isinstance(data, _ANSWERED_AT_ONCE) and not answers


def commands_were_heard(history: CaseHistory, message: Message[k.CaseMessage]) -> bool:
    """Whether a peer has heard a command that the handler of this message gave: then all of them were carried out, in
    one piece."""
    for said in history.causes.get(message.id, ()):
        passed_on = isinstance(said.data, k.AssistAnswered) and isinstance(message.data, k.AssistAnswered)
        standing = isinstance(said.data, k.Closed) and not isinstance(message.data, k.Resolved)
        if not isinstance(said.data, _SAID_BY_HEARING) and not passed_on and not standing and not is_step(said.data):
            return True
    return False


def still_to_say(history: CaseHistory, record: Record, now: datetime) -> list[Outgoing]:
    """Own messages that some recipients have not heard yet."""
    says = [*_news(history, record), *_offers_ended(history, record), *_asked_back(history, record)]
    says += _resident(history, record)
    if record.case.origin == record.me:
        says += [*_rulings(history, record), *_standing(history, record, now)]
    unique = {(outgoing.to, outgoing.data.model_dump_json()): outgoing for outgoing in says}
    return list(unique.values())


def _news(history: CaseHistory, record: Record) -> Iterator[Outgoing]:
    heard: dict[str, tuple[k.CaseKind, set[str]]] = {}
    for one in history.messages:
        if one.source == history.me and isinstance(one.data, _NEWS) and not getattr(one.data, "bid", False):
            heard.setdefault(one.type + one.data.model_dump_json(), (one.data, set()))[1].add(one.recipient)
    start = history.before.path if history.before else (record.case.origin,)
    for data, recipients in heard.values():
        for center in (*path_until(history, start, data.version), *_concerned(history, data)):
            if center != history.me and center not in recipients:
                yield Outgoing(center, data)


def _concerned(history: CaseHistory, data: k.CaseKind) -> tuple[str, ...]:
    """Centers that hear a ruling though they never held the case: they have an open offer of it."""
    if not isinstance(data, k.Ruled):
        return ()
    asked = (center for one in history.theirs(k.ArbitrationRequested) for center in one.data.offered_to)
    return (*(history.before.concerned if history.before else ()), *asked)


def _offers_ended(history: CaseHistory, record: Record) -> Iterator[Outgoing]:
    """Messages to asked centers that have not heard of a grant to another center, or of a ruling that has ended the
    offer."""
    asked = {one.data.offer_id: (one.data.version, set[str]()) for one in history.ours(k.Offered)}
    for one in history.ours(k.Offered):
        asked[one.data.offer_id][1].add(one.recipient)
    before = history.before.offer_out if history.before else None
    if before is not None:
        asked.setdefault(before.offer_id, (before.version, set()))[1].update(before.pending)
    granted = {one.data.offer_id: one.data for one in history.ours(k.Granted)}
    for offer_id, (version, centers) in asked.items():
        given = granted.get(offer_id)
        if given is None and not overruled(version, record.version):
            continue
        open_still = (
            centers - history.answered_by(offer_id) if given is None else centers - _declined(history, offer_id)
        )
        for center in sorted(open_still - history.told(k.Lost, offer_id) - {given.to if given else ""}):
            yield Outgoing(center, k.Lost(version=given.version if given else record.version, offer_id=offer_id))


def _declined(history: CaseHistory, offer_id: object) -> set[str]:
    """The centers that have declined; a bid does not end their part of the offer."""
    kinds: tuple[type[Any], ...] = (k.Declined, k.Withdrawn)
    over = [one for kind in kinds for one in history.theirs(kind)]
    return {one.source for one in over if one.data.offer_id == offer_id}


def _asked_back(history: CaseHistory, record: Record) -> Iterator[Outgoing]:
    out = record.offer_out
    asked = [
        one for one in history.ours(k.WithdrawalRequested) if out is not None and one.data.offer_id == out.offer_id
    ]
    if out is not None and asked:
        heard = {one.recipient for one in asked}
        yield from (Outgoing(center, asked[0].data) for center in out.pending if center not in heard)


def _rulings(history: CaseHistory, record: Record) -> Iterator[Outgoing]:
    """The ruling that the origin passes on to a holder unknown to the arbiter."""
    told = {one.recipient for one in history.ours(k.Ruled) if one.data.version == record.version}
    for one in history.theirs(k.Accepted):
        found = claim(one)
        if found is not None and overruled(found[0], record.version) and found[1] not in told | {record.holder}:
            yield Outgoing(found[1], ruling_passed_on(record))


def _resident(history: CaseHistory, record: Record) -> Iterator[Outgoing]:
    """What is still due about who the resident is: a holder that waits for it asks at once, and waits on; whoever owes
    it to the holder tells it."""
    if waits(record):
        yield from (*waiting(record), *ask(record))
    elif not record.mine and _owed(history, record):
        told = {one.recipient for one in history.ours(k.Handed) if one.data.version == record.version}
        yield from (one for one in tell(record) if one.to not in told)


def _owed(history: CaseHistory, record: Record) -> bool:
    """Whether the holder came to the case by a masked offer of this center, or by a ruling that masks the resident."""
    out = history.before.offer_out if history.before else None
    if out is not None and out.masked and out.version + 1 == record.version:
        return True
    if any(one.data.case.awaits_resident and one.data.version + 1 == record.version for one in history.ours(k.Offered)):
        return True
    rulings = (one.data for one in history.all(k.Ruled) if one.data.version == record.version)
    return record.case.origin == record.me and any(ruled.case.awaits_resident for ruled in rulings)


def _standing(history: CaseHistory, record: Record, now: datetime) -> Iterator[Outgoing]:
    """The case's standing, for centers that came to it since the backup."""
    word = standing(record, now)
    if word is None or history.before is None:
        return
    said = [one for one in history.ours(type(word)) if one.data.round == record.round]
    told = {one.recipient for one in said} | {record.me}
    # the reply was given once: all get the same text
    data = said[0].data if said and isinstance(word, k.Closed) else word
    yield from (Outgoing(c, data) for c in record.path if c not in history.before.path and c not in told)
