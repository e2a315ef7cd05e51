"""``[clocks]`` of the settings: what a county writes for its clocks, checked as a whole, and the rules made of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bus.clocks.calendar import Calendar, Hours, NoWorkingDay
from bus.clocks.rules import FIXED, LADDER, SIGN, TERMS, Clock, Level, Rules, TermRule
from bus.clocks.terms import Term, after, parse
from bus.contract.case import Urgency
from bus.contract.types import Code
from bus.contract.working_days import CHINA

FAULTS: Mapping[str, tuple[str, str]] = {
    "clock_term": (
        "期限写成数字加单位 min、h、wmin、wh、d（自然日）或 wd（工作日），例：15min、24h、2wh、3d、5wd，"
        "最长一年（工作日 1000）",
        "a term is a number and min, h, wmin, wh, d or wd (working days), such as 15min, 24h, 2wh, 3d, 5wd; it is at "
        "most a year, or 1000wd",
    ),
    "clock_fixed": (
        f"[clocks.fixed] 可写：{'、'.join(FIXED)}；签收期限写在 [clocks.sign]，办结期限写在 [[clocks.terms]]",
        f"[clocks.fixed] has {', '.join(FIXED)}; offers are in [clocks.sign], results in [[clocks.terms]]",
    ),
    "clock_hours": (
        '办公时间按先后写成 ["08:30-12:00", "14:30-17:30"]，不得重叠',
        'office hours are written in their order, and do not overlap: ["08:30-12:00", "14:30-17:30"]',
    ),
    "clock_terms": (
        "[[clocks.terms]] 最后一行须适用于其余所有案件：只写 term；前面各行须写明适用于哪些案件，否则其后各行不起作用",
        "the last row of [[clocks.terms]] must fit every other case: give it a term alone; each row before it must say "
        "which cases it is for, or the rows after it never count",
    ),
    "clock_ladder": (
        "[clocks.ladder] 须逐级推后：supervise、escalate、announce",
        "each rung of [clocks.ladder] must come later than the one before: supervise, escalate, announce",
    ),
    "clock_days": (
        "[clocks.days] 使一年多没有工作日，请核对日期",
        "[clocks.days] leaves no working day for more than a year: check its dates",
    ),
}
"""Kind of a fault → its words in Chinese and in English, with the cure."""
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_MONDAY = datetime(2026, 11, 23, 9, tzinfo=CHINA)
"""A working day on which terms are compared."""


def _fault(kind: str) -> PydanticCustomError:
    return PydanticCustomError(kind, FAULTS[kind][1])


def _checked_term(written: str) -> str:
    try:
        parse(written)
    except ValueError:
        raise _fault("clock_term") from None
    return written


WrittenTerm = Annotated[str, StringConstraints(max_length=20), AfterValidator(_checked_term)]
"""A term as ``bus.clocks.terms.parse`` reads it: ``15min``, ``24h``, ``2wh``, ``3d``, ``5wd``."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WrittenTermRule(_Part):
    """One row of ``[[clocks.terms]]``: how long a case may take. What is left out fits any case."""

    term: WrittenTerm
    category: Code | None = None
    """The category and all below it: ``roads`` fits ``roads.light``."""
    urgency: Urgency | None = None
    round: Annotated[int, Field(ge=1, le=1000)] | None = None

    def rule(self) -> TermRule:
        """The row as the clocks use it."""
        return TermRule(parse(self.term), self.category or "", self.urgency, self.round)


class Ladder(_Part):
    """``[clocks.ladder]``: how long after the end of a term each rung above the first reminder comes."""

    supervise: WrittenTerm = str(LADDER[Level.SUPERVISE])
    escalate: WrittenTerm = str(LADDER[Level.ESCALATE])
    announce: WrittenTerm = str(LADDER[Level.ANNOUNCE])

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.model_fields_set:
            return self
        moments = [after(_MONDAY, term, Calendar()) for term in self.terms().values()]
        if any(later <= earlier for earlier, later in pairwise(moments)):
            raise _fault("clock_ladder")
        return self

    def terms(self) -> Mapping[Level, Term]:
        """The rungs in their order."""
        return {
            Level.SUPERVISE: parse(self.supervise),
            Level.ESCALATE: parse(self.escalate),
            Level.ANNOUNCE: parse(self.announce),
        }


