"""A center's settings: one TOML file, and the environment for secrets. Checked as a whole."""

import base64
import re
import secrets
import tomllib
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bus.clocks.written import FAULTS as CLOCK_FAULTS
from bus.clocks.written import ClockSettings
from bus.contract.types import CENTER_PATTERN, CenterName

_Url = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+]*://\S+$", max_length=500)]


def without_password(url: str) -> str:
    """A URL fit for display: without its login, and without a password among its options."""
    hidden = re.sub(r"://\S*@", "://…@", url)
    return re.sub(r"((?:password|passwd|sslpassword|token)=)[^&\s]*", r"\1…", hidden, flags=re.IGNORECASE)


class _WithoutPasswords:
    """Hides the passwords of its URLs when it is printed: a careless print stays in a log for ever."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        shown: Iterable[tuple[str | None, Any]] = super().__repr_args__()  # type: ignore[misc]  # of pydantic's model
        for name, value in shown:
            yield name, without_password(value) if isinstance(value, str) else value


class _Part(_WithoutPasswords, BaseModel):
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

    url: _Url
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
    weights: Annotated[tuple[Annotated[int, Field(ge=0, le=1000)], ...], Field(min_length=5, max_length=5)] = (
        0, 0, 600, 800, 1000,
    )  # fmt: skip
    """The weight of each grade in thousandths, the worst first."""


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


class CenterSettings(_WithoutPasswords, BaseSettings):
    """Everything one ``bus run`` needs. Environment variables ``BUS_…`` win over the file (``BUS_BACKEND__TOKEN``)."""

    model_config = SettingsConfigDict(
        env_prefix="BUS_", env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    center: CenterName
    adapter: Annotated[str, StringConstraints(pattern=r"^([a-zA-Z_][\w.]*)?$")] = ""
    """The adapter's package; by default the one that is installed for the kind (``bus/sdk/discovery.py``)."""
    store: _Url
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
        return env_settings, InitSettingsSource(settings_cls, _OldEnvironment.by_new_names()), init_settings

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.intake_secret.get_secret_value() == "":
            raise ValueError("intake_secret is missing: set BUS_INTAKE_SECRET (bus doctor --new-secret makes one)")
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


class BadSettings(ValueError):
    """Invalid settings. ``faults``: (where, what is wrong in Chinese, in English), all of them at once."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {en}" for where, _, en in faults))
        self.faults = faults


_WORDS = {
    "missing": ("缺少这一项", "this setting is missing"),
    "extra_forbidden": ("没有这一项，请检查拼写", "there is no such setting; check its spelling"),
    "string_pattern_mismatch": ("格式不对", "wrong format"),
    **CLOCK_FAULTS,
}


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


class _OldEnvironment(BaseSettings):
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


def load(path: Path | None, **given: Any) -> CenterSettings:  # noqa: ANN401 - whatever the settings hold
    """Read settings from a TOML file, the environment and ``given``. Raises ``BadSettings`` with every fault. Old names
    are read with a ``FutureWarning``."""
    try:
        from_file = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except OSError as error:
        raise BadSettings([(str(path), "读不到这个文件", error.strerror or "cannot be read")]) from None
    except (ValueError, RecursionError) as error:
        raise BadSettings([(str(path), "不是正确的 TOML 文件", f"is not TOML: {error}")]) from None
    try:
        return CenterSettings(**with_new_names(from_file | given))
    except ValidationError as error:
        raise BadSettings([_fault(item) for item in error.errors(include_input=False, include_url=False)]) from None


def _fault(item: Any) -> tuple[str, str, str]:  # noqa: ANN401 - pydantic's own shape
    where = ".".join(str(part) for part in item["loc"]) or "settings"
    zh, en = _WORDS.get(item["type"], (f"不正确：{item['msg']}", item["msg"]))
    if where.endswith(("center", "to")):
        zh, en = (
            f"{zh}，应形如 media_center-150402",
            f"{en}, expected for example media_center-150402 ({CENTER_PATTERN})",
        )
    return where, zh, en
