"""Variables of the environment that begin with ``BUS_``: which are settings, and which look like one and are none."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from bus.contract.spelling import one_slip_away
from bus.settings import OLD_NAMES, CenterSettings

PREFIX = "BUS_"
OURS = ("BUS_LANG", "BUS_FOLDER", "BUS_CENTER_PASSWORDS")
"""What other commands read."""
OUR_PREFIXES = ("BUS_MANAGEMENT_", "BUS_CENTER_")
SHORTEST = 5
"""Letters of both names, below which they resemble each other by chance: orchestrators inject ``BUS_PORT`` and such."""


class Strange(NamedTuple):
    """One variable that no program of ours reads."""

    name: str
    meant: str = ""
    """The one that it is a slip away from."""


def strange_variables(environment: Iterable[str]) -> list[Strange]:
    """Of the names of variables those that begin like ours and are none, in their order."""
    known = {*_known(CenterSettings, PREFIX), *OURS}
    old = tuple(f"{PREFIX}{name.upper()}" for name in OLD_NAMES)
    found = []
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known or name.upper().startswith(OUR_PREFIXES + old):
            continue
        short = name.upper().removeprefix(PREFIX)
        meant = (one for one in sorted(known) if one_slip_away(short, one.removeprefix(PREFIX), SHORTEST))
        found.append(Strange(name, next(meant, "")))
    return found


def _known(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Every setting as a variable, the inner ones of a table too."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        yield variable
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _known(kind, f"{variable}__")
