"""``bus ledger run``: the county's ledger at work, one process."""

from typing import Annotated

import typer

from bus.cli.ledger import require_ledger
from bus.cli.options import FOLDER, ConfigFile, Folder, settings_of
from bus.cli.output import Lang, Language, Output
from bus.cli.run import run as run_center


def run(
    center: Annotated[str | None, typer.Argument(help="总账的名称 / the ledger's name")] = None,
    config: ConfigFile = None,
    folder: Folder = FOLDER,
    lang: Language = Lang.AUTO,
) -> None:
    """运行总账，直到收到停止信号 / run the ledger until it is told to stop."""
    output = Output(lang)
    with output.guarding():
        require_ledger(output, settings_of(center, config, folder))
    run_center(center, config, folder, lang)
