"""Commands: what a center may do with a case.

Custody grants a command and tells it in messages, or refuses it with a code. Handlers return commands; nothing else
changes a case.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from bus.contract.case import Attachment, Case
from bus.contract.messages import Attachments, Centers, Ground, Mode, MoreTime, Outcome, Rater, Reason, name_a_route
from bus.contract.pseudonym import Pseudonym
from bus.contract.types import CenterName, Code, Line, Moment, NativeId, Strict, Text, is_absent
from bus.custody.casework import MOST_PAPERS, MOST_STEPS, ListedPaper, PlanStep
from bus.custody.visits import APPOINTED

PostHolder = Annotated[Line, Field(max_length=60)]
"""A person in office, or the office: staff of a center, never a resident."""


class OnCase(Strict):
    """A command about one case."""

    case_id: UUID


class Register(Strict):
    """登记: the resident's matter becomes a case, held by the center that heard it."""

    case: Case

    @property
    def case_id(self) -> UUID:
        """The new case's id."""
        return self.case.case_id


class Offer(OnCase):
    """转办: ask one center to take the case, or several at once (the first bid wins)."""

    to: Annotated[Centers, Field(min_length=1, max_length=20)]
    mode: Mode = Mode.EXCLUSIVE
    note: Text | None = None
    sign_by: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """By when the answer is asked for; without it, the county's rules say."""

    @model_validator(mode="after")
    def _one_for_exclusive(self) -> Self:
        if self.mode is Mode.EXCLUSIVE and len(self.to) != 1:
            raise ValueError("an exclusive offer goes to exactly one center")
        if len(set(self.to)) != len(self.to):
            raise ValueError("a center is named twice in one offer")
        return self


class Accept(OnCase):
    """接单: take the case that was offered here (for an open offer: bid for it)."""

    commitment: Text | None = None
    due: Moment | None = None


class Decline(OnCase):
    """退单: send the offer back with a reason."""

    reason: Reason
    text: Text | None = None
    suggested: CenterName | None = None

    @model_validator(mode="after")
    def _other_needs_words(self) -> Self:
        if self.reason is Reason.OTHER and self.text is None:
            raise ValueError("a decline for another reason says which")
        return self


class Withdraw(OnCase):
    """撤回: ask for the decision back; the recipient of the offer says whether it still can."""

    reason: Text | None = None


class Report(OnCase):
    """进展: tell all who have held the case what has been done or promised."""

    stage: Code
    text: Text
    public: bool = True
    """Whether the resident may read it. Of a report that is not public, other centers learn only stage and date."""
    due: Moment | None = None
    at: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """Of stage ``appointed`` alone: when somebody will come."""

    @model_validator(mode="after")
    def _only_a_visit_has_an_hour(self) -> Self:
        if self.at is not None and self.stage != APPOINTED:
            raise ValueError("only the stage appointed has a moment of its own")
        return self


class AskExtension(OnCase):
    """延期申请、挂起申请: ask for a later term, or for a hold, before the term ends. The origin grants the first, the
    arbiter the next."""

    until: Moment
    reason: Text
    what: MoreTime = MoreTime.EXTENSION


class AnswerExtension(OnCase):
    """延期答复: grant more time, or not; without ``extension_id`` the oldest open request."""

    granted: bool
    text: Text | None = None
    until: Moment | None = None
    """An earlier moment than what was asked for."""
    extension_id: UUID | None = None


class Hold(OnCase):
    """挂起: nothing can be done for now; where clocks are on, it must have been granted."""

    text: Text
    until: Moment | None = None
    """Without it, as granted."""
    public: bool = True


class Resume(OnCase):
    """解挂: work is taken up again."""

    text: Text
    due: Moment | None = None
    public: bool = True


class AskAssist(OnCase):
    """协办: ask another center for help and stay the holder."""

    to: CenterName
    ask: Text
    due: Moment | None = None
    show_resident: bool = False
    """Whether the assistant is told who the resident is."""


class AnswerAssist(OnCase):
    """协办答复: answer the help that was asked for; without ``assist_id`` the oldest open one."""

    done: bool
    text: Text
    assist_id: UUID | None = None
    attachments: Attachments = ()


class MakePlan(OnCase):
    """计划: ask help of several units in this order, each when the one before has answered done. The holder stays the
    holder. Without steps: the plan that runs is taken back, and nothing further is asked."""

    steps: Annotated[tuple[PlanStep, ...], Field(max_length=MOST_STEPS)]


