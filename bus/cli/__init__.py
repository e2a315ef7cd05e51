"""``bus``: the operators' commands, one file each. Exit codes: 0 well, 1 a finding or failure, 2 usage or settings."""

import typer

from bus.cli.access import access
from bus.cli.demo import demo
from bus.cli.doctor import doctor
from bus.cli.erase import erase
from bus.cli.import_ledger import import_
from bus.cli.keys import keys
from bus.cli.parked import parked
from bus.cli.pki import pki
from bus.cli.proof import proof
from bus.cli.queues import queues
from bus.cli.recover import restored
from bus.cli.run import run
from bus.cli.schemas import schemas
from bus.cli.simulate import simulate
from bus.cli.topology import topology
from bus.cli.trace import trace

__all__ = ["app", "main"]

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
app.command("restored")(restored)
app.command("erase")(erase)
app.command("schemas")(schemas)
app.add_typer(topology, name="topology")
app.add_typer(parked, name="parked")
app.add_typer(keys, name="keys")
app.add_typer(pki, name="pki")
app.add_typer(access, name="access")
app.add_typer(proof, name="proof")


def main() -> None:
    """The program ``bus``."""
    app()
