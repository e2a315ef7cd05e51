"""Periods and the as-of: half-open, in China's time, with the county's own first day and day cut."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


class NotAPeriod(ValueError):
    """The period does not end after its beginning, or a date is none."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a county reckons: some count a month from the 19th of the one before, and days from noon to noon."""

    month_begins: int = 1
    """The day of the month on which the month begins, 1 to 28; from 2 on it is a day of the calendar month before."""
    day_begins: time = time(0)
    rating_days: int = 5
    """Days that a resident may take to rate."""
    reopening_days: int = 15
    """Days within which a case may be opened again."""
    weights: tuple[int, ...] = (0, 0, 600, 800, 1000)
    """The weight of each grade in thousandths, the worst first."""
    rater_weights: tuple[int, ...] = (1000, 1000, 1000, 1000)
    """The weight of each kind of rater in the combined figure, in thousandths: resident, self, masses, survey."""
    contact_hours: int = 24
    """Hours that the first holder may take to speak to the resident."""
    rework_days: int = 15
    """Days within which a bad rating is followed by a new answer."""
    counted_in: str = ""
    """The region or city in which a center outside the county tree counts its cases, wherever they are; empty: each
    counts where it is."""

    def moment(self, told: str) -> datetime:
        """A moment as people write it: a whole one with or without its offset, or a day, which begins at the day cut.
        Raises ``NotAPeriod``."""
        try:
            if len(told) == len("2026-07-01"):
                return self.begin(date.fromisoformat(told))
            moment = datetime.fromisoformat(told)
        except ValueError:
            raise NotAPeriod(told) from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=CHINA)

    def begin(self, day: date) -> datetime:
        """The beginning of a day."""
        return datetime.combine(day, self.day_begins, CHINA)

    def month(self, year: int, month: int) -> "Period":
        """The month by the county's reckoning."""
        return Period(self._first(year, month), self._first(year + month // 12, month % 12 + 1))

    def month_of(self, moment: datetime) -> "Period":
        """The month in which a moment lies."""
        local = moment.astimezone(CHINA)
        later = (local.replace(day=1) + timedelta(days=32)).date()
        for year, month in ((later.year, later.month), (local.year, local.month)):
            found = self.month(year, month)
            if found.begin <= moment < found.end:
                return found
        before = local.replace(day=1) - timedelta(days=1)
        return self.month(before.year, before.month)

    def _first(self, year: int, month: int) -> datetime:
        if self.month_begins == 1:
            return self.begin(date(year, month, 1))
        before = date(year, month, 1) - timedelta(days=1)
        return self.begin(before.replace(day=self.month_begins))


@dataclass(frozen=True, slots=True)
class Period:
    """[begin, end). Raises ``NotAPeriod`` where it has no length."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise NotAPeriod(f"{self.begin} – {self.end}")
