"""Decisions on this center's own commands. Pure: (record, command, now) → decision, or a refusal."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.custody import more_time
from bus.custody.assess import assess
from bus.custody.bounds import with_rating, with_told
from bus.custody.claim import claim
from bus.custody.handing import with_handing
from bus.custody.moments import with_moments
from bus.custody.more_time import Granting
from bus.custody.papers import checked
from bus.custody.plans import ask_help, go_on, planned
from bus.custody.record import (
    HIGHEST_VERSION,
    RULING_STEP,
    Decision,
    Outgoing,
    Rating,
    ReceivedOffer,
    Record,
    Refusal,
    Result,
    SentOffer,
    Status,
    notify_path,
)
from bus.custody.settle import in_order, settle
from bus.custody.visits import appointment_after

RETURNS_BEFORE_ARBITER = 2
"""Returns after which a case goes to the arbiter (推诿); a county may set another number."""

CONTACTED = "contacted"
"""The stage of progress that says: the holder has spoken to the resident (先行联系)."""

_Told = TypeVar("_Told", c.Report, c.Hold, c.Resume)

WITHHELD = "内部办理，内容不转告 / handled internally"
"""The text that former holders get for progress that is not public."""


def register(command: c.Register, me: str, arbiter: str | None) -> Decision:
    """The first record of a case: held here, at custody version 1."""
    if command.case.origin != me:
        raise Refusal("not-origin", f"a case is registered by the center that heard the resident: {me}")
    begun = command.case.received_at
    return Decision(
        Record(me=me, case=command.case, holder=me, version=1, path=(me,), arbiter=arbiter, since=begun, round_at=begun)
    )


def decide(
    record: Record,
    command: c.Command,
    now: datetime,
    returns_before_arbiter: int = RETURNS_BEFORE_ARBITER,
    granting: Granting | None = None,
    *,
    masking: bool = False,
) -> Decision:
    """The decision on ``command``. Raises ``Refusal`` if custody forbids it; the record is then unchanged.

    ``granting``: how more time is granted; None: the clocks are off, and the holder reports it. ``masking``: other
    centers learn who the resident is only when they hold the case."""
    decision = _decided(record, command, now, returns_before_arbiter, granting)
    return with_handing(record, decision, None, masking=masking)


def _decided(
    record: Record, command: c.Command, now: datetime, returns_before_arbiter: int, granting: Granting | None
) -> Decision:
    if isinstance(command, c.Offer):
        return _offer(record, command, now, returns_before_arbiter)
    if isinstance(command, c.Register):
        raise Refusal("known-case", "this case is registered already")
    if isinstance(command, c.Settle):
        _must_be_origin(record)
        _must_hold(record)
        return settle(record, command, now)
    if type(command) in _TIMED:
        _must_hold(record)
        decision = _TIMED[type(command)](record, command, now, granting)
    else:
        decision = _DECIDERS[type(command)](record, command, now)
    decision = go_on(decision, now)
    return decision.with_record(with_moments(record, decision.record, now))


def _must_hold(record: Record) -> None:
    if not record.mine:
        raise Refusal("not-holder", f"only the holder may do this: {record.holder} at version {record.version}")
    if record.decision_pending:
        raise Refusal("decision-lent", "an offer or a ruling is awaited; withdraw the offer, or wait for the answer")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}; the origin may reopen it")


def _must_be_origin(record: Record) -> None:
    if record.case.origin != record.me:
        raise Refusal("not-origin", f"only the center that heard the resident may do this: {record.case.origin}")


def _must_come(moment: datetime | None, now: datetime) -> None:
    """Refuse a term that has ended before it begins."""
    if moment is not None and moment <= now:
        raise Refusal("not-later", "the moment that is named has passed: name a later one, or none")


def _pending_offer(record: Record) -> ReceivedOffer:
    offer = record.offer_in
    if offer is None:
        raise Refusal("no-offer", "no offer of this case waits here: it was withdrawn, lost, ruled on or answered")
    return offer


def _offer(record: Record, command: c.Offer, now: datetime, returns_before_arbiter: int) -> Decision:
    _must_hold(record)
    if record.me in command.to:
        raise Refusal("offer-to-self", "the holder cannot offer a case to itself")
    had_it = [center for center in command.to if center in record.path or any(r.by == center for r in record.returns)]
    if record.times_returned >= returns_before_arbiter or had_it:
        raise Refusal(
            "needs-arbiter", "sent back too often, or back to a center that had it: ask the arbiter, no third round"
        )
    if record.version % RULING_STEP == RULING_STEP - 1 or record.version >= HIGHEST_VERSION:
        raise Refusal("needs-arbiter", "the case has changed hands 999 times since the last ruling")
    _must_come(command.sign_by, now)
    offer_id = new_id()
    offered = k.Offered(
        version=record.version,
        offer_id=offer_id,
        mode=command.mode,
        case=record.case.as_shown(),
        path=record.path,
        returns=record.returns,
        arbiter=record.arbiter,
        round=record.round,
        note=command.note,
        sign_by=command.sign_by,
    )
    out = SentOffer(
        offer_id=offer_id, mode=command.mode, version=record.version, pending=command.to, asked=command.to, at=now,
        sign_by=command.sign_by,
    )  # fmt: skip
    return Decision(record.with_(offer_out=out), tuple(Outgoing(center, offered) for center in command.to))


def _accept(record: Record, command: c.Accept, _now: datetime) -> Decision:
    offer = _pending_offer(record)
    if offer.bid:
        raise Refusal("bid-made", "a bid was made for this case; the offerer decides")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}; its offer is being asked back")
    if offer.mode is k.Mode.OPEN:
        bid = k.Accepted(
            version=offer.version,
            offer_id=offer.offer_id,
            bid=True,
            commitment=command.commitment,
            due=command.due,
        )
        return Decision(record.with_(offer_in=offer.model_copy(update={"bid": True})), (Outgoing(offer.offerer, bid),))
    taken = record.with_(
        holder=record.me,
        version=offer.version + 1,
        offer_in=None,
        path=record.held_by(offer.offerer, record.me),
        due=command.due or record.due,
    )
    accepted = k.Accepted(
        version=taken.version,
        offer_id=offer.offer_id,
        path=taken.path,
        commitment=WITHHELD if record.case.sensitive and command.commitment else command.commitment,
        due=command.due,
    )
    return Decision(taken, notify_path(taken, accepted))


def _decline(record: Record, command: c.Decline, _now: datetime) -> Decision:
    """The decline of an offer; it also takes back a bid. Otherwise a center whose offerer is gone for good could never
    be asked again. A grant already under way still counts."""
    offer = _pending_offer(record)
    declined = k.Declined(
        version=offer.version,
        offer_id=offer.offer_id,
        reason=command.reason,
        text=command.text,
        suggested=command.suggested,
    )
    return Decision(record.with_(offer_in=None), (Outgoing(offer.offerer, declined),))


def _withdraw(record: Record, command: c.Withdraw, now: datetime) -> Decision:
    offer = record.offer_out
    if offer is None:
        raise Refusal("no-offer", "nothing is offered: it was answered already")
    if offer.withdrawing:
        raise Refusal("withdrawing", "the withdrawal is under way; the answer will come")
    asked = k.WithdrawalRequested(version=offer.version, offer_id=offer.offer_id, reason=command.reason)
    changed = record.with_(offer_out=offer.model_copy(update={"withdrawing": True, "asked_back_at": now}))
    return Decision(changed, tuple(Outgoing(center, asked) for center in offer.pending))


def _shown(record: Record, command: _Told) -> _Told:
    """The command as others are told of it: stage and date are the status; a text that is not public, or is about a
    child or a patient, stays the holder's own."""
    if command.public and not record.case.sensitive:
        return command
    return command.model_copy(update={"text": WITHHELD, "public": False})


