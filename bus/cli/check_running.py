"""The checks of ``bus doctor`` on the running center: readiness, stuck loops, lost form fields."""

import re
from collections.abc import Iterator

import httpx

from bus.bilingual import Bilingual
from bus.cli.checks import Check, asked, doubtful, well, wrong
from bus.http.address import listen, own_url, why_not_listening
from bus.settings import CenterSettings

UNKNOWN_FIELDS = re.compile(r'^bus_forms_unknown_fields_total\{.*form="([^"]+)".*\} (\d+)', re.MULTILINE)


def http_address(settings: CenterSettings) -> Iterator[Check]:
    """The port is free, or our own center has it."""
    http = settings.http
    if http.port == 0:
        yield well("door", "任意端口", "any port")
        return
    url = own_url(http)
    answer = asked(f"{url}/health/ready")
    if isinstance(answer, httpx.Response) and answer.status_code in (200, 503):
        yield from _running(url, answer)
        return
    try:
        listen(http.host, http.port).close()
    except OSError as error:
        words = Bilingual(f"不能监听 {http.port}：{error.strerror}", f"cannot listen on {http.port}: {error.strerror}")
        yield wrong("door", words.zh, words.en, why_not_listening(error))
        return
    yield well("door", f"端口 {http.port} 空闲", f"port {http.port} is free")


def _running(url: str, ready: httpx.Response) -> Iterator[Check]:
    """The center answers at ``url``; ``ready`` is its own state."""
    if ready.is_success:
        yield well("door", "正在运行，就绪", "runs and is ready")
    else:
        cure = Bilingual("看下面各项，及其日志", "see the other findings, and its log")
        yield wrong("door", "正在运行，尚未就绪", "is running, not ready", cure)
    yield from _flow(url)
    yield from _unknown_fields(url)
    yield from _calls(url)


def _flow(url: str) -> Iterator[Check]:
    """Whether all loops and the transport make progress."""
    answer = asked(f"{url}/health/flow")
    if not isinstance(answer, httpx.Response) or answer.status_code != 503:
        return
    try:
        faults = [f"{one['loop']}: {one['kind']}" for one in answer.json()["faults"]]
    except (ValueError, KeyError, TypeError):
        return  # another program answers there
    told = ", ".join(faults)
    cure = Bilingual("见 docs/operate.md 中 /health/flow 一节", "see /health/flow in docs/operate.md")
    yield doubtful("flow", f"没有前进：{told}", f"no progress: {told}", cure)


def _unknown_fields(url: str) -> Iterator[Check]:
    """Forms that were taken since the start with unknown fields."""
    answer = asked(f"{url}/metrics")
    if isinstance(answer, httpx.Response) and (found := UNKNOWN_FIELDS.findall(answer.text)):
        told = ", ".join(f"{form} ({count})" for form, count in found)
        cure = Bilingual(
            "日志 unknown-fields 一行有字段名；请业务系统改正，0.3 版起拒收",
            "the log line unknown-fields names them: correct the center's own system; refused from 0.3 on",
        )
        yield doubtful("forms", f"表单带有未知字段：{told}", f"forms with unknown fields: {told}", cure)


def _calls(url: str) -> Iterator[Check]:
    """The last call to the center's own system, and the failures among the recent calls."""
    answer = asked(f"{url}/health/backend")
    try:
        calls = answer.json()["calls"] if isinstance(answer, httpx.Response) else []
        last = calls[0]
        failed = [one for one in calls if not str(one["outcome"]).startswith("2")]
        told = f"{last['at']} {last['method']} {last['path']} → {last['outcome']}, {last['seconds']} s"
    except (ValueError, LookupError, TypeError):
        return  # no call was made, or another program answers there
    zh = f"最近 {len(calls)} 次调用中 {len(failed)} 次失败；最后一次：{told}"
    en = f"of the last {len(calls)} calls, {len(failed)} have failed; the last one: {told}"
    if failed:
        cure = Bilingual("逐次列出：GET /health/backend", "full list: GET /health/backend")
        yield doubtful("vendor calls", zh, en, cure)
    else:
        yield well("vendor calls", zh, en)
