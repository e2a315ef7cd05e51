"""``bus topology``: the broker's topology: planned, applied, verified, and exported for brokers with another
administrator.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli.county_file import COUNTY, CountyFile, CountySettings, load_county
from bus.cli.output import FAILURE, AsJson, Lang, Language, Output
from bus.transports.topology.apply import Topology, definitions
from bus.transports.topology.apply import apply as apply_topology
from bus.transports.topology.apply import verify as verify_topology
from bus.transports.topology.findings import Finding, Severity

topology = typer.Typer(
    help="消息服务器上的交换器、队列、用户 / exchanges, queues and users on the broker", no_args_is_help=True
)

_FINDING_HEADS = (
    Bilingual("级别", "Severity"),
    Bilingual("类别", "Kind"),
    Bilingual("名称", "Name"),
    Bilingual("问题", "Found"),
    Bilingual("办法", "Cure"),
)
_CHANGE_HEADS = (
    Bilingual("动作", "Action"),
    Bilingual("类别", "Kind"),
    Bilingual("名称", "Name"),
    Bilingual("说明", "Detail"),
)
_ACTIONS = {"created": "新建", "corrected": "更正", "conflict": "冲突"}
_SEVERITIES = {Severity.ERROR: Bilingual("错误", "error"), Severity.WARNING: Bilingual("注意", "warning")}


@topology.command("plan")
def show_plan(file: CountyFile = COUNTY, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """列出应有的拓扑，不连接消息服务器 / list the planned topology, without the broker."""
    output = Output(lang, as_json)
    with output.guarding():
        lines = list(load_county(file).topology().lines())
    if as_json:
        output.data(lines)
    for line in () if as_json else lines:
        typer.echo(line)


@topology.command()
def apply(file: CountyFile = COUNTY, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """建立缺少的，更正可更正的，不删除任何东西 / create what is missing, correct what can be; delete nothing."""
    output = Output(lang, as_json)
    with output.guarding():
        county = load_county(file)
        wanted = county.topology()
        with county.admin() as admin:
            if not admin.vhost_exists():
                admin.put_vhost()
            changes = apply_topology(admin, wanted, county.passwords())
            left = [finding for finding in verify_topology(admin, wanted) if finding.severity is Severity.ERROR]
    if as_json:
        output.data(
            {
                "changes": [
                    {"action": c.action, "kind": c.kind, "name": c.name, "detail": output.pick(c.detail)}
                    for c in changes
                ],
                "findings": [_as_json(output, finding) for finding in left],
            }
        )
    else:
        rows = [(output.text(_ACTIONS[c.action], c.action), c.kind, c.name, output.pick(c.detail)) for c in changes]
        if rows:
            output.table(_CHANGE_HEADS, rows)
        output.say(f"共更改 {len(changes)} 项", f"{len(changes)} changes")
        _without_password(output, county, wanted)
        _show(output, left)
    if left:
        raise typer.Exit(FAILURE)


def _without_password(output: Output, county: CountySettings, wanted: Topology) -> None:
    lacking = [user.name for user in wanted.users if user.name not in county.passwords()]
    if lacking:
        names = ", ".join(lacking)
        output.warn(
            f"未给出口令，保持原样（新用户只能用证书登录）：{names}；用 BUS_CENTER_PASSWORDS 给出",
            f"no password given, left as it is (a new user logs in by certificate only): {names}; "
            "give it in BUS_CENTER_PASSWORDS",
        )


@topology.command()
def verify(file: CountyFile = COUNTY, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """与应有的比较，什么也不改；有错误时退出码 1 / compare with the plan, change nothing; exit 1 on errors."""
    output = Output(lang, as_json)
    with output.guarding():
        county = load_county(file)
        with county.admin() as admin:
            findings = verify_topology(admin, county.topology())
    if as_json:
        output.data([_as_json(output, finding) for finding in findings])
    else:
        _show(output, findings)
        if not findings:
            output.say("一切就绪", "everything is as planned")
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FAILURE)


@topology.command()
def export(
    file: CountyFile = COUNTY,
    out: Annotated[Path | None, typer.Option(help="写入文件 / write to this file")] = None,
    lang: Language = Lang.AUTO,
) -> None:
    """导出 RabbitMQ definitions，交给消息服务器的管理员 / definitions for the broker's administrator."""
    output = Output(lang)
    with output.guarding():
        county = load_county(file)
        content = definitions(county.topology(), secrets=county.passwords(), vhost=county.vhost)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    out.touch(mode=0o600)  # the file holds password hashes
    out.write_text(text, encoding="utf-8")
    output.say(f"已写入 {out}", f"written to {out}")


def finding_row(output: Output, finding: Finding) -> tuple[str, str, str, str, str]:
    """One finding as a table row: severity, kind, name, actual state, cure."""
    return (
        output.pick(_SEVERITIES[finding.severity]),
        finding.kind,
        finding.name,
        output.pick(finding.detail),
        output.pick(finding.cure),
    )


def _show(output: Output, findings: list[Finding]) -> None:
    if findings:
        output.table(_FINDING_HEADS, [finding_row(output, finding) for finding in findings])


def _as_json(output: Output, finding: Finding) -> dict[str, str]:
    return {
        "severity": finding.severity.value,
        "drift": finding.drift.value,
        "kind": finding.kind,
        "name": finding.name,
        "detail": output.pick(finding.detail),
        "cure": output.pick(finding.cure),
    }
