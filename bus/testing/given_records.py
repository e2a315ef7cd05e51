"""Prior records for samples: the record in which a message can be applied, or a command given.

It is written into the center's store as if earlier messages had led to it. So a sample can be played at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from bus.contract import messages as k
from bus.contract.case import Case, Person
from bus.contract.ids import new_id
from bus.custody import Record, Status
from bus.custody.record import Assist, ReceivedOffer, Result, SentOffer

PEER = "neighbour_center-150402"
ARBITER = "command_center-150402"
"""Two centers that exist only in the suite; the candidate is never one of them."""


class Others(NamedTuple):
    """The two centers beside the candidate."""

    peer: str
    arbiter: str


def beside(candidate: str) -> Others:
    """Two centers with names that differ from the candidate's."""
    return Others(
        PEER if candidate != PEER else "other_center-150402",
        ARBITER if candidate != ARBITER else "ruling_center-150402",
    )


def before_hearing(data: k.CaseKind, case: Case, me: str, source: str, now: datetime, others: Others) -> Record | None:
    """The record in which ``data`` from ``source`` is new to ``me``; None if the message opens the case."""
    found = _before_hearing(data, case, me, source, now)
    return found and found.with_(arbiter=others.arbiter)


def _before_hearing(  # noqa: PLR0911 - one way out a kind
    data: k.CaseKind, case: Case, me: str, source: str, now: datetime
) -> Record | None:
    match data:
        case k.Offered() | k.AssistRequested() | k.ArbitrationRequested() | k.Ruled():
            return None
        case k.Declined() | k.Withdrawn():
            return _mine(case, me, data.version).with_(offer_out=_lent(data.offer_id, source, data.version, now))
        case k.Accepted():
            version = data.version if data.bid else data.version - 1
            mode = k.Mode.OPEN if data.bid else k.Mode.EXCLUSIVE
            return _mine(case, me, version).with_(offer_out=_lent(data.offer_id, source, version, now, mode))
        case k.Lost() | k.WithdrawalRequested():
            offer = ReceivedOffer(
                offer_id=data.offer_id, offerer=source, mode=k.Mode.EXCLUSIVE, version=data.version, at=now
            )
            return _theirs(case, me, source, max(1, data.version)).with_(offer_in=offer)
        case k.AssistAnswered():
            asked = Assist(assist_id=data.assist_id, asker=me, assistant=source, ask="请协助 / please help")
            return _mine(case, me, data.version).with_(assists=(asked,))
        case k.Handed():
            hint = (case.resident or Person()).as_masked()
            waits = _mine(case.model_copy(update={"resident": hint}), me, data.version)
            return waits.with_(path=_path(case.origin, source, me))
        case k.Urged():
            return _mine(case, me, data.version)
        case k.Granted():
            return _theirs(case, me, source, data.version - 1)
        case k.Reopened():
            return _resolved(_theirs(case, me, source, data.version)).with_(round=data.round - 1)
        case k.Closed() | k.Rated() | k.Published():
            return _resolved(_theirs(case, me, source, data.version))
        case _:
            return _theirs(case, me, source, data.version)


def before_doing(
    commands: Sequence[dict[str, Any]], hint: str, case: Case, me: str, now: datetime, others: Others
) -> Record | None:
    """The record in which custody allows ``me`` these commands; None if they register the case themselves."""
    found = _before_doing(commands, hint, case, me, now, others.peer)
    if found is None or found.arbiter == me:  # the candidate rules on the case itself
        return found
    return found.with_(arbiter=others.arbiter)


def _before_doing(  # noqa: PLR0911 - one way out a wish
    commands: Sequence[dict[str, Any]], hint: str, case: Case, me: str, now: datetime, peer: str
) -> Record | None:
    wishes = {str(command["kind"]): command for command in commands}
    if "Register" in wishes:
        return None
    if wishes.keys() & {"Accept", "Decline"}:
        offer = ReceivedOffer(offer_id=new_id(), offerer=peer, mode=k.Mode.EXCLUSIVE, version=1, at=now)
        return _theirs(_of(case, peer), me, peer, 1).with_(offer_in=offer)
    if "AnswerAssist" in wishes:
        named = wishes["AnswerAssist"].get("assist_id")
        assist = Assist(assist_id=UUID(named) if named else new_id(), asker=peer, assistant=me, ask="请协助 / help")
        return _theirs(_of(case, peer), me, peer, 1).with_(assists=(assist,))
    if "Rule" in wishes:
        return _theirs(_of(case, peer), me, peer, 1).with_(arbiter=me, arbitration=peer)
    if "Withdraw" in wishes:
        return _mine(case, me, 1).with_(offer_out=_lent(new_id(), peer, 1, now))
    if "Urge" in wishes or wishes.get("AskArbiter", {}).get("ground") == "silent":
        return _theirs(case, me, peer, 2)
    if wishes.keys() & {"Rate", "Assess", "CallBack", "Reopen", "Publish", "Close"} or (
        not wishes.keys() - {"Link"} and hint == "resolved"
    ):
        return _resolved(_theirs(case, me, peer, 2))
    return _mine(case, me, 1).with_(path=_path(me, peer))  # with a peer on the path to notify


def _of(case: Case, origin: str) -> Case:
    return case.model_copy(update={"origin": origin})


def _mine(case: Case, me: str, version: int) -> Record:
    return Record(me=me, case=case, holder=me, version=max(1, version), path=_path(case.origin, me))


def _theirs(case: Case, me: str, holder: str, version: int) -> Record:
    path = _path(case.origin, holder)
    return Record(me=me, case=case, holder=holder, version=max(1, version), path=path)


def _path(*centers: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(centers))


def _lent(offer_id: UUID, to: str, version: int, now: datetime, mode: k.Mode = k.Mode.EXCLUSIVE) -> SentOffer:
    return SentOffer(offer_id=offer_id, mode=mode, version=max(1, version), pending=(to,), asked=(to,), at=now)


def _resolved(record: Record) -> Record:
    result = Result(by=record.holder, outcome=k.Outcome.DONE, public_reply="已办结 / done")
    return record.with_(status=Status.RESOLVED, result=result)
