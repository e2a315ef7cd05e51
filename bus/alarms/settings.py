"""Settings of alarms: how patient they are, and who is told."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bus.alarms.incidents import Rules
from bus.http.address import THIS_MACHINE, is_private

Seconds = Annotated[int, Field(ge=1, le=86_400)]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,<>\"]+@[^@\s,<>\"]+$", max_length=254)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Webhook(_Part):
    """A receiver of signed HTTP requests (Standard Webhooks)."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]
    secret_file: Path
    """The file with the secret (``whsec_…``) by which the receiver knows our requests."""
    ca_file: Path | None = None
    """PEM file of the authority of the receiver's certificate; none: those that the system trusts."""

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        if not is_private(self.url):
            raise ValueError("beyond this machine it needs https://")
        return self


class Mail(_Part):
    """A mail server, and who is told by it."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$", max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``none``: in clear, at this machine alone."""
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: Address
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.security == "none" and self.host not in THIS_MACHINE:
            raise ValueError("beyond this machine it needs TLS")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together")
        return self


class AlarmSettings(_Part):
    """One file of settings."""

    open_after_seconds: Seconds = 15
    """For how long a finding must stand until its incident opens."""
    clear_after_seconds: Seconds = 60
    """For how long it must be gone until its incident is cleared."""
    remind_after_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] = 3600
    """Between two reminders of an incident that nobody has taken."""
    least: Literal["attention", "fault"] = "attention"
    """From which severity on a finding becomes an incident."""
    webhooks: Annotated[tuple[Webhook, ...], Field(max_length=8)] = ()
    mail: Mail | None = None

    @model_validator(mode="after")
    def _have_names_of_their_own(self) -> Self:
        names = [one.name for one in self.webhooks]
        if len(set(names)) < len(names) or "mail" in names:
            raise ValueError("each webhook needs a name of its own, and none is called mail")
        return self

    @property
    def rules(self) -> Rules:
        """The patience, as the machine takes it."""
        return Rules(self.open_after_seconds * 1000, self.clear_after_seconds * 1000, self.remind_after_seconds * 1000)
