"""``bus schemas``: write the wire contract out of the models, or say where the files have drifted from them."""

from pathlib import Path
from typing import Annotated

import typer

from bus import schemas as wire


def schemas(
    folder: Annotated[Path, typer.Option(help="目录 / folder")] = Path("schemas"),
    check: Annotated[bool, typer.Option("--check", help="只检查 / only say what has drifted")] = False,
) -> None:
    """由模型生成 JSON Schema、示例与 AsyncAPI / Generate the wire contract from the models."""
    if not check:
        wire.write(folder)
    faults = wire.drift(folder)
    for fault in faults:
        typer.echo(fault)
    raise typer.Exit(1 if faults else 0)
