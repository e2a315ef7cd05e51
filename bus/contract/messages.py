"""The kinds of message that centers send each other: a closed list.

A kind is named in the past tense, because its sender has already done and stored what it tells. Every message about
custody carries ``version``, the custody version at which its sender spoke.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bus.contract.case import Attachment, Case, Person
from bus.contract.facts import FactsAsked, FactsTold
from bus.contract.operations import OperationAsked, OperationTold
from bus.contract.types import CenterName, Code, Count, Line, Moment, Sha256, Strict, Text, is_absent

Centers = Annotated[tuple[CenterName, ...], Field(max_length=200, fail_fast=True)]
Attachments = Annotated[tuple[Attachment, ...], Field(max_length=20, fail_fast=True)]


class Mode(StrEnum):
    """To whom an offer goes."""

    EXCLUSIVE = "exclusive"
    """To one center, which alone decides."""
    OPEN = "open"
    """To several (点单抢单); the first bid that reaches the offerer wins."""


class Reason(StrEnum):
    """Why a case is declined (退单): the closed list that residents and arbiters read."""

    NOT_TERRITORY = "not-territory"
    NOT_DUTY = "not-duty"
    UNCLEAR_OWNERSHIP = "unclear-ownership"
    INCOMPLETE = "incomplete"
    DUPLICATE = "duplicate"
    NO_CAPACITY = "no-capacity"
    LEGAL_ROUTE = "legal-route"
    EMERGENCY = "emergency"
    UNLAWFUL = "unlawful"
    ALREADY_CLOSED = "already-closed"
    OTHER = "other"


class Outcome(StrEnum):
    """How a case was resolved (办结)."""

    DONE = "done"
    EXPLAINED = "explained"
    PARTLY = "partly"
    NOT_ACCEPTED = "not-accepted"
    """不予受理: out of scope, with the reason and the lawful route; still a reply."""
    CANCELLED = "cancelled"
    """The resident took the request back."""


class Ground(StrEnum):
    """Why a case goes to the county's arbiter."""

    RETURNED = "returned"
    """Sent back as often as the county allows."""
    SILENT = "silent"
    """The center that has the offer, or the case, does not answer."""
    DISPUTED = "disputed"


class Ruling(StrEnum):
    """What the arbiter decided."""

    UPHELD = "upheld"
    """The holder who asked keeps the case and handles it."""
    IMPOSED = "imposed"
    """The named center holds the case from now on and may not decline."""


class MoreTime(StrEnum):
    """What kind of more time is asked for."""

    EXTENSION = "extension"
    """延期: a later term."""
    HOLD = "hold"
    """挂起: nothing can be done until a moment, and that time counts against nobody."""


class Rater(StrEnum):
    """Who rated: kinds of rater are never mixed in one figure."""

    RESIDENT = "resident"
    SELF = "self"
    MASSES = "masses"
    SURVEY = "survey"


class Return(Strict):
    """One decline, as it travels with the case: who sent it back and why."""

    offer_id: UUID
    by: CenterName
    reason: Reason
    text: Line | None = None
    """The beginning of what was said: it travels on with the case and must stay small."""
    at: Moment


class CaseMessage(Strict):
    """What every kind has: the custody version at which the sender spoke."""

    kind: ClassVar[str]
    major: ClassVar[int] = 1
    version: Count


class Offered(CaseMessage):
    """转办: the holder asks a center to take the case. Until an answer comes the decision is lent to the recipient."""

    kind: ClassVar[str] = "case.offered"
    offer_id: UUID
    mode: Mode = Mode.EXCLUSIVE
    case: Case
    path: Centers
    """Every center that has held the case, the origin first."""
    returns: Annotated[tuple[Return, ...], Field(max_length=50, fail_fast=True)] = ()
    arbiter: CenterName | None = None
    round: Count = 1
    note: Text | None = None
    """From staff to staff; never shown to the resident."""
    sign_by: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """By when the offerer asks for the answer (签收期限). Without it, the county's rules say."""


