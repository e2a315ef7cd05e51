"""``bus send``: signs one form, sends it to the running center, and follows its case until the answer."""

import json
import sys
import time
from codecs import BOM_UTF8
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from standardwebhooks import Webhook

from bus.cli.options import ConfigFile, opened_store, settings_of
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output, moment
from bus.contract.ids import new_id
from bus.contract.rules import BY_KIND
from bus.contract.short_number import short_number
from bus.custody import Status
from bus.http.address import own_url
from bus.settings import CenterSettings
from bus.store import cases
from bus.store.database import Store

LOOK_EVERY = 0.5
"""Seconds between two polls of the case."""
ANSWER = 60.0
"""Seconds to wait for the center."""


def send(
    form: Annotated[str, typer.Argument(metavar="FORM", help="表单名，见 /docs / the form's name, as /docs shows it")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON 文件，- 为标准输入 / a JSON file, - for standard input")
    ],
    config: ConfigFile = None,
    url: Annotated[str, typer.Option(help="受理入口的地址，默认按配置 / the center's URL, if not as configured")] = "",
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="跟踪案件直到答复 / follow the case until it is answered")
    ] = True,
    seconds: Annotated[float, typer.Option(min=0, help="最多跟踪几秒 / seconds to follow it at most")] = 600,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """签名并发送一个表单，跟踪其案件直到答复 / sign and send one form, and follow its case until it is answered."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = settings_of(None, config)
        body = _body(output, file)
        told = _sent(output, settings, url.rstrip("/") or own_url(settings.http), form, body)
        touched = [UUID(case["case_id"]) for case in told.get("cases", ())]
        if as_json:
            output.data(told)
        if follow and touched:
            with opened_store(settings) as store:
                _follow(output, store, touched[0], seconds)


def _body(output: Output, file: str) -> str:
    """The form's bytes to be signed. Its faults are reported without quoting it: it holds residents' data."""
    try:
        # bytes: the terminal's encoding is not the form's
        text = (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).removeprefix(BOM_UTF8).decode()
        json.loads(text)
    except OSError as error:
        output.fail(f"读不到 {file}：{error.strerror}", f"{file} cannot be read: {error.strerror}", USAGE)
    except UnicodeDecodeError:
        output.fail(f"{file} 不是 UTF-8，请转换编码", f"{file} is not UTF-8: convert it", USAGE)
    except json.JSONDecodeError as error:
        where = f"{error.lineno}:{error.colno}"
        output.fail(
            f"{file} 不是 JSON（第 {where}）：{error.msg}", f"{file} is not JSON (at {where}): {error.msg}", USAGE
        )
    except RecursionError:
        output.fail(f"{file} 嵌套过深", f"{file} is nested too deeply", USAGE)
    return text


def _sent(output: Output, settings: CenterSettings, base: str, form: str, body: str) -> dict[str, Any]:
    """The center's answer to a taken form; else print the faults and exit."""
    message_id, now = f"msg_{new_id().hex}", datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(settings.intake_secret.get_secret_value()).sign(message_id, now, body),
    }
    try:
        answer = httpx.post(
            f"{base}/intake/{form}", content=body.encode(), headers=headers, timeout=ANSWER, trust_env=False
        )
        told: dict[str, Any] = answer.json()
    except httpx.HTTPError as error:
        kind = type(error).__name__
        output.fail(
            f"连不上 {base}（{kind}）：中心在运行吗？", f"{base} cannot be reached ({kind}): does the center run?"
        )
    except httpx.InvalidURL:
        output.fail(f"--url 不是网址：{base}", f"--url is no URL: {base}", USAGE)
    except ValueError:
        output.fail(f"{base} 不是本总线的中心", f"{base} is not a center of the bus")
    if not isinstance(told, dict) or (answer.is_success and not {"status", "cases"} <= told.keys()):
        output.fail(f"{base} 不是本总线的中心", f"{base} is not a center of the bus")
    if answer.status_code == 404:
        output.fail(f"该中心没有表单 {form}；见 {base}/docs", f"the center has no form {form}: see {base}/docs", USAGE)
    if not answer.is_success:
        _refused(output, answer.status_code, told)
    numbers = ", ".join(f"{case['number']} ({short_number(UUID(case['case_id']))})" for case in told["cases"])
    zh, en = ("此前已接收", "was taken before") if told["status"] == "repeated" else ("已接收", "taken")
    output.say(f"{zh}：{numbers}", f"{en}: {numbers}")
    for name in told.get("unknown_fields") or ():
        output.warn(f"表单没有字段 {name}，其内容已丢弃", f"the form has no field {name}: its content is dropped")
    return told


def _refused(output: Output, status: int, told: dict[str, Any]) -> None:
    if output.as_json:
        output.data(told)
        raise typer.Exit(FAILURE)
    output.warn(f"未接收（{status} {told.get('code', '')}）", f"not taken ({status} {told.get('code', '')})")
    for fault in told.get("faults") or ():
        meant = f" → {fault['meant']}" if fault.get("meant") else ""
        output.warn(f"  {fault['field']}：{fault['problem']}{meant}", f"  {fault['field']}: {fault['problem']}{meant}")
    if told.get("cure"):
        output.warn(f"  {told['cure']}", f"  {told['cure']}")
    raise typer.Exit(FAILURE)


def _follow(output: Output, store: Store, case_id: UUID, seconds: float) -> None:
    """Print each new line of the case's journal until the resident is answered."""
    told, deadline = 0, time.monotonic() + seconds
    while True:
        with store.reading() as tx:
            record = cases.read(tx, [case_id]).get(case_id)
            lines = cases.journal(tx, case_id)
        for line in lines[told:]:
            rule = BY_KIND.get(line["kind"])
            zh, en = (rule.zh, rule.en) if rule else (line["kind"], line["kind"])
            who = line["peer"] or line["holder"]
            output.say(f"{moment(line['at_ms'])}  {zh}  {who}", f"{moment(line['at_ms'])}  {en}  {who}")
        told = len(lines)
        if record is not None and record.status is Status.CLOSED:
            output.say("已答复居民", "the resident has been answered")
            return
        if time.monotonic() > deadline:
            output.warn("仍在办理；用 bus trace 查看", "still being handled: see `bus trace`")
            return
        time.sleep(LOOK_EVERY)
