"""Production checks: insecure settings, each with its cure, and the ones with which a center in production does not
start.
"""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bus.bilingual import Bilingual
from bus.cli.variables import strange_variables
from bus.sdk import discovery
from bus.security.passwords import is_weak
from bus.settings import CenterSettings
from bus.settings.toml_file import read_toml
from bus.transports.rabbitmq.transport import each_node, login_of

OTHERS_MAY_READ = 0o004
SHORTEST_SECRET = 24
"""Bytes of an intake secret, as Standard Webhooks demands."""
VARIABLES = "BUS_BROKER, BUS_INTAKE_SECRET, BUS_BACKEND__TOKEN, BUS_STORE"


@dataclass(frozen=True, slots=True)
class Weakness:
    """One insecure setting."""

    what: str
    found: Bilingual
    cure: Bilingual
    grave: bool = False
    """Whether a center in production refuses to start with it."""


def production_checks(settings: CenterSettings, file: Path) -> Iterator[Weakness]:
    """Every weakness of the settings, and of the ``file`` that holds them."""
    yield from _trust(settings)
    yield from _at_rest(settings)
    if settings.broker:
        yield from _broker(settings)
    yield from _passwords(settings)
    yield from _in_clear(settings)
    yield from _secrets(file)
    yield from _intake_secret(settings)
    yield from _kind(settings)
    yield from _variables(settings)


def _variables(settings: CenterSettings) -> Iterator[Weakness]:
    """Environment variables that resemble a setting but are none: they have no effect."""
    strange = strange_variables(os.environ)
    if slips := [one for one in strange if one.meant]:
        zh = "；".join(f"{one.name}（应为 {one.meant}？）" for one in slips)
        en = "; ".join(f"{one.name} (is {one.meant} meant?)" for one in slips)
        cure = Bilingual("改正变量名，否则不起作用", "correct the name: the variable has no effect")
        yield Weakness("variables", Bilingual(zh, en), cure, grave=settings.strict)
    if others := ", ".join(one.name for one in strange if not one.meant):
        cure = Bilingual("若不是给本程序的，可忽略", "ignore this if it belongs to another program")
        yield Weakness(
            "variables", Bilingual(f"不是本程序的设置：{others}", f"not one of our settings: {others}"), cure
        )


def _trust(settings: CenterSettings) -> Iterator[Weakness]:
    if settings.trust is None:
        found = Bilingual("报文不签名，也不加密", "messages are neither signed nor encrypted")
        cure = Bilingual(
            "用 bus keys 生成并登记密钥，写入配置的 [trust]；见 docs/deploy.md",
            "make keys with `bus keys`, have them listed, set [trust]: docs/deploy.md",
        )
        yield Weakness("trust", found, cure, grave=True)
        yield _anywhere(settings)
    elif not settings.trust.required:
        found = Bilingual("未签名的也会受理，发出的不加密", "unsigned messages are accepted, and nothing is encrypted")
        cure = Bilingual(
            "全县都已签名后，把 trust.required 改回 true", "set trust.required to true when the whole county signs"
        )
        yield Weakness("trust", found, cure)


def _anywhere(settings: CenterSettings) -> Weakness:
    """Without a directory, files are fetched from any address."""
    found = Bilingual(
        "没有名录，附件从报文给出的任何地址下载",
        "without a directory, attachments are fetched from any address that a message names",
    )
    cure = Bilingual(
        "写明 [trust]，并请各中心用 bus keys publish --url 登记地址",
        "set [trust], and have every center list its address (`bus keys publish --url`)",
    )
    return Weakness("attachments", found, cure, grave=settings.strict)


def _at_rest(settings: CenterSettings) -> Iterator[Weakness]:
    if settings.at_rest is None:
        found = Bilingual("库中案件是明文", "cases are not encrypted in the store")
        cure = Bilingual(
            "用 bus keys master 生成主密钥，写入 [at_rest]", "make a key with `bus keys master`, and set [at_rest]"
        )
        yield Weakness("store key", found, cure)
    elif settings.retention is None:
        found = Bilingual("已结案件永久保留", "closed cases are kept for ever")
        cure = Bilingual("设 retention.erase_after_days", "set retention.erase_after_days")
        yield Weakness("retention", found, cure)


def _broker(settings: CenterSettings) -> Iterator[Weakness]:
    login, me = unquote(login_of(settings.broker).partition(":")[0]), settings.center
    if login in ("guest", ""):
        found = Bilingual("以 guest 登录，其口令是公开的", "logs in as guest, whose password is public")
        cure = Bilingual(f"用 {me} 登录，并删除 guest", f"log in as {me}, and delete guest")
        yield Weakness("broker login", found, cure, grave=True)
    elif login != me:
        found = Bilingual("登录用户与中心不同名，消息服务器不能证明发件方", "the login is not the center's name")
        yield Weakness("broker login", found, Bilingual(f"用 {me} 登录", f"log in as {me}"))
    remote = not all(_loopback(_host(node)) for node in each_node(settings.broker))
    if remote and not settings.broker.startswith("amqps:"):
        found = Bilingual("到消息服务器的连接未加密", "the connection to the broker is not encrypted")
        cure = Bilingual("消息服务器启用 TLS，改用 amqps://", "enable TLS on the broker, and use amqps://")
        yield Weakness("broker TLS", found, cure, grave=True)


