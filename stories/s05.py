"""S05 牛心山村: a cattle shed needs four approvals in order; one named person of the village sees to all of them."""

from functools import partial

from bus.bilingual import Bilingual
from bus.custody import Record
from stories.stage import GOVERNMENT, PARTY, PARTY_COMMUNITY, PARTY_STREET, Stage

STEPS = ((PARTY_STREET, "测量"), (GOVERNMENT, "落图"), (PARTY, "申请"), (GOVERNMENT, "审批"))


def play(stage: Stage) -> None:
    """测量 → 落图 → 申请 → 审批: each is asked when the one before is done; the village keeps the case."""
    entry = stage.resident(
        PARTY_COMMUNITY,
        "/staff/entries",
        {
            "channel": "走访", "resident": "居民戊", "phone": "0479-5550105", "sphere": "政务服务",
            "title": "建牛棚手续", "text": "想建牛棚，不知道手续怎么办。村里派专人包办到底。",
            "division": "152531202208", "handled_here": True,
        },
    )  # fmt: skip
    case = stage.case_of(PARTY_COMMUNITY, "matter", entry["id"])
    stage.works(PARTY_COMMUNITY, entry["id"], "plan", steps=[{"to": unit, "ask": ask} for unit, ask in STEPS])
    for number, (unit, ask) in enumerate(STEPS, 1):
        known = stage.until(PARTY_COMMUNITY, case, f"step {number}", partial(_asked, number))
        if [one.assistant for one in known.assists] != [unit for unit, _ in STEPS[:number]]:
            raise AssertionError(f"after {number - 1} answers these were asked: {known.assists}")
        times = [one for one, _ in STEPS[:number]].count(unit)
        order = stage.order(unit, case, "assist", times)
        stage.staff(unit, order, "answer-assist", done=True, text=f"{ask}已完成。")
    stage.until(PARTY_COMMUNITY, case, "the end of the plan", lambda r: r.plan is not None and r.plan.ended)
    stage.staff(PARTY_COMMUNITY, entry["id"], "resolve", reply="手续已全部办好，可以动工。")
    record = stage.closed(PARTY_COMMUNITY, case)
    if (record.version, len(record.assists)) != (1, len(STEPS)):
        raise AssertionError("the village has lost the case, or a step was asked twice")
    told = "→".join(ask for _, ask in STEPS)
    stage.says(
        Bilingual(
            f"{told}：前一步答复“已办”，才请下一步；案件始终由村里负责",
            f"{told}: each step is asked when the one before is done; the village holds the case throughout",
        )
    )


def _asked(count: int, record: Record) -> bool:
    return len(record.assists) >= count
