"""S12 美丽东胜: garage lights too dim; the street hands it to the community, its property office mends it in a day."""

from stories.stage import DQ_COMMUNITY, DQ_STREET, RM, Stage


def play(stage: Stage) -> None:
    """Two nested hand-overs; the word of it travels back two hops; the street is not a second case."""
    left = stage.resident(
        RM,
        "/residents/messages",
        {
            "client_name": "居民丁", "category": "物业", "text": "地下车库灯光太暗。", "division": "150402006006",
            "place": "东胜区天骄街道安达社区",
        },
    )  # fmt: skip
    case = stage.case_of(RM, "message", left["id"])
    upper = stage.order(DQ_STREET, case)
    stage.staff(DQ_STREET, upper, "accept")
    stage.holds(DQ_STREET, case)
    stage.staff(DQ_STREET, upper, "dispatch", to=[DQ_COMMUNITY])
    lower = stage.order(DQ_COMMUNITY, case)
    stage.staff(DQ_COMMUNITY, lower, "accept")
    stage.holds(DQ_COMMUNITY, case)
    stage.staff(DQ_COMMUNITY, lower, "progress", text="物业办已更换灯具。")
    stage.staff(DQ_COMMUNITY, lower, "resolve", reply="车库灯已全部更换。")
    stage.closed(RM, case)
    stage.closed(DQ_STREET, case)
    stage.resident(RM, f"/residents/messages/{left['id']}/events", {"action": "rate", "stars": 4})
    stage.rated(DQ_COMMUNITY, case, 4)
