"""``bus run``: one center in this process, until it is told to leave."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from bus.log import set_up
from bus.run import Running
from bus.settings import BadSettings, CenterSettings, load
from bus.transports.rabbitmq import RabbitTransport


def settings_or_exit(config: Path, lang: str) -> CenterSettings:
    """The settings, or every fault in them on standard error and exit code 2."""
    try:
        settings = load(config)
        if not settings.broker:
            raise BadSettings([("broker", "缺少代理地址，请设 BUS_BROKER", "no broker: set BUS_BROKER")])  # noqa: TRY301 - one way out
    except BadSettings as bad:
        for where, zh, en in bad.faults:
            typer.echo(f"{where}: {zh if lang == 'zh' else en}", err=True)
        raise typer.Exit(2) from None
    return settings


def run(
    config: Annotated[Path, typer.Option(help="中心的 TOML 设置 / the center's settings")],
    lang: Annotated[str, typer.Option(envvar="BUS_LANG", help="zh | en")] = "zh",
) -> None:
    """运行一个中心的适配器 / Run one center's adapter."""
    settings = settings_or_exit(config, lang)
    set_up(settings.center)
    running = Running(settings, RabbitTransport(settings.center, settings.broker))
    told = threading.Event()

    def leave(_signal: int, _frame: object) -> None:
        if told.is_set():
            os._exit(130)  # asked twice: at once; the store has everything
        told.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, leave)
    url = running.start()
    typer.echo(json.dumps({"ready": True, "center": settings.center, "url": url}))
    told.wait()
    running.stop()
