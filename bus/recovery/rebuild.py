"""The record of one case before the restore, rebuilt from the backup and from what peers have told.

Pure, and decides nothing: every message that a peer has heard stands, and every message that was heard here counts.
What no peer has heard of is undone.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.envelope import Message
from bus.custody import Assist, Rating, ReceivedOffer, Record, Result, SentOffer, Status
from bus.custody.handing import AWAITED
from bus.custody.merge import all_returns, fuller_case, overruled
from bus.custody.progress import result_of
from bus.recovery.case_history import CaseHistory, claim, path_until
from bus.recovery.moments import moments
from bus.recovery.more_time import with_more_time
from bus.recovery.order import in_order
from bus.recovery.plans import plan_of

_WITH_ROUND = (
    *(k.Offered, k.ArbitrationRequested, k.Ruled, k.Resolved, k.Reopened, k.Closed),
    *(k.ExtensionRequested, k.Escalated),
)
_WITH_RETURNS = (k.Offered, k.ArbitrationRequested, k.Ruled)
_WITH_CASE = (*_WITH_RETURNS, k.AssistRequested, k.ExtensionRequested, k.Escalated)


def rebuild(history: CaseHistory, arbiter: str | None) -> Record | None:
    """The rebuilt record. ``arbiter``: from this center's settings. None when no told message opens the case here."""
    case = _case(history)
    if case is None:
        return None
    before, me = history.before, history.me
    known = [] if before is None else [(before.version, before.holder)]
    claims = [*known, *filter(None, map(claim, history.messages))]
    version, holder = max(claims or _escalated(history), key=lambda found: found[0])
    round_ = max(
        [before.round if before else 1, *(o.data.round for o in history.messages if isinstance(o.data, _WITH_ROUND))]
    )
    status, result = _stage(history, case.origin == me, version, round_)
    record = Record(
        me=me,
        case=case,
        holder=holder,
        version=version,
        status=status,
        round=round_,
        path=path_until(history, before.path if before else (case.origin,), version),
        returns=_returns(history),
        arbiter=_arbiter(history, arbiter if case.origin == me else None),
        assists=_assists(history),
        result=result,
        ratings=_ratings(history),
        urges=_urges(history),
        due=_due(history),
        project=before.project if before else None,
        plan=plan_of(history),
        papers=before.papers if before else (),
        claim=before.claim if before else None,
    )
    asked, concerned = _arbitration(history, record)
    whole = record.with_(
        offer_out=_offer_out(history, record),
        offer_in=_offer_in(history, record),
        arbitration=asked,
        concerned=concerned,
    )
    timed = whole.with_(**moments(history, whole))
    return with_more_time(history, timed)


def _case(history: CaseHistory) -> Case | None:
    known = history.before.case if history.before else None
    told = [one.data.case for one in history.messages if isinstance(one.data, _WITH_CASE)]
    for case in told:
        known = case if known is None else fuller_case(known, case)
    for handed in history.all(k.Handed):
        if known is not None:
            known = fuller_case(known, known.model_copy(update={"resident": handed.data.resident}))
    return known


def _stage(history: CaseHistory, at_origin: bool, version: int, round_: int) -> tuple[Status, Result | None]:
    """Status and result. A ruling undoes a result that it has overtaken, except at the origin, or when the resident has
    been told it."""
    before, status, result = history.before, Status.OPEN, None
    closed = any(one.data.round == round_ for one in history.all(k.Closed))
    stays = at_origin or closed
    if before is not None and before.round == round_:
        status, result = before.status, before.result
        if status is Status.RESOLVED and not stays and overruled(before.version, version):
            status, result = Status.OPEN, None
    resolved = [one for one in history.all(k.Resolved) if one.data.round == round_]
    standing = [one for one in resolved if stays or not overruled(one.data.version, version)]
    if result is None and standing:
        result = result_of(standing[0].data, standing[0].source)
        status = Status.RESOLVED if status is Status.OPEN else status
    return (Status.CLOSED if closed else status), result


