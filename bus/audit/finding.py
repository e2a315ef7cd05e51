"""Violations and findings of the auditor: what is not as promised, who must answer for it, and what shows it."""

from enum import StrEnum
from typing import NamedTuple

SECOND_MS, DAY_MS = 1000, 86_400_000
AT_ONCE = 0
"""A contradiction between two words is none of delivery: what was told stays told."""


class Code(StrEnum):
    """What is wrong."""

    TWO_HOLDERS = "two-holders"
    """Two centers hold one case, or name different holders at one version."""
    NO_HOLDER = "no-holder"
    """The center that all name as holder does not know it."""
    LEG_WITHOUT_END = "leg-without-end"
    """An offer that only one of its two ends knows, or that nobody answers."""
    PING_PONG = "ping-pong"
    """Two centers pass one case to each other again and again."""
    OVERDUE_RECEIPT = "overdue-receipt"
    """A message was said, and its recipient has not heard it."""
    STUCK_OFFER = "stuck-offer"
    """An offer has no answer at the deadline for signing it."""
    UNANSWERED = "unanswered"
    """Help, a withdrawal or a ruling was asked for, and has no answer in time."""
    SILENT_CENTER = "silent-center"
    """A center tells nothing, and others say things to it."""
    LABEL_WITHOUT_FACT = "label-without-fact"
    """The broker carried a message of which its sender has told nothing."""
    FACT_WITHOUT_LABEL = "fact-without-label"
    """A center tells of a message that the broker has never carried."""
    CLOCKS_APART = "clocks-apart"
    """A message was heard before it was said."""
    SET_BACK = "set-back"
    """A center has forgotten what it has told, and does not say that its store was put back."""
    MANY_FINDINGS = "many-findings"
    """Between two centers more is wrong than is kept one by one."""


class Evidence(NamedTuple):
    """One fact, state or label that shows a violation. Labels and moments, never a resident."""

    center: str
    says: str
    """``said case.offered``, ``heard case.accepted``, ``did accept``; ``state``; ``label``."""
    at_ms: int
    holder: str | None = None
    version: int | None = None
    peer: str | None = None
    message_id: str | None = None


class Violation(NamedTuple):
    """What the facts show at one instant. It becomes a finding if it is still there after its patience: until then it
    may be the usual delay."""

    code: Code
    subject: str
    """The case; of rules about centers, the center or the pair of centers."""
    detail: str
    """Distinguishes it from others of its code and subject: a message, a version, a peer."""
    center: str
    """The center at which to look first."""
    since_ms: int
    """Since when, by the clock of the center that tells it."""
    patience_ms: int
    evidence: tuple[Evidence, ...]
    needs_word: bool = False
    """Whether it is the lack of a word of ``center``: then it is judged once that center has told what it did later."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is the same as, from look to look."""
        return (self.code.value, self.subject, self.detail)


class Finding(NamedTuple):
    """A violation that has outlasted its patience."""

    number: int
    code: Code
    subject: str
    detail: str
    center: str
    since_ms: int
    opened_ms: int
    cleared_ms: int | None
    evidence: tuple[Evidence, ...]
    more: int = 0
    """How often one was found that is not kept, since this one stands for it."""
