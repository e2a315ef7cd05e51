"""A center's settings: one TOML file, and the environment for what must not stand in a file. Checked as a whole."""

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

from bus.contract.types import CENTER_PATTERN, CenterName

_Url = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+]*://\S+$", max_length=500)]


def without_password(url: str) -> str:
    """A URL as it may be shown: what stands before its host, and a password among its options, is left out."""
    hidden = re.sub(r"://\S*@", "://…@", url)
    return re.sub(r"((?:password|passwd|sslpassword|token)=)[^&\s]*", r"\1…", hidden, flags=re.IGNORECASE)


class _WithoutPasswords:
    """Shows itself without the passwords of its URLs: what is printed in a hurry stays in a log for ever."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        shown: Iterable[tuple[str | None, Any]] = super().__repr_args__()  # type: ignore[misc]  # of pydantic's model
        for name, value in shown:
            yield name, without_password(value) if isinstance(value, str) else value


class _Part(_WithoutPasswords, BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Route(_Part):
    """Cases of ``category`` in ``division`` go to ``to``. ``*`` at the end stands for anything that follows."""

    to: CenterName
    category: str = "*"
    division: str = "*"

    def fits(self, category: str, division: str) -> bool:
        """Whether this route is for such a case."""
        return _like(self.category, category) and _like(self.division, division)


def _like(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


class Http(_Part):
    """Where this center's own HTTP server listens (intake, attachments, health, metrics)."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = ""
    """How other centers reach it, for attachments; empty: they cannot."""
    requests_per_second: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """From one address; who asks more often is told to come again (429)."""
    connections: Annotated[int, Field(ge=16, le=10_000)] = 320
    """How many at once. Beyond it an idle one is closed; with nine tenths of them busy the door says 503, health does
    not."""


class Backend(_Part):
    """The center's own system."""

    url: _Url
    token: SecretStr = SecretStr("")
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0


class Tls(_Part):
    """TLS to the broker beyond what the system trusts: the county's own authority, and this center's certificate."""

    ca: Path | None = None
    """Who vouches for the broker; without it the system's authorities do."""
    certificate: Path | None = None
    """With which this center logs in (EXTERNAL), where ``broker`` names no password: its common name is the center."""
    key: Path | None = None
    """The certificate's key, which nobody else may read."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: name both or neither")
        return self


class AtRest(_Part):
    """How the store is kept from whoever reads its disk or a backup."""

    key: Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=500)]
    """The master key: a file that nobody else may read (`bus keys master`), ``credential:NAME`` of systemd, or
    ``provider:package.module:function`` for a hardware module."""


class Retention(_Part):
    """For how long a center keeps what it no longer needs."""

    erase_after_days: Annotated[int, Field(ge=1, le=36500)]
    """So many days after its last change a closed case is erased: what tells of the resident becomes noise, figures
    stay. Not before ``keep_days``: until then a neighbour that was put back to a backup may ask for it."""
    erase_sensitive_after_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """The same for cases of children and of the sick, sooner; without it they stay as long as all others."""

    @property
    def terms(self) -> list[tuple[int, bool]]:
        """After how many days cases are erased, and whether it holds for sensitive ones alone."""
        sooner = self.erase_sensitive_after_days
        return [(self.erase_after_days, False), *([(sooner, True)] if sooner is not None else [])]

    @property
    def soonest(self) -> int:
        """After how many days anything is erased."""
        return min(days for days, _ in self.terms)


class Quotas(_Part):
    """How much of one neighbour's this center takes at once. What is more is put off: the neighbour keeps it and sends
    it again. Generous: no honest neighbour comes near, and both operators read ``quota`` when one does."""

    held_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 40)] = 256 << 20
    """Of one neighbour's messages that came before an earlier one and wait for it."""
    open_offers: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Of one neighbour that this center has not answered."""
    assists_per_case: Annotated[int, Field(ge=1, le=200)] = 50
    """Requests for help in one case that this center has not answered."""


class Trust(_Part):
    """Whose word counts: this center's own keys, and the county's directory of everybody's (``bus keys``)."""

    keys: Path
    """The key file, which nobody else may read."""
    directory: Path
    """As the county's operator has signed it; read again whenever it changes."""
    operator: Path
    """The operator's public key."""
    required: bool = True
    """Whether messages that nobody has signed are refused; false only while a county goes over to signatures."""


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
    """Whether residents' cases go through it: then it starts with no grave weakness
    (``bus/cli/production_checks.py``)."""
    strict: bool = False
    """Whether in production what is grave since 0.2 keeps it from starting too; without it, that is warned of."""
    tls: Tls = Tls()
    at_rest: AtRest | None = None
    """Without it cases stand in the store in clear."""
    retention: Retention | None = None
    """Without it closed cases stay until somebody erases them (``bus erase``)."""
    trust: Trust | None = None
    """Without it nothing is signed or sealed, and the broker alone tells who has sent a message."""
    quotas: Quotas = Quotas()
    routes: tuple[Route, ...] = ()
    arbiter: CenterName | None = None
    returns_before_arbiter: Annotated[int, Field(ge=1, le=10)] = 2
    park_after: Annotated[int, Field(ge=1, le=1000)] = 12
    """Attempts at the center's own system before a task is parked."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """For how many days messages are kept after their receipt: longer than any backup that may be put back is old."""
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    """How many calls into the center's own system may run at once."""

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
    """A fresh intake secret of 32 random bytes, as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class BadSettings(ValueError):
    """The settings are wrong. ``faults``: (where, what is wrong in Chinese, in English), all of them at once."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {en}" for where, _, en in faults))
        self.faults = faults


_WORDS = {
    "missing": ("缺少这一项", "this setting is missing"),
    "extra_forbidden": ("没有这一项，请检查拼写", "there is no such setting; check its spelling"),
    "string_pattern_mismatch": ("格式不对", "it has not the right form"),
}


OLD_NAMES = {"hands": "concurrency", "vendor": "backend"}
"""Settings that had another name in 0.1: the old one is read until 0.3, with a warning."""


def with_new_names(
    given: dict[str, Any], called: Callable[[str, object], str] = lambda name, _: name
) -> dict[str, Any]:
    """``given`` by the names of today; warns of each old one. ``called``: how a setting is called where it was given.
    Raises ``BadSettings`` where both names are there."""
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
    """What the environment says by old names (``BUS_HANDS``, ``BUS_VENDOR__TOKEN``), read as all of it is."""

    model_config = SettingsConfigDict(env_prefix="BUS_", env_nested_delimiter="__", extra="ignore")

    hands: str | None = None
    vendor: dict[str, Any] | None = None

    @classmethod
    def by_new_names(cls) -> dict[str, Any]:
        """The same as settings of today, with a warning for each."""
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
        zh, en = f"{zh}（例：media_center-150402）", f"{en} (for example media_center-150402, {CENTER_PATTERN})"
    return where, zh, en
