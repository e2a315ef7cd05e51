"""``bus``: the operators' commands, one file each. Exit codes: 0 well, 1 a finding or failure, 2 usage or settings."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from bus.cli.access import access
from bus.cli.demo import demo
from bus.cli.doctor import doctor
from bus.cli.downgrade import downgrade
from bus.cli.erase import erase
from bus.cli.import_ledger import import_
from bus.cli.keys import keys
from bus.cli.parked import parked
from bus.cli.pki import pki
from bus.cli.proof import proof
from bus.cli.queues import queues
from bus.cli.recover import recover
from bus.cli.run import run
from bus.cli.schemas import schemas
from bus.cli.simulate import simulate
from bus.cli.take_directory import take_directory
from bus.cli.topology import topology
from bus.cli.trace import trace

__all__ = ["app", "main"]

keys.command("directory")(take_directory)
app = typer.Typer(
    name="bus",
    help="四中心联动总线 / the four-center bus",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print locals, and locals hold residents
)
app.command("run")(run)
app.command("simulate")(simulate)
app.command("demo")(demo)
app.command("doctor")(doctor)
app.command("queues")(queues)
app.command("trace")(trace)
app.command("import")(import_)
app.command("recover")(recover)
app.command("erase")(erase)
app.command("downgrade")(downgrade)
app.command("schemas")(schemas)
app.add_typer(topology, name="topology")
app.add_typer(parked, name="parked")
app.add_typer(keys, name="keys")
app.add_typer(pki, name="pki")
app.add_typer(access, name="access")
app.add_typer(proof, name="proof")


OLD_WORDS = {"restored": ("recover", recover)}
"""Commands that had another name in 0.1: the old word is taken until 0.3, with a warning."""


def _by_old_word(old: str, new: str, command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(*given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever the command takes
        told = (
            f"bus {old} 已改名为 bus {new}，旧名到 0.3 版失效 / bus {old} is now bus {new}; the old word goes with 0.3"
        )
        warnings.warn(told, FutureWarning, stacklevel=2)
        command(*given, **named)

    return run


for _old, (_new, _command) in OLD_WORDS.items():
    app.command(_old, hidden=True)(_by_old_word(_old, _new, _command))


def _one_line(message: Warning | str, *_where: object) -> str:
    """A warning as people read it: not where in our code it was made."""
    return f"{message}\n"


def main() -> None:
    """The program ``bus``."""
    warnings.formatwarning = _one_line  # type: ignore[assignment]  # of what it is given only the message is told
    app()
