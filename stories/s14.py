"""S14 云上海勃湾: the bureau visits a shop unasked to advise on its sign board, and is thanked."""

from bus.custody import Status
from stories.stage import GOVERNMENT, Stage


def play(stage: Stage) -> None:
    """Opened by the handling center, advice only; thanks after the closing reopen nothing."""
    order = stage.resident(
        GOVERNMENT,
        "/callers/orders",
        {
            "channel": "主动服务", "sphere": "市场监管", "title": "门头牌匾指导", "text": "上门指导商户规范设置牌匾。",
            "division": "150302", "place": "海勃湾区",
        },
    )  # fmt: skip
    number = order["order_no"]
    case = stage.case_of(GOVERNMENT, "work-order", number)
    resolve = {"action": "resolve", "outcome": "explained", "reply": "已现场指导牌匾尺寸与材质。"}
    stage.resident(GOVERNMENT, f"/staff/orders/{number}/events", resolve)
    stage.closed(GOVERNMENT, case)
    stage.resident(GOVERNMENT, f"/callers/orders/{number}/events", {"action": "thank", "text": "谢谢上门指导。"})
    stage.case_of(GOVERNMENT, "work-order", number)
    record = stage.closed(GOVERNMENT, case)
    if record.status is not Status.CLOSED or record.round != 1:
        raise AssertionError("thanks have opened the case again")
