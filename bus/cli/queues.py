"""``bus queues``: what lies on the broker: each center's inbox, the dead letters, the journal."""

from dataclasses import asdict

import typer

from bus.bilingual import Words
from bus.cli.county_file import COUNTY, CountyFile, load_county
from bus.cli.output import FAILURE, AsJson, Lang, Language, Voice
from bus.transports.topology.apply import inbox_queue
from bus.transports.topology.management_api import QueueFigures
from bus.transports.topology.plan import DEAD_LETTERS, JOURNAL

_HEADS = (
    Words("队列", "Queue"), Words("类型", "Type"), Words("待取", "Ready"), Words("未确认", "Unacked"),
    Words("消费者", "Consumers"), Words("字节", "Bytes"), Words("状态", "State"), Words("主节点", "Leader"),
    Words("须注意", "Look"),
)  # fmt: skip


def queues(file: CountyFile = COUNTY, lang: Language = Lang.ZH, as_json: AsJson = False) -> None:
    """代理上各队列的积压；有异常时退出码 1 / depth, unacked, consumers of each queue; exit 1 where one needs a look."""
    voice = Voice(lang, as_json)
    with voice.guarding():
        county = load_county(file)
        with county.admin() as admin:
            figures = {row.name: row for row in admin.figures()}
    names = [*(inbox_queue(center) for center in county.centers), DEAD_LETTERS, JOURNAL]
    faults = {name: fault for name in names if (fault := _fault(name, figures.get(name)))}
    if as_json:
        voice.data([_as_json(voice, name, figures.get(name), faults.get(name)) for name in names])
    else:
        voice.table(_HEADS, [_row(voice, name, figures.get(name), faults.get(name)) for name in names])
    if faults:
        raise typer.Exit(FAILURE)


def _fault(name: str, row: QueueFigures | None) -> Words | None:
    """What a person should look at, with the cure."""
    if row is None:
        return Words("不存在：运行 bus topology apply", "missing: run `bus topology apply`")
    if row.state not in (None, "running"):
        return Words(f"状态为 {row.state}：查看代理日志", f"is {row.state}: look at the broker's log")
    if name == DEAD_LETTERS and row.ready:
        return Words("有死信：查看收件中心的日志", "dead letters: look at the log of the center they were for")
    if name not in (DEAD_LETTERS, JOURNAL) and row.consumers == 0:
        return Words("无人接收：该中心未运行", "nobody receives: the center does not run")
    return None


def _row(voice: Voice, name: str, row: QueueFigures | None, fault: Words | None) -> tuple[object, ...]:
    look = voice.pick(fault) if fault else ""
    if row is None:
        return (name, *[""] * 7, look)
    return (name, row.type, row.ready, row.unacked, row.consumers, row.message_bytes, row.state, row.leader, look)


def _as_json(voice: Voice, name: str, row: QueueFigures | None, fault: Words | None) -> dict[str, object]:
    return {"name": name, **(asdict(row) if row else {}), "look": voice.pick(fault) if fault else ""}
