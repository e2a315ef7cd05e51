"""S13 奈曼旗: no property certificate, no school; the village secretary carries the papers to the registry (代办)."""

from bus.bilingual import Bilingual
from stories.stage import GOVERNMENT, PARTY_COMMUNITY, Stage

AGENT = "代办人甲（村书记）"
"""Who carries the papers: known to the center that was called, and to the one that has the case."""
PAPERS = ("身份证", "户口簿", "宅基地使用证", "房屋测绘图")
MISSING = "宅基地使用证"


def play(stage: Stage) -> None:
    """Phone call by an agent → registry accepts → one of four papers is missing → handed in → certificate."""
    called = stage.resident(
        PARTY_COMMUNITY,
        "/staff/entries",
        {
            "channel": "来电", "resident": "居民庚", "phone": "0475-5550113", "agent": AGENT, "sphere": "不动产登记",
            "title": "代办不动产权证", "text": "孩子上学要划片，家里没有不动产权证，请村里代办。",
            "papers": [paper for paper in PAPERS if paper != MISSING], "division": "150525100", "to": [GOVERNMENT],
        },
    )  # fmt: skip
    case = stage.case_of(PARTY_COMMUNITY, "matter", called["id"])
    order = stage.order(GOVERNMENT, case)
    stage.staff(GOVERNMENT, order, "accept", promise="材料齐后三个工作日发证")
    stage.holds(GOVERNMENT, case)
    papers = [{"title": paper, "there": paper != MISSING} for paper in PAPERS]
    stage.works(GOVERNMENT, order, "check-papers", papers=papers)
    stage.shown(PARTY_COMMUNITY, called["id"], "请补交材料")
    stage.works(GOVERNMENT, order, "check-papers", papers=[{"title": MISSING, "there": True}])
    stage.shown(PARTY_COMMUNITY, called["id"], "材料已齐")
    record = stage.until(GOVERNMENT, case, "all papers", lambda r: all(paper.there for paper in r.papers))
    if [paper.title for paper in record.papers] != list(PAPERS):
        raise AssertionError(f"the list of papers is {record.papers}")
    stage.staff(GOVERNMENT, order, "resolve", reply="不动产权证已办好，由代办人领回。")
    stage.closed(PARTY_COMMUNITY, case)
    rated = {"action": "rate", "satisfaction": "非常满意"}
    stage.resident(PARTY_COMMUNITY, f"/residents/matters/{called['id']}/events", rated)
    stage.rated(GOVERNMENT, case, 5)
    stage.says(
        Bilingual(
            f"材料 {len(PAPERS)} 份，缺 1 份：告知补正“{MISSING}”→ 补齐 → 发证",
            f"{len(PAPERS)} papers, 1 missing: the resident is asked for it → handed in → certificate",
        )
    )
