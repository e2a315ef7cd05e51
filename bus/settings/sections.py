"""The sections of a center's settings."""

import re
from collections.abc import Iterable
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from bus.contract.types import CenterName
from bus.figures.period import Reckoning

Url = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+]*://\S+$", max_length=500)]
"""A URL as the settings take it."""


def without_password(url: str) -> str:
    """A URL fit for display: without its login, and without a password among its options."""
    hidden = re.sub(r"://\S*@", "://…@", url)
    return re.sub(r"((?:password|passwd|sslpassword|token)=)[^&\s]*", r"\1…", hidden, flags=re.IGNORECASE)


class WithoutPasswords:
    """Hides the passwords of its URLs when it is printed: a careless print stays in a log for ever."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        shown: Iterable[tuple[str | None, Any]] = super().__repr_args__()  # type: ignore[misc]  # of pydantic's model
        for name, value in shown:
            yield name, without_password(value) if isinstance(value, str) else value


class _Part(WithoutPasswords, BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Route(_Part):
    """Cases of ``category`` in ``division`` go to ``to``. A ``*`` at the end stands for any rest."""

    to: CenterName
    category: str = "*"
    division: str = "*"

    def fits(self, category: str, division: str) -> bool:
        """Whether this route is for such a case."""
        return _like(self.category, category) and _like(self.division, division)


def _like(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


class Facts(_Part):
    """What the county's ledger is told of each case: labels, moments and grades."""

    ledger: CenterName | None = None
    """The ledger's name (``ledger-150402``); none: nobody is told. It is told only once the county's directory says
    that it reads facts."""
    keep: Annotated[int, Field(ge=1000, le=10_000_000)] = 100_000
    """Changes of cases that are kept for a ledger that is away."""
    keep_days: Annotated[int, Field(ge=1, le=365)] = 7


class Http(_Part):
    """The center's own HTTP server (intake, attachments, health, metrics)."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = ""
    """The URL at which other centers reach it, for attachments; empty: they cannot."""
    requests_per_second: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Per address; beyond it the answer is 429."""
    connections: Annotated[int, Field(ge=16, le=10_000)] = 320
    """Most connections at once. Beyond it an idle one is closed; with nine tenths of them busy, intake answers 503,
    health does not."""


class Backend(_Part):
    """The center's own system."""

    url: Url
    token: SecretStr = SecretStr("")
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0


class Tls(_Part):
    """TLS to the broker beyond the system's defaults: the county's own authority, and this center's certificate."""

    ca: Path | None = None
    """The authority that signs the broker's certificate; without it the system's authorities count."""
    certificate: Path | None = None
    """The certificate of this center's login (EXTERNAL), where ``broker`` names no password: its common name is the
    center."""
    key: Path | None = None
    """The certificate's key, readable by the service's user alone."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: name both or neither")
        return self


class AtRest(_Part):
    """Encryption at rest: protects the store from readers of its disk or a backup."""

    key: Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=500)]
    """The master key: a file readable by the service's user alone (`bus keys master`), ``credential:NAME`` of systemd,
    or ``provider:package.module:function`` for a hardware module."""


class Retention(_Part):
    """How long a center keeps what it no longer needs."""

    erase_after_days: Annotated[int, Field(ge=1, le=36500)]
    """Days after its last change until a closed case is erased: the resident's data become unreadable, figures stay.
    Not before ``keep_days``: until then a peer restored from a backup may ask for it."""
    erase_sensitive_after_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """The same for cases of children and patients, sooner; without it they stay as long as all others."""

    @property
    def terms(self) -> list[tuple[int, bool]]:
        """The terms: days until erasure, and whether a term holds only for sensitive cases."""
        sooner = self.erase_sensitive_after_days
        return [(self.erase_after_days, False), *([(sooner, True)] if sooner is not None else [])]

    @property
    def soonest(self) -> int:
        """The shortest term in days."""
        return min(days for days, _ in self.terms)


class Quotas(_Part):
    """How much of one peer's this center takes at once. Messages beyond a quota are put off: the peer keeps them and
    sends them again. The quotas are generous: no honest peer comes near, and both operators see the code ``quota`` if
    one does."""

    held_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 40)] = 256 << 20
    """Bytes of one peer's messages that wait for an earlier one."""
    open_offers: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Offers of one peer that this center has not answered."""
    assists_per_case: Annotated[int, Field(ge=1, le=200)] = 50
    """Requests for help in one case that this center has not answered."""
    facts_a_day: Annotated[int, Field(ge=10_000, le=1_000_000_000)] = 2_000_000
    """At a ledger: facts, states and sums of one center in a day."""


class Operations(_Part):
    """The door for persons on duty at this center, whatever rights the county's directory gives them."""

    closed: bool = False
    """Nobody gives commands from elsewhere. Those on the center's machine stay."""
    highest: Literal["viewer", "operator", "administrator"] = "administrator"
    """The highest role that counts here: who has a higher one may do as much."""


class Figures(_Part):
    """How the county reckons its figures (``bus stats``); days are days of the calendar."""

    month_begins: Annotated[int, Field(ge=1, le=28)] = 1
    """The day on which a month begins; from 2 on a day of the calendar month before (19: from the 19th)."""
    day_begins: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"
    """When a day begins, in China's time."""
    rating_days: Annotated[int, Field(ge=1, le=365)] = 5
    """Days that a resident may take to rate."""
    reopening_days: Annotated[int, Field(ge=1, le=365)] = 15
    """Days within which a case may be opened again."""
    contact_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """Hours that the first holder may take to speak to the resident."""
    rework_days: Annotated[int, Field(ge=1, le=365)] = 15
    """Days within which a rating of 1 or 2 is followed by a new answer."""
    weights: Annotated[tuple[Annotated[int, Field(ge=0, le=1000)], ...], Field(min_length=5, max_length=5)] = (
        0, 0, 600, 800, 1000,
    )  # fmt: skip
    """The weight of each grade in thousandths, the worst first."""
    rater_weights: Annotated[tuple[Annotated[int, Field(ge=0, le=1000)], ...], Field(min_length=4, max_length=4)] = (
        1000, 1000, 1000, 1000,
    )  # fmt: skip
    """The weight of each kind of rater in the combined figure, in thousandths: resident, self, masses, survey."""
    counted_in: Annotated[str, StringConstraints(pattern=r"^([0-9]{4}00)?$")] = ""
    """For an organisation without a county above it (railway police, a court of the region): the code of the region or
    city, such as 150000. Its cases count there, and in no county below. Empty: each case counts where it is."""

    def reckoning(self) -> Reckoning:
        """How the county reckons."""
        return Reckoning(
            month_begins=self.month_begins,
            day_begins=time.fromisoformat(self.day_begins),
            rating_days=self.rating_days,
            reopening_days=self.reopening_days,
            weights=self.weights,
            rater_weights=self.rater_weights,
            contact_hours=self.contact_hours,
            rework_days=self.rework_days,
            counted_in=self.counted_in,
        )


class Trust(_Part):
    """The keys that count: this center's own, and the county's directory of all public keys (``bus keys``)."""

    keys: Path
    """The key file, readable by the service's user alone."""
    directory: Path
    """The directory, signed by the county's operator; read again whenever it changes."""
    operator: Path
    """The operator's public key."""
    required: bool = True
    """Whether unsigned messages are refused; false only while a county introduces signatures."""
