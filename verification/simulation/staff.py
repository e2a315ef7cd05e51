"""The staff of a simulated center: sensible work, with changes of mind, refusals and disputes. Pure: (record, chances)
→ commands.
"""

from random import Random
from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record, Status
from bus.custody import commands as c
from bus.custody.record import SentOffer
from bus.sdk.center import Commands

RETURNS = 2
"""How often a case may be returned before the arbiter must be asked."""


def reflexes(record: Record, message: Message[Any], draw: Random) -> Commands:
    """An adapter's immediate commands, without staff."""
    on = record.case.case_id
    said = message.data
    if isinstance(said, k.Offered) and _decides(record) and draw.random() < 0.5:
        return [c.Accept(case_id=on)]
    if isinstance(said, k.Resolved) and record.case.origin == record.me and record.status is Status.RESOLVED:
        return [c.Close(case_id=on, replied_at=message.time)] if draw.random() < 0.5 else []
    return []


def next_acts(record: Record, alive: tuple[str, ...], hops: int, draw: Random, *, calm: bool, waited: bool) -> Commands:
    """The next acts of staff; empty: none. ``calm``: all staff want the case done; otherwise cases also wander.
    ``waited``: nothing has moved for so long that a center may complain to the arbiter."""
    if waited and _may_complain(record):
        return [c.AskArbiter(case_id=record.case.case_id, ground=k.Ground.SILENT)]
    for act in (_answer, _arbitrate, _help, _reply, _chase, _handle):
        acts = act(record, alive, hops, draw, calm)
        if acts:
            return acts
    return [] if calm else _small_talk(record, draw)


def _may_complain(record: Record) -> bool:
    waits = not record.mine or record.offer_out is not None
    asks = record.arbitration is None and record.arbiter not in {None, record.me}
    return record.status is Status.OPEN and record.me in record.path and waits and asks


def _decides(record: Record) -> bool:
    return record.offer_in is not None and not record.offer_in.bid and record.status is Status.OPEN


def _answer(record: Record, alive: tuple[str, ...], _hops: int, draw: Random, _calm: bool) -> list[c.Command]:
    if record.offer_in is None or (record.offer_in.bid and record.offer_in.offerer in alive):
        return []
    on = record.case.case_id
    if record.offer_in.bid:
        return [c.Decline(case_id=on, reason=k.Reason.NO_CAPACITY)]
    if record.status is Status.OPEN and draw.random() < 0.85:
        return [c.Accept(case_id=on)]
    return [c.Decline(case_id=on, reason=draw.choice((k.Reason.NOT_DUTY, k.Reason.NO_CAPACITY)))]


def _arbitrate(record: Record, alive: tuple[str, ...], _hops: int, draw: Random, _calm: bool) -> list[c.Command]:
    if record.arbiter != record.me or record.status is not Status.OPEN:
        return []
    waiting_in_vain = record.mine and record.offer_out is not None and _gone(record.offer_out, alive)
    if record.arbitration is None and not waiting_in_vain:
        return []
    return [c.Rule(case_id=record.case.case_id, holder=draw.choice(alive), text="由你办理")]


def _help(record: Record, _alive: tuple[str, ...], _hops: int, draw: Random, _calm: bool) -> list[c.Command]:
    if any(a.assistant == record.me and a.done is None for a in record.assists):
        return [c.AnswerAssist(case_id=record.case.case_id, done=draw.random() < 0.7, text="已协助")]
    return []


def _reply(record: Record, _alive: tuple[str, ...], _hops: int, draw: Random, calm: bool) -> list[c.Command]:
    if record.case.origin != record.me or record.status is not Status.RESOLVED:
        return []
    on = record.case.case_id
    closed: list[c.Command] = [c.Close(case_id=on, replied_at=record.case.received_at)]
    if not calm and draw.random() < 0.3 and not any(g.round == record.round for g in record.ratings):
        closed.append(c.Rate(case_id=on, grade=draw.randint(1, 5)))
    return closed


def _gone(out: SentOffer, alive: tuple[str, ...]) -> bool:
    return not any(center in alive for center in out.pending)


