"""Settings that had another name in v0.1.0."""

import warnings
from collections.abc import Callable
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from bus.settings.faults import BadSettings

OLD_NAMES = {"hands": "concurrency", "vendor": "backend"}
"""Settings renamed after 0.1: the old name is read until 0.3, with a warning."""


def with_new_names(
    given: dict[str, Any], called: Callable[[str, object], str] = lambda name, _: name
) -> dict[str, Any]:
    """``given`` under current names; warns of each old one. ``called``: a setting's name as it was given. Raises
    ``BadSettings`` where both names are there."""
    faults = [
        (old, f"与 {new} 是同一项，请只留新名", f"is {new} by its old name: keep the new one alone")
        for old, new in OLD_NAMES.items()
        if old in given and new in given
    ]
    if faults:
        raise BadSettings(faults)
    for name in sorted(OLD_NAMES.keys() & given.keys()):
        old, new = called(name, given[name]), called(OLD_NAMES[name], given[name])
        warnings.warn(
            f"设置项 {old} 已改名为 {new}，旧名到 0.3 版失效 / "
            f"the setting {old} is now called {new}; the old name goes with 0.3",
            FutureWarning,
            stacklevel=2,
        )
    return {OLD_NAMES.get(name, name): value for name, value in given.items()}


class OldEnvironment(BaseSettings):
    """Old names in the environment (``BUS_HANDS``, ``BUS_VENDOR__TOKEN``)."""

    model_config = SettingsConfigDict(env_prefix="BUS_", env_nested_delimiter="__", extra="ignore")

    hands: str | None = None
    vendor: dict[str, Any] | None = None

    @classmethod
    def by_new_names(cls) -> dict[str, Any]:
        """The same settings under current names, with a warning for each."""
        return with_new_names(cls().model_dump(exclude_none=True), _as_variable)


def _as_variable(name: str, value: object) -> str:
    return f"BUS_{name.upper()}" + ("__…" if isinstance(value, dict) else "")
