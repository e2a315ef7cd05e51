"""``bus topology``: the broker's topology: planned, applied, verified, and exported for brokers with another
administrator.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli.county_file import COUNTY, CountyFile, CountySettings, load_county
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output
from bus.cli.written_files import OwnerName, owner_asked, save_private
from bus.security.passwords import new_password
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
        _weak(output, county)
        _show(output, left)
    if left:
        raise typer.Exit(FAILURE)


def _lacking(known: Mapping[str, str], wanted: Topology) -> list[str]:
    return [user.name for user in wanted.users if user.name not in known]


def _without_password(output: Output, county: CountySettings, wanted: Topology) -> None:
    if lacking := _lacking(county.passwords(), wanted):
        names = ", ".join(lacking)
        output.warn(
            f"未给出口令，保持原样（新用户只能用证书登录）：{names}；用 BUS_CENTER_PASSWORDS 给出",
            f"no password given, left as it is (a new user logs in by certificate only): {names}; "
            "give it in BUS_CENTER_PASSWORDS",
        )


def _weak(output: Output, county: CountySettings) -> None:
    if weak := ", ".join(county.weak_passwords()):
        output.warn(
            f"这些用户的口令可以被猜出：{weak}；用 bus topology passwords 或 bus keys password 生成新口令",
            f"the passwords of these users can be guessed: {weak}; `bus topology passwords` or `bus keys password` "
            "draws new ones",
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
        with output.guarding():
            _weak(output, county)
        _show(output, findings)
        if not findings:
            output.say("一切就绪", "everything is as planned")
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FAILURE)


@topology.command()
def export(
    file: CountyFile = COUNTY,
    out: Annotated[Path | None, typer.Option(help="写入文件 / write to this file")] = None,
    without_password: Annotated[
        bool,
        typer.Option(
            "--without-password",
            help="无口令的用户也写出，用证书登录 / users without a password too: they log in by certificate",
        ),
    ] = False,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """导出 RabbitMQ definitions，交给消息服务器的管理员 / definitions for the broker's administrator."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    with output.guarding():
        county = load_county(file)
        wanted, secrets = county.topology(), county.passwords()
        lacking = _lacking(secrets, wanted)
        if without_password:
            secrets |= dict.fromkeys(lacking, "")
        content = definitions(wanted, secrets=secrets, vhost=county.vhost)
        _weak(output, county)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    written, count = len(content["users"]), len(wanted.users)
    if out is None:
        typer.echo(text, nl=False)
    else:
        save_private(output, out, text.encode(), whose)  # password hashes stand in it
        output.say(
            f"已写入 {out}：{count} 个用户中的 {written} 个", f"written to {out}, with {written} of {count} users"
        )
    if lacking:
        _left_out(output, ", ".join(lacking), written=without_password)


def _left_out(output: Output, names: str, *, written: bool) -> None:
    if written:
        output.warn(
            f"这些用户没有口令，只能用证书登录；消息服务器上已有的口令会被清除：{names}",
            f"these users have no password and log in by certificate only; one that they have on that broker is "
            f"cleared: {names}",
        )
        return
    output.warn(
        f"未给出口令，未写出这些用户及其权限：{names}；用 BUS_CENTER_PASSWORDS 或 passwords_file 给出，"
        "用证书登录的用 --without-password 写出",
        f"no password given, so these users and their rights are left out: {names}; give it in BUS_CENTER_PASSWORDS or "
        "passwords_file, or write those who log in by certificate with --without-password",
    )


@topology.command("passwords")
def draw_passwords(
    file: CountyFile = COUNTY,
    out: Annotated[
        Path | None,
        typer.Option(help="写入的 JSON 文件，默认 passwords_file / the JSON file, by default passwords_file"),
    ] = None,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """为还没有口令的消息服务器用户各生成一个，写入文件 / draw a password for each user of the broker that has none."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    with output.guarding():
        county = load_county(file)
        path = out or county.passwords_file
        if path is None:
            output.fail(
                "写到哪里？请给出 --out，或在配置中写 passwords_file",
                "where to? Give --out, or set passwords_file in the county's file",
                USAGE,
            )
        known = county.model_copy(update={"passwords_file": path if path.exists() else None}).passwords()
        lacking = _lacking(known, county.topology())
    drawn = known | {name: new_password() for name in lacking}
    save_private(output, path, json.dumps(drawn, ensure_ascii=False, indent=1).encode() + b"\n", whose)
    output.say(
        f"已生成 {len(lacking)} 个口令，原有 {len(known)} 个不变：{path}；每个中心只告知它自己的一个，"
        "写入其 BUS_BROKER：amqps://中心:口令@主机:5671/虚拟主机",
        f"drew {len(lacking)} passwords and kept {len(known)}: {path}; tell each center its own alone, for its "
        "BUS_BROKER: amqps://CENTER:PASSWORD@HOST:5671/VHOST",
    )


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
