"""``bus run``: one center at work, one process."""

import base64
import json
import os
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.check_files import require_readable
from bus.cli.options import FOLDER, ConfigFile, Folder, settings_file, settings_of
from bus.cli.output import FAILURE, Lang, Language, Output
from bus.cli.production_checks import production_checks
from bus.http.address import why_not_listening
from bus.log import set_up
from bus.runtime.ending import Ending, ended_by_signals
from bus.runtime.lease import TAKEN
from bus.runtime.log_writer import LogWriter, descriptor_of
from bus.runtime.process import CenterProcess, tune_garbage_collector
from bus.runtime.service_manager import ServiceManager
from bus.sdk import discovery
from bus.settings import BadSettings, CenterSettings
from bus.store.database import StoreUnavailable, StoreUnfit
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.transport import RabbitTransport

LAST_LINES = 2.0
"""Seconds that the log has to write its last lines before the process ends."""


def run(
    center: Annotated[str | None, typer.Argument(help="中心名称 / the center's name")] = None,
    config: ConfigFile = None,
    folder: Folder = FOLDER,
    lang: Language = Lang.AUTO,
) -> None:
    """运行一个中心，直到收到停止信号 / run one center until it is told to stop."""
    output = Output(lang)
    with output.guarding():
        settings, file = settings_of(center, config, folder), settings_file(center, config, folder)
        require_readable(settings, file)
        _fit_for_production(settings, file)
        transport = _road(settings)
        writer = LogWriter(descriptor_of(sys.stderr))
        set_up(settings.center, writer.put)
        try:
            _work(output, CenterProcess(settings, transport, ServiceManager(lambda: writer.flush(LAST_LINES))))
        finally:
            writer.flush(LAST_LINES)


def _fit_for_production(settings: CenterSettings, file: Path) -> None:
    """Raises ``BadSettings`` with every grave weakness, where residents' cases go through the center."""
    if settings.production:
        grave = [one for one in production_checks(settings, file) if one.grave]
        if grave:
            faults = [(one.what, f"{one.found.zh}；{one.cure.zh}", f"{one.found.en}: {one.cure.en}") for one in grave]
            why = ("production", "有以上漏洞，正式运行不启动", "with these weaknesses it does not start in production")
            raise BadSettings([*faults, why])


def _road(settings: CenterSettings) -> RabbitTransport:
    """The road, when all is there that a run needs beyond the settings' own rules. Raises ``BadSettings``."""
    faults = [*_adapter_faults(settings), *secret_faults(settings.intake_secret.get_secret_value())]
    try:
        secured = tls.context(settings.tls)
        transport = RabbitTransport(settings.center, settings.broker, tls=secured) if settings.broker else None
    except BadSettings as bad:
        transport = None
        faults += bad.faults
    except ValueError as error:
        transport = None
        faults.append(("broker", "地址无法解析，应为 amqps://用户:口令@主机:5671/虚拟主机", str(error)))
    if not settings.broker:
        faults.append(
            ("broker", "缺少消息服务器地址：请设置 BUS_BROKER", "the broker's URL is missing: set BUS_BROKER")
        )
    if faults or transport is None:
        raise BadSettings(faults)
    return transport


def _adapter_faults(settings: CenterSettings) -> list[tuple[str, str, str]]:
    try:
        discovery.find(settings.kind, settings.adapter).center()
    except discovery.AdapterUnusable as unusable:
        return [("adapter", unusable.zh, unusable.en)]
    return []


def secret_faults(secret: str) -> list[tuple[str, str, str]]:
    """What is wrong with an intake secret, never the secret itself. Standard Webhooks asks for 24 to 64 bytes."""
    key = secret.removeprefix("whsec_")
    try:
        right = 24 <= len(base64.b64decode(key + "=" * (-len(key) % 4), validate=True)) <= 64
    except ValueError:
        right = False
    if right:
        return []
    return [
        (
            "intake_secret",
            "应为 whsec_ 加 24 至 64 字节的 base64；用 bus doctor --new-secret 生成",
            "whsec_ and 24 to 64 bytes in base64 are needed: `bus doctor --new-secret` makes one",
        )
    ]


def _work(output: Output, process: CenterProcess) -> None:
    with leaving_on_signal() as ending:
        process.lease.when_lost = ending.set
        _work_until(ending, output, process)
    if process.lease.lost.is_set():
        output.fail(
            "另一个进程接管了本中心的库，本进程退出", "another process has taken over this center's store", TAKEN
        )


def _work_until(ending: Ending, output: Output, process: CenterProcess) -> None:
    try:
        url = process.start()
    except StoreUnfit:  # nothing is open yet that would have to be left in order
        raise
    except (OSError, StoreUnavailable) as trouble:
        process.stop(timeout=5)
        if isinstance(trouble, StoreUnavailable):
            raise
        http, cure = process.settings.http, why_not_listening(trouble)
        output.fail(
            f"无法在 {http.host}:{http.port} 监听：{trouble.strerror}；{cure.zh}",
            f"cannot listen on {http.host}:{http.port}: {trouble.strerror}; {cure.en}",
        )
    tune_garbage_collector()
    _announce(process, url, ending)
    ending.wait()
    process.stop()


def _announce(process: CenterProcess, url: str, ending: Ending) -> None:
    """One line on standard output as soon as forms are taken and messages flow; nobody need read it."""
    while not (process.ready()["ready"] and process.flow()["flow"]):
        if ending.wait(0.1):
            return
    with suppress(OSError):
        announce(process.settings.center, url)


def announce(name: str, url: str) -> None:
    """The line that says to whoever started this process that it is ready."""
    typer.echo(json.dumps({"ready": True, "center": name, "url": url}))


def leaving_on_signal() -> AbstractContextManager[Ending]:
    """Ends by the first SIGTERM or SIGINT; the second one ends the process at once, for all is in the store."""
    return ended_by_signals(lambda: os._exit(FAILURE))
