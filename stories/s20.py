"""S20 赤峰 三评: the resident, the unit itself, the masses and a survey rate one matter; four figures, kept apart.

The demo asks one in ten of the survey's 200; a test asks all of them.
"""

from datetime import UTC, datetime, timedelta

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from stories.stage import MEDIA, Json, Stage

MASSES, SURVEY = 3, 200
SCALE = 10
PERIOD = Period(Reckoning().moment("2021-06-01"), Reckoning().moment("2021-07-01"))
KINDS = ("satisfaction-rate", "self-satisfaction", "masses-satisfaction", "survey-satisfaction")
COMBINED = "combined-satisfaction"


def answers(message_id: str, survey: int) -> list[Json]:
    """The answers of the masses and of the survey; the first one of the survey is not content at all."""
    masses: list[Json] = [{"rater": "masses", "pseudonym": f"m-{number}", "grade": 4} for number in range(MASSES)]
    asked: list[Json] = [{"pseudonym": f"q-{number}", "grade": 1 if number == 0 else 5} for number in range(survey)]
    return [
        {"answer_no": f"DJ-{number:04d}", "message_id": message_id, **one} for number, one in enumerate(masses + asked)
    ]


def play(stage: Stage) -> None:
    """A rating of each kind, a pseudonym that comes twice, and a survey that leaves the resident's 5."""
    survey = SURVEY // SCALE
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民甲", "category": "市容环境", "text": "路口垃圾清理不及时。", "division": "150402",
            "handled_here": True, "left_at": "2021-06-10T09:00:00+08:00",
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    events = f"/residents/messages/{left['id']}/events"
    stage.resident(MEDIA, events, {"action": "resolve", "reply": "已清理。"})
    stage.closed(MEDIA, case)
    stage.resident(MEDIA, events, {"action": "rate", "stars": 5})
    stage.resident(MEDIA, events, {"action": "rate", "stars": 4, "rater": "self"})
    told = answers(left["id"], survey)
    for one in (*told, {**told[-1], "answer_no": "DJ-again"}):
        stage.resident(MEDIA, "/surveys/answers", one)
    sizes = dict(zip((*KINDS, COMBINED), (1, 1, MASSES, survey, 2 + MASSES + survey), strict=True))
    sizes[COMBINED] *= 1000
    now = datetime.now(UTC) + timedelta(hours=1)
    found = {code: stage.figure_of(MEDIA, code, PERIOD, now, size) for code, size in sizes.items()}
    counted = {code: (one.numerator, one.denominator) for code, one in found.items()}
    wanted = {code: (size, size) for code, size in sizes.items()}
    wanted["survey-satisfaction"] = (survey - 1, survey)
    wanted[COMBINED] = (sizes[COMBINED] - 1000, sizes[COMBINED])
    if counted != wanted or stage.rated(MEDIA, case, 5).ratings[0].grade != 5:
        raise AssertionError(f"{counted} are counted")
    shown = " · ".join(f"{one.figure.name.zh} {one.value}" for one in found.values())
    shown_en = " · ".join(f"{one.figure.name.en} {one.value}" for one in found.values())
    stage.says(Bilingual(f"调查按 1 : {SCALE} 演示：{shown}", f"the survey at 1 : {SCALE}: {shown_en}"))
