"""``bus``: the command line for center IT staff, integrators and operators."""

import typer

from bus.cli import demo, run, schemas, simulate

app = typer.Typer(no_args_is_help=True, add_completion=False, help="四中心联动总线 / the four-center bus")
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("simulate")(simulate.simulate)
app.command("schemas")(schemas.schemas)


def main() -> None:
    """The entry point of the ``bus`` script."""
    app()
