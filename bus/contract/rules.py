"""The contract as data: for every kind, which role may say it, to which role, and what it answers.

The table describes what ``bus.custody`` does in code, for integrators in other languages; a test runs custody and
compares. ``allows`` is derived: it is ``answers`` read backwards.
"""

from dataclasses import dataclass
from enum import StrEnum

from bus.contract import messages as k
from bus.contract.facts import FactsAsked, FactsTold
from bus.contract.operations import OperationAsked, OperationTold


class Role(StrEnum):
    """What a center is to a case at the moment it speaks, or is spoken to."""

    ORIGIN = "origin"
    """Heard the resident, and gives the answer."""
    HOLDER = "holder"
    """Has the case."""
    OFFERER = "offerer"
    """Made the offer in question."""
    OFFERED = "offered"
    """Was made the offer in question, and may decide."""
    ASKER = "asker"
    """Asked for the help in question."""
    ASSISTANT = "assistant"
    """Was asked for the help in question."""
    ARBITER = "arbiter"
    """Rules on the case, by the county's word."""
    HELD = "held"
    """Has held the case at any time, the origin and the holder among them."""
    KNOWS = "knows"
    """Has a record of the case, however it came by it."""
    ANY = "any"
    """Any center."""
    LEDGER = "ledger"
    """Keeps the county's facts, and holds no case."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The contract's rule for one kind."""

    kind: str
    major: int
    zh: str
    en: str
    senders: tuple[Role, ...]
    recipients: tuple[Role, ...]
    answers: tuple[str, ...] = ()
    """Kinds that this one may be the answer to: ``causeid`` then names that message.

    What custody says besides (a lost offer after a ruling, news passed on to a late holder) answers nothing."""

    @property
    def allows(self) -> tuple[str, ...]:
        """Kinds that may answer this one."""
        return tuple(rule.kind for rule in CONTRACT if self.kind in rule.answers)


def _rule(
    kind: type[k.Kind],
    titles: tuple[str, str],
    senders: Role | tuple[Role, ...],
    recipients: Role | tuple[Role, ...],
    answers: tuple[type[k.Kind], ...] = (),
) -> Rule:
    return Rule(
        kind=kind.kind,
        major=kind.major,
        zh=titles[0],
        en=titles[1],
        senders=senders if isinstance(senders, tuple) else (senders,),
        recipients=recipients if isinstance(recipients, tuple) else (recipients,),
        answers=tuple(answered.kind for answered in answers),
    )


