"""All settings of one center, checked as a whole."""

import base64
import secrets
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bus.clocks.written import ClockSettings
from bus.contract.facts import is_ledger
from bus.contract.types import CenterName
from bus.settings.old_names import OldEnvironment
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
    Url,
    WithoutPasswords,
)

NO_SYSTEM = "https://no-system.invalid"
"""The URL in place of that of a center's own system, where there is none."""


class CenterSettings(WithoutPasswords, BaseSettings):
    """Everything one ``bus run`` needs. Environment variables ``BUS_…`` win over the file (``BUS_BACKEND__TOKEN``)."""

    model_config = SettingsConfigDict(
        env_prefix="BUS_", env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    center: CenterName
    adapter: Annotated[str, StringConstraints(pattern=r"^([a-zA-Z_][\w.]*)?$")] = ""
    """The adapter's package; by default the one that is installed for the kind (``bus/sdk/discovery.py``)."""
    store: Url
    """``sqlite:////var/lib/bus/center.db`` or ``postgresql+psycopg://user@host/database``."""
    broker: str = ""
    """``amqp://`` or ``amqps://`` URL of the county's broker, a cluster's nodes side by side
    (``amqps://user:password@one:5671,two:5671,three:5671/bus``); without a password the certificate of ``tls`` logs in.
    Empty only inside one process (demo, tests)."""
    data: Path = Path("data")
    """Folder for attachments."""
    intake_secret: SecretStr = SecretStr("")
    """``whsec_…``, shared with the center's own system (Standard Webhooks)."""
    backend: Backend
    http: Http = Http()
    production: bool = False
    """Whether real residents' cases go through this center: then it starts only without grave weaknesses
    (``bus/cli/production_checks.py``)."""
    strict: bool = False
    """Whether, in production, weaknesses that are grave since 0.2 also prevent the start; otherwise they are warned
    of."""
    tls: Tls = Tls()
    at_rest: AtRest | None = None
    """Without it the store holds cases in clear."""
    retention: Retention | None = None
    """Without it closed cases stay until an operator erases them (``bus erase``)."""
    trust: Trust | None = None
    """Without it messages are neither signed nor encrypted, and only the broker vouches for the sender."""
    quotas: Quotas = Quotas()
    clocks: ClockSettings = ClockSettings()
    """Reminders of what is due; off by default."""
    figures: Figures = Figures()
    facts: Facts = Facts()
    """The county's ledger; off by default."""
    operations: Operations = Operations()
    """What persons on duty may do here; what their roles say by default."""
    routes: tuple[Route, ...] = ()
    arbiter: CenterName | None = None
    returns_before_arbiter: Annotated[int, Field(ge=1, le=10)] = 2
    park_after: Annotated[int, Field(ge=1, le=1000)] = 12
    """Attempts at the center's own system before a task is parked."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """Days that messages are kept after their receipt: longer than the age of any backup that may be restored."""
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    """Most concurrent calls into the center's own system."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, so that secrets need not stand in it."""
        return env_settings, InitSettingsSource(settings_cls, OldEnvironment.by_new_names()), init_settings

    @model_validator(mode="before")
    @classmethod
    def _of_a_ledger(cls, given: Any) -> Any:  # noqa: ANN401 - whatever was given
        """A ledger has no system of its own: nobody submits a form to it, and it calls nobody."""
        if isinstance(given, dict) and is_ledger(str(given.get("center", ""))):
            return {"backend": {"url": NO_SYSTEM}, "intake_secret": fresh_secret()} | given
        return given

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.intake_secret.get_secret_value() == "":
            raise ValueError("intake_secret is missing: set BUS_INTAKE_SECRET (bus doctor --new-secret makes one)")
        if self.facts.ledger == self.center:
            raise ValueError("a ledger does not tell itself: [facts] names the ledger above it, or none")
        if self.retention is not None and self.at_rest is None:
            raise ValueError("retention needs at_rest: a case is erased by destroying its key")
        if self.retention is not None and self.retention.soonest < self.keep_days:
            raise ValueError("what retention erases must not be younger than keep_days")
        return self

    @property
    def kind(self) -> str:
        """The first half of the center's name."""
        return self.center.partition("-")[0]

    def find(self, category: str, division: str) -> str | None:
        """The first route that fits; never to this center itself."""
        for route in self.routes:
            if route.to != self.center and route.fits(category, division):
                return route.to
        return None


def fresh_secret() -> str:
    """A fresh intake secret of 32 random bytes, in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
