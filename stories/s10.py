"""S10 中国红山: vegetables on common green land, a bike shed locked by some. The reference story."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from stories.stage import GOVERNMENT, MEDIA, PARTY_COMMUNITY, PARTY_STREET, Stage


def play(stage: Stage) -> None:
    """Message → community accepts → two help → promise of three days → resolved → reply → rated 5 → published."""
    one(stage, "居民丙")


def one(stage: Stage, name: str) -> UUID:
    """One such case, from message to publication."""
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": name, "phone": "0476-5550103", "category": "市容环境",
            "text": "有业主在公共绿地种菜，占用车棚并上锁。", "division": "150402006006",
            "place": "红山区站前街道迎宾路社区",
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    order = stage.order(PARTY_COMMUNITY, case)
    due = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    stage.staff(PARTY_COMMUNITY, order, "accept", promise="三日内清理", due=due)
    stage.until(MEDIA, case, "who has it", lambda r: r.holder == PARTY_COMMUNITY and r.due is not None)
    for helper, ask in ((GOVERNMENT, "城管到场联合检查"), (PARTY_STREET, "物业配合清理")):
        stage.staff(PARTY_COMMUNITY, order, "ask-assist", to=helper, ask=ask)
        stage.staff(helper, stage.order(helper, case, "assist"), "answer-assist", done=True, text="已到场配合。")
    stage.until(PARTY_COMMUNITY, case, "both answers", lambda r: [a.done for a in r.assists] == [True, True])
    stage.staff(PARTY_COMMUNITY, order, "progress", text="已下发整改通知单，限三日内清理。")
    stage.staff(PARTY_COMMUNITY, order, "resolve", reply="绿地已恢复，车棚已开放。")
    stage.closed(MEDIA, case)
    stage.resident(MEDIA, f"/residents/messages/{left['id']}/events", {"action": "rate", "stars": 5})
    stage.rated(PARTY_COMMUNITY, case, 5)
    report = {"action": "publish", "title": "绿地还给大家", "text": "社区联合检查，三日清理完毕。"}
    stage.resident(MEDIA, f"/staff/messages/{left['id']}/events", report)
    stage.closed(PARTY_COMMUNITY, case)
    return case
