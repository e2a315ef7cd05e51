"""The auditor: the promises of the county, judged over the facts and states that centers tell. Pure."""

from bus.audit.bounds import FEW_AGAIN, MOST_CLEARED, MOST_OF_A_PAIR, pair_of, too_many
from bus.audit.centers import Reused, clocks, lanes_set_back, silent
from bus.audit.finding import Code, Evidence, Finding, Violation
from bus.audit.labels import Label, Pair, Said, other_half_may_come, unmet
from bus.audit.messages import ClockSample, clock_samples
from bus.audit.rules import RULES, judge, lacks_word
from bus.audit.view import SAID, CaseView, FactRow, StateRow, Teller, Waiting
from bus.audit.waits import next_date
from bus.audit.words import cure, what

__all__ = [
    "FEW_AGAIN",
    "MOST_CLEARED",
    "MOST_OF_A_PAIR",
    "RULES",
    "SAID",
    "CaseView",
    "ClockSample",
    "Code",
    "Evidence",
    "FactRow",
    "Finding",
    "Label",
    "Pair",
    "Reused",
    "Said",
    "StateRow",
    "Teller",
    "Violation",
    "Waiting",
    "clock_samples",
    "clocks",
    "cure",
    "judge",
    "lacks_word",
    "lanes_set_back",
    "next_date",
    "other_half_may_come",
    "pair_of",
    "silent",
    "too_many",
    "unmet",
    "what",
]
