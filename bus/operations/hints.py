"""Hints for parked items, by code, in both languages. `docs/operate.md` says more."""

from bus.bilingual import Bilingual
from bus.store import parked

_HINTS: dict[str, tuple[str, str]] = {
    # handlers: the center's own system
    "no-native-record": (
        "本系统没有该案件的记录：库是否恢复过备份？",
        "no record in the center's system: was the store restored?",
    ),
    "no-handler": ("适配器没有处理这类报文：升级适配器后重放", "the adapter has no handler for it: upgrade it, replay"),
    "handler-deadline": (
        "调用业务系统超过 100 秒：看其日志，之后重放",
        "a call took over 100 s: check that system's log, replay",
    ),
    "resident-awaited": (
        "居民信息一天未移交：电话询问转出中心或首接中心，之后重放",
        "nobody has told who the resident is: ring up its last holder or the origin, replay",
    ),
    "record-unreadable": ("案件记录已损坏：见手册", "the case's record is damaged: see the manual"),
    "message-unreadable": ("报文已损坏：见手册", "the message is damaged: see the manual"),
    "attachment-away": ("附件所在中心连不上：核对其 public_url 与证书", "the center with the file cannot be reached"),
    "attachment-stranger": (
        "名录中没有该附件地址：请该中心登记地址",
        "the directory lists no center at the file's address",
    ),
    "attachment-slow": ("附件传得太慢：检查网络，之后重放", "the file comes too slowly: check the network, replay"),
    "attachment-queue": ("同时取的附件太多：稍后重放", "too many files are fetched at once: replay later"),
    "attachment-encoded": (
        "对方或其反向代理压缩了附件：请原样提供",
        "the file is served compressed: it must be sent as it is",
    ),
    "attachment-store": ("本中心存不下附件：检查磁盘与权限", "the file cannot be stored here: check disk and owner"),
    "attachment-damaged": (
        "附件损坏：从备份恢复，或请对方重发",
        "the file is damaged: restore it, or have it sent again",
    ),
    "attachment-address": ("附件地址不对：联系对方", "the file's address is invalid: ask its sender"),
    "attachment-gone": ("对方已没有该附件", "its center no longer has the file"),
    "attachment-altered": ("附件内容与声明不符：联系对方", "the file differs from its announced hash: ask its center"),
    "attachment-nowhere": (
        "报文没有写明附件地址：请对方设 public_url",
        "the message has no file address: set public_url there",
    ),
    # wire: received messages
    "wrong-sender": (
        "发件人与信封不符：核对消息服务器权限",
        "the envelope names another sender: `bus topology verify`",
    ),
    "wrong-recipient": ("发给别的中心：核对消息服务器绑定", "addressed to another center: `bus topology verify`"),
    "from-ourselves": ("自己发给自己：核对消息服务器绑定", "sent by ourselves: `bus topology verify`"),
    "unsigned": ("没有签名：请对方配置密钥", "not signed: the sender has no keys, or it is forged"),
    "bad-signature": ("签名不对：请对方 bus doctor", "wrong signature: run `bus doctor` at the sender"),
    "wrong-signer": ("签名人不是发件人", "signed by another center than the sender"),
    "unknown-key": ("名录中没有该密钥：取最新名录后重放", "the directory lists no such key: fetch the newest, replay"),
    "stale-key": ("密钥已过期：请对方换用新密钥", "the key is stale: the sender must use its new one"),
    "revoked-key": ("密钥已吊销", "the key was revoked"),
    "sealed-for-another": (
        "不是用本中心的密钥加密：把最新名录给对方",
        "encrypted for another key: renew the sender's directory",
    ),
    "broken-seal": ("密文已损坏，对方会重发", "the ciphertext is damaged; it is sent again"),
    "unknown-case": ("立案报文尚在途中，会自行到达", "the opening message is in transit: wait, no action"),
    "early-news": ("前面的报文尚在途中，会自行到达", "an earlier message is in transit: wait, no action"),
    "unknown-arbiter": ("名录未标记该裁定中心", "the directory does not mark that arbiter"),
    "sequence-reused": ("发件中心的库恢复过备份：请其运行 bus recover", parked.SET_BACK),
    "stale": ("已过时，无须处理", "superseded: nothing to do"),
    "unknown-center": (
        "报文提到名录中没有的中心：取最新名录后重放",
        "it names an unlisted center: renew the directory, replay",
    ),
    "internal": (
        "程序故障：连同日志报告，修复后重放",
        "a fault of the bus: report it with the log, then replay",
    ),
    "poison": ("无法写入：连同日志报告", "it cannot be written to the store: report it with the log"),
    "other-bytes": ("与签收的内容不同：途中有人改动", "the receipt is for other bytes: altered in transit"),
    "form-unreadable": (
        "该表单在库中被改动：请报送方另报，再放弃此条",
        "altered in the store: another is needed",
    ),
    "quota": ("对方一时收不下，会自动重发", "the recipient takes no more now: it is resent by itself"),
    "facts-refused": (
        "对方不收事实，已暂停上报：核对 [facts] ledger 与名录",
        "it takes no facts, and none is told: is [facts] ledger right, and the directory?",
    ),
    # the outbox
    "no-receipt": ("一直没有回执，会自动重发", "no receipt yet: it is resent by itself"),
    "no-key": ("名录中没有收件方的密钥：请其登记", "the directory lists no key of its recipient"),
    "unroutable": ("消息服务器上没有收件方的队列：核对名称与拓扑", "the broker has no inbox for its recipient"),
}
"""Code → Chinese, English."""
CODES = tuple(_HINTS)
"""The codes that have a hint of their own."""
_VENDOR = ("业务系统没有收下：查其日志，排除后重放", "the center's system refused it: fix the cause, replay")
_ADAPTER = ("适配器故障：修复并重启后重放", "a fault of the adapter: fix it, restart, replay")
_PLACES: dict[str, tuple[str, str]] = {
    parked.WIRE: ("报文读不了或不能生效：联系发件方运维", "it cannot be applied here: ask the sender's operator"),
    parked.DESK: _VENDOR,
    parked.PEER: ("对方拒收：bus trace 核对两端", "the recipient refused it: `bus trace` at both ends"),
    parked.POLL: ("更正业务系统中的记录，之后重放", "correct the record in the center's system, then replay"),
    parked.FORM: (
        "案件登记后该表单仍不能受理：请报送方更正另报，再放弃此条",
        "have its sender hand in a right one, then discard it",
    ),
    "outbox": ("等待回执，会自动重发", "waiting for its receipt; resent by itself"),
}


def hint_of(place: str, code: str, stored: str) -> Bilingual:
    """The hint for an item. A stored hint with a position (a place in a page, a field) is appended."""
    if code.startswith("vendor-"):
        return Bilingual(*_VENDOR)
    if code.startswith("handler-fault") or code == "handler-made-invalid-command":
        return Bilingual(*_ADAPTER)
    zh, en = _HINTS.get(code) or _PLACES.get(place, ("见手册", "see the manual"))
    if place == parked.POLL and stored:
        return Bilingual(f"{zh}（{stored}）", stored)
    return Bilingual(zh, en)
