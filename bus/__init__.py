"""四中心联动总线: what an adapter may import. Nothing else of ``bus`` is public."""

import warnings
from typing import TYPE_CHECKING

from bus.contract.case import Attachment, Case, Person, Place, Sensitive, Source, Urgency
from bus.contract.envelope import Message
from bus.contract.messages import (
    Accepted,
    ArbitrationRequested,
    AssistAnswered,
    AssistRequested,
    Closed,
    Declined,
    Granted,
    Ground,
    Lost,
    Mode,
    Offered,
    Outcome,
    Progressed,
    Published,
    Rated,
    Rater,
    Reason,
    Reopened,
    Resolved,
    Return,
    Ruled,
    Ruling,
    Urged,
    WithdrawalRequested,
    Withdrawn,
)
from bus.contract.types import CenterName, Code, Division, Line, Moment, NativeId, Sha256, Strict, Text
from bus.contract.working_days import due_after, is_working_day
from bus.custody import Record, Status
from bus.custody.commands import (
    Accept,
    AnswerAssist,
    AskArbiter,
    AskAssist,
    Close,
    Command,
    Decline,
    Offer,
    Publish,
    Rate,
    Register,
    Reopen,
    Report,
    Resolve,
    Rule,
    Urge,
    Withdraw,
)
from bus.sdk import workorders
from bus.sdk.backend import BackendClient
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext, Link, Reject, RetryLater
from bus.sdk.codes import RejectCode, RetryCode

__all__ = [
    "Accept",
    "Accepted",
    "AnswerAssist",
    "ArbitrationRequested",
    "AskArbiter",
    "AskAssist",
    "AssistAnswered",
    "AssistRequested",
    "Attachment",
    "BackendClient",
    "Case",
    "Center",
    "CenterName",
    "Close",
    "Closed",
    "Code",
    "Command",
    "Commands",
    "Decline",
    "Declined",
    "Division",
    "Granted",
    "Ground",
    "HandlerContext",
    "IntakeContext",
    "Line",
    "Link",
    "Lost",
    "Message",
    "Mode",
    "Moment",
    "NativeId",
    "Offer",
    "Offered",
    "Outcome",
    "Person",
    "Place",
    "Progressed",
    "Publish",
    "Published",
    "Rate",
    "Rated",
    "Rater",
    "Reason",
    "Record",
    "Register",
    "Reject",
    "RejectCode",
    "Reopen",
    "Reopened",
    "Report",
    "Resolve",
    "Resolved",
    "RetryCode",
    "RetryLater",
    "Return",
    "Rule",
    "Ruled",
    "Ruling",
    "Sensitive",
    "Sha256",
    "Source",
    "Status",
    "Strict",
    "Text",
    "Urge",
    "Urged",
    "Urgency",
    "Withdraw",
    "WithdrawalRequested",
    "Withdrawn",
    "due_after",
    "is_working_day",
    "workorders",
]

OLD_NAMES = {
    "Answer": "Commands",
    "Desk": "HandlerContext",
    "FrontDesk": "IntakeContext",
    "NotEver": "Reject",
    "NotNow": "RetryLater",
    "Vendor": "BackendClient",
    "Word": "Code",
}
"""What had another name in 0.1: the old one is known until 0.3, with a ``DeprecationWarning``."""

if not TYPE_CHECKING:  # a checker of types shall not take every name for known

    def __getattr__(name: str) -> object:
        """A public name by its old one."""
        if name not in OLD_NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        told = f"bus.{name} is now bus.{OLD_NAMES[name]}; the old name goes with 0.3"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return globals()[OLD_NAMES[name]]
