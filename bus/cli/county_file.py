"""The county file: which centers there are, and where an operator reaches the broker's management API."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bus.cli.options import require_permission
from bus.contract.types import CenterName
from bus.security.passwords import is_weak
from bus.security.permission import Readers, why_unreadable
from bus.settings import BadSettings
from bus.settings.file import written_in
from bus.settings.plain import plain
from bus.transports.topology.apply import QueueLimits, Topology, plan
from bus.transports.topology.management_api import ManagementApi

CountyFile = Annotated[Path, typer.Option("--file", readable=False, help="全县的配置文件 / the county's file")]
COUNTY = Path("deploy/county.toml")


class BoundsGiven(BaseModel):
    """The bounds that the county sets otherwise than ``Bounds`` does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inbox_bytes: Annotated[int, Field(gt=0)] | None = None
    dead_letter_bytes: Annotated[int, Field(gt=0)] | None = None
    delivery_limit: Annotated[int, Field(gt=0)] | None = None
    journal_days: Annotated[int, Field(gt=0)] | None = None
    journal_bytes: Annotated[int, Field(gt=0)] | None = None
    journal_segment_bytes: Annotated[int, Field(gt=0)] | None = None
    max_connections: Annotated[int, Field(gt=0)] | None = None


class CountySettings(BaseSettings):
    """What an operator's commands need. Environment variables ``BUS_…`` win over the file."""

    model_config = SettingsConfigDict(env_prefix="BUS_", frozen=True, extra="forbid", hide_input_in_errors=True)

    centers: Annotated[tuple[CenterName, ...], Field(min_length=1)]
    management_url: str = "http://127.0.0.1:15672"
    management_user: str = "operator"
    management_password: SecretStr = SecretStr("")
    """From ``BUS_MANAGEMENT_PASSWORD``; it has no place in a file."""
    vhost: str = "/"
    ca_file: Path | None = None
    """PEM file of the county's own authority, for an ``https://`` management URL."""
    auditor: str | None = "auditor"
    """The broker user that may read the journal and nothing else."""
    center_passwords: dict[str, SecretStr] = {}
    """Broker passwords by user: ``BUS_CENTER_PASSWORDS``, a JSON object."""
    passwords_file: Path | None = None
    """The same as a JSON object in a file of the operator's."""
    bounds: BoundsGiven = BoundsGiven()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file."""
        return env_settings, init_settings

    def topology(self) -> Topology:
        """What must stand. Raises ``BadSettings``."""
        try:
            bounds = QueueLimits(**self.bounds.model_dump(exclude_none=True))
            return plan(self.centers, bounds=bounds, auditor=self.auditor)
        except ValueError as error:
            raise BadSettings([("centers", f"不正确：{error}", str(error))]) from None

    def admin(self) -> ManagementApi:
        """A session at the broker's management API. Raises ``BadSettings``."""
        if not self.management_password.get_secret_value():
            raise BadSettings(
                [("management_password", "请设置环境变量 BUS_MANAGEMENT_PASSWORD", "set BUS_MANAGEMENT_PASSWORD")]
            )
        try:
            return ManagementApi(
                self.management_url,
                self.management_user,
                self.management_password.get_secret_value(),
                self.vhost,
                ca_file=str(self.ca_file) if self.ca_file else None,
            )
        except (ValueError, OSError) as error:
            raise BadSettings([("management_url", f"不正确：{error}", str(error))]) from None

    def passwords(self) -> dict[str, str]:
        """The broker users' passwords that are known here. Raises ``BadSettings`` for a file that cannot be read."""
        known = {name: secret.get_secret_value() for name, secret in self.center_passwords.items()}
        if self.passwords_file is None:
            return known
        if (barred := why_unreadable(self.passwords_file, Readers.OWNER)) is not None:
            raise BadSettings([("passwords_file", *barred.words)])
        try:
            found = json.loads(self.passwords_file.read_text(encoding="utf-8"))
            return {str(name): str(password) for name, password in found.items()} | known
        except (OSError, ValueError, AttributeError) as error:
            name = type(error).__name__  # not its text: that may quote a password
            raise BadSettings(
                [("passwords_file", f"读不出 JSON 对象（{name}）", f"no JSON object could be read ({name})")]
            ) from None

    def weak_passwords(self) -> list[str]:
        """The broker users, this operator among them, whose password can be guessed. Raises as ``passwords``."""
        known = self.passwords() | {self.management_user: self.management_password.get_secret_value()}
        return sorted(user for user, password in known.items() if is_weak(password, user))


def load_county(path: Path) -> CountySettings:
    """Read the county file and the environment. Raises ``BadSettings`` with every fault."""
    require_permission(path)
    from_file = written_in(path)
    try:
        return CountySettings(**from_file)
    except ValidationError as error:
        raise BadSettings([_fault(item) for item in error.errors(include_input=False, include_url=False)]) from None


def _fault(item: Any) -> tuple[str, str, str]:  # noqa: ANN401 - pydantic's own shape
    where = ".".join(str(part) for part in item["loc"]) or "county"
    return where, *plain(item)
