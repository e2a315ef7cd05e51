"""Where a county's console finds the centers' operators' doors, and the key with which it knocks.

The file is a small TOML of its own, since the county's file is read by programs of v0.1.0, too::

    ca_file = "/etc/bus/county-ca.pem"

    [doors]
    media_center-150402 = "https://media.county.example:8443"
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus.cli.options import require_permission
from bus.cli.output import USAGE, Output
from bus.console.doors import Doors, why_no_key
from bus.contract.facts import is_ledger
from bus.contract.types import CenterName
from bus.http.address import is_private
from bus.runtime.center_doors import CenterDoors
from bus.security.keyring import OwnKey, read_keyring
from bus.settings import BadSettings, CenterSettings
from bus.settings.file import written_in


class DoorsFile(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doors: Annotated[Mapping[CenterName, str], Field(min_length=1, max_length=500)]
    """Center → the address of its HTTP server, such as ``https://media.county.example:8443``."""
    ca_file: Path | None = None
    """PEM file of the county's own authority."""


@contextmanager
def doors_of(output: Output, settings: CenterSettings, key: Path | None, file: Path | None) -> Iterator[Doors]:
    """The doors of this county; none where neither key nor file is named. Raises ``BadSettings``, ``KeyUnusable``."""
    if key is None and file is None:
        yield Doors(None, (), _nowhere, lambda: datetime.now(UTC))
        return
    if key is None or file is None:
        output.fail("--staff-key 与 --doors 须同时给出", "give both --staff-key and --doors", USAGE)
    if not is_ledger(settings.center):
        output.fail(
            "只有总账的控制台能查看各中心：请用总账的配置文件",
            "a ledger's console alone looks into other centers: give the ledger's settings",
            USAGE,
        )
    given, own = _read(file), _key(output, key)
    try:
        client = CenterDoors(given.doors, given.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings([("ca_file", f"读不到证书：{type(error).__name__}", type(error).__name__)]) from None
    try:
        yield Doors(own, tuple(given.doors), client.post, lambda: datetime.now(UTC))
    finally:
        client.close()


def _read(file: Path) -> DoorsFile:
    require_permission(file)
    try:
        given = DoorsFile.model_validate(written_in(file))
    except ValidationError as error:
        where = {".".join(map(str, one["loc"])) for one in error.errors(include_input=False, include_url=False)}
        raise BadSettings([(name, "写法不对", "it is written wrongly") for name in sorted(where)]) from None
    wrong = [center for center, url in given.doors.items() if not is_private(url)]
    if wrong:
        raise BadSettings([(f"doors.{one}", "须为 https:// 地址", "it must be an https:// address") for one in wrong])
    return given


def _key(output: Output, path: Path) -> OwnKey:
    own = read_keyring(path).keys[-1]
    if (why := why_no_key(own)) is not None:
        output.fail(f"{path}：{why.zh}", f"{path}: {why.en}", USAGE)
    return own


def _nowhere(_center: str, _raw: bytes) -> tuple[int, Mapping[str, Any]]:
    raise AssertionError("there are no doors")
