"""S09 大召广场: two hundred questions on social insurance, registered and answered on the spot (即时办结)."""

from stories.stage import GOVERNMENT, Stage

QUESTIONS = 200


def play(stage: Stage) -> None:
    """Each question is a case, resolved and answered in one step, and never handed over."""
    for number in range(1, QUESTIONS + 1):
        form = {
            "order_no": f"DZGC-{number:03d}", "channel": "窗口", "sphere": "社会保障", "title": "社保咨询",
            "text": "养老保险怎么续缴？", "division": "150104", "place": "玉泉区大召广场",
            "answer": "当场解答：可在窗口或手机续缴。",
        }  # fmt: skip
        stage.resident(GOVERNMENT, "/callers/orders", form)
    found = [stage.case_of(GOVERNMENT, "work-order", f"DZGC-{number:03d}") for number in range(1, QUESTIONS + 1)]
    stage.county.until("200 answers on the spot", lambda: _instant(stage) >= QUESTIONS, 300)
    if _instant(stage) != len(set(found)):
        raise AssertionError("the instant answers are not counted right")


def _instant(stage: Stage) -> int:
    """Cases that were resolved in one step and never left the hall: counted apart from handed-over cases."""
    return sum(
        1
        for record in stage.county.records(GOVERNMENT).values()
        if record.status == "closed"
        and record.result is not None
        and record.result.instant
        and record.path == (GOVERNMENT,)
    )
