"""What ``bus doctor`` looks at of keys: whether this center signs, believes only signatures, and is listed."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bus.cli.checks import Check, doubtful, well, wrong
from bus.settings import CenterSettings
from bus.transports.findings import Words
from bus.trust.key_notary import KeyNotary, notary_of
from bus.trust.trouble import KeyTrouble

_MAKE = Words(
    "用 bus keys 生成并登记密钥，写入配置的 [trust]；见 docs/deploy.md",
    "make keys with `bus keys`, have them listed, name them under [trust]: docs/deploy.md",
)
_REQUIRE = Words(
    "全县都已签名后，把 trust.required 改回 true", "set trust.required to true when the whole county signs"
)


def keys(settings: CenterSettings) -> Iterator[Check]:
    """The keys, the directory, and this center's place in it."""
    try:
        notary = notary_of(settings.trust)
    except KeyTrouble as trouble:
        yield wrong(
            "keys", "密钥或名录不可用", "the keys or the directory cannot be used", Words(trouble.zh, trouble.en)
        )
        return
    if not isinstance(notary, KeyNotary):
        yield doubtful("keys", "报文不签名", "messages are not signed", _MAKE)
        return
    now = datetime.now(UTC)
    trouble_now = notary.trouble(now)
    known = notary.book.now()
    if trouble_now is not None:
        yield wrong("keys", "本中心不能签名", "this center cannot sign", Words(trouble_now.zh, trouble_now.en))
    elif not notary.required:
        yield doubtful("keys", "未签名的报文也会受理", "messages without a signature are taken too", _REQUIRE)
    else:
        kid = known.current(settings.center, now)[0].key.kid
        zh, en = f"{kid}，名录第 {known.serial} 版", f"{kid}, directory serial {known.serial}"
        yield well("keys", zh, en)
