"""``bus --version``: the program's version, and the adapter of each kind of center."""

import platform

import typer

from bus.sdk import discovery


def tell() -> None:
    """Print the version, and one line for each adapter: its kind, its package, its distribution."""
    name, version = discovery.ours()
    typer.echo(f"{name} {version or '?'} (Python {platform.python_version()})")
    adapters = discovery.known()
    contested = discovery.contested(adapters)
    for one in adapters:
        line = f"{one.kind}\t{one.package}\t{one.installed}"
        if one.kind in contested:
            line += "\t须在配置里用 adapter 指明 / name one as `adapter` in the settings"
        typer.echo(line)
