"""``bus operate``: a person on duty looks into a center and mends it, from another machine, with a staff key."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from bus.cli.operate_sending import Desk
from bus.cli.operate_telling import show
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.contract.messages import Ground
from bus.contract.staff_command import Act, Matching

operate = typer.Typer(
    help="值班处置：用值班密钥，从另一台机器查看并处置 / look into a center and mend it, with a staff key",
    no_args_is_help=True,
)

LOOKING = "look"
"""The reason of what only looks."""
Reason = Annotated[str, typer.Option(help="理由，一个代码词，如 handled-by-phone / why, one code word")]
Items = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="编号；不给则按条件预览 / ids; or a selection, previewed")
]
Cases = Annotated[list[str], typer.Argument(metavar="CASE...", help="案件 UUID / the cases' ids")]
Place = Annotated[str, typer.Option(help="wire | desk | peer | poll | form")]
ByCode = Annotated[str, typer.Option("--code", help="此代码的全部 / all with this code")]
Peer = Annotated[str, typer.Option(help="与该中心有关的 / of this center")]
OfCase = Annotated[str, typer.Option("--case", help="该案件的 / of this case")]
OperationId = Annotated[str, typer.Argument(metavar="OPERATION", help="处置的编号 / the operation's id")]


@operate.callback()
def _desk(
    context: typer.Context,
    center: Annotated[str, typer.Option("--center", help="中心全名 / the center's name")],
    key: Annotated[Path, typer.Option("--key", readable=False, help="本人的值班密钥文件 / your own key file")],
    at: Annotated[str, typer.Option("--at", metavar="URL", help="中心的地址，如 https://… / the center's URL")] = "",
    over_bus: Annotated[
        Path | None,
        typer.Option(
            "--over-bus",
            metavar="FILE",
            readable=False,
            help="经总线：本机总账的配置文件 / over the bus: the settings of the ledger on this machine",
        ),
    ] = None,
    authority: Annotated[
        Path | None, typer.Option("--ca", exists=True, help="县里的证书机构 / the county's certificate authority")
    ] = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """值班处置：用值班密钥，从另一台机器查看并处置 / look into a center and mend it, with a staff key."""
    output = Output(lang, as_json)
    if bool(at) == (over_bus is not None):
        output.fail("--at 与 --over-bus 二者取一", "give either --at or --over-bus", USAGE)
    context.obj = Desk(output, at, center, key, authority, over_bus)


def _say(context: typer.Context, act: Act, why: str, **fields: object) -> None:
    desk: Desk = context.obj
    with desk.output.guarding():
        show(desk.output, desk.say(act, why, **fields))


def _matching(output: Output, place: str, code: str, peer: str, case: str) -> Matching | None:
    given = {"place": place or None, "code": code or None, "peer": peer or None, "case": _id(output, case)}
    try:
        return Matching(**given) if any(given.values()) else None  # type: ignore[arg-type]  # each is of its type
    except ValueError:
        output.fail("条件写得不对", "the selection is written wrongly", USAGE)


def _id(output: Output, text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        output.fail(f"不是编号：{text}", f"no id: {text}", USAGE)


# -- looking -----------------------------------------------------------------------------------------------------------


@operate.command("list")
def list_(context: typer.Context, place: Place = "", code: ByCode = "", peer: Peer = "", case: OfCase = "") -> None:
    """列出搁置与逾期的，处置与暂停 / what is stuck, the operations, and what is paused."""
    _say(context, Act.LIST, LOOKING, matching=_matching(context.obj.output, place, code, peer, case))


@operate.command()
def waiting(context: typer.Context) -> None:
    """等待中的：等谁、等了多久 / what waits, for whom, and for how long."""
    _say(context, Act.WAITING, LOOKING)


@operate.command("show")
def show_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="编号，或处置的编号 / an item, or an operation")],
) -> None:
    """显示一条的标签与字段名，或一项处置的进度 / one item's labels, or how far an operation is."""
    if name.isdecimal():
        _say(context, Act.SHOW, LOOKING, items=(name,))
    else:
        _say(context, Act.SHOW, LOOKING, operation=_id(context.obj.output, name))


@operate.command()
def reveal(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="编号 / the item")],
    reason: Annotated[str, typer.Option(help="为何查阅，写入查阅记录 / the reason, kept in the access log")],
) -> None:
    """查看全文，记入查阅记录；只有本人的密钥能解开 / the whole item, sealed for your key; logged."""
    _say(context, Act.REVEAL, reason, items=(name,))


# -- parked items ------------------------------------------------------------------------------------------------------


