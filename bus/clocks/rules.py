"""What a county allows for each step of a case: terms by category, urgency and round, and the ladder of reminders.

The values below are defaults; a county sets its own. Their sources: the hotline rules of Tianjin (an urgent offer is
answered within 30 minutes, an emergency within 15, any other within a working day), of Shandong (2020: five working
days; an extension of at most ten), provincial rules (a consultation three working days, an extension asked for before
its end, with a reason), and the rules of rating in Zhejiang and Xinjiang (call back within a working day, rate within
five). Where no rule of others was found, the value is ours: contact, assist, withdrawal, ruling, extension, reply,
reopening, appointment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import sha256

from bus.clocks.calendar import Calendar
from bus.clocks.terms import Term, Unit
from bus.contract.case import Urgency
from bus.contract.working_days import calendar_version


class Clock(StrEnum):
    """What is waited for."""

    SIGN = "sign"
    """签收: the answer to an offer."""
    CONTACT = "contact"
    """先行联系: the holder's first word with the resident."""
    TERM = "term"
    """办结: the result. It never restarts when the case changes hands."""
    PROMISE = "promise"
    """承诺: the date that the holder has promised."""
    ASSIST = "assist"
    """协办: the answer of a helper."""
    WITHDRAWAL = "withdrawal"
    """撤回: the answer to a withdrawal."""
    RULING = "ruling"
    """裁定: the arbiter's ruling."""
    EXTENSION = "extension"
    """延期: the answer to a request for a later date. Silence is no consent."""
    REPLY = "reply"
    """答复: the origin's reply to the resident."""
    CALL_BACK = "call-back"
    """差评回访: the origin's call after a bad rating."""
    RATING = "rating"
    """评价: the resident's rating. Unrated never counts as satisfied."""
    REOPEN = "reopen"
    """重办: the window within which the same case is opened again."""
    APPOINTMENT = "appointment"
    """预约上门: the visit of the holder; its term is how much later it may come."""


class Level(IntEnum):
    """A rung of the ladder of reminders."""

    SOON = 0
    """临期: most of the term has passed; the own desk alone is told."""
    URGE = 1
    """催办: the term has ended."""
    SUPERVISE = 2
    """督办."""
    ESCALATE = 3
    """提级: to the arbiter."""
    ANNOUNCE = 4
    """通报: a fact for the figures; nobody is told."""


@dataclass(frozen=True, slots=True)
class TermRule:
    """One row of the county's table of terms."""

    term: Term
    category: str = ""
    """The category and all below it (``roads`` fits ``roads.light``); empty: any."""
    urgency: Urgency | None = None
    """None: any."""
    round: int | None = None
    """None: any."""

    def fits(self, category: str, urgency: Urgency, round_: int) -> bool:
        """Return whether the row is about such a case."""
        below = category == self.category or category.startswith(f"{self.category}.")
        return (not self.category or below) and self.urgency in (None, urgency) and self.round in (None, round_)


def _days(amount: int) -> Term:
    return Term(amount, Unit.WORKING_DAYS)


SIGN: Mapping[Urgency, Term] = {
    Urgency.NORMAL: _days(1),
    Urgency.URGENT: Term(30, Unit.MINUTES),
    Urgency.EMERGENCY: Term(15, Unit.MINUTES),
}
TERMS = (
    TermRule(Term(0, Unit.DAYS), urgency=Urgency.EMERGENCY),
    TermRule(_days(3), urgency=Urgency.URGENT),
    TermRule(_days(5)),
)
LADDER: Mapping[Level, Term] = {Level.SUPERVISE: _days(1), Level.ESCALATE: _days(3), Level.ANNOUNCE: _days(5)}
"""How long after the end of the term each rung above ``URGE`` comes."""
FIXED: Mapping[Clock, Term] = {
    Clock.CONTACT: Term(24, Unit.HOURS),
    Clock.ASSIST: _days(2),
    Clock.WITHDRAWAL: _days(1),
    Clock.RULING: _days(2),
    Clock.EXTENSION: _days(1),
    Clock.REPLY: _days(1),
    Clock.CALL_BACK: _days(1),
    Clock.RATING: _days(5),
    Clock.REOPEN: _days(15),
    Clock.APPOINTMENT: Term(2, Unit.HOURS),
}


class NoTerm(ValueError):
    """No row of the table of terms is about such a case."""

    def __init__(self) -> None:
        super().__init__("no row of [[clocks.terms]] fits this case: end the table with a row for all")


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a county has settled for its clocks."""

    calendar: Calendar = field(default_factory=Calendar)
    terms: tuple[TermRule, ...] = TERMS
    """The first row that fits counts."""
    sign: Mapping[Urgency, Term] = field(default_factory=lambda: SIGN)
    fixed: Mapping[Clock, Term] = field(default_factory=lambda: FIXED)
    ladder: Mapping[Level, Term] = field(default_factory=lambda: LADDER)
    soon_percent: int = 80
    """How much of a term has passed when the own desk is told that it ends soon."""
    longest_extension: Term = field(default_factory=lambda: _days(10))

    def term_of(self, category: str, urgency: Urgency, round_: int) -> Term:
        """Return the term of such a case. Raises ``NoTerm``."""
        for rule in self.terms:
            if rule.fits(category, urgency, round_):
                return rule.term
        raise NoTerm


def digest(rules: Rules) -> str:
    """Return what tells these rules, and the announced holidays, from any others."""
    return sha256(f"{rules!r} {calendar_version()}".encode()).hexdigest()
