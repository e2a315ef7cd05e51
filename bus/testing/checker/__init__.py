"""The checker: merged histories, stores, vendors' effects and doors, judged by rules that were each shown to bite."""

from bus.testing.checker.evidence import (
    Books,
    Effect,
    Evidence,
    Finding,
    Seat,
    Submission,
    Told,
    When,
    effects_of,
)
from bus.testing.checker.judging import RULES, Rule, check, wrong
from bus.testing.checker.reading import read, text_digest

__all__ = [
    "RULES",
    "Books",
    "Effect",
    "Evidence",
    "Finding",
    "Rule",
    "Seat",
    "Submission",
    "Told",
    "When",
    "check",
    "effects_of",
    "read",
    "text_digest",
    "wrong",
]
