"""S16 东胜区: leaders claim matters from the board; of several who claim one matter, the first one has it.

The demo plays one in ten of 47 matters, 32 leaders, 329 solved matters and 163 activities; a test plays all of them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from stories.stage import PARTY, Json, Stage

MATTERS, LEADERS, SOLVED, ACTIVITIES = 47, 32, 329, 163
SCALE = 10
PERIOD = Period(Reckoning().moment("2022-03-01"), Reckoning().moment("2022-04-01"))
HOUR = timedelta(hours=1)


def matter(number: int) -> Json:
    """A matter on the board."""
    return {
        "matter_no": f"DS-{number:04d}", "sphere": "物业", "text": "小区问题，请领导领办。", "division": "150602",
        "received_at": (PERIOD.begin + number * HOUR).isoformat(), "board": True,
    }  # fmt: skip


def claim(number: int, leader: int) -> Json:
    """A leader claims a matter."""
    return {
        "claim_no": f"RL-{number:04d}-{leader:02d}", "matter_no": f"DS-{number:04d}", "claimant": f"领导{leader}",
        "post": f"第 {leader} 网格包联领导",
    }  # fmt: skip


def solved(number: int) -> Json:
    """A line of the ledger: a matter that was solved."""
    heard = PERIOD.begin + number * HOUR
    return {
        "matter_no": f"DS-L{number:04d}", "sphere": "物业", "text": "居民反映的问题。", "division": "150602",
        "received_at": heard.isoformat(), "settled_at": (heard + HOUR).isoformat(), "finding": "已解决",
        "reply": "已解决。",
    }  # fmt: skip


def activity(number: int) -> Json:
    """An activity of the district."""
    held = PERIOD.begin + number * HOUR
    return {
        "event_id": f"HD-{number:04d}", "activity_no": f"DS-{number:04d}", "hosts": ["东胜区党群服务中心"],
        "division": "150602", "held_at": held.isoformat(),
    }  # fmt: skip


def play(stage: Stage) -> None:
    """All leaders claim all matters; each matter is claimed once, and each refusal names who has it."""
    matters, leaders, all_solved, held = (size // SCALE for size in (MATTERS, LEADERS, SOLVED, ACTIVITIES))
    for number in range(matters):
        stage.resident(PARTY, "/staff/entries", matter(number))
    cases = [stage.case_of(PARTY, "matter", f"DS-{number:04d}") for number in range(matters)]
    for leader in range(leaders):
        for number in range(matters):
            stage.resident(PARTY, "/staff/claims", claim(number, leader))
    answers = stage.county.until("S16: every claim answered", lambda: _answers(stage, matters * leaders))
    refused = [answer for answer in answers if answer["status"] == 409]
    if len(refused) != matters * (leaders - 1) or not all("领导0" in one["body"]["cure"] for one in refused):
        raise AssertionError(f"of {len(answers)} claims {len(refused)} are refused")
    for number in range(matters):
        stage.staff(PARTY, f"DS-{number:04d}", "resolve", reply="已解决。")
    for number in range(matters, all_solved):
        stage.resident(PARTY, "/staff/past-matters", solved(number))
        stage.case_of(PARTY, "matter", f"DS-L{number:04d}")
    for number in range(held):
        stage.resident(PARTY, "/staff/activities", activity(number))
    for case in cases:
        stage.closed(PARTY, case)
    now = datetime.now(UTC) + HOUR
    figures = {
        code: stage.figure_of(PARTY, code, PERIOD, now, size).numerator
        for code, size in (("claimed", matters), ("resolution-rate", all_solved), ("activities", held))
    }
    if [*figures.values()] != [matters, all_solved, held]:
        raise AssertionError(f"{figures} are counted")
    stage.says(
        Bilingual(
            f"按 1 : {SCALE} 演示：{leaders} 名领导同抢 {matters} 件，认领 {matters} 件，其余被告知由谁认领；"
            f"解决 {all_solved} 件，活动 {held} 场",
            f"at 1 : {SCALE}: {leaders} leaders claim {matters} matters, each is claimed once, the others are told by "
            f"whom; {all_solved} solved, {held} activities",
        )
    )


def _answers(stage: Stage, enough: int) -> list[Any]:
    found = [answer for answer in list(stage.county.backends[PARTY].answers) if answer["form"] == "claim"]
    return found if len(found) >= enough else []
