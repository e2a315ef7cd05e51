"""``bus doctor``: is all there that a center needs, and if not, what is the cure."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli import (
    check_adapter,
    check_clocks,
    check_duty,
    check_facts,
    check_files,
    check_keys,
    check_running,
    check_store,
    check_transport,
    checks,
    new_settings,
)
from bus.cli.checks import Check
from bus.cli.county_file import CountySettings, load_county
from bus.cli.options import FOLDER, ConfigFile, settings_file, without_secret
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output
from bus.cli.production_checks import production_checks
from bus.cli.run import secret_faults
from bus.contract.facts import is_ledger
from bus.contract.types import CENTER_PATTERN
from bus.log import set_up
from bus.settings import CenterSettings, fresh_secret
from bus.transports.topology.apply import verify
from bus.transports.topology.findings import Severity
from bus.transports.topology.management_api import ManagementApiRefused

_HEADS = (Bilingual("", ""), Bilingual("检查", "Check"), Bilingual("结果", "Found"), Bilingual("办法", "Cure"))
_SIGNS = {
    None: Bilingual("正常", "ok"),
    Severity.WARNING: Bilingual("注意", "look"),
    Severity.ERROR: Bilingual("错误", "wrong"),
}
_NO_SECRET = Bilingual("用 bus doctor --new-secret 生成，设为 BUS_INTAKE_SECRET", "`bus doctor --new-secret` makes one")


def doctor(
    config: ConfigFile = None,
    county: Annotated[Path | None, typer.Option(help="也核对全县拓扑 / county file: check the topology too")] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="生成接收密钥并退出 / print a new secret")] = False,
    settings_for: Annotated[
        str, typer.Option("--new-settings", metavar="CENTER", help="写出新中心的配置并退出 / print new settings")
    ] = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """检查消息服务器、权限、拓扑、存储、密钥、业务系统、时钟；有错误退出 1 / check all it needs; exit 1 on errors."""
    if new_secret:
        typer.echo(fresh_secret())
        return
    output = Output(lang, as_json)
    if settings_for:
        if not re.fullmatch(CENTER_PATTERN, settings_for):
            output.fail(*new_settings.WRONG, USAGE)
        typer.echo(new_settings.new_settings(settings_for), nl=False)
        return
    with output.guarding():
        file = settings_file(None, config, FOLDER)
        settings = without_secret(file)  # a missing secret is a finding and hides no other
        known = load_county(county) if county else None
        set_up(settings.center, level=logging.CRITICAL)  # what the road would log stands in the findings
        found = list(_all(settings, file, known))
    if as_json:
        output.data([_as_json(output, one) for one in found])
    else:
        output.table(
            _HEADS,
            [(output.pick(_SIGNS[c.severity]), c.what, output.pick(c.found), output.pick(c.cure)) for c in found],
        )
    if any(one.severity is Severity.ERROR for one in found):
        raise typer.Exit(FAILURE)


def _all(settings: CenterSettings, file: Path, county: CountySettings | None) -> Iterator[Check]:
    yield checks.well("settings", settings.center, settings.center)
    yield _secret(settings)
    yield from _weaknesses(settings, file)
    yield from check_files.permissions(settings, file)
    yield from check_keys.keys(settings)
    yield from check_keys.certificate(settings)
    if not is_ledger(settings.center):
        yield from check_adapter.adapter(settings)
    yield from checks.routes(settings, county.centers if county else [route.to for route in settings.routes])
    yield from check_store.store(settings)
    yield from check_clocks.clocks(settings)
    yield from check_facts.facts_told(settings)
    yield from check_duty.persons_on_duty(settings)
    yield from check_store.room("attachments", settings.data.resolve())
    yield from check_running.http_address(settings)
    yield from check_transport.broker(settings)
    if not is_ledger(settings.center):
        yield from checks.backend(settings)
    if county is not None:
        yield from checks.clock_of(county.management_url)
        yield from _topology(county)


def _weaknesses(settings: CenterSettings, file: Path) -> Iterator[Check]:
    """In production a grave one is an error, since the center would not start with it."""
    for one in production_checks(settings, file):
        severity = Severity.ERROR if one.grave and settings.production else Severity.WARNING
        yield Check(one.what, severity, one.found, one.cure)
    if not settings.production:
        cure = Bilingual("上线前设 production = true", "set production = true before residents' cases go through it")
        yield checks.doubtful("production", "试运行：有漏洞也会启动", "a trial: it starts with any weakness", cure)


def _secret(settings: CenterSettings) -> Check:
    secret = settings.intake_secret.get_secret_value()
    if secret_faults(secret):
        missing = not secret.strip()
        zh, en = (
            ("没有接收密钥", "there is no intake secret") if missing else ("接收密钥不对", "the intake secret is wrong")
        )
        return checks.wrong("intake secret", zh, en, _NO_SECRET)
    return checks.well("intake secret", "已设置", "is set")


def _topology(county: CountySettings) -> Iterator[Check]:
    try:
        with county.admin() as admin:
            findings = verify(admin, county.topology())
    except ManagementApiRefused as refused:
        yield checks.wrong("topology", "管理接口不可用", "the management API", Bilingual(str(refused), str(refused)))
        return
    if weak := ", ".join(county.weak_passwords()):
        cure = Bilingual("用 bus topology passwords 生成新口令", "`bus topology passwords` draws new ones")
        yield checks.doubtful("passwords", f"可以被猜出：{weak}", f"can be guessed: those of {weak}", cure)
    if not findings:
        yield checks.well("topology", "一切就绪", "all is as it must be")
    for one in findings:
        detail = Bilingual(f"{one.kind} {one.name}：{one.detail.zh}", f"{one.kind} {one.name}: {one.detail.en}")
        yield Check("topology", one.severity, detail, one.cure)


def _as_json(output: Output, one: Check) -> dict[str, str]:
    severity = one.severity.value if one.severity else "ok"
    return {"check": one.what, "severity": severity, "found": output.pick(one.found), "cure": output.pick(one.cure)}
