"""S15 扎赉特旗热线: stones on the road, cleared in a little over an hour; the complainant stays anonymous."""

from stories.stage import GOVERNMENT, PARTY, Stage


def play(stage: Stage) -> None:
    """Hotline dispatches → resolved → the caller reads progress and answer, and rates; no other center learns the
    caller's name."""
    call = stage.resident(
        GOVERNMENT,
        "/callers/orders",
        {
            "channel": "来电", "sphere": "道路交通", "caller": "居民戊", "phone": "0482-5550104", "anonymous": True,
            "title": "路上有石块", "text": "路面散落石块，影响通行。", "division": "152223100",
            "place": "扎赉特旗音德尔镇",
        },
    )  # fmt: skip
    number = call["order_no"]
    case = stage.case_of(GOVERNMENT, "work-order", number)
    order = stage.order(PARTY, case)
    stage.staff(PARTY, order, "accept")
    handler = stage.holds(PARTY, case)
    if handler.case.resident is not None:
        raise AssertionError("the complainant was shown to the other party")
    stage.staff(PARTY, order, "progress", text="执法人员已到现场。")
    stage.staff(PARTY, order, "resolve", reply="石块已清理，道路恢复通行。")
    stage.closed(GOVERNMENT, case)
    stage.county.until("S15: the caller reads the answer", lambda: _reads(stage, number)["answers"])
    stage.resident(GOVERNMENT, f"/callers/orders/{number}/events", {"action": "rate", "satisfaction": "非常满意"})
    stage.rated(PARTY, case, 5)


def _reads(stage: Stage, number: str) -> dict[str, list[object]]:
    seen: dict[str, list[object]] = stage.county.backend(GOVERNMENT, f"/callers/orders/{number}")
    return seen
