"""The checks of ``bus doctor``: each yields findings, and each bad finding has its cure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from bus.bilingual import Bilingual
from bus.settings import CenterSettings
from bus.transports.topology.findings import Severity

CLOCKS_APART = 30.0
"""Seconds by which our clock may differ from others'. The intake's signatures allow five minutes."""
ANSWER = 8.0
"""Seconds to wait for an HTTP server."""
NONE = Bilingual("", "")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``severity`` None: all is well."""

    what: str
    severity: Severity | None
    found: Bilingual
    cure: Bilingual = NONE


def well(what: str, zh: str, en: str) -> Check:
    """All is well."""
    return Check(what, None, Bilingual(zh, en))


def wrong(what: str, zh: str, en: str, cure: Bilingual) -> Check:
    """A finding: it does not work."""
    return Check(what, Severity.ERROR, Bilingual(zh, en), cure)


def doubtful(what: str, zh: str, en: str, cure: Bilingual) -> Check:
    """A finding: it works today, but needs attention."""
    return Check(what, Severity.WARNING, Bilingual(zh, en), cure)


def backend(settings: CenterSettings) -> Iterator[Check]:
    """The center's own system answers and accepts our token, and its clock agrees with ours."""
    token = settings.backend.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = asked(settings.backend.url, headers)
    if isinstance(answer, str):
        cure = Bilingual("系统是否在运行，地址和网络是否正确", "check that it runs, its URL, and the network")
        yield wrong(
            "vendor", f"业务系统无应答（{answer}）", f"the center's own system does not answer ({answer})", cure
        )
        return
    if answer.status_code in (401, 403):
        cure = Bilingual("核对 BUS_BACKEND__TOKEN", "check BUS_BACKEND__TOKEN")
        yield doubtful("vendor", f"应答 {answer.status_code}", f"answers {answer.status_code}", cure)
    else:
        yield well("vendor", f"有应答（{answer.status_code}）", f"answers ({answer.status_code})")
    yield from clock("vendor", answer)


def asked(url: str, headers: dict[str, str] | None = None) -> httpx.Response | str:
    """The answer of an HTTP server; the kind of fault if there is none."""
    try:
        return httpx.get(url, headers=headers, timeout=ANSWER, trust_env=False, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__


def clock_of(url: str) -> Iterator[Check]:
    """Compare our clock with a server's, if it answers."""
    answer = asked(url)
    if isinstance(answer, httpx.Response):
        yield from clock(urlsplit(url).hostname or url, answer)


def clock(whose: str, answer: httpx.Response) -> Iterator[Check]:
    """Compare our clock with the ``Date`` of an HTTP answer, which is exact to a second."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        apart = abs((datetime.now(UTC) - theirs.astimezone(UTC)).total_seconds())
    except (ValueError, TypeError):
        return
    if apart > CLOCKS_APART:
        cure = Bilingual(
            "两边都启用时间同步（chrony 或 systemd-timesyncd）", "run time synchronisation on both machines"
        )
        yield wrong("clock", f"与 {whose} 相差 {apart:.0f} 秒", f"{apart:.0f} s apart from {whose}", cure)
    else:
        yield well("clock", f"与 {whose} 一致", f"agrees with {whose}")


def routes(settings: CenterSettings, centers: Iterable[str]) -> Iterator[Check]:
    """Whether cases can be handed on, and only to centers of the county."""
    if not settings.routes:
        cure = Bilingual("在配置中加 [[routes]]", "add [[routes]] to the settings")
        yield doubtful("routes", "没有转办路由，只能逐件指定", "no routes: each form must name its center", cure)
    strange = sorted({route.to for route in settings.routes} - set(centers))
    if strange:
        names = ", ".join(strange)
        cure = Bilingual("改正 [[routes]]，或在 county.toml 中加入", "correct [[routes]], or add it to county.toml")
        yield wrong("routes", f"县里没有：{names}", f"the county has no {names}", cure)
