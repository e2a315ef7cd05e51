"""The checker: merged histories, stores, vendors' effects and doors, judged by rules that were each shown to bite."""

from bus.testing.checker.books import Books
from bus.testing.checker.canaries import Canary, canaries
from bus.testing.checker.columns import clean_columns
from bus.testing.checker.counting import Tally, tally
from bus.testing.checker.evidence import Effect, Evidence, Finding, Seat, Submission, Told, When, effects_of
from bus.testing.checker.hunting import Hit, hunt
from bus.testing.checker.judging import RULES, Rule, check, wrong
from bus.testing.checker.reading import read, text_digest
from bus.testing.checker.steadiness import Sampler, Trend
from bus.testing.checker.telling import report

__all__ = [
    "RULES",
    "Books",
    "Canary",
    "Effect",
    "Evidence",
    "Finding",
    "Hit",
    "Rule",
    "Sampler",
    "Seat",
    "Submission",
    "Tally",
    "Told",
    "Trend",
    "When",
    "canaries",
    "check",
    "clean_columns",
    "effects_of",
    "hunt",
    "read",
    "report",
    "tally",
    "text_digest",
    "wrong",
]
