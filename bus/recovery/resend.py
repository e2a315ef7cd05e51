"""What a restored center says again. A word to many may have reached some of them only; the others must have it too.

And what it must hear again: a message whose answer nobody has heard is not answered yet. Pure.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record, Say
from bus.custody.follow_ups import ruling_passed_on, standing
from bus.custody.merge import overruled
from bus.recovery.case_history import Story, claim, path_until

_NEWS = (k.Accepted, k.Granted, k.Ruled, k.Resolved, k.Rated, k.Reopened, k.Closed, k.Published, k.Progressed)
_ANSWERED_AT_ONCE = (k.WithdrawalRequested, k.Closed, k.AssistAnswered, k.Urged)
"""Besides bids: hearing one of these may say something by itself."""
_SAID_BY_HEARING = (k.Granted, k.Lost, k.Withdrawn, k.WithdrawalRequested, k.Urged, k.Ruled, k.Reopened)


def must_be_heard_again(story: Story, message: Message[k.Said]) -> bool:
    """Whether nobody has heard what we said to it: then it is decided anew, by the ordinary rules.

    That another bidder has lost is no answer to a bid: only the grant is, or a word to the bidder himself."""
    data, answers = message.data, story.causes.get(message.id, ())
    if isinstance(data, k.Accepted) and data.bid:
        return not any(isinstance(one.data, k.Granted) or one.recipient == message.source for one in answers)
    return isinstance(data, _ANSWERED_AT_ONCE) and not answers


def commands_were_heard(story: Story, message: Message[k.Said]) -> bool:
    """Whether somebody has heard what the desk did with this message: then it was carried out, in one piece."""
    for said in story.causes.get(message.id, ()):
        passed_on = isinstance(said.data, k.AssistAnswered) and isinstance(message.data, k.AssistAnswered)
        standing = isinstance(said.data, k.Closed) and not isinstance(message.data, k.Resolved)
        if not isinstance(said.data, _SAID_BY_HEARING) and not passed_on and not standing:
            return True
    return False


def still_to_say(story: Story, record: Record, now: datetime) -> list[Say]:
    """The legs of our own words that nobody has heard, so that they reach all whom they were for."""
    says = [*_news(story, record), *_offers_ended(story, record), *_asked_back(story, record)]
    if record.case.origin == record.me:
        says += [*_rulings(story, record), *_standing(story, record, now)]
    unique = {(say.to, say.data.model_dump_json()): say for say in says}
    return list(unique.values())


def _news(story: Story, record: Record) -> Iterator[Say]:
    heard: dict[str, tuple[k.CaseKind, set[str]]] = {}
    for one in story.words:
        if one.source == story.me and isinstance(one.data, _NEWS) and not getattr(one.data, "bid", False):
            heard.setdefault(one.type + one.data.model_dump_json(), (one.data, set()))[1].add(one.recipient)
    start = story.before.path if story.before else (record.case.origin,)
    for data, recipients in heard.values():
        for center in (*path_until(story, start, data.version), *_concerned(story, data)):
            if center != story.me and center not in recipients:
                yield Say(center, data)


def _concerned(story: Story, data: k.CaseKind) -> tuple[str, ...]:
    """Who hears a ruling though he never held the case: an offer of it is open with him."""
    if not isinstance(data, k.Ruled):
        return ()
    asked = (center for one in story.theirs(k.ArbitrationRequested) for center in one.data.offered_to)
    return (*(story.before.concerned if story.before else ()), *asked)


def _offers_ended(story: Story, record: Record) -> Iterator[Say]:
    """Whom we asked, and who has not heard that another was granted the case, or that a ruling has ended the offer."""
    asked = {one.data.offer_id: (one.data.version, set[str]()) for one in story.ours(k.Offered)}
    for one in story.ours(k.Offered):
        asked[one.data.offer_id][1].add(one.recipient)
    before = story.before.offer_out if story.before else None
    if before is not None:
        asked.setdefault(before.offer_id, (before.version, set()))[1].update(before.pending)
    granted = {one.data.offer_id: one.data for one in story.ours(k.Granted)}
    for offer_id, (version, centers) in asked.items():
        given = granted.get(offer_id)
        if given is None and not overruled(version, record.version):
            continue
        open_still = centers - story.answered_by(offer_id) if given is None else centers - _declined(story, offer_id)
        for center in sorted(open_still - story.told(k.Lost, offer_id) - {given.to if given else ""}):
            yield Say(center, k.Lost(version=given.version if given else record.version, offer_id=offer_id))


def _declined(story: Story, offer_id: object) -> set[str]:
    """A bid is no answer that ends the leg; a decline is."""
    kinds: tuple[type[Any], ...] = (k.Declined, k.Withdrawn)
    over = [one for kind in kinds for one in story.theirs(kind)]
    return {one.source for one in over if one.data.offer_id == offer_id}


def _asked_back(story: Story, record: Record) -> Iterator[Say]:
    out = record.offer_out
    asked = [one for one in story.ours(k.WithdrawalRequested) if out is not None and one.data.offer_id == out.offer_id]
    if out is not None and asked:
        heard = {one.recipient for one in asked}
        yield from (Say(center, asked[0].data) for center in out.pending if center not in heard)


def _rulings(story: Story, record: Record) -> Iterator[Say]:
    """The origin passes the ruling on to a holder whom the arbiter could not know."""
    told = {one.recipient for one in story.ours(k.Ruled) if one.data.version == record.version}
    for one in story.theirs(k.Accepted):
        found = claim(one)
        if found is not None and overruled(found[0], record.version) and found[1] not in told | {record.holder}:
            yield Say(found[1], ruling_passed_on(record))


def _standing(story: Story, record: Record, now: datetime) -> Iterator[Say]:
    """Where the resident stands, for those who came to the case since the backup."""
    word = standing(record, now)
    if word is None or story.before is None:
        return
    said = [one for one in story.ours(type(word)) if one.data.round == record.round]
    told = {one.recipient for one in said} | {record.me}
    # the reply was given at one moment: all hear the same
    data = said[0].data if said and isinstance(word, k.Closed) else word
    yield from (Say(c, data) for c in record.path if c not in story.before.path and c not in told)
