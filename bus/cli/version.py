"""``bus --version``: this program, and for each kind of center the adapter that it would run."""

import platform

import typer

from bus.sdk import discovery


def tell() -> None:
    """Print it, one line an adapter: its kind, its package, what it was installed with."""
    name, version = discovery.ours()
    typer.echo(f"{name} {version or '?'} (Python {platform.python_version()})")
    adapters = discovery.known()
    contested = discovery.contested(adapters)
    for one in adapters:
        line = f"{one.kind}\t{one.package}\t{one.installed}"
        if one.kind in contested:
            line += "\t须在配置里用 adapter 指明 / name one as `adapter` in the settings"
        typer.echo(line)