def _report(record: Record, command: c.Report, now: datetime, granting: Granting | None) -> Decision:
    if granting is not None:
        if command.stage == more_time.ON_HOLD:
            told = c.Hold(case_id=command.case_id, text=command.text, until=command.due, public=command.public)
            return more_time.hold(record, _shown(record, told), now, granting)
        more_time.check_report(record, command, granting)
    shown = _shown(record, command)
    progressed = k.Progressed(
        version=record.version, stage=command.stage, text=shown.text, public=shown.public, due=command.due,
        at=command.at,
    )  # fmt: skip
    contacted = record.contacted_at or now if command.stage == CONTACTED else record.contacted_at
    visit = appointment_after(record.appointment, progressed, now)
    changed = record.with_(due=command.due or record.due, contacted_at=contacted, appointment=visit)
    changed = more_time.resumed(changed, now) if command.stage == more_time.RESUMED else changed
    if shown is not command:  # the hour of a visit is no status
        progressed = progressed.model_copy(update={"at": None})
    return Decision(changed, notify_path(record, progressed))


def _hold(record: Record, command: c.Hold, now: datetime, granting: Granting | None) -> Decision:
    return more_time.hold(record, _shown(record, command), now, granting)


def _resume(record: Record, command: c.Resume, now: datetime, _granting: Granting | None) -> Decision:
    return more_time.resume(record, _shown(record, command), now)


