"""Why an act of a person is refused, in words for that person."""

from starlette.responses import Response

from bus.console.visit import Visit
from bus.operations.rights import CommandRefused

REFUSED = {
    "invalid": ("内容不全，或理由不是一个代码词（如 handled-by-phone）",
                "something is missing, or the reason is no code word (such as handled-by-phone)"),
    "role": ("您的角色没有这项权限", "your role does not reach so far"),
    "gone": ("这一项其间已了结", "it was settled meanwhile"),
    "stale-preview": ("预览已超过一天，请重新预览", "the preview is older than a day: make a new one"),
    "too-many-open": ("未完成的操作太多，请先执行或停止几个", "too many operations are open: run or stop some"),
    "not-paused": ("没有这项暂停", "nothing is paused by this name"),
    "unknown-case": ("本中心没有这个案件", "this center has never had this case"),
}  # fmt: skip
"""Code → why a person's act is refused, for the person."""


def refused(visit: Visit, no: CommandRefused) -> Response:
    """The page that says why an act is refused."""
    zh, en = REFUSED.get(no.code.value, (no.body["cure"], no.body["cure"]))
    return visit.fault(no.status, zh, en)
