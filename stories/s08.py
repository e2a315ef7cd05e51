"""S08 赛罕区: a wheelchair for a veteran of ninety; a command center takes the case, district and street help."""

from stories.stage import CIVILIZATION, COMMAND, MEDIA, PARTY, PARTY_STREET, Stage


def play(stage: Stage) -> None:
    """Message → command center → district → the street's station lends it, volunteers deliver it → answered."""
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民壬", "phone": "0471-5550108", "category": "社会保障",
            "text": "九十岁老兵想要一把轮椅。", "division": "150402006", "place": "赛罕区昭乌达南路街道",
            "to": [COMMAND],
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    dispatched = stage.order(COMMAND, case)
    stage.staff(COMMAND, dispatched, "accept", promise="当日联系退役军人服务中心")
    stage.holds(COMMAND, case)
    stage.staff(COMMAND, dispatched, "dispatch", to=[PARTY], note="请联系退役军人服务中心")
    matter = stage.order(PARTY, case)
    stage.staff(PARTY, matter, "accept", promise="今日送到")
    stage.holds(PARTY, case)
    for helper, ask in ((PARTY_STREET, "请街道退役军人服务站备一把轮椅"), (CIVILIZATION, "请志愿者送到家中")):
        stage.staff(PARTY, matter, "ask-assist", to=helper, ask=ask, show_resident=True)
        stage.staff(helper, stage.order(helper, case, "assist"), "answer-assist", done=True, text="已送到家中。")
    stage.until(PARTY, case, "both answers", lambda r: [a.done for a in r.assists] == [True, True])
    stage.staff(PARTY, matter, "resolve", reply="轮椅已送到家中，并已教会使用。")
    stage.closed(MEDIA, case)
    stage.closed(COMMAND, case)
    stage.resident(MEDIA, f"/residents/messages/{left['id']}/events", {"action": "rate", "stars": 5})
    stage.rated(PARTY, case, 5)