class CheckPapers(OnCase):
    """核对材料: note which papers are there, and ask the resident for those that are missing (补正)."""

    papers: Annotated[tuple[ListedPaper, ...], Field(min_length=1, max_length=MOST_PAPERS)]


class Urge(OnCase):
    """催办: ask the holder, or the center that has the offer, to hurry."""

    text: Text


class Resolve(OnCase):
    """办结: give the result."""

    outcome: Outcome
    public_reply: Text
    internal_note: Text | None = None
    """For the center's own staff; it never leaves the center."""
    lawful_route: Text | None = None
    attachments: tuple[Attachment, ...] = ()
    instant: bool = False

    @model_validator(mode="after")
    def _not_accepted_names_a_route(self) -> Self:
        name_a_route(self.outcome, self.lawful_route)
        return self


class Close(OnCase):
    """结案: the reply has reached the resident (only the origin can know)."""

    replied_at: Moment


class Rate(OnCase):
    """评价: hand on the resident's rating, once a round for each kind of rater."""

    grade: Annotated[int, Field(ge=1, le=5)]
    rater: Rater = Rater.RESIDENT
    text: Text | None = None
    at: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """When it was given; without it, now."""


class CallBack(OnCase):
    """回访: the origin has called the resident about the result, once a round. Only the figures and its
    clock know of it: nobody is told, and what is not solved is reopened by a command of its own."""

    solved: bool
    """Whether the resident says that the matter is solved."""
    at: Moment | None = None
    """When the call was; without it, now."""


class PastRating(Strict):
    """A rating that was given before its case was entered."""

    grade: Annotated[int, Field(ge=1, le=5)]
    rater: Rater = Rater.RESIDENT
    at: Moment


class Settle(OnCase):
    """补录办结: the matter was settled before it was entered. The case is closed with its own moments; nobody is told,
    and nothing is left to do. Only for a case that has never left this center."""

    outcome: Outcome
    public_reply: Text
    lawful_route: Text | None = None
    instant: bool = False
    resolved_at: Moment
    closed_at: Moment | None = None
    """When the resident was told; without it, when it was resolved."""
    ratings: Annotated[tuple[PastRating, ...], Field(max_length=len(Rater))] = ()

    @model_validator(mode="after")
    def _not_accepted_names_a_route(self) -> Self:
        name_a_route(self.outcome, self.lawful_route)
        return self


class Join(OnCase):
    """并入项目: the demand belongs to a project of the center that heard it; several demands, one project. Only the
    figures know of it: nobody is told, and custody stays."""

    project: NativeId


class Claim(OnCase):
    """认领: a named person of this center takes the matter upon itself; the first one in each round has it. Nobody is
    told by it, and custody stays with the center."""

    claimant: PostHolder
    post: PostHolder | None = None
    """The office held, or that it is a party member."""


class Assess(OnCase):
    """评议: the opinion of one of many, under a pseudonym. Each pseudonym once a round. Only the figures know of it:
    nobody is told, and the resident's own rating stays what it is (一事一评)."""

    rater: Literal[Rater.MASSES, Rater.SURVEY]
    grade: Annotated[int, Field(ge=1, le=5)]
    pseudonym: Pseudonym
    at: Moment | None = None
    """When it was given; without it, now."""


class Reopen(OnCase):
    """重办: the resident is not content."""

    text: Text


class Publish(OnCase):
    """公示: tell those who held the case what was told to the public."""

    title: Line
    text: Text


class AskArbiter(OnCase):
    """提请裁定: let the county's arbiter decide which center must have the case."""

    ground: Ground
    text: Text | None = None


class Rule(OnCase):
    """裁定: the arbiter's decision (only at the arbiter): ``holder`` has the case from now on."""

    holder: CenterName
    text: Text
    due: Annotated[Moment | None, Field(exclude_if=is_absent)] = None
    """By when the case must be resolved from now on; without it, the term stays."""


Command = (
    Register
    | Offer
    | Accept
    | Decline
    | Withdraw
    | Report
    | AskAssist
    | AnswerAssist
    | Urge
    | Resolve
    | Close
    | Rate
    | Reopen
    | Publish
    | AskArbiter
    | Rule
    | Settle
    | Join
    | AskExtension
    | AnswerExtension
    | Hold
    | Resume
    | MakePlan
    | CheckPapers
    | Claim
    | Assess
    | CallBack
)
