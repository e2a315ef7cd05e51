"""S21 件件有回音 when everyone declines: three say no, the arbiter imposes, the resident is answered."""

from stories.stage import DQ, DQ_STREET, RM, WM, ZW, Stage


def play(stage: Stage) -> None:
    """Offer → declined three times, with reasons → arbiter → imposed → resolved. Somebody holds it all the while."""
    left = stage.resident(
        RM,
        "/residents/messages",
        {
            "client_name": "居民己", "category": "其他", "text": "两个小区之间的断头路没人管。", "division": "150402",
            "to": [WM],
        },
    )  # fmt: skip
    case = stage.case_of(RM, "message", left["id"])
    stage.staff(WM, stage.order(WM, case), "decline", reason="职责不符", text="不属于志愿服务范围")
    stage.until(RM, case, "the first no", lambda r: len(r.returns) == 1 and not r.lent)
    again = f"/staff/messages/{left['id']}/events"
    stage.resident(RM, again, {"action": "dispatch", "to": [ZW, DQ_STREET]})
    stage.staff(ZW, stage.order(ZW, case), "return", reason="权属不清", text="权属未明")
    stage.staff(DQ_STREET, stage.order(DQ_STREET, case), "decline", reason="属地不符", text="不在本街道")
    stage.until(RM, case, "three refusals", lambda r: len(r.returns) == 3 and not r.lent)
    stage.resident(RM, again, {"action": "ask-arbiter", "ground": "returned", "text": "三次退单，请裁定"})
    ruling = stage.order(DQ, case, "arbitrate")
    stage.staff(DQ, ruling, "rule", holder=ZW, text="由政务服务中心牵头办理")
    stage.holds(ZW, case)
    orders = stage.town.vendor(ZW, "/records")
    mine = next(o["order_no"] for o in orders if o.get("case_id") == str(case))
    stage.staff(ZW, mine, "resolve", reply="已协调打通，本月内施工。")
    stage.closed(RM, case)
