"""S03 赤峰 政务服务“好差评”: ratings of half a year, some twice and some before their order; each counts once.

The demo replays one in a hundred of the 16,263; a test replays all of them.
"""

import random
from collections.abc import Iterator
from datetime import timedelta

from bus.bilingual import Bilingual
from bus.figures.period import Period, Reckoning
from stories.stage import GOVERNMENT, Json, Stage

ALL = 16_263
SCALE = 100
HALF_YEAR = Period(Reckoning().moment("2021-01-01"), Reckoning().moment("2021-07-01"))
AS_OF = Reckoning().moment("2021-08-01")
REPEATED = 10
"""Percent of the ratings that come twice."""
ORDERS, RATINGS = "/staff/past-orders", "/callers/ratings"
Told = tuple[str, Json]
"""(where in the center's own system, what is entered)"""


def one(number: int, word: str = "非常满意") -> tuple[Told, Told]:
    """An order that was settled at the counter, and its rating."""
    heard = HALF_YEAR.begin + timedelta(minutes=15 * number)
    order = {
        "order_no": f"CF-{number:06d}", "channel": "窗口", "sphere": "政务服务", "title": "窗口办事",
        "text": "在政务大厅办理事项。", "division": "150402", "received_at": heard.isoformat(),
        "settled_at": (heard + timedelta(minutes=20)).isoformat(), "reply": "已当场办结。",
    }  # fmt: skip
    rating = {
        "rating_no": f"PJ-{number:06d}",
        "order_no": order["order_no"],
        "satisfaction": word,
        "rated_at": (heard + timedelta(minutes=25)).isoformat(),
    }
    return (ORDERS, order), (RATINGS, rating)


def replay(size: int) -> list[Told]:
    """So many orders and their ratings, a tenth of the ratings twice, in any order."""
    told = [each for number in range(size) for each in one(number)]
    ratings = [each for each in told if each[0] == RATINGS]
    chance = random.Random(16_263)  # noqa: S311 - an order, not a secret
    told += chance.sample(ratings, size * REPEATED // 100)
    chance.shuffle(told)
    return told


def early(told: list[Told]) -> Iterator[str]:
    """The orders whose rating comes before them."""
    known: set[str] = set()
    for path, body in told:
        if path == ORDERS:
            known.add(body["order_no"])
        elif body["order_no"] not in known:
            yield body["order_no"]


def play(stage: Stage) -> None:
    """Replay; all are satisfied, and one who is not is seen in the rate."""
    size = ALL // SCALE
    for path, body in replay(size):
        stage.resident(GOVERNMENT, path, body)
    for number in range(size):
        stage.case_of(GOVERNMENT, "work-order", f"CF-{number:06d}")
    rate = stage.figure_of(GOVERNMENT, "satisfaction-rate", HALF_YEAR, AS_OF, size)
    if (rate.numerator, rate.denominator, rate.value) != (size, size, "100.00 %"):
        raise AssertionError(f"{size} ratings are counted as {rate.numerator}/{rate.denominator}")
    for path, body in one(size, "不满意"):
        stage.resident(GOVERNMENT, path, body)
    stage.case_of(GOVERNMENT, "work-order", f"CF-{size:06d}")
    with_one_more = stage.figure_of(GOVERNMENT, "satisfaction-rate", HALF_YEAR, AS_OF, size + 1)
    all_of_them, one_less = f"{size}/{size} = {rate.value}", f"{size}/{size + 1} = {with_one_more.value}"
    stage.says(
        Bilingual(
            f"按 1 : {SCALE} 演示：满意率 {all_of_them}；多一件不满意，{one_less}",
            f"at 1 : {SCALE}: satisfaction {all_of_them}; with one more, not satisfied: {one_less}",
        )
    )
