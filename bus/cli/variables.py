"""Environment variables that begin with ``BUS_``: known settings, and lookalikes without effect."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from bus.contract.spelling import one_slip_away
from bus.settings import OLD_NAMES, CenterSettings

PREFIX = "BUS_"
OURS = ("BUS_LANG", "BUS_FOLDER", "BUS_CENTER_PASSWORDS")
"""Variables of other commands."""
OUR_PREFIXES = ("BUS_MANAGEMENT_", "BUS_CENTER_")
SHORTEST = 5
"""Shortest names compared for a slip; shorter ones resemble each other by chance: orchestrators inject ``BUS_PORT`` and
such."""


class Strange(NamedTuple):
    """One variable that none of our programs reads."""

    name: str
    meant: str = ""
    """The known variable that it resembles."""


def strange_variables(environment: Iterable[str]) -> list[Strange]:
    """The unknown variables with our prefix, in their order."""
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
    """Every setting as a variable, also the inner ones of tables."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        yield variable
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _known(kind, f"{variable}__")
