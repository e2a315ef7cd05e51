"""S12 美丽东胜: garage lights too dim; the street hands the case to the community, whose property office repairs
them."""

from stories.stage import MEDIA, PARTY_COMMUNITY, PARTY_STREET, Stage


def play(stage: Stage) -> None:
    """Two nested hand-overs; the result travels back two hops; the street opens no second case."""
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民丁", "category": "物业", "text": "地下车库灯光太暗。", "division": "150402006006",
            "place": "东胜区天骄街道安达社区",
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    upper = stage.order(PARTY_STREET, case)
    stage.staff(PARTY_STREET, upper, "accept")
    stage.holds(PARTY_STREET, case)
    stage.staff(PARTY_STREET, upper, "dispatch", to=[PARTY_COMMUNITY])
    lower = stage.order(PARTY_COMMUNITY, case)
    stage.staff(PARTY_COMMUNITY, lower, "accept")
    stage.holds(PARTY_COMMUNITY, case)
    stage.staff(PARTY_COMMUNITY, lower, "progress", text="物业办已更换灯具。")
    stage.staff(PARTY_COMMUNITY, lower, "resolve", reply="车库灯已全部更换。")
    stage.closed(MEDIA, case)
    stage.closed(PARTY_STREET, case)
    stage.resident(MEDIA, f"/residents/messages/{left['id']}/events", {"action": "rate", "stars": 4})
    stage.rated(PARTY_COMMUNITY, case, 4)