def _ask_assist(record: Record, command: c.AskAssist, now: datetime) -> Decision:
    _must_hold(record)
    _may_ask(record, command.to, show_resident=command.show_resident)
    asked, message, _ = ask_help(record, command.to, command.ask, command.due, now, show_resident=command.show_resident)
    return Decision(asked, (message,))


def _may_ask(record: Record, to: str, *, show_resident: bool) -> None:
    if to == record.me:
        raise Refusal("assist-self", "help is asked from another center")
    if show_resident and record.case.sensitive:
        raise Refusal(
            "sensitive", "who a child or a patient is, helpers are not told: ask without, or hand the case over"
        )


def _make_plan(record: Record, command: c.MakePlan, _now: datetime) -> Decision:
    _must_hold(record)
    for step in command.steps:
        _may_ask(record, step.unit, show_resident=step.show_resident)
    return Decision(planned(record, command.steps))


def _check_papers(record: Record, command: c.CheckPapers, now: datetime) -> Decision:
    _must_hold(record)
    return checked(record, command.papers, now)


def _answer_assist(record: Record, command: c.AnswerAssist, _now: datetime) -> Decision:
    waiting = [a for a in record.assists if a.assistant == record.me and a.done is None]
    if command.assist_id is not None:
        waiting = [a for a in waiting if a.assist_id == command.assist_id]
    if not waiting:
        raise Refusal("no-assist", "no help is asked here for this case, or it was answered")
    assist = waiting[0]
    answer = k.AssistAnswered(
        version=record.version,
        assist_id=assist.assist_id,
        done=command.done,
        text=command.text,
        attachments=command.attachments,
    )
    assists = tuple(
        a.model_copy(update={"done": command.done}) if a.assist_id == assist.assist_id else a for a in record.assists
    )
    return Decision(record.with_(assists=assists), (Outgoing(assist.asker, answer),))


def _urge(record: Record, command: c.Urge, _now: datetime) -> Decision:
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    urged = k.Urged(version=record.version, text=command.text)
    if record.offer_out is not None:
        to: tuple[str, ...] = record.offer_out.pending
    elif record.mine:
        raise Refusal("holder", "this center has the case itself")
    else:
        to = (record.holder,)
    return Decision(record.with_(urges=record.urges + 1), tuple(Outgoing(center, urged) for center in to))