_R = Role
CONTRACT: tuple[Rule, ...] = (
    _rule(k.Offered, ("转办", "case offered"), _R.HOLDER, _R.ANY),
    _rule(
        k.Accepted,
        ("接单", "offer accepted, or bid for"),
        _R.OFFERED,
        (_R.OFFERER, _R.HELD),
        (k.Offered, k.WithdrawalRequested),
    ),
    _rule(k.Declined, ("退单", "offer declined"), _R.OFFERED, _R.OFFERER, (k.Offered, k.WithdrawalRequested)),
    _rule(k.Granted, ("中选", "bid granted"), _R.OFFERER, (_R.OFFERED, _R.HELD), (k.Accepted,)),
    _rule(k.Lost, ("已被接走", "offer lost to another center"), _R.OFFERER, _R.OFFERED, (k.Accepted,)),
    _rule(k.WithdrawalRequested, ("撤回申请", "withdrawal of an offer requested"), _R.OFFERER, _R.OFFERED),
    _rule(k.Withdrawn, ("撤回", "offer withdrawn"), _R.OFFERED, _R.OFFERER, (k.WithdrawalRequested,)),
    _rule(k.Progressed, ("进展", "progress"), _R.HOLDER, _R.HELD, (k.ExtensionAnswered,)),
    _rule(k.AssistRequested, ("协办", "help requested"), _R.HOLDER, _R.ANY),
    _rule(
        k.AssistAnswered,
        ("协办答复", "help answered"),
        (_R.ASSISTANT, _R.ASKER),  # an asker that no longer holds the case passes the answer on
        (_R.ASKER, _R.HOLDER),
        (k.AssistRequested,),
    ),
    # a holder that waits for the resident's details urges whoever has held the case before
    _rule(k.Urged, ("催办", "holder urged"), _R.KNOWS, (_R.HOLDER, _R.OFFERED, _R.HELD)),
    _rule(k.Resolved, ("办结", "case resolved"), _R.HOLDER, (_R.HELD, _R.ARBITER)),
    _rule(k.Rated, ("评价", "result rated"), _R.ORIGIN, _R.HELD, (k.Resolved,)),
    _rule(k.Reopened, ("重办", "case reopened"), _R.ORIGIN, (_R.HELD, _R.ARBITER), (k.Resolved,)),
    _rule(k.Closed, ("结案", "case closed"), _R.ORIGIN, (_R.HELD, _R.ARBITER), (k.Resolved,)),
    _rule(k.Published, ("公示", "case told to the public"), (_R.ORIGIN, _R.HOLDER), _R.HELD),
    # normally the holder asks; when every holder is silent, any center that knows the case may
    _rule(k.ArbitrationRequested, ("提请裁定", "ruling requested"), (_R.HOLDER, _R.KNOWS), _R.ARBITER),
    _rule(
        k.Ruled,
        ("裁定", "arbiter's ruling"),
        (_R.ARBITER, _R.ORIGIN),  # the origin passes it on to holders unknown to the arbiter
        (_R.HELD, _R.KNOWS),  # and to centers that still have an offer, so that they learn that it is gone
        (k.ArbitrationRequested,),
    ),
    _rule(k.Receipt, ("回执", "receipt"), _R.ANY, _R.ANY, k.CASE_KINDS),
    _rule(k.Failure, ("差错", "error"), _R.ANY, _R.ANY, (*k.CASE_KINDS, k.Receipt, k.LogAsked, k.LogTold)),
    _rule(k.LogAsked, ("往来查询", "log asked for, after a store was put back"), _R.ANY, _R.ANY),
    _rule(k.LogTold, ("往来告知", "page of the log told"), _R.ANY, _R.ANY, (k.LogAsked,)),
    _rule(k.ExtensionRequested, ("延期申请", "more time requested"), _R.HOLDER, (_R.ORIGIN, _R.ARBITER)),
    _rule(
        k.ExtensionAnswered,
        ("延期答复", "request for more time answered"),
        (_R.ORIGIN, _R.ARBITER),
        (_R.HOLDER, _R.HELD),  # who asked may have lost the case since
        (k.ExtensionRequested,),
    ),
    _rule(k.Escalated, ("提级", "arbiter told of a term that has long ended"), (_R.KNOWS, _R.HELD), _R.ARBITER),
    _rule(
        k.Handed,
        ("居民信息移交", "resident made known to the holder"),
        _R.HELD,
        _R.HOLDER,
        (k.Accepted, k.Granted, k.Ruled, k.Urged),  # a grant: the winner's own note that it waits
    ),
    _rule(FactsTold, ("事实告知", "facts told to the ledger"), _R.ANY, _R.LEDGER),
    _rule(FactsAsked, ("事实查询", "state of every case asked for"), _R.LEDGER, _R.ANY),
    _rule(OperationAsked, ("处置指令", "command of a person on duty, carried"), _R.LEDGER, _R.ANY),
    _rule(OperationTold, ("处置答复", "answer to a carried command"), _R.ANY, _R.LEDGER, (OperationAsked,)),
)
"""One rule per kind, in the order of ``bus.contract.messages.KINDS``."""

BY_KIND: dict[str, Rule] = {rule.kind: rule for rule in CONTRACT}
"""``case.offered`` → its rule."""

ROLES: dict[Role, tuple[str, str]] = {
    Role.ORIGIN: ("首接中心", "heard the resident and gives the answer"),
    Role.HOLDER: ("承办中心", "has the case"),
    Role.OFFERER: ("转出中心", "made the offer"),
    Role.OFFERED: ("被转中心", "was made the offer and may decide"),
    Role.ASKER: ("请求协办中心", "asked for the help"),
    Role.ASSISTANT: ("协办中心", "was asked for the help"),
    Role.ARBITER: ("裁定机构", "rules on the case, by the county's word"),
    Role.HELD: ("曾承办的中心", "has held the case at any time"),
    Role.KNOWS: ("知情中心", "has a record of the case, however it came by it"),
    Role.ANY: ("任何中心", "any center"),
    Role.LEDGER: ("事实台账", "keeps the county's facts, and holds no case"),
}
"""Each role in Chinese, and its meaning in English."""