class Accepted(CaseMessage):
    """接单: the sender has taken the case (exclusive), or bids for it (open). Also news to all who have held it."""

    kind: ClassVar[str] = "case.accepted"
    offer_id: UUID
    bid: bool = False
    """True: an answer to an open offer, custody has not moved. False: the sender is the holder at ``version``."""
    path: Centers = ()
    commitment: Text | None = None
    due: Moment | None = None


class Declined(CaseMessage):
    """退单: the sender does not take the case; the offerer was and is the holder."""

    kind: ClassVar[str] = "case.declined"
    offer_id: UUID
    reason: Reason
    text: Text | None = None
    suggested: CenterName | None = None
    """Who should have it instead."""


class Granted(CaseMessage):
    """中选: the offerer gives the case to one bidder; he is the holder at ``version``. News to all who have held it."""

    kind: ClassVar[str] = "case.granted"
    offer_id: UUID
    to: CenterName


class Lost(CaseMessage):
    """已被接走: another center was faster, or the open offer has ended."""

    kind: ClassVar[str] = "case.lost"
    offer_id: UUID


class WithdrawalRequested(CaseMessage):
    """撤回申请: the offerer asks to have the decision back; the recipient alone says whether it still can."""

    kind: ClassVar[str] = "case.withdrawal-requested"
    offer_id: UUID
    reason: Text | None = None


class Withdrawn(CaseMessage):
    """撤回: the recipient had not decided and gives the decision back."""

    kind: ClassVar[str] = "case.withdrawn"
    offer_id: UUID


class Progressed(CaseMessage):
    """进展: what the holder has done or promised."""

    kind: ClassVar[str] = "case.progressed"
    stage: Code
    text: Text
    public: bool = True
    """Whether the resident may read it."""
    due: Moment | None = None
    """A date promised with it (承诺期限), or a new one (延期)."""
    at: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """When it happened, where that is not when it was said: the begin of a hold, its end. Of `appointed`: when somebody
    will come."""
    term: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """Of `extended`: the new term, which was granted. Of `on-hold`: until when, which was granted. Without it no term
    moves; a later `due` is then a promise alone."""


class AssistRequested(CaseMessage):
    """协办: the holder asks for help and stays the holder."""

    kind: ClassVar[str] = "case.assist-requested"
    assist_id: UUID
    case: Case
    ask: Text
    due: Moment | None = None


class AssistAnswered(CaseMessage):
    """协办答复: the assistant has helped, or says that it cannot."""

    kind: ClassVar[str] = "case.assist-answered"
    assist_id: UUID
    done: bool
    text: Text
    attachments: Attachments = ()


class Urged(CaseMessage):
    """催办: somebody who has held the case asks the holder to hurry."""

    kind: ClassVar[str] = "case.urged"
    text: Text
    level: Annotated[int | None, Field(ge=0, le=4, exclude_if=is_absent)] = None
    """Of a clock's reminder: 0 due soon, 1 to 4 the rungs once it is due. Absent where people urge."""
    clock: Annotated[Code | None, Field(exclude_if=is_absent)] = None
    """Of a clock's reminder: what is waited for, such as `sign`, `term`."""
    due: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """Of a clock's reminder: when the term ends, or has ended."""


def name_a_route(outcome: Outcome, lawful_route: str | None) -> None:
    """Raise ``ValueError`` where a matter is not accepted and no lawful route is named."""
    if outcome is Outcome.NOT_ACCEPTED and lawful_route is None:
        raise ValueError("a matter that is not accepted is answered with the lawful route")


class Resolved(CaseMessage):
    """办结: the holder's result, the public reply apart from the internal note."""

    kind: ClassVar[str] = "case.resolved"
    round: Count
    outcome: Outcome
    public_reply: Text
    internal_note: Text | None = None
    lawful_route: Text | None = None
    """Where the resident can go instead; required when the case is not accepted."""
    attachments: Attachments = ()
    instant: bool = False
    """即时办结: registered and resolved in one step; counted apart."""

    @model_validator(mode="after")
    def _not_accepted_names_a_route(self) -> Self:
        name_a_route(self.outcome, self.lawful_route)
        return self


class Rated(CaseMessage):
    """评价: 非常满意 5, 满意 4, 基本满意 3, 不满意 2, 非常不满意 1."""

    kind: ClassVar[str] = "case.rated"
    round: Count
    grade: Annotated[int, Field(ge=1, le=5)]
    rater: Rater = Rater.RESIDENT
    text: Text | None = None


