"""The key and certificate checks of ``bus doctor``: whether they can be used, and for how long."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well, wrong
from bus.cli.lookups import newest_directory
from bus.contract.messages import Escalated, ExtensionAnswered, ExtensionRequested
from bus.runtime.directory_memory import file_of
from bus.security.directory import MASKING_NEEDS, Directory, Mark
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import KeyedSecurity, security_of
from bus.security.message_security import MessageSecurity
from bus.security.pki import days_left
from bus.security.private_file import OWNERS_ALONE
from bus.settings import CenterSettings

SOON = 30
"""Days before its end from which a certificate is warned of."""
CLOCK_KINDS = tuple(one.kind for one in (ExtensionRequested, ExtensionAnswered, Escalated))
"""What clocks say that v0.1.0 does not read."""
_CURE = Bilingual(
    "请这些中心升级程序与适配器，用 bus keys publish 重新申请，运维者再 bus keys trust",
    "have these centers upgrade program and adapter, then `bus keys publish`; the operator trusts that",
)


def certificate(settings: CenterSettings) -> Iterator[Check]:
    """The certificate with which this center logs in to the broker: its validity, and the permissions of its key."""
    mine, key = settings.tls.certificate, settings.tls.key
    if mine is None or key is None:
        return
    try:
        left = days_left(mine, datetime.now(UTC))
        readable = key.stat().st_mode & OWNERS_ALONE
    except (KeyUnusable, OSError):
        return  # the transport check reports it
    renew = Bilingual(
        "请运维者用 bus pki center 重新签发，换上后重启", "have a new one issued (`bus pki center`), and restart"
    )
    if left < 0:
        yield wrong("certificate", "证书已过期", "the certificate has expired", renew)
    elif left < SOON:
        yield doubtful("certificate", f"证书还有 {left} 天", f"the certificate is valid for {left} days", renew)
    else:
        yield well("certificate", f"还有 {left} 天", f"good for {left} days")
    if readable:
        cure = Bilingual(
            f"chmod 600 {key}，若可能已被读取，请重新签发",
            f"chmod 600 {key}; if others may have read it, issue a new one",
        )
        yield wrong("certificate", "他人可读证书的私钥", "others may read the certificate's key", cure)


def keys(settings: CenterSettings) -> Iterator[Check]:
    """The keys, the directory, this center's entry in it, and the newest directory that was in use here."""
    if settings.trust is None:  # reported as a weakness of the settings
        return
    newest = newest_directory(settings, settings.trust)
    try:
        security = security_of(settings.trust)
    except KeyUnusable as trouble:
        yield wrong(
            "keys", "密钥或名录不可用", "the keys or the directory are unusable", Bilingual(trouble.zh, trouble.en)
        )
    else:
        file = file_of(security)
        if file is not None and newest is not None:
            file.not_before(newest)
        yield from _own_key(settings, security)
    if newest is not None:
        zh, en = f"用过的最新名录为第 {newest.serial} 版", f"the newest that was in use has serial {newest.serial}"
        yield well("directory", zh, en)


def _own_key(settings: CenterSettings, security: MessageSecurity) -> Iterator[Check]:
    now = datetime.now(UTC)
    trouble = security.trouble(now)
    if trouble is not None:
        yield wrong("keys", "本中心不能签名", "this center cannot sign", Bilingual(trouble.zh, trouble.en))
    elif isinstance(security, KeyedSecurity):
        known = security.directory.current()
        kid = known.current(settings.center, now)[0].key.kid
        zh, en = f"{kid}，名录第 {known.serial} 版", f"{kid}, directory serial {known.serial}"
        yield well("keys", zh, en)
        yield from _arbiter(settings, known)
        yield _masking(known)
        if settings.clocks.enabled:
            yield _clock_readers(known)
    yield from _routes(settings, security)


def _masking(known: Directory) -> Check:
    """Whether residents are masked before acceptance, or which members cannot read what that needs."""
    without = known.not_reading(MASKING_NEEDS)
    if not without:
        zh, en = "接单前遮盖居民信息", "residents are masked until a case is accepted"
        return well("masking", zh, en)
    names = ", ".join(without)
    zh = f"接单前不遮盖居民信息；未声明能读 {MASKING_NEEDS}：{names}"
    en = f"residents are not masked before acceptance: these are not known to read {MASKING_NEEDS}: {names}"
    return doubtful("masking", zh, en, _CURE)


def _clock_readers(known: Directory) -> Check:
    """Whether every member reads what clocks say. One that does not is asked for no more time, and as an arbiter it
    hears of no escalation."""
    lacks = {kind: known.not_reading(kind) for kind in CLOCK_KINDS}
    if not any(lacks.values()):
        return well("clock-readers", "各中心都能读时限报文", "every center reads what the clocks say")
    told = "; ".join(f"{kind}: {', '.join(centers)}" for kind, centers in lacks.items() if centers)
    zh = f"对这些中心不申请延期、挂起，不提级；未声明能读 {told}"
    en = f"these are not asked for more time, and hear of no escalation: not known to read {told}"
    return doubtful("clock-readers", zh, en, _CURE)


def _routes(settings: CenterSettings, security: MessageSecurity) -> Iterator[Check]:
    """Whether the directory lists every center of a route: cases for an unlisted one stay here."""
    strangers = sorted({route.to for route in settings.routes if not security.is_member(route.to)})
    if strangers:
        names = ", ".join(strangers)
        cure = Bilingual(
            "改正 [[routes]]，或请运维者登记该中心；其间的案件留在本中心",
            "correct [[routes]], or have the operator list it; cases for it stay here meanwhile",
        )
        yield doubtful("routes", f"名录中没有：{names}", f"the directory does not list {names}", cure)


def _arbiter(settings: CenterSettings, known: Directory) -> Iterator[Check]:
    """Whether the directory marks an arbiter."""
    if not known.marked(Mark.ARBITER):
        cure = Bilingual(
            "请运维者执行 bus keys mark CENTER arbiter", "have the operator run `bus keys mark CENTER arbiter`"
        )
        zh = "名录没有标记裁定中心：本中心不知道的案件，任何中心的裁定都会采信"
        en = "the directory marks no arbiter: for a case unknown here, a ruling by any center is accepted"
        yield doubtful("arbiter", zh, en, cure)
    elif settings.arbiter is not None and settings.arbiter not in known.marked(Mark.ARBITER):
        cure = Bilingual(
            "核对 arbiter；若无误，请运维者用 bus keys mark 标记它",
            "check `arbiter`; if it is right, have the operator mark it with `bus keys mark`",
        )
        zh, en = (
            f"名录未标记 {settings.arbiter} 为裁定中心",
            f"the directory does not mark {settings.arbiter} as an arbiter",
        )
        yield doubtful("arbiter", zh, en, cure)
