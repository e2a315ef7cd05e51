"""S21 件件有回音 when every center declines: three decline, the arbiter imposes, the resident is answered."""

from stories.stage import CIVILIZATION, GOVERNMENT, MEDIA, PARTY, PARTY_STREET, Stage


def play(stage: Stage) -> None:
    """Offer → declined three times, with reasons → arbiter → imposed → resolved. The case has a holder all the
    while."""
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民己", "category": "其他", "text": "两个小区之间的断头路没人管。", "division": "150402",
            "to": [CIVILIZATION],
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    stage.staff(CIVILIZATION, stage.order(CIVILIZATION, case), "decline", reason="职责不符", text="不属于志愿服务范围")
    stage.until(MEDIA, case, "the first no", lambda r: len(r.returns) == 1 and not r.decision_pending)
    again = f"/staff/messages/{left['id']}/events"
    stage.resident(MEDIA, again, {"action": "dispatch", "to": [GOVERNMENT, PARTY_STREET]})
    stage.staff(GOVERNMENT, stage.order(GOVERNMENT, case), "return", reason="权属不清", text="权属未明")
    stage.staff(PARTY_STREET, stage.order(PARTY_STREET, case), "decline", reason="属地不符", text="不在本街道")
    stage.until(MEDIA, case, "three refusals", lambda r: len(r.returns) == 3 and not r.decision_pending)
    stage.resident(MEDIA, again, {"action": "ask-arbiter", "ground": "returned", "text": "三次退单，请裁定"})
    ruling = stage.order(PARTY, case, "arbitrate")
    stage.staff(PARTY, ruling, "rule", holder=GOVERNMENT, text="由政务服务中心牵头办理")
    stage.holds(GOVERNMENT, case)
    orders = stage.county.backend(GOVERNMENT, "/records")
    mine = next(o["order_no"] for o in orders if o.get("case_id") == str(case))
    stage.staff(GOVERNMENT, mine, "resolve", reply="已协调打通，本月内施工。")
    stage.closed(MEDIA, case)
