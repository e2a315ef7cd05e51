"""S04 多伦: a resident of ninety must be verified each year; a clerk comes to the home instead (电话预约、上门服务)."""

from bus.bilingual import Bilingual
from stories.stage import GOVERNMENT, PARTY, PARTY_STREET, Stage

ADDRESS = "多伦诺尔镇育才小区 3 号楼 201"
"""Where the resident lives: it is known to the center that was called, and to the one that comes."""


def play(stage: Stage) -> None:
    """Phone call → hall accepts → a helper checks, without the resident → appointed → visited → resolved → rated."""
    called = stage.resident(
        PARTY_STREET,
        "/staff/entries",
        {
            "channel": "来电", "resident": "居民丁", "phone": "0479-5550104", "address": ADDRESS, "sphere": "社会保障",
            "title": "高龄老人年度验证", "text": "九十岁老人行动不便，来不了窗口办年度验证。", "division": "152531101",
            "to": [GOVERNMENT],
        },
    )  # fmt: skip
    case = stage.case_of(PARTY_STREET, "matter", called["id"])
    order = stage.order(GOVERNMENT, case)
    stage.staff(GOVERNMENT, order, "accept", promise="预约上门验证")
    stage.holds(GOVERNMENT, case)
    stage.works(GOVERNMENT, order, "contact")
    stage.staff(GOVERNMENT, order, "ask-assist", to=PARTY, ask="核对参保与领取记录")
    stage.staff(PARTY, stage.order(PARTY, case, "assist"), "answer-assist", done=True, text="记录无误。")
    stage.until(GOVERNMENT, case, "the answer", lambda r: [a.done for a in r.assists] == [True])
    stage.works(GOVERNMENT, order, "appoint", at="2021-05-20T09:30:00+08:00", place=ADDRESS, visitor="窗口工作人员")
    stage.shown(PARTY_STREET, called["id"], "已预约上门")
    stage.works(GOVERNMENT, order, "visit", found="本人在家，已采集照片")
    stage.shown(PARTY_STREET, called["id"], "已上门")
    stage.staff(GOVERNMENT, order, "resolve", reply="已上门完成年度验证，待遇照常发放。")
    stage.closed(PARTY_STREET, case)
    rated = {"action": "rate", "satisfaction": "非常满意"}
    stage.resident(PARTY_STREET, f"/residents/matters/{called['id']}/events", rated)
    stage.rated(GOVERNMENT, case, 5)
    stage.says(
        Bilingual(
            "预约 → 上门 → 办结：外发的只有阶段和约定时间，在哪、谁去留在承办单位；住址只有受理和承办两家知道",
            "appointed → visited → resolved: stage and hour travel, place and visitor stay with the one that comes; "
            "two centers know the address",
        )
    )
