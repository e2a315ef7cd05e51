"""S18: court and community clear wormwood together: an activity with two hosts, counted once."""

from bus.figures.period import Period, Reckoning
from bus.store import activities
from bus.store.timestamps import ms
from stories.stage import CIVILIZATION, Stage

PERIOD = Period(Reckoning().moment("2021-08-01"), Reckoning().moment("2021-09-01"))
HOSTS = ["法院", "社区"]


def play(stage: Stage) -> None:
    """Each host reports it; the total is 1, each host has 1, and the difference is explained."""
    for host in HOSTS:
        stage.resident(
            CIVILIZATION,
            "/staff/activities",
            {
                "activity_no": "HD-2021-0810", "hosts": [host, *HOSTS], "division": "150402",
                "held_at": "2021-08-10T09:00:00+08:00",
            },
        )  # fmt: skip
    stage.county.until("S18: both reports taken", lambda: _taken(stage) == len(HOSTS))
    with stage.county.store(CIVILIZATION).reading() as tx:
        held = activities.by_host(tx, PERIOD, ms(PERIOD.end))
    if (held.total, dict(held.each)) != (1, dict.fromkeys(HOSTS, 1)):
        raise AssertionError(f"one activity of two hosts is counted as {held}")
    stage.says(held.explained)


def _taken(stage: Stage) -> int:
    answers = list(stage.county.backends[CIVILIZATION].answers)
    return sum(answer["form"] == "activity" and answer["status"] == 202 for answer in answers)