class ClockSettings(_Part):
    """``[clocks]``: reminders of what is due. Off by default: then no reminder is given, and no timer is kept."""

    enabled: bool = False
    """Whether this center reminds itself and its neighbours. Switch it on where the county has settled its terms."""
    terms: tuple[WrittenTermRule, ...] = ()
    """How long a case may take; the first row that fits counts, and the last must fit all. Empty: an emergency the same
    day, an urgent case 3 working days, any other 5."""
    sign: Mapping[Urgency, WrittenTerm] = Field(default_factory=dict)
    """Within which time an offer is answered, by urgency. What is left out: ``normal`` 1wd, ``urgent`` 30min,
    ``emergency`` 15min."""
    fixed: Mapping[Clock, WrittenTerm] = Field(default_factory=dict)
    """Terms that are the same for every case. What is left out: ``contact`` 24h, ``assist`` 2wd, ``withdrawal`` 1wd,
    ``ruling`` 2wd, ``extension`` 1wd, ``reply`` 1wd, ``call-back`` 1wd, ``rating`` 5wd, ``reopen`` 15wd,
    ``appointment`` 2h (after the hour that was appointed)."""
    ladder: Ladder = Ladder()
    office_hours: tuple[str, ...] = ("08:30-12:00", "14:30-17:30")
    """Windows of one day, in China time. Outside of them only emergencies are reminded of."""
    days: Mapping[date, bool] = Field(default_factory=dict)
    """Days that the county sets otherwise than the State Council: true works, false does not."""
    soon_percent: Annotated[int, Field(ge=1, le=99)] = 80
    """How much of a term has passed when the own desk is told that it ends soon."""
    longest_extension: WrittenTerm = "10wd"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        fit_all = [place for place, one in enumerate(self.terms, 1) if one.model_fields_set == {"term"}]
        if self.terms and fit_all != [len(self.terms)]:
            raise _fault("clock_terms")
        if set(self.fixed) - set(FIXED):
            raise _fault("clock_fixed")
        self.calendar()
        try:
            for day in self.days:
                self.calendar().end_of_day(datetime.combine(day, time(12), CHINA), 1)
        except NoWorkingDay:
            raise _fault("clock_days") from None
        return self

    def calendar(self) -> Calendar:
        """The county's calendar."""
        return Calendar(_hours(self.office_hours), dict(self.days))

    def rules(self) -> Rules | None:
        """The rules of the clocks; None while they are off."""
        return self.written_rules() if self.enabled else None

    def written_rules(self) -> Rules:
        """The rules as they are written, whether they are on or off."""
        return Rules(
            calendar=self.calendar(),
            terms=tuple(one.rule() for one in self.terms) or TERMS,
            sign={**SIGN, **{urgency: parse(term) for urgency, term in self.sign.items()}},
            fixed={**FIXED, **{clock: parse(term) for clock, term in self.fixed.items()}},
            ladder=self.ladder.terms(),
            soon_percent=self.soon_percent,
            longest_extension=parse(self.longest_extension),
        )


def _hours(written: tuple[str, ...]) -> Hours:
    hours = tuple(_windows(written))
    empty = any(closes <= opens for opens, closes in hours)
    if not hours or empty or any(opens < closed for (_, closed), (opens, _) in pairwise(hours)):
        raise _fault("clock_hours")
    return hours


def _windows(written: tuple[str, ...]) -> Iterator[tuple[time, time]]:
    for one in written:
        found = _HOURS.fullmatch(one)
        if found is None:
            raise _fault("clock_hours")
        opens_h, opens_min, closes_h, closes_min = map(int, found.groups())
        yield time(opens_h, opens_min), time(closes_h, closes_min)