class Reopened(CaseMessage):
    """重办: the resident is not content; the last holder has the case again, in a new round."""

    kind: ClassVar[str] = "case.reopened"
    round: Count
    text: Text


class Closed(CaseMessage):
    """结案: the origin has given the reply to the resident."""

    kind: ClassVar[str] = "case.closed"
    round: Count
    replied_at: Moment


class Published(CaseMessage):
    """公示: told to the public, with nothing in it that names the resident."""

    kind: ClassVar[str] = "case.published"
    title: Line
    text: Text


class ArbitrationRequested(CaseMessage):
    """提请裁定: the holder asks the county's arbiter who must have the case."""

    kind: ClassVar[str] = "case.arbitration-requested"
    ground: Ground
    case: Case
    path: Centers
    returns: Annotated[tuple[Return, ...], Field(max_length=50, fail_fast=True)] = ()
    offered_to: Centers = ()
    """Centers that still have an offer of it and have not answered."""
    round: Count = 1
    text: Text | None = None


class Ruled(CaseMessage):
    """裁定: the arbiter's word. Its version is above all that anyone can have said before, and so fences it."""

    kind: ClassVar[str] = "case.ruled"
    ruling: Ruling
    holder: CenterName
    text: Text
    case: Case
    path: Centers
    returns: Annotated[tuple[Return, ...], Field(max_length=50, fail_fast=True)] = ()
    round: Count = 1
    due: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """By when the case must be resolved from now on. Without it, the term stays."""


class ExtensionRequested(CaseMessage):
    """延期申请、挂起申请: the holder asks, before the term has ended, for a later one, or for a hold.

    The origin grants the first, the arbiter the next. Silence is no consent."""

    kind: ClassVar[str] = "case.extension-requested"
    extension_id: UUID
    what: MoreTime = MoreTime.EXTENSION
    until: Moment
    due: Moment
    """When the term ends without it. A grant that was not said by then counts for nothing."""
    reason: Text
    case: Case
    """Without the resident."""
    path: Centers = ()
    round: Count = 1


class ExtensionAnswered(CaseMessage):
    """延期答复: granted, or not. What was granted, the holder then says to all as the progress `extended`."""

    kind: ClassVar[str] = "case.extension-answered"
    extension_id: UUID
    granted: bool
    until: Moment | None = None
    """What is granted, where it is earlier than what was asked for."""
    text: Text | None = None


class Escalated(CaseMessage):
    """提级: a term has long ended; the arbiter is told of it. It asks for no ruling, and claims nothing."""

    kind: ClassVar[str] = "case.escalated"
    holder: CenterName
    """Who has the case, as the sender knows it."""
    clock: Code
    """What is waited for: `sign`, `term`, `assist`."""
    level: Annotated[int, Field(ge=0, le=4)] = 3
    due: Moment
    text: Text
    case: Case
    """Without the resident."""
    path: Centers = ()
    round: Count = 1


class Handed(CaseMessage):
    """居民信息移交: who the resident is, told to the holder that took the case without knowing it."""

    kind: ClassVar[str] = "case.handed"
    resident: Person


class Verdict(StrEnum):
    """What became of a message at its recipient."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    """Right, but older than what is known here already; nothing was changed."""
    REFUSED = "refused"


class ReceiptItem(Strict):
    """One message that its recipient has durably dealt with."""

    message_id: UUID
    verdict: Verdict
    code: Code | None = None
    """Why it was refused."""
    digest: Sha256 | None = None
    """SHA-256 of the document that was dealt with, its signature not included: what exactly the recipient vouches for.
    Absent from whoever does not say."""


class Receipt(Strict):
    """回执: a batch of messages that are durably applied or refused. Itself never receipted."""

    kind: ClassVar[str] = "receipt"
    major: ClassVar[int] = 1
    items: Annotated[tuple[ReceiptItem, ...], Field(min_length=1, max_length=500, fail_fast=True)]


class Failure(Strict):
    """差错: something came that cannot be dealt with. For the sender's operator; never receipted, never answered."""

    kind: ClassVar[str] = "error"
    major: ClassVar[int] = 1
    code: Code
    text: Line
    about: UUID | None = None
    """The message at fault, where its id could be read."""
    digest: Sha256 | None = None
    """SHA-256 of the bytes at fault, which stay parked at the recipient."""


