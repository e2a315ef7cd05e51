"""S22 不予受理: an out-of-scope matter is answered too, with the reason and the lawful route."""

from stories.stage import MEDIA, Stage


def play(stage: Stage) -> None:
    """Not accepted; the resident reads why, and where to go."""
    left = stage.resident(
        MEDIA,
        "/residents/messages",
        {
            "client_name": "居民庚", "category": "其他", "text": "请帮我撤销法院判决。", "division": "150402",
            "handled_here": True,
        },
    )  # fmt: skip
    case = stage.case_of(MEDIA, "message", left["id"])
    answer = {
        "action": "resolve", "outcome": "not-accepted", "reply": "已进入诉讼程序，不属于本平台受理范围。",
        "lawful_route": "可在十五日内向上一级人民法院上诉。",
    }  # fmt: skip
    stage.resident(MEDIA, f"/staff/messages/{left['id']}/events", answer)
    stage.closed(MEDIA, case)
    record = stage.county.backend(MEDIA, f"/records/{left['id']}")
    if not record["replies"] or "lawful_route" not in record["replies"][0]:
        raise AssertionError("the resident was not told the lawful route")