def _on_parked(act: Act, zh: str, en: str) -> None:
    """Add the command of an act on parked items: named ones at once, a selection as a preview."""

    def command(
        context: typer.Context,
        reason: Reason,
        items: Items = None,
        place: Place = "",
        code: ByCode = "",
        peer: Peer = "",
        case: OfCase = "",
    ) -> None:
        matching = _matching(context.obj.output, place, code, peer, case)
        _say(
            context, act, reason, items=tuple(items) if items else None, matching=matching, preview=matching is not None
        )

    command.__doc__ = f"{zh} / {en}."
    operate.command(act.value)(command)


_on_parked(Act.REPLAY, "原因消除后再试", "try again once the cause is gone")
_on_parked(Act.DISCARD, "放弃，记入流水", "give up for good")
_on_parked(Act.HOLD, "保留：他人暂不能重放或放弃", "let nobody replay or discard it for now")
_on_parked(Act.RELEASE, "解除保留", "end a hold")
_on_parked(Act.NOTE, "在旁记一个代码词（即理由）", "write a code word beside it: the reason")


@operate.command()
def owner(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(metavar="ID...", help="编号 / ids")],
    to: Annotated[str, typer.Option("--to", help="归谁处理，如 staff-li / who sees to it")],
    reason: Reason,
) -> None:
    """改归属 / say who sees to it."""
    _say(context, Act.OWNER, reason, items=tuple(items), to=to)


# -- cases -------------------------------------------------------------------------------------------------------------


@operate.command()
def urge(context: typer.Context, cases: Cases, reason: Reason) -> None:
    """催办承办中心 / urge the center that holds the case."""
    _say(context, Act.URGE, reason, items=tuple(cases))


@operate.command("ask-arbiter")
def ask_arbiter(
    context: typer.Context,
    cases: Cases,
    reason: Reason,
    ground: Annotated[Ground, typer.Option(help="returned | silent | disputed")] = Ground.SILENT,
) -> None:
    """提请裁定 / ask the arbiter for a ruling."""
    _say(context, Act.ASK_ARBITER, reason, items=tuple(cases), ground=ground)


@operate.command()
def redirect(
    context: typer.Context,
    gone: Annotated[str, typer.Argument(metavar="FROM", help="已撤并的中心 / the center that is closed")],
    to: Annotated[str, typer.Argument(metavar="TO", help="改送的中心 / the center instead")],
    reason: Reason,
) -> None:
    """预览改道：发给已撤并中心的改送别处 / preview: what waits for a closed center is offered to another."""
    _say(context, Act.REDIRECT, reason, peer=gone, to=to, preview=True)


@operate.command()
def reclaim(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="案件 UUID / the case's id")],
    to: Annotated[str, typer.Argument(metavar="TO", help="由谁承办 / who has it from now on")],
    reason: Reason,
) -> None:
    """强制收回（仅裁定中心，须第二人批准）/ rule who has a case: at its arbiter alone, with a second person."""
    _say(context, Act.RECLAIM, reason, items=(case,), to=to)


# -- the flow ----------------------------------------------------------------------------------------------------------


@operate.command()
def pause(
    context: typer.Context,
    reason: Reason,
    peer: Annotated[str, typer.Option(help="一个中心 / a center")] = "",
    kind: Annotated[str, typer.Option(help="一种报文 / a kind of message")] = "",
) -> None:
    """暂停一个中心或一种报文 / send nothing to a center, or nothing of a kind."""
    _say(context, Act.PAUSE, reason, peer=peer or None, kind=kind or None)


@operate.command()
def resume(
    context: typer.Context,
    reason: Reason,
    peer: Annotated[str, typer.Option(help="一个中心 / a center")] = "",
    kind: Annotated[str, typer.Option(help="一种报文 / a kind of message")] = "",
) -> None:
    """恢复 / end a pause."""
    _say(context, Act.RESUME, reason, peer=peer or None, kind=kind or None)


# -- operations --------------------------------------------------------------------------------------------------------


@operate.command()
def run(context: typer.Context, operation: OperationId, reason: Reason) -> None:
    """执行一个预览所冻结的 / carry out what a preview has frozen."""
    _say(context, Act.RUN, reason, operation=_id(context.obj.output, operation))


@operate.command()
def stop(context: typer.Context, operation: OperationId, reason: Reason) -> None:
    """停下一项处置，其余不办 / leave the rest of an operation undone."""
    _say(context, Act.STOP, reason, operation=_id(context.obj.output, operation))


@operate.command()
def approve(
    context: typer.Context,
    operation: OperationId,
    digest: Annotated[str, typer.Option(help="show 给出的摘要 / the digest that `show` tells")],
    reason: Reason,
) -> None:
    """第二人批准强制收回 / the second person's word."""
    _say(context, Act.APPROVE, reason, operation=_id(context.obj.output, operation), digest=digest)
