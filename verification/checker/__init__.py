"""The checker: judges journals, stores, effects and intake answers of a whole county by rules.

Each rule was shown to fire on a planted violation.
"""

from verification.checker.canaries import Canary, canaries
from verification.checker.columns import clean_columns
from verification.checker.evidence import CenterEvidence, Effect, Evidence, Finding, Submission, Told, When, effects_of
from verification.checker.invariants import RULES, Rule, check, judged, wrong
from verification.checker.leak_scan import Leak, scan
from verification.checker.report import report
from verification.checker.resource_trends import Sampler, Trend
from verification.checker.snapshot import Snapshot
from verification.checker.store_reader import read, text_digest
from verification.checker.tally import Tally, tally

__all__ = [
    "RULES",
    "Canary",
    "CenterEvidence",
    "Effect",
    "Evidence",
    "Finding",
    "Leak",
    "Rule",
    "Sampler",
    "Snapshot",
    "Submission",
    "Tally",
    "Told",
    "Trend",
    "When",
    "canaries",
    "check",
    "clean_columns",
    "effects_of",
    "judged",
    "read",
    "report",
    "scan",
    "tally",
    "text_digest",
    "wrong",
]
