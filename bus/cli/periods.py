"""The period and the as-of that a command is asked about, as people write them."""

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import typer

from bus.cli.output import USAGE, Output
from bus.figures.period import CHINA, NotAPeriod, Period, Reckoning

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="按本县的统计月 / a month by the county's reckoning")]
From = Annotated[str, typer.Option("--from", metavar="DAY", help="期初，含当日 / the first day, or a moment")]
To = Annotated[str, typer.Option("--to", metavar="DAY", help="期末，不含当日 / the day after the last, or a moment")]
AsOf = Annotated[str, typer.Option(metavar="MOMENT", help="截止时刻，不含该时刻；默认为现在 / counted before; now")]


class AskedPeriod(NamedTuple):
    """What a command counts: a period, as it stood before a moment."""

    period: Period
    until: datetime

    def options(self) -> str:
        """The same as options of a command."""
        begin, end, until = (local(one) for one in (self.period.begin, self.period.end, self.until))
        return f"--from {begin} --to {end} --as-of {until}"


def asked_period(output: Output, reckoning: Reckoning, month: str, begin: str, end: str, as_of: str) -> AskedPeriod:
    """What these options ask for; others are refused with an example."""
    try:
        until = reckoning.moment(as_of) if as_of else datetime.now(UTC)
        return AskedPeriod(_period(reckoning, month, begin, end, until), until)
    except (NotAPeriod, ValueError):
        output.fail(
            "日期写成 2021-07-01，月份写成 2021-07，期末须在期初之后",
            "write a day as 2021-07-01, a month as 2021-07; the period ends after it begins",
            USAGE,
        )


def _period(reckoning: Reckoning, month: str, begin: str, end: str, until: datetime) -> Period:
    """The period: a month, or from a day to another; without either the month of the as-of."""
    if month:
        if begin or end:
            raise NotAPeriod(month)
        year, _, number = month.partition("-")
        return reckoning.month(int(year), int(number))
    known = reckoning.month_of(until)
    return Period(
        reckoning.moment(begin) if begin else known.begin, reckoning.moment(end) if end else _end(known, begin, until)
    )


def _end(known: Period, begin: str, until: datetime) -> datetime:
    return until if begin else known.end


def local(moment: datetime) -> str:
    """A moment in China's time, to the second."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


def say_period(output: Output, asked: AskedPeriod) -> None:
    """The line above what was counted."""
    begin, end, at = local(asked.period.begin), local(asked.period.end), local(asked.until)
    output.say(f"期间 {begin} 至 {end}（不含），截止 {at}（不含）", f"from {begin} until {end}, as of {at}")