def _returns(history: CaseHistory) -> tuple[k.Return, ...]:
    """The returns, each once by offer and center: the copy that travelled with the case is older and keeps its time."""
    known = history.before.returns if history.before else ()
    for one in history.messages:
        if isinstance(one.data, _WITH_RETURNS):
            known = all_returns(known, one.data.returns)
    counted = {(one.offer_id, one.by) for one in known}
    for message in history.theirs(k.Declined):
        if (message.data.offer_id, message.source) not in counted:
            text = " ".join((message.data.text or "").split())[:200] or None
            known = (
                *known,
                k.Return(
                    offer_id=message.data.offer_id,
                    by=message.source,
                    reason=message.data.reason,
                    text=text,
                    at=message.time,
                ),
            )
    return known[-50:]


def _arbiter(history: CaseHistory, at_registration: str | None) -> str | None:
    if history.before is not None and history.before.arbiter is not None:
        return history.before.arbiter
    asked = (one.recipient for one in history.all(k.ArbitrationRequested))
    offered = (one.data.arbiter for one in history.all(k.Offered) if one.data.arbiter is not None)
    ruled = (one.source for one in history.all(k.Ruled))
    return next(chain(asked, _informed(history), offered, ruled), at_registration)


def _escalated(history: CaseHistory) -> list[tuple[int, str]]:
    """Holder and version as escalations name them, where nothing else tells of the case."""
    return [(one.data.version, one.data.holder) for one in history.all(k.Escalated)]


def _informed(history: CaseHistory) -> Iterator[str]:
    """Centers that were told of the case as its arbiter: only the origin is asked for more time as what it is."""
    yield from (one.recipient for one in history.all(k.Escalated) if one.recipient != one.data.case.origin)
    yield from (one.recipient for one in history.all(k.ExtensionRequested) if one.recipient != one.data.case.origin)


def _offer_out(history: CaseHistory, record: Record) -> SentOffer | None:
    """The open offer of this center: the asked centers without a told end of their part."""
    if not record.mine:
        return None
    offers: dict[UUID, SentOffer] = {}
    before = history.before.offer_out if history.before else None
    if before is not None and before.version == record.version:
        offers[before.offer_id] = before
    for one in history.ours(k.Offered):
        if one.data.version == record.version:
            offers[one.data.offer_id] = _asked(offers.get(one.data.offer_id), one)
    asked_back = {one.data.offer_id for one in history.ours(k.WithdrawalRequested)}
    for offer in reversed(offers.values()):
        over = history.answered_by(offer.offer_id) | history.told(k.Lost, offer.offer_id)
        pending = tuple(center for center in offer.pending if center not in over)
        if pending and not history.told(k.Granted, offer.offer_id):
            withdrawing = offer.withdrawing or offer.offer_id in asked_back
            return offer.model_copy(update={"pending": pending, "withdrawing": withdrawing})
    return None


def _asked(offer: SentOffer | None, message: Message[k.Offered]) -> SentOffer:
    if offer is None:
        to = (message.recipient,)
        data = message.data
        return SentOffer(
            offer_id=data.offer_id,
            mode=data.mode,
            version=data.version,
            pending=to,
            asked=to,
            at=message.time,
            sign_by=data.sign_by,
            masked=data.case.awaits_resident,
        )
    if message.recipient in offer.asked:
        return offer
    return offer.model_copy(
        update={"pending": (*offer.pending, message.recipient), "asked": (*offer.asked, message.recipient)}
    )


def _offer_in(history: CaseHistory, record: Record) -> ReceivedOffer | None:
    """The offer to this center without an answer that a peer has heard."""
    offers: list[ReceivedOffer] = []
    before = history.before.offer_in if history.before else None
    if before is not None:
        offers.append(before)
    for one in sorted(history.theirs(k.Offered), key=lambda o: (o.data.version, o.sequence)):
        data = one.data
        offers.append(
            ReceivedOffer(
                offer_id=data.offer_id,
                offerer=one.source,
                mode=data.mode,
                version=data.version,
                at=one.time,
                sign_by=data.sign_by,
            )
        )
    over = {one.data.offer_id for one in history.messages if _ends_offer_in(one, history.me)}
    bids = {one.data.offer_id for one in history.ours(k.Accepted) if one.data.bid}
    for offer in reversed(offers):
        if offer.version == record.version and offer.offerer == record.holder and offer.offer_id not in over:
            return offer.model_copy(update={"bid": offer.bid or offer.offer_id in bids})
    return None


def _ends_offer_in(message: Message[Any], me: str) -> bool:
    if message.source == me:
        return isinstance(message.data, k.Declined | k.Withdrawn)
    return isinstance(message.data, k.Lost)


