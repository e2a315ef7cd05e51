"""``bus queues``: what lies on the broker: each center's inbox, the dead letters, the journal."""

from dataclasses import asdict

import typer

from bus.bilingual import Bilingual
from bus.cli.county_file import COUNTY, CountyFile, load_county
from bus.cli.output import FAILURE, AsJson, Lang, Language, Output
from bus.transports.topology.apply import inbox_queue
from bus.transports.topology.plan import DEAD_LETTERS, JOURNAL
from bus.transports.topology.queue_figures import QueueFigures

_HEADS = (
    Bilingual("队列", "Queue"),
    Bilingual("类型", "Type"),
    Bilingual("待取", "Ready"),
    Bilingual("未确认", "Unacked"),
    Bilingual("消费者", "Consumers"),
    Bilingual("字节", "Bytes"),
    Bilingual("状态", "State"),
    Bilingual("主节点", "Leader"),
    Bilingual("须注意", "Look"),
)


def queues(file: CountyFile = COUNTY, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """消息服务器上各队列的积压；有异常时退出码 1 / each queue: depth, unacked, consumers; exit 1 where one is ill."""
    output = Output(lang, as_json)
    with output.guarding():
        county = load_county(file)
        with county.admin() as admin:
            figures = {row.name: row for row in admin.figures()}
    names = [*(inbox_queue(center) for center in county.centers), DEAD_LETTERS, JOURNAL]
    faults = {name: fault for name in names if (fault := _fault(name, figures.get(name)))}
    if as_json:
        output.data([_as_json(output, name, figures.get(name), faults.get(name)) for name in names])
    else:
        output.table(_HEADS, [_row(output, name, figures.get(name), faults.get(name)) for name in names])
    if faults:
        raise typer.Exit(FAILURE)


def _fault(name: str, row: QueueFigures | None) -> Bilingual | None:
    """What a person should look at, with the cure."""
    if row is None:
        return Bilingual("不存在：运行 bus topology apply", "missing: run `bus topology apply`")
    if row.state not in (None, "running"):
        return Bilingual(f"状态为 {row.state}：查看消息服务器日志", f"is {row.state}: look at the broker's log")
    if name == DEAD_LETTERS and row.ready:
        return Bilingual("有死信：查看收件中心的日志", "dead letters: look at the log of the center they were for")
    if name not in (DEAD_LETTERS, JOURNAL) and row.consumers == 0:
        return Bilingual("无人接收：该中心未运行", "nobody receives: the center does not run")
    return None


def _row(output: Output, name: str, row: QueueFigures | None, fault: Bilingual | None) -> tuple[object, ...]:
    look = output.pick(fault) if fault else ""
    if row is None:
        return (name, *[""] * 7, look)
    return (name, row.type, row.ready, row.unacked, row.consumers, row.message_bytes, row.state, row.leader, look)


def _as_json(output: Output, name: str, row: QueueFigures | None, fault: Bilingual | None) -> dict[str, object]:
    return {"name": name, **(asdict(row) if row else {}), "look": output.pick(fault) if fault else ""}
