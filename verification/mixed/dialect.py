"""The translation of a plan for v0.1.0.

Settings change their names from release to release, and an old process reads the old ones. Only this module knows them.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bus.demo.county_process import CountyPlan

V0_1_0: Mapping[str, str] = {"concurrency": "hands", "backend": "vendor"}
"""Today's names of settings, and v0.1.0's. Unchanged names are left out."""
UNKNOWN_TO_V0_1_0: frozenset[str] = frozenset({"strict", "quotas", "clocks", "facts", "operations"})
"""Today's settings that v0.1.0 refuses; they are dropped."""


def for_v0_1_0(plan: CountyPlan) -> CountyPlan:
    """The plan as v0.1.0 reads it."""
    return replace(plan, centers=tuple(settings_for_v0_1_0(one) for one in plan.centers))


def settings_for_v0_1_0(settings: Mapping[str, Any]) -> dict[str, Any]:
    """One center's settings as v0.1.0 reads them."""
    return {V0_1_0.get(key, key): value for key, value in settings.items() if key not in UNKNOWN_TO_V0_1_0}


def as_toml(settings: Mapping[str, Any]) -> str:
    """Settings as a file for the command line of either release."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in settings.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)  # a JSON string or number is a TOML one
