"""``bus ledger``: the county's ledger of every case; what centers tell it, and how it is told all anew."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bus.bilingual import Bilingual
from bus.cli.lazy import LazyCommand, with_lazy
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.contract.facts import is_ledger
from bus.settings import CenterSettings
from bus.store import ledger as known
from bus.store.database import Store
from bus.store.ledger import Teller

ledger = typer.Typer(
    help="总账：全县案件的状态与指标 / the county's ledger of every case",
    no_args_is_help=True,
    cls=with_lazy(
        LazyCommand(
            "run", "bus.cli.ledger_run:run", "运行总账，直到收到停止信号 / run the ledger until it is told to stop."
        ),
        LazyCommand(
            "findings",
            "bus.cli.ledger_findings:findings",
            "稽核发现的问题和办法；有则退出码 1 / what the auditor has found, with cures; exit 1 where any is open.",
        ),
        LazyCommand(
            "cases",
            "bus.cli.ledger_cases:cases",
            "指标背后的案件编号 / the cases behind a figure, by their ids alone.",
        ),
        LazyCommand(
            "reconcile",
            "bus.cli.ledger_reconcile:reconcile",
            "与总线记录比对；不符时退出码 1 / compare with the broker's journal; exit 1 where something does not meet.",
        ),
    ),
)
LOOK_S = 0.5
"""Seconds between two looks at the progress."""
_NOT_ONE = Bilingual(
    "这不是总账的配置：名称应如 ledger-150402", "these are no settings of a ledger, such as ledger-150402"
)
_TELLERS = (
    Bilingual("中心", "Center"),
    Bilingual("案件", "Cases"),
    Bilingual("最近上报（秒前）", "Told, seconds ago"),
    Bilingual("正在补报的原因", "Tells all anew, since"),
    Bilingual("补报有出入", "Differing"),
)


@ledger.command()
def rebuild(
    centers: Annotated[
        list[str] | None, typer.Argument(metavar="[CENTER]…", help="只补报这些中心 / these centers alone")
    ] = None,
    config: ConfigFile = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="等待并显示进度 / wait, and show the progress")] = True,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """请各中心重报每件案件的现状 / let every center tell the state of each case anew."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = ledger_settings(output, config)
        with opened_store(settings) as store:
            with store.reading() as tx:
                every = [one.center for one in known.tellers(tx)]
            chosen = centers or every
            if strange := sorted({*chosen} - {*every}):
                output.fail(f"从未上报：{', '.join(strange)}", f"never told this ledger: {', '.join(strange)}", USAGE)
            store.write(lambda tx: known.ask_anew(tx, chosen, now_ms()))
            if wait:
                _follow(output, store, {*chosen})
            _show(output, store)


@ledger.command()
def status(config: ConfigFile = None, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """各中心的上报情况 / which centers tell, and when they told last."""
    output = Output(lang, as_json)
    with output.guarding(), opened_store(ledger_settings(output, config)) as store:
        _show(output, store)


def ledger_settings(output: Output, config: Path | None) -> CenterSettings:
    """The settings of a ledger, for commands that look into its store; others are refused."""
    settings = store_settings(config)
    require_ledger(output, settings)
    return settings


def require_ledger(output: Output, settings: CenterSettings) -> None:
    """Refuse settings of another participant."""
    if not is_ledger(settings.center):
        output.fail(_NOT_ONE.zh, _NOT_ONE.en, USAGE)


def _follow(output: Output, store: Store, centers: set[str]) -> None:
    """Show the progress until all of them have told."""
    begun = now_ms()
    with store.reading() as tx:
        total = sum(cases for center, cases in known.cases_of(tx).items() if center in centers)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    progress = Progress(*columns, console=output.err, transient=True, disable=not output.err.is_terminal)
    with progress:
        bar = progress.add_task(output.text("重报", "told anew"), total=total)
        while True:
            with store.reading() as tx:
                asked = {one.center for one in known.tellers(tx) if one.why is not None} & centers
                progress.update(bar, completed=known.told_since(tx, begun))
            if not asked:
                return
            time.sleep(LOOK_S)


def _show(output: Output, store: Store) -> None:
    with store.reading() as tx:
        tellers, cases = known.tellers(tx), known.cases_of(tx)
    if output.as_json:
        output.data([one._asdict() | {"cases": cases.get(one.center, 0)} for one in tellers])
    else:
        output.table(_TELLERS, [_row(one, cases) for one in tellers])


def _row(one: Teller, cases: Mapping[str, int]) -> tuple[object, ...]:
    return (one.center, cases.get(one.center, 0), (now_ms() - one.told_ms) // 1000, one.why, one.differing)


def now_ms() -> int:
    """Now, in milliseconds since 1970."""
    return int(time.time() * 1000)
