"""``bus schemas``: the wire contract as files: written, checked, and locked at a release."""

from pathlib import Path
from typing import Annotated

import typer

from bus.cli.output import FAILURE, Lang, Language, Output
from bus.contract.export.schema_folder import drift, publish, write


def schemas(
    folder: Annotated[Path, typer.Option(help="目录 / folder")] = Path("schemas"),
    check: Annotated[bool, typer.Option("--check", help="只比较，不写 / compare only")] = False,
    lock: Annotated[bool, typer.Option("--publish", help="发布时锁定 / lock the new schemas at a release")] = False,
    lang: Language = Lang.AUTO,
) -> None:
    """由模型生成 schemas/ / generate schemas/ from the models."""
    output = Output(lang)
    if not check:
        write(folder)
    findings = drift(folder)
    for finding in findings:
        output.warn(finding, finding)
    if findings:
        raise typer.Exit(FAILURE)
    locked = publish(folder) if lock and not check else []
    for name in locked:
        typer.echo(name)
    output.say(f"{folder} 与模型一致", f"{folder} matches the models")