def _passwords(settings: CenterSettings) -> Iterator[Weakness]:
    """Those that can be guessed. Of guest's everybody knows it already."""
    for what, url in (("broker", settings.broker), ("store", settings.store)):
        user, _, password = (unquote(part) for part in login_of(url).partition(":"))
        if user not in ("guest", "") and not url.startswith("sqlite") and is_weak(password, user):
            found = Bilingual(
                f"{user} 在 {what} 的口令可以被猜出", f"the password of {user} in `{what}` can be guessed"
            )
            cure = Bilingual(
                "用 bus keys password 生成，两边一起更换", "`bus keys password` draws one; change both ends"
            )
            yield Weakness("weak password", found, cure, grave=settings.strict)


def _in_clear(settings: CenterSettings) -> Iterator[Weakness]:
    """Connections beyond this machine without TLS."""
    https = Bilingual("改用 https://", "use https://")
    if _plain_http(settings.backend.url):
        found = Bilingual(
            "案件与令牌以明文送往业务系统", "cases and the token travel unencrypted to the center's own system"
        )
        yield Weakness("vendor TLS", found, https)
    if _plain_http(settings.http.public_url):
        found = Bilingual("其他中心以明文取附件", "other centers fetch attachments unencrypted")
        yield Weakness("attachments TLS", found, https)
    if not _loopback(settings.http.host):
        found = Bilingual("受理入口不加密，却向网络开放", "the intake speaks plain HTTP, open to the network")
        cure = Bilingual(
            "改为 127.0.0.1，前面放带 TLS 的反向代理", "let it listen on 127.0.0.1, behind a reverse proxy with TLS"
        )
        yield Weakness("door TLS", found, cure)
    host = _host(settings.store)
    verified = not settings.store.startswith("postgresql") or "sslmode=verify-full" in settings.store
    if host and not _loopback(host) and not verified:
        found = Bilingual("到数据库的连接未必加密", "the connection to the database may be unencrypted")
        cure = Bilingual("在地址后加 ?sslmode=verify-full", "add ?sslmode=verify-full to the URL")
        yield Weakness("store TLS", found, cure)


def _secrets(file: Path) -> Iterator[Weakness]:
    names = ", ".join(_written(file))
    if names and file.stat().st_mode & OTHERS_MAY_READ:
        found = Bilingual(f"{names} 写在人人可读的 {file} 里", f"{names} stands in {file}, which every user can read")
        cure = Bilingual("移到环境变量，并更换", "move it to the environment, and change it")
        yield Weakness("secrets", found, cure, grave=True)
    elif names:
        found = Bilingual(f"{names} 写在配置文件里", f"{names} is in the settings file")
        variables = "BUS_BROKER, BUS_INTAKE_SECRET, BUS_BACKEND__TOKEN, BUS_STORE"
        yield Weakness(
            "secrets", found, Bilingual(f"移到环境变量（{variables}）", f"move it to the environment ({variables})")
        )


def _intake_secret(settings: CenterSettings) -> Iterator[Weakness]:
    secret = settings.intake_secret.get_secret_value().removeprefix("whsec_")
    try:
        length = len(base64.b64decode(secret + "=="))  # padded as the signatures' library does
    except ValueError:
        length = 0
    if 0 < length < SHORTEST_SECRET:  # the start itself reports a missing or invalid secret
        found = Bilingual(
            f"受理入口的密钥只有 {length} 字节，可以被猜出", f"the intake secret has {length} bytes and can be guessed"
        )
        cure = Bilingual(
            "用 bus doctor --new-secret 生成新密钥，两边一起更换",
            "`bus doctor --new-secret` makes one; change both ends",
        )
        yield Weakness("weak intake secret", found, cure, grave=settings.strict)


def _written(file: Path) -> Iterator[str]:
    """The settings in the file that hold a secret."""
    try:
        written = read_toml(file)
    except (OSError, ValueError):
        return  # reported when the settings are read
    if written.get("intake_secret"):
        yield "intake_secret"
    for table in ("backend", "vendor"):  # the second is its old name
        if written.get(table, {}).get("token"):
            yield f"{table}.token"
    for name in ("broker", "store"):
        if ":" in login_of(str(written.get(name, ""))):
            yield name


def _plain_http(url: str) -> bool:
    return url.startswith("http://") and not _loopback(_host(url))


def _host(url: str) -> str:
    """The host of a URL; empty if there is none, or the URL is invalid, which the connection reports."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _kind(settings: CenterSettings) -> Iterator[Weakness]:
    """The adapter is for another kind of center. If it cannot be loaded at all, its own check says why."""
    try:
        kind = discovery.find(settings.kind, settings.adapter).center().kind
    except discovery.AdapterUnusable:
        return
    if kind != settings.kind:
        found = Bilingual(
            f"适配器属于 {kind}，本中心是 {settings.kind}",
            f"the adapter is for {kind}, this center is a {settings.kind}",
        )
        cure = Bilingual("核对配置中的 center 与 adapter", "check `center` and `adapter` in the settings")
        yield Weakness("center kind", found, cure, grave=settings.strict)
