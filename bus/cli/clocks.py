"""``bus clocks``: what is due in a case, all timers anew, and an operator's go. No residents' data."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from bus.bilingual import Bilingual
from bus.cli import case_charges
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output, moment
from bus.clocks.marks import Waiting, overview
from bus.clocks.words import CLOCKS, LEVELS
from bus.clocks.written import ClockSettings
from bus.contract.working_days import CHINA
from bus.operations.case_names import case_named
from bus.store import cases, timers
from bus.store.database import Tx

clocks = typer.Typer(help="时限与提醒：期限、重算、放行 / what is due, and who is reminded", no_args_is_help=True)

_HEADS = (
    Bilingual("时限", "Clock"),
    Bilingual("等待", "Waits for"),
    Bilingual("开始", "Begins"),
    Bilingual("到期", "Due"),
    Bilingual("已提醒", "Given"),
    Bilingual("下一级", "Next"),
    Bilingual("时间", "At"),
)
_OFF = Bilingual(
    "时限没有启用：在配置中写 [clocks] enabled = true，重启后生效", "the clocks are off: set [clocks] enabled = true"
)


@clocks.command()
def show(
    case: Annotated[str, typer.Argument(help="案件编号、短编号或 UUID / number, short number or UUID")],
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """一件案子的各项期限，已发和将发的提醒 / the deadlines of a case, reminders given and to come."""
    output = Output(lang, as_json)
    with output.guarding():
        center = store_settings(config)
        settings = center.clocks
        with opened_store(center) as store, store.reading() as tx:
            case_id = case_named(tx, case)
            found, next_ms = _of_case(tx, case_id, settings) if case_id is not None else (None, None)
            times = case_charges.of_case(tx, case_id) if case_id is not None and found is not None else None
    if found is None or times is None:
        output.fail("本中心没有这个案件，或其记录读不出；请核对编号", "no such case here, or its record cannot be read")
    if as_json:
        deadlines = [_plain(one) for one in found]
        told = {"case": str(case_id), "enabled": settings.enabled, "next_ms": next_ms, "deadlines": deadlines}
        output.data({**told, **case_charges.plain(times)})
        return
    if not settings.enabled:
        output.warn(_OFF.zh + "；以下按配置推算", _OFF.en + "; what follows is what they would say")
    if found:
        output.table(_HEADS, [_row(output, one) for one in found])
    else:
        output.say("没有在等的期限", "nothing is waited for")
    if next_ms is not None:
        output.say(f"下次查看：{moment(next_ms)}", f"the next look: {moment(next_ms)}")
    if any(one.estimate for one in found):
        output.say(
            "* 该年放假安排尚未公布，到期时间为估算", "* an estimate: the holidays of that year are not announced yet"
        )
    case_charges.show(output, times)


def _of_case(tx: Tx, case_id: UUID, settings: ClockSettings) -> tuple[tuple[Waiting, ...] | None, int | None]:
    record = cases.read_each(tx, [case_id]).records.get(case_id)
    found = overview(record, settings.written_rules()) if record is not None else None
    return found, timers.of_case(tx, case_id)


def _row(output: Output, one: Waiting) -> tuple[object, ...]:
    deadline = one.deadline
    level, when = one.next if one.next is not None else (None, None)
    return (
        output.pick(CLOCKS[deadline.clock]),
        ", ".join(deadline.waits_for),
        _local(deadline.begins),
        _local(deadline.due) + ("*" if one.estimate else ""),
        output.pick(LEVELS[one.given]) if one.given is not None else "",
        output.pick(LEVELS[level]) if level is not None else "",
        _local(when) if when is not None else "",
    )


def _local(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _plain(one: Waiting) -> dict[str, Any]:
    deadline = one.deadline
    return {
        "clock": deadline.clock.value, "round": deadline.round, "waits_for": list(deadline.waits_for),
        "begins": deadline.begins.isoformat(), "due": deadline.due.isoformat(), "term": str(deadline.term),
        "estimate": one.estimate, "given": one.given.name.lower() if one.given is not None else None,
        "next": one.next[0].name.lower() if one.next is not None else None,
        "next_at": one.next[1].isoformat() if one.next is not None else None,
    }  # fmt: skip


@clocks.command()
def recount(config: ConfigFile = None, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """全部案件重新查看一遍；已定的期限不变 / look at every case again; stored due dates stay."""
    output = Output(lang, as_json)
    _said(output, config, timers.recount)
    output.say("已登记，运行中的中心随即分批重算", "noted: the running center looks at every case again, page by page")


@clocks.command()
def go(config: ConfigFile = None, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """确认系统时间无误：解除暂停，不再等待 / the system's time is right: hold nothing back any more."""
    output = Output(lang, as_json)
    _said(output, config, timers.go)
    output.say("已登记，运行中的中心随即恢复提醒", "noted: the running center goes on reminding")


def _said(output: Output, config: ConfigFile, say: Callable[[Tx], bool]) -> None:
    """Tell the running center by its store. Exits where the clocks are off, or have never run."""
    with output.guarding():
        settings = store_settings(config)
        if not settings.clocks.enabled:
            output.fail(*_OFF)
        with opened_store(settings) as store:
            heard = store.write(say)
    if not heard:
        output.fail(
            "时限尚未运行过：先启动中心（bus run）", "the clocks have not run yet: start the center first (`bus run`)"
        )
    if output.as_json:
        output.data({"noted": True})
