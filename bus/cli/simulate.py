"""``bus simulate``: a simulator of a center's own system, as a process of its own, for trials and demonstrations."""

import os
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bus.cli.options import ConfigFile, settings_of
from bus.cli.output import USAGE, Lang, Language, Output
from bus.cli.run import announce, leaving_on_signal, secret_faults
from bus.http.address import own_url
from bus.sdk import discovery
from bus.sdk.simulator import BackendSimulator
from bus.settings import BadSettings


def simulate(
    center: Annotated[str | None, typer.Argument(help="中心名称或类别 / a center's name or kind")] = None,
    config: ConfigFile = None,
    intake_url: Annotated[str, typer.Option(help="受理入口的地址 / the center's intake URL")] = "",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="端口，0 为任意 / port, 0: any")] = None,
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "",
    autopilot: Annotated[bool, typer.Option(help="工作人员自动接单并办结 / staff accept and resolve at once")] = False,
    lang: Language = Lang.AUTO,
) -> None:
    """模拟某中心自己的业务系统；密钥取自 BUS_INTAKE_SECRET / simulate a center's own system."""
    output = Output(lang)
    with output.guarding():
        if config is not None:
            settings = settings_of(None, config)
            at = urlsplit(settings.backend.url)
            name, named = settings.center, settings.adapter
            intake_url = intake_url or settings.http.public_url or own_url(settings.http)
            port = port if port is not None else (at.port or 80)
            host = host or ("127.0.0.1" if at.hostname in ("127.0.0.1", "localhost") else "0.0.0.0")  # noqa: S104 - reached from the center's container
            secret = settings.intake_secret.get_secret_value()
        elif center is not None:
            name, named = center, ""
            secret = os.environ.get("BUS_INTAKE_SECRET", "")
            if faults := secret_faults(secret):
                raise BadSettings([("BUS_INTAKE_SECRET", zh, en) for _, zh, en in faults])
        else:
            output.fail("请给出中心名称或 --config", "name a center, or a file with --config", USAGE)
    simulator = _simulator(output, named, name, intake_url, secret)
    simulator.autopilot = autopilot
    _serve(output, simulator, name, host or "127.0.0.1", port or 0)


def _simulator(output: Output, named: str, name: str, intake_url: str, secret: str) -> BackendSimulator:
    try:
        return discovery.find(name.partition("-")[0], named).simulator()(name, intake_url, secret)
    except discovery.AdapterUnusable as unusable:
        output.fail(f"没有模拟系统：{unusable.zh}", f"there is no simulator: {unusable.en}", USAGE)


def _serve(output: Output, simulator: BackendSimulator, name: str, host: str, port: int) -> None:
    with leaving_on_signal() as ending:
        try:
            socket.create_server((host, port)).close()  # a taken port is reported here; the server itself would exit
        except OSError as error:
            why = error.strerror
            output.fail(f"无法在 {host}:{port} 监听：{why}", f"cannot listen on {host}:{port}: {why}")
        announce(name, simulator.start(port, host))
        ending.wait()
        simulator.stop()