def _resolve(record: Record, command: c.Resolve, _now: datetime) -> Decision:
    _must_hold(record)
    resolved = k.Resolved(
        version=record.version,
        round=record.round,
        outcome=command.outcome,
        public_reply=command.public_reply,
        internal_note=command.internal_note,
        lawful_route=command.lawful_route,
        attachments=command.attachments,
        instant=command.instant,
    )
    changed = record.with_(status=Status.RESOLVED, result=result_of(resolved, record.me))
    told = resolved.model_copy(update={"internal_note": None})
    says = notify_path(changed, told, also=record.hear_the_end)
    if record.case.origin == record.me:
        says = (Outgoing(record.me, resolved), *says)  # its own system replies to the resident
    return Decision(changed, says)


def result_of(resolved: k.Resolved, by: str) -> Result:
    """The part of a resolution that the record keeps."""
    return Result(
        by=by,
        outcome=resolved.outcome,
        public_reply=resolved.public_reply,
        lawful_route=resolved.lawful_route,
        instant=resolved.instant,
    )


def _close(record: Record, command: c.Close, _now: datetime) -> Decision:
    _must_be_origin(record)
    if record.status is Status.CLOSED:
        raise Refusal("closed", "the case is closed already")
    if record.status is not Status.RESOLVED:
        raise Refusal("not-resolved", "a case is closed by a reply to the resident, and that needs a result")
    closed = k.Closed(version=record.version, round=record.round, replied_at=command.replied_at)
    changed = record.with_(status=Status.CLOSED, arbitration=None, concerned=())
    return Decision(changed, notify_path(changed, closed, also=record.hear_the_end))


def _may_be_rated(record: Record) -> None:
    _must_be_origin(record)
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "there is no result to rate yet")


def _assess(record: Record, command: c.Assess, now: datetime) -> Decision:
    _may_be_rated(record)
    return assess(record, command, now)


def _rate(record: Record, command: c.Rate, now: datetime) -> Decision:
    _may_be_rated(record)
    if any(g.round == record.round and g.rater is command.rater for g in record.ratings):
        raise Refusal("already-rated", "one matter, one rating (一事一评)")
    if command.at is not None:
        in_order(record.case.received_at, command.at, now)
    rated = k.Rated(
        version=record.version, round=record.round, grade=command.grade, rater=command.rater, text=command.text
    )
    given = Rating(round=record.round, rater=command.rater, grade=command.grade, at=command.at or now)
    changed = record.with_(ratings=with_rating(record.ratings, given))
    return Decision(changed, notify_path(changed, rated))


def _join(record: Record, command: c.Join, _now: datetime) -> Decision:
    _must_be_origin(record)
    return Decision(record.with_(project=command.project))


def _reopen(record: Record, command: c.Reopen, _now: datetime) -> Decision:
    _must_be_origin(record)
    if record.status is Status.OPEN:
        raise Refusal("open", "the case is open; urge its holder instead")
    reopened = k.Reopened(version=record.version, round=record.round + 1, text=command.text)
    changed = record.with_(status=Status.OPEN, round=record.round + 1, result=None)
    return Decision(changed, notify_path(changed, reopened, also=record.hear_the_end))


def _publish(record: Record, command: c.Publish, _now: datetime) -> Decision:
    if record.me not in (record.case.origin, record.holder):
        raise Refusal("not-holder", "only the origin or the holder publishes a case")
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "only a case with a result is published")
    if record.case.names_resident(command.title) or record.case.names_resident(command.text):
        raise Refusal("names-resident", "the text names the resident; take name, phone, address and numbers out")
    published = k.Published(version=record.version, title=command.title, text=command.text)
    return Decision(record, notify_path(record, published))


