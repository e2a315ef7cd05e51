"""A center's settings: one TOML file, and the environment for secrets. Checked as a whole."""

from bus.settings.center import CenterSettings, fresh_secret
from bus.settings.faults import BadSettings
from bus.settings.file import load
from bus.settings.old_names import OLD_NAMES, with_new_names
from bus.settings.sections import (
    AtRest,
    Backend,
    Facts,
    Figures,
    Http,
    Operations,
    Quotas,
    Retention,
    Route,
    Tls,
    Trust,
    without_password,
)

__all__ = [
    "OLD_NAMES",
    "AtRest",
    "Backend",
    "BadSettings",
    "CenterSettings",
    "Facts",
    "Figures",
    "Http",
    "Operations",
    "Quotas",
    "Retention",
    "Route",
    "Tls",
    "Trust",
    "fresh_secret",
    "load",
    "with_new_names",
    "without_password",
]