def _arbitration(history: CaseHistory, record: Record) -> tuple[str | None, tuple[str, ...]]:
    """At the asker: the arbiter. At the arbiter: the asker, and the others that must hear the ruling."""
    closed = max((one.data.round for one in history.all(k.Closed)), default=0)
    if record.arbiter == record.me:
        return _asked_of_us(history, closed)
    return (record.arbiter if _waits_for_ruling(history, record, closed) else None), ()


def _waits_for_ruling(history: CaseHistory, record: Record, closed: int) -> bool:
    """Whether this center has asked in this version and round, and the round has not been closed since."""
    before, now = history.before, (record.version, record.round)
    if before is not None and before.arbitration and (before.version, before.round) == now and before.round > closed:
        return True
    asked = [one for one in history.ours(k.ArbitrationRequested) if (one.data.version, one.data.round) == now]
    return any(one.data.round > closed and not _answered(history, one) for one in asked)


def _answered(history: CaseHistory, asked: Message[k.ArbitrationRequested]) -> bool:
    """Whether the center that was complained of as silent has answered since."""
    if asked.data.ground is not k.Ground.SILENT:
        return False
    if asked.data.offered_to:
        return all(center in _over(history, asked) for center in asked.data.offered_to)
    later = (*history.theirs(k.Progressed), *history.theirs(k.Resolved))
    return any(one.data.version == asked.data.version and one.time >= asked.time for one in later)


def _over(history: CaseHistory, asked: Message[k.ArbitrationRequested]) -> set[str]:
    """Centers that have ended their part of an offer at the version of the complaint."""
    kinds: tuple[type[Any], ...] = (k.Declined, k.Withdrawn)
    return {one.source for kind in kinds for one in history.theirs(kind) if one.data.version == asked.data.version}


def _asked_of_us(history: CaseHistory, closed: int) -> tuple[str | None, tuple[str, ...]]:
    """The center that asks this one as arbiter, and the others that must hear the ruling."""
    before = history.before
    asker: str | None = None
    concerned: tuple[str, ...] = ()
    ruled = max((one.data.version for one in history.ours(k.Ruled)), default=0)
    if before is not None and not ruled and before.round > closed:
        asker, concerned = before.arbitration, before.concerned
    open_ = [o for o in history.theirs(k.ArbitrationRequested) if o.data.version >= ruled and o.data.round > closed]
    for one in in_order(open_):
        asker, concerned = one.source, (*concerned, *one.data.offered_to)
    return asker, concerned[-200:]


def _assists(history: CaseHistory) -> tuple[Assist, ...]:
    known = {one.assist_id: one for one in (history.before.assists if history.before else ())}
    for asked in history.all(k.AssistRequested):
        data = asked.data
        assist = Assist(assist_id=data.assist_id, asker=asked.source, assistant=asked.recipient, ask=data.ask)
        known.setdefault(data.assist_id, assist)
    for answer in history.all(k.AssistAnswered):
        assist_ = known.get(answer.data.assist_id)
        if assist_ is not None and assist_.assistant == answer.source:
            known[assist_.assist_id] = assist_.model_copy(update={"done": answer.data.done})
    return tuple(known.values())


def _ratings(history: CaseHistory) -> tuple[Rating, ...]:
    known = {(one.round, one.rater): one for one in (history.before.ratings if history.before else ())}
    for one in history.all(k.Rated):
        given = Rating(round=one.data.round, rater=one.data.rater, grade=one.data.grade)
        known.setdefault((given.round, given.rater), given)
    return tuple(known.values())


def _urges(history: CaseHistory) -> int:
    """The number of urges: one for each heard, and one for each sent, however many centers it went to."""
    passed_on = {one.id for one in history.theirs(k.Urged) if one.data.text != AWAITED}
    own = {(one.time, one.data.text) for one in _urgings(history) if one.causeid not in passed_on}
    return (history.before.urges if history.before else 0) + len(passed_on) + len(own)


def _urgings(history: CaseHistory) -> Iterator[Message[k.Urged]]:
    """What this center has urged, without its asking for a resident, which is nobody's delay."""
    return (one for one in history.ours(k.Urged) if one.data.text != AWAITED)


def _due(history: CaseHistory) -> datetime | None:
    due = history.before.due if history.before else None
    for one in history.messages:
        if isinstance(one.data, k.Accepted | k.Progressed):
            due = one.data.due or due
    return due