def _ask_arbiter(record: Record, command: c.AskArbiter, _now: datetime) -> Decision:
    if record.arbiter is None:
        raise Refusal("no-arbiter", "no arbiter is set for this case: name one in the origin's settings")
    if record.arbitration is not None:
        raise Refusal("arbitration-asked", "the arbiter has been asked; its ruling will come")
    if record.arbiter == record.me:
        raise Refusal("arbiter", "this center is the arbiter: rule")
    if command.ground is k.Ground.SILENT:
        _may_complain(record)
    else:
        _must_hold(record)
    others = tuple(center for center in record.path if center != record.holder)
    offered_to = record.offer_out.pending if record.offer_out is not None else ()
    asked = k.ArbitrationRequested(
        version=record.version,
        ground=command.ground,
        case=record.case.as_shown(),
        path=record.path if record.mine else (*others, record.holder),  # the silent holder is named last
        returns=record.returns,
        offered_to=offered_to,
        round=record.round,
        text=command.text,
    )
    told = with_told(record.told, record.arbiter)
    return Decision(record.with_(arbitration=record.arbiter, told=told), (Outgoing(record.arbiter, asked),))


def _may_complain(record: Record) -> None:
    """Refuse a complaint about a silent center unless this center has held the case or waits for the answer to its
    offer."""
    if record.me not in record.path:
        raise Refusal("not-holder", "only a center that holds or has held the case asks the arbiter")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    if record.mine and record.offer_out is None:
        raise Refusal("holder", "this center has the case itself, and nobody is asked to take it")


def _rule(record: Record, command: c.Rule, now: datetime) -> Decision:
    if record.arbiter != record.me:
        raise Refusal("not-arbiter", f"only the county's arbiter rules: {record.arbiter or 'none is set'}")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    if record.informed:
        raise Refusal("not-asked", "this case was escalated, and nobody has asked for a ruling: speak to its centers")
    version = (record.version // RULING_STEP + 1) * RULING_STEP
    if version >= 2**31:
        raise Refusal("out-of-reach", "above this custody version there is none: close the case, and register it anew")
    _must_come(command.due, now)
    concerned = (*record.concerned, *(record.offer_out.pending if record.offer_out is not None else ()))
    asker = record.arbitration or record.holder
    ruled_record = record.with_(
        holder=command.holder,
        version=version,
        path=record.held_by(command.holder),
        offer_out=None,
        offer_in=None,
        arbitration=None,
        concerned=(),
    )
    ruled_record = more_time.ruled_until(ruled_record, command.due)
    ruled = k.Ruled(
        version=ruled_record.version,
        ruling=k.Ruling.UPHELD if command.holder == asker else k.Ruling.IMPOSED,
        holder=command.holder,
        text=command.text,
        case=record.case.as_shown(),
        path=ruled_record.path,
        returns=record.returns,
        round=record.round,
        due=command.due,
    )
    says = notify_path(ruled_record, ruled, also=concerned)
    if command.holder == record.me:
        says = (Outgoing(record.me, ruled), *says)  # its own system gets the case
    return Decision(ruled_record, says)


_DECIDERS: dict[type, Callable[[Record, Any, datetime], Decision]] = {
    c.Accept: _accept,
    c.Decline: _decline,
    c.Withdraw: _withdraw,
    c.AnswerExtension: more_time.answer,
    c.AskAssist: _ask_assist,
    c.AnswerAssist: _answer_assist,
    c.MakePlan: _make_plan,
    c.CheckPapers: _check_papers,
    c.Urge: _urge,
    c.Resolve: _resolve,
    c.Close: _close,
    c.Rate: _rate,
    c.Join: _join,
    c.Claim: claim,
    c.Assess: _assess,
    c.Reopen: _reopen,
    c.Publish: _publish,
    c.AskArbiter: _ask_arbiter,
    c.Rule: _rule,
}

_TIMED: dict[type, Callable[[Record, Any, datetime, Granting | None], Decision]] = {
    c.Report: _report,
    c.AskExtension: more_time.ask,
    c.Hold: _hold,
    c.Resume: _resume,
}
"""What only the holder does, and what its term binds."""
