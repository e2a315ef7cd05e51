"""``bus top``: the console's first page in a terminal, by the same look and the same findings."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from bus.cli.console import looking
from bus.cli.console_broker import broker_of
from bus.cli.county_file import load_county
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import FAILURE, AsJson, Lang, Language, Output
from bus.cli.top_page import data, page
from bus.console.rendering import Words
from bus.console.watch import EVERY, Watch

WIDTH = 160
"""Columns where the output is no terminal."""


def top(
    config: ConfigFile = None,
    county: Annotated[
        Path | None,
        typer.Option("--county", readable=False, help="全县的配置文件，用于查看消息服务器 / for the broker"),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="只看一次；有问题时退出码 1 / one look; exit 1 on findings")
    ] = False,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """在终端里查看态势，每三秒刷新 / whether all is well, in a terminal, every three seconds."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            ask_broker = broker_of(load_county(county)) if county is not None else None
            watch = Watch(looking(settings, store, ask_broker))
            if once or as_json or not output.out.is_terminal:
                _once(watch, output)
            else:
                with suppress(KeyboardInterrupt):
                    _live(watch, output)


def _once(watch: Watch, output: Output) -> None:
    seen = watch.renew()
    if output.as_json:
        output.data(data(seen))
    else:
        output.out.print(page(seen, _words(output)), width=None if output.out.is_terminal else WIDTH)
    if seen.verdict.number:
        raise typer.Exit(FAILURE)


def _live(watch: Watch, output: Output) -> None:
    with Live(console=output.out, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            live.update(page(watch.renew(), _words(output)), refresh=True)
            time.sleep(EVERY)


def _words(output: Output) -> Words:
    return Words(output.lang.value, datetime.now(UTC))
