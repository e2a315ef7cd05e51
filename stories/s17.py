"""S17 内蒙古: demands of a region's projects; a project is resolved with its last demand, and the rate counts projects.

The demo enters one in a hundred of the 137,000; a test takes all of them.
"""

from datetime import timedelta

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from stories.stage import PARTY, Json, Stage

DEMANDS, PROJECTS, CLOSED = 137_000, 62_000, 39_000
SCALE = 100
YEAR = Period(Reckoning().moment("2022-01-01"), Reckoning().moment("2023-01-01"))
TOWNS = [f"15{city:02d}{county:02d}{town:03d}" for city in (1, 4, 22) for county in (2, 4) for town in (1, 6, 7)]
UNPLACED = 20
"""Every so many demands name a county, and no village."""


def demand(number: int, scale: int = 1) -> Json:
    """A demand of the region's, at 1 : ``scale``; each project has two or three of them, in one village."""
    project = number % (PROJECTS // scale)
    town = TOWNS[project % len(TOWNS)]
    heard = YEAR.begin + timedelta(minutes=3 * number * scale)
    line = {
        "matter_no": f"NM-{number:06d}", "text": "诉求。", "project": f"XM-{project:05d}",
        "division": town[:6] if number % UNPLACED == 0 else f"{town}{project % 3 + 1:03d}",
        "received_at": heard.isoformat(),
    }  # fmt: skip
    if project < CLOSED // scale:
        line["settled_at"] = (heard + timedelta(hours=1)).isoformat()
    return line


def _in_the_end(line: Json, number: int) -> Json:
    """The line as it stands long after: what was open at the end of the year is settled in the next."""
    end = line.get("settled_at") or (YEAR.end + timedelta(hours=number)).isoformat()
    return line | {"settled_at": end, "finding": "已解决", "reply": "已办结。"}


def play(stage: Stage) -> None:
    """Enter all demands, some twice: as of the end of the year the rate counts each project once."""
    size, projects, closed = DEMANDS // SCALE, PROJECTS // SCALE, CLOSED // SCALE
    lines = [_in_the_end(demand(number, SCALE), number) for number in range(size)]
    for line in (*lines, *lines[::SCALE]):
        stage.resident(PARTY, "/staff/past-matters", line)
    for line in lines:
        stage.closed(PARTY, stage.case_of(PARTY, "matter", line["matter_no"]))
    rate = stage.figure_of(PARTY, "project-resolution-rate", YEAR, YEAR.end, projects)
    if (rate.numerator, rate.denominator) != (closed, projects):
        raise AssertionError(f"{closed} of {projects} projects are resolved, and it says {rate}")
    stage.says(
        Bilingual(
            f"按 1 : {SCALE} 演示：诉求 {size:,} 件，项目 {projects} 个，"
            f"年底项目办结率 {closed}/{projects} = {rate.value}",
            f"at 1 : {SCALE}: {size:,} demands of {projects} projects; resolved by the end of the year "
            f"{closed}/{projects} = {rate.value}",
        )
    )