class Way(StrEnum):
    """Which way a message went, as its teller sees it."""

    SAID = "said"
    HEARD = "heard"


Cursor = Annotated[str, StringConstraints(pattern=r"^[a-z0-9:]{1,40}$")]
"""A place in the teller's log: ``0`` for its beginning, else what the teller called ``next``."""


class LogAsked(Strict):
    """往来查询: the asker's store was put back to a backup; it asks for the messages that went between the two since.

    From here on the recipient applies nothing of what the asker said in an older era. Asked again until it is told."""

    kind: ClassVar[str] = "log.asked"
    major: ClassVar[int] = 1
    recovery: UUID
    cursor: Cursor


class LogEntry(Strict):
    """One message that went between teller and asker."""

    way: Way
    body: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=200_000)]
    """The bytes of the message as it travelled, in base64; of a long one a part, in order."""
    more: bool = False
    """Whether the next entry goes on with the same message."""
    verdict: Verdict | None = None
    """What its recipient said became of it; absent while it has said nothing."""
    code: Code | None = None


class LogTold(Strict):
    """往来告知: one page of the messages that went between teller and asker, oldest first."""

    kind: ClassVar[str] = "log.told"
    major: ClassVar[int] = 1
    recovery: UUID
    era: Count
    """The era in which the teller hears the asker."""
    used: bool = False
    """True: the asker has spoken in this era before, so nothing is told; it must take a later one and ask anew."""
    cursor: Cursor
    """The page that was asked for."""
    next: Cursor | None = None
    """The next page; absent on the last one."""
    entries: Annotated[tuple[LogEntry, ...], Field(max_length=200, fail_fast=True)] = ()
    centers: Annotated[tuple[CenterName, ...], Field(max_length=500, fail_fast=True)] = ()
    """On the last page: with whom the teller has ever spoken of a case. They may know of the asker what it does not."""


CaseKind = (
    Offered
    | Accepted
    | Declined
    | Granted
    | Lost
    | WithdrawalRequested
    | Withdrawn
    | Progressed
    | AssistRequested
    | AssistAnswered
    | Urged
    | Resolved
    | Rated
    | Reopened
    | Closed
    | Published
    | ArbitrationRequested
    | Ruled
    | ExtensionRequested
    | ExtensionAnswered
    | Escalated
    | Handed
)
"""Every kind about a case."""

Kind = CaseKind | Receipt | Failure | LogAsked | LogTold | FactsTold | FactsAsked | OperationAsked | OperationTold

CASE_KINDS: tuple[type[CaseKind], ...] = (
    Offered,
    Accepted,
    Declined,
    Granted,
    Lost,
    WithdrawalRequested,
    Withdrawn,
    Progressed,
    AssistRequested,
    AssistAnswered,
    Urged,
    Resolved,
    Rated,
    Reopened,
    Closed,
    Published,
    ArbitrationRequested,
    Ruled,
    ExtensionRequested,
    ExtensionAnswered,
    Escalated,
    Handed,
)
LATER = (ExtensionRequested, ExtensionAnswered, Escalated, Handed)
LATER_KINDS = frozenset(kind.kind for kind in LATER)
"""Kinds that v0.1.0 does not know. They are said only to centers that read them. Without a handler in the adapter they
are a line in the journal."""
KINDS: tuple[type[Kind], ...] = (
    *(kind for kind in CASE_KINDS if kind not in LATER),
    *(Receipt, Failure, LogAsked, LogTold),
    *LATER,
    FactsTold,
    FactsAsked,
    OperationAsked,
    OperationTold,
)
"""Every kind. Later ones stand last, so that what was published keeps its place."""
IN_LANES = (CaseMessage, FactsTold, FactsAsked, OperationAsked, OperationTold)
"""Kinds that stand in a lane: each has a subject and a sequence."""
BY_NAME: dict[str, type[Kind]] = {kind.kind: kind for kind in KINDS}
"""``case.offered`` → ``Offered``, and so on."""
