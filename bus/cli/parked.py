"""``bus parked``: parked items, listed without residents' data, replayed, or discarded."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bus.bilingual import Bilingual
from bus.cli.lazy import LazyCommand, with_lazy
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output, age
from bus.operations.backlog import backlog
from bus.operations.hints import hint_of

parked = typer.Typer(
    help="搁置的报文与任务 / messages and tasks for an operator",
    no_args_is_help=True,
    cls=with_lazy(
        LazyCommand(
            "show",
            "bus.cli.parked_acts:show",
            "显示一条：信封与字段名，不含居民信息 / show one: envelope and field names, no residents' data.",
        ),
        LazyCommand(
            "replay",
            "bus.cli.parked_acts:replay",
            "原因消除后再试一次；仍搁置时退出码 1 / retry once the cause is fixed; exit 1 if still parked.",
        ),
        LazyCommand(
            "discard",
            "bus.cli.parked_acts:discard",
            "放弃，并记入流水 / give it up for good; the journal keeps the reason.",
        ),
        LazyCommand(
            "end",
            "bus.cli.parked_acts:end",
            "放弃发给并不存在的中心的一切报文，并记入流水 "
            "/ give up all messages to a center that does not exist; logged.",
        ),
    ),
)

_HEADS = (
    Bilingual("编号", "Id"),
    Bilingual("处", "Place"),
    Bilingual("代码", "Code"),
    Bilingual("状态", "State"),
    Bilingual("对方", "Peer"),
    Bilingual("案件", "Case"),
    Bilingual("归属", "Owner"),
    Bilingual("次数", "Times"),
    Bilingual("已", "Age"),
    Bilingual("提示", "Hint"),
)
_STATES = {"parked": Bilingual("搁置", "parked"), "waiting": Bilingual("处理中", "in work")}


@parked.command("list")
def list_(
    config: ConfigFile = None,
    overdue: Annotated[float, typer.Option(min=0, help="多少秒无回执算逾期 / seconds without a receipt")] = 600,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """列出搁置的一切和逾期未回执的报文 / parked items, and messages overdue for a receipt."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store, store.reading() as tx:
            rows = backlog(tx, settings.center, _now(), overdue)
    if as_json:
        output.data(rows)
    elif rows:
        output.table(_HEADS, [_line(output, row) for row in rows])
    else:
        output.say("没有搁置的", "nothing is parked")


def _line(output: Output, row: dict[str, Any]) -> tuple[object, ...]:
    state = output.pick(_STATES[row["state"]])
    since = age(row["first_ms"], int(_now().timestamp() * 1000))
    who = (row["peer"], row["case_id"], row["owner"])
    return (
        row["id"],
        row["place"],
        row["code"],
        state,
        *who,
        row["times"],
        since,
        output.pick(hint_of(row["place"], row["code"], row["hint"])),
    )


def _now() -> datetime:
    return datetime.now(UTC)
