"""Work orders: what every center's people do with a matter, for an adapter that says its own words and calls.

``acts`` and ``wording``: the acts of staff and residents as a table. ``desk``: what messages do to the records of the
center's own system. ``orders``, ``notes``: what stands in them; ``bodies``: the same as models of what is sent.
``casework``: visits, plans, papers. ``cases``: forms of residents. ``tables``: words ↔ names. ``names``: camelCase and
local times. ``system``: the calls. ``sheets``: ledgers as CSV and XLSX. ``settled``: lines of a ledger that tell their
end, ratings, and opinions of many. ``claims``: who has taken a matter upon itself. ``activities``: what organisations
have done together. ``times``: acts about time. ``lights``: due soon, overdue.
"""

from bus.contract.labels import Grade, Label, label
from bus.contract.messages import Ground, Outcome, Rater, Reason
from bus.sdk.workorders import bodies, sheets
from bus.sdk.workorders.activities import Held
from bus.sdk.workorders.acts import (
    Accepting,
    Act,
    AnsweringAssist,
    AskingArbiter,
    AskingAssist,
    CallingBack,
    Cancelling,
    Centers,
    Dispatching,
    Phone,
    Photos,
    Progressing,
    Publishing,
    Rating,
    Reopening,
    Resolving,
    Returning,
    RulingOn,
    TakingBack,
    Thanking,
    Urging,
)
from bus.sdk.workorders.cases import WHO, Marked, case_of, person_of, title_of
from bus.sdk.workorders.casework import (
    CASEWORK,
    Appointing,
    Casework,
    CheckingPapers,
    Contacting,
    Planning,
    Visiting,
)
from bus.sdk.workorders.claims import ClaimForm, Claiming
from bus.sdk.workorders.commands import attachments, cancel, deadline, grade_of, offer, responsible
from bus.sdk.workorders.desk import Incomplete, Links, OwnRecord, WorkCenter
from bus.sdk.workorders.levels import LEVELS, neighbour
from bus.sdk.workorders.lights import Light
from bus.sdk.workorders.names import CamelForm, LocalMoment, camel, local
from bus.sdk.workorders.notes import USUAL, Headline, Headlines, Note, note_of
from bus.sdk.workorders.orders import Order, Purpose, Reply, handed, order_of, present
from bus.sdk.workorders.settled import Ended, Opined, Rated
from bus.sdk.workorders.system import Context, System, completed_at, kept_at, posted_at
from bus.sdk.workorders.tables import Table, by_name, chinese
from bus.sdk.workorders.time_words import ASKING, TIMES
from bus.sdk.workorders.times import AnsweringExtension, AskingExtension, Holding, Resuming
from bus.sdk.workorders.wording import As, act, one_of

__all__ = [
    "ASKING", "CASEWORK", "LEVELS", "TIMES", "USUAL", "WHO", "Accepting", "Act", "AnsweringAssist",
    "AnsweringExtension", "Appointing", "As", "AskingArbiter", "AskingAssist", "AskingExtension", "CallingBack",
    "CamelForm", "Cancelling", "Casework", "Centers", "CheckingPapers", "ClaimForm", "Claiming", "Contacting",
    "Context", "Dispatching", "Ended", "Grade", "Ground", "Headline", "Headlines", "Held", "Holding", "Incomplete",
    "Label", "Light", "Links", "LocalMoment", "Marked", "Note", "Opined", "Order", "Outcome", "OwnRecord", "Phone",
    "Photos", "Planning", "Progressing", "Publishing", "Purpose", "Rated", "Rater", "Rating", "Reason", "Reopening",
    "Reply", "Resolving", "Resuming", "Returning", "RulingOn", "System", "Table", "TakingBack", "Thanking", "Urging",
    "Visiting", "WorkCenter", "act", "attachments", "bodies", "by_name", "camel", "cancel", "case_of", "chinese",
    "completed_at", "deadline", "grade_of", "handed", "kept_at", "label", "local", "neighbour", "note_of", "offer",
    "one_of", "order_of", "person_of", "posted_at", "present", "responsible", "sheets", "title_of",
]  # fmt: skip