def _chase(record: Record, alive: tuple[str, ...], _hops: int, draw: Random, calm: bool) -> list[c.Command]:
    """Ask the arbiter if the awaited center is gone, or seems to be."""
    if record.status is not Status.OPEN or record.arbitration is not None or record.arbiter in {None, record.me}:
        return []
    offered_away = record.mine and record.offer_out is not None
    lost = _gone(record.offer_out, alive) if record.offer_out is not None else record.holder not in alive
    impatient = not calm and draw.random() < 0.02 and (offered_away or not record.mine)
    if record.me in record.path and (impatient or (lost and (offered_away or not record.mine))):
        return [c.AskArbiter(case_id=record.case.case_id, ground=k.Ground.SILENT)]
    return []


def _handle(record: Record, alive: tuple[str, ...], hops: int, draw: Random, calm: bool) -> list[c.Command]:
    """The holder's work: pass it on, ask for help, report, resolve."""
    if not record.mine or record.status is not Status.OPEN:
        return []
    if record.decision_pending:
        return _think_again(record, draw, calm)
    for act in (_pass_on, _complain_of_returns, _ask_for_help, _tell):
        acts = act(record, alive, hops, draw, calm)
        if acts:
            return acts
    return [c.Resolve(case_id=record.case.case_id, outcome=k.Outcome.DONE, public_reply="已办好")]


def _think_again(record: Record, draw: Random, calm: bool) -> list[c.Command]:
    withdraw = record.offer_out is not None and not record.offer_out.withdrawing and draw.random() < 0.1
    return [c.Withdraw(case_id=record.case.case_id)] if withdraw and not calm else []


def _pass_on(record: Record, alive: tuple[str, ...], hops: int, draw: Random, _calm: bool) -> list[c.Command]:
    """Offer the case to a center that has neither held nor declined it, until its hops are used up."""
    on = record.case.case_id
    new = [center for center in alive if center not in record.path and center != record.me]
    new = [center for center in new if not any(r.by == center for r in record.returns)]
    target = 3 + on.int % (hops - 1)
    if not new or len(record.path) >= target or record.times_returned >= RETURNS or draw.random() >= 0.9:
        return []
    if draw.random() < 0.2 and len(new) > 1:
        return [c.Offer(case_id=on, to=tuple(draw.sample(new, 2)), mode=k.Mode.OPEN)]
    return [c.Offer(case_id=on, to=(draw.choice(new),))]


def _complain_of_returns(
    record: Record, _alive: tuple[str, ...], _hops: int, draw: Random, calm: bool
) -> list[c.Command]:
    if calm or draw.random() >= 0.2 or record.arbiter in {None, record.me} or record.times_returned < RETURNS:
        return []
    return [c.AskArbiter(case_id=record.case.case_id, ground=k.Ground.RETURNED)]


def _ask_for_help(record: Record, alive: tuple[str, ...], _hops: int, draw: Random, calm: bool) -> list[c.Command]:
    if calm or draw.random() >= 0.15 or len(record.assists) >= 2:
        return []
    others = [center for center in alive if center != record.me]
    return [c.AskAssist(case_id=record.case.case_id, to=draw.choice(others), ask="请协助")]


def _tell(record: Record, _alive: tuple[str, ...], _hops: int, draw: Random, calm: bool) -> list[c.Command]:
    if calm or draw.random() >= 0.2:
        return []
    return [c.Report(case_id=record.case.case_id, stage="visit", text="去现场")]


def _small_talk(record: Record, draw: Random) -> list[c.Command]:
    """Messages that do not change custody."""
    on = record.case.case_id
    chance = draw.random()
    if record.status is Status.OPEN and not record.mine and chance < 0.1:
        return [c.Urge(case_id=on, text="请尽快")]
    if record.status is Status.CLOSED and record.case.origin == record.me:
        if chance < 0.03 and record.round < 3:
            return [c.Reopen(case_id=on, text="还是不亮")]
        if chance < 0.1:
            return [c.Publish(case_id=on, title="公示", text="已办好")]
    return []
