"""What ``bus doctor`` looks at of keys: whether they can be used, and whether this center is listed."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bus.cli.checks import Check, well, wrong
from bus.settings import CenterSettings
from bus.transports.findings import Words
from bus.trust.key_notary import KeyNotary, notary_of
from bus.trust.trouble import KeyTrouble


def keys(settings: CenterSettings) -> Iterator[Check]:
    """The keys, the directory, and this center's place in it."""
    try:
        notary = notary_of(settings.trust)
    except KeyTrouble as trouble:
        yield wrong(
            "keys", "密钥或名录不可用", "the keys or the directory cannot be used", Words(trouble.zh, trouble.en)
        )
        return
    if not isinstance(notary, KeyNotary):  # which is a weakness, and told as one
        return
    now = datetime.now(UTC)
    trouble_now = notary.trouble(now)
    known = notary.book.now()
    if trouble_now is not None:
        yield wrong("keys", "本中心不能签名", "this center cannot sign", Words(trouble_now.zh, trouble_now.en))
    else:
        kid = known.current(settings.center, now)[0].key.kid
        zh, en = f"{kid}，名录第 {known.serial} 版", f"{kid}, directory serial {known.serial}"
        yield well("keys", zh, en)
