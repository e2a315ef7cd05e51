"""Lazily loaded commands: their modules are imported when called, so the list of all commands imports none."""

import importlib
from functools import cached_property
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """A placeholder in the list for the command, or the group of commands, that ``module:name`` is."""

    def __init__(self, name: str, where: str, help: str, hidden: bool = False) -> None:  # noqa: A002 - typer's word
        super().__init__(name, callback=None, help=help, short_help=help, hidden=hidden)
        self.where = where

    @cached_property
    def loaded(self) -> TyperCommand | TyperGroup:
        """The command itself; its module is imported now."""
        module, _, name = self.where.partition(":")
        found = getattr(importlib.import_module(module), name)
        if isinstance(found, typer.Typer):
            command: TyperCommand | TyperGroup = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command()(found)
            command = typer.main.get_command(alone)  # type: ignore[assignment]  # of one function it makes a command
        command.name = self.name
        return command

    def make_context(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - as typer gives and takes it
        """The context of the command itself, as if the placeholder had never existed."""
        return self.loaded.make_context(*given, **named)


def with_lazy(*commands: LazyCommand) -> type[TyperGroup]:
    """A group class with these commands beside the registered ones."""

    class Group(TyperGroup):
        """A group with lazily loaded commands."""

        def __init__(self, **given: Any) -> None:  # noqa: ANN401 - as typer gives it
            lazy = {str(one.name): one for one in commands}
            super().__init__(**given | {"commands": {**(given.get("commands") or {}), **lazy}})

    return Group
