"""Why an act of a person is refused, in words for that person."""

from starlette.responses import Response

from bus.console.doors import DoorTrouble
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
    "no-staff": ("该中心没有值班入口，或名录中没有控制台的密钥",
                 "that center has no operators' door, or the directory does not list the console's key"),
    "door-closed": ("该中心自己的配置关闭了值班入口", "this center's own settings close its door"),
    "unknown-key": ("该中心的名录中没有控制台的密钥：由县里的运维列入",
                    "the directory there does not list the console's key: the county's operator lists it"),
    "revoked-key": ("控制台的密钥已被撤销", "the console's key was revoked"),
    "stale-key": ("控制台的密钥已到期：由县里的运维重新列入", "the console's key has ended: have it listed anew"),
    "too-old": ("指令超过五分钟：核对两边的时钟", "the command is older than five minutes: check both clocks"),
    "too-early": ("指令的时间在将来：核对两边的时钟", "the command was made in the future: check both clocks"),
    "unknown-operation": ("没有这项操作", "there is no such operation here"),
    "needs-second": ("须由第二人批准", "a second person must approve it"),
    "no-second": ("没有等待第二人批准的操作", "nothing waits for a second person here"),
    "same-person": ("须由另一人批准，并用其本人的密钥或登录",
                    "another person must approve it, by a key or a login of their own"),
    "other-digest": ("等待批准的已是另一项：请重新核对", "what waits is another command: look at it again"),
    "not-arbiter": ("只有本案的裁定中心可以裁定", "only the arbiter of the case rules: go to its center"),
    "center-open": ("该中心有有效的密钥，未撤并：发给它的报文保留",
                    "the center has a key that counts: it is not closed, and what waits for it stays"),
    "unknown-center": ("名录中没有新的中心的密钥", "the directory lists no key of the new center"),
    "id-used": ("这个编号已用于另一项指令：刷新页面后再试", "another command had this id: reload the page"),
    "unknown-case": ("本中心没有这个案件", "this center has never had this case"),
}  # fmt: skip
"""Code → why a person's act is refused, for the person."""


def troubled(visit: Visit, trouble: DoorTrouble) -> Response:
    """The page that says why a center's door has not answered; where nobody knows what was done, with the form to send
    the same once more."""
    again = dict(visit.form) if trouble.unknown and visit.form.get("command") else {}
    return visit.page("door_trouble.html", 502, words_of_trouble=trouble.words, again=again, there=trouble.center)


def refused(visit: Visit, no: CommandRefused) -> Response:
    """The page that says why an act is refused."""
    zh, en = REFUSED.get(no.code.value, (no.body["cure"], no.body["cure"]))
    return visit.fault(no.status, zh, en)
