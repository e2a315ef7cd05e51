"""``bus simulate``: a stand-in of a center's own system, in a process of its own."""

import importlib
import os
import signal
import threading
from typing import Annotated

import typer

from bus.testing.stand_in import StandIn


def simulate(
    center: Annotated[str, typer.Argument(help="media_center-150402")],
    intake_url: Annotated[str, typer.Option(help="适配器的接入地址 / where its adapter listens")],
    port: Annotated[int, typer.Option(help="端口 / port")] = 9080,
    host: Annotated[str, typer.Option(help="地址 / address")] = "127.0.0.1",
    autopilot: Annotated[bool, typer.Option("--autopilot", help="自动接单办结 / staff that does all at once")] = False,
) -> None:
    """模拟中心自己的业务系统 / A stand-in of a center's own system (BUS_INTAKE_SECRET signs its forms)."""
    package = f"adapters.{center.partition('-')[0]}.simulator"
    secret = os.environ.get("BUS_INTAKE_SECRET", "")
    if not secret:
        typer.echo("请设 BUS_INTAKE_SECRET（whsec_…） / set BUS_INTAKE_SECRET, as the adapter has it", err=True)
        raise typer.Exit(2)
    vendor: StandIn = importlib.import_module(package).Simulator(center, intake_url, secret)
    vendor.autopilot = autopilot  # type: ignore[attr-defined]  # every stand-in of ours has it
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    typer.echo(vendor.start(port, host))
    told.wait()
    vendor.stop()
