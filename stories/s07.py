"""S07 新城区 台账: matters of an old ledger, most of them settled by the end of July; midnight belongs to August.

The demo enters one in a hundred of the 2,400; a test imports all of them, as CSV and as XLSX.
"""

from datetime import timedelta

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from stories.stage import PARTY, Json, Stage

ALL, SETTLED = 2_400, 1_706
SCALE = 100
AUGUST = Reckoning().moment("2021-08-01")
PERIOD = Period(Reckoning().moment("2021-01-01"), AUGUST)
HOUR = timedelta(hours=1)


def ledger(size: int, settled: int, *, later: bool = False) -> list[Json]:
    """The lines of the ledger at the end of July; ``later``: in August, when the rest is settled, the first of it at
    midnight."""
    return [_line(number, settled, later) for number in range(size)]


def _line(number: int, settled: int, later: bool) -> Json:
    heard = PERIOD.begin + number * 2 * HOUR + 9 * HOUR
    line = {
        "matter_no": f"XC-{number:05d}", "channel": "台账", "sphere": "物业", "title": "台账事项",
        "text": "居民反映的事项。", "division": "150402", "received_at": heard.isoformat(),
    }  # fmt: skip
    if number >= settled and not later:
        return line
    end = heard + HOUR if number < settled else AUGUST + (number - settled) * HOUR
    return line | {"settled_at": end.isoformat(), "finding": "已解决", "reply": "已办结。"}


def play(stage: Stage) -> None:
    """Load in July and close in August: the rate as of 31 July stays; the same ledger again changes nothing."""
    size, settled = ALL // SCALE, SETTLED // SCALE
    for line in ledger(size, settled):
        stage.resident(PARTY, "/staff/past-matters", line)
    cases = [stage.case_of(PARTY, "matter", f"XC-{number:05d}") for number in range(size)]
    july = stage.figure_of(PARTY, "resolution-rate", PERIOD, AUGUST, size)
    for _ in range(2):
        for line in ledger(size, settled, later=True):
            stage.resident(PARTY, "/staff/past-matters", line)
    for case in cases:
        stage.closed(PARTY, case)
    again = stage.figure_of(PARTY, "resolution-rate", PERIOD, AUGUST, size)
    if (july.numerator, july.denominator) != (settled, size) or again != july:
        raise AssertionError(f"as of August it was {july}, and is {again}")
    stage.says(
        Bilingual(
            f"按 1 : {SCALE} 演示：截至 7 月底办结率 {settled}/{size} = {july.value}；8 月 1 日零时办结的不计入",
            f"at 1 : {SCALE}: resolution rate by the end of July {settled}/{size} = {july.value}; "
            "what was settled at 00:00 on 1 August is not counted",
        )
    )
