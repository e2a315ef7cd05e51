"""``bus recover``: starts the recovery of a center whose store was restored from a backup."""

import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bus import recovery
from bus.bilingual import Bilingual
from bus.cli.lookups import context_of
from bus.cli.options import ConfigFile, store_settings
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.contract.types import CENTER_PATTERN
from bus.runtime.bootstrap import store_of
from bus.settings import CenterSettings
from bus.store import schema
from bus.store.database import Store, StoreUnavailable

_HEADS = (Bilingual("中心", "Center"), Bilingual("状态", "State"))
_STATES = {
    "asked": Bilingual("已询问，等待告知", "asked, answer incomplete"),
    "told": Bilingual("已告知", "has told"),
    "excused": Bilingual("不再等待", "not waited for"),
}
Centers = list[str]


def recover(
    config: ConfigFile = None,
    ask: Annotated[
        Centers | None, typer.Option(metavar="CENTER", help="还要询问的中心，可多个 / ask this center too")
    ] = None,
    without: Annotated[
        Centers | None, typer.Option(metavar="CENTER", help="不再等待的中心，可多个 / continue without this center")
    ] = None,
    only_status: Annotated[bool, typer.Option("--status", help="只看进度 / show only the progress")] = False,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """库已恢复到备份：向各中心查询之后的往来 / after a restored backup: ask all centers for later messages."""
    output = Output(lang, as_json)
    strange = [name for name in (*(ask or ()), *(without or ())) if not re.match(CENTER_PATTERN, name)]
    if strange:
        output.fail(f"不是中心名称：{', '.join(strange)}", f"not a center's name: {', '.join(strange)}", USAGE)
    with output.guarding():
        settings = store_settings(config)
        store = _opened(settings)
        try:
            if not only_status:
                _act(output, store, settings, ask or [], without or [])
            _show(output, recovery.status(store))
        finally:
            store.close()


def _opened(settings: CenterSettings) -> Store:
    """The store with its schema upgraded: a backup may be older than the program. Raises ``StoreUnavailable``."""
    store = store_of(settings)
    if store.on_sqlite and not Path(store.url.database or "").exists():
        store.close()
        raise StoreUnavailable("there is no store: restore the backup first / 请先把备份放回原处", passing=False)
    schema.upgrade(store)
    return store


def _act(output: Output, store: Store, settings: CenterSettings, ask: Centers, without: Centers) -> None:
    now = datetime.now(UTC)
    if not without or ask:
        recovery.begin(store, context_of(settings, store), {*(route.to for route in settings.routes), *ask}, now)
    for center in without:
        try:
            recovery.excuse(store, center, now)
        except recovery.NothingToRecover:
            output.fail(f"没有在等待 {center}", f"{center} is not being waited for")


def _show(output: Output, status: recovery.Status) -> None:
    if output.as_json:
        output.data(asdict(status))
        return
    if not status.going_on:
        output.say("没有正在进行的恢复", "no recovery is running")
    elif not any(state == "asked" for state in status.peers.values()):
        output.say(
            "各中心均已告知；bus run 运行后即完成", "all centers have answered; it completes once `bus run` runs"
        )
    else:
        output.say(
            "恢复中：启动 bus run，各中心告知之后自动继续受理；进度见 bus recover --status",
            "recovering: start `bus run`; intake resumes by itself once all have answered (`bus recover --status`)",
        )
    if status.peers:
        output.table(_HEADS, [(peer, output.pick(_STATES[state])) for peer, state in status.peers.items()])
