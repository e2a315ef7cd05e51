"""The persons on duty of a chaos county, and how one of them signs a command."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bus.contract import signed_document
from bus.contract.ids import new_id
from bus.contract.staff_command import Act, StaffCommand
from bus.security import directory
from bus.security.cipher_suite import COMMAND
from bus.security.keyring import OwnKey, new_keyring, read_keyring, write_keyring
from bus.security.staff import Role
from bus.security.staff_listing import LONGEST, staff_listed

OPERATOR, ADMINISTRATOR = "staff-otto", "staff-anna"
ROLES = {OPERATOR: Role.OPERATOR, ADMINISTRATOR: Role.ADMINISTRATOR}


def list_persons(folder: Path) -> dict[str, OwnKey]:
    """Make the persons' keys in the folder of the county's keys, and list them in its directory."""
    operator = read_keyring(folder / "operator.keys.json").keys[-1]
    path, now = folder / "county.directory", datetime.now(UTC)
    known, keys = directory.read_file(path, operator.public), {}
    for person, role in ROLES.items():
        ring = new_keyring(person, now)
        write_keyring(folder / f"{person}.keys.json", ring)
        keys[person] = ring.keys[-1]
        known = staff_listed(known, keys[person].public, role, now + LONGEST, now)
    path.write_bytes(directory.written(known, operator))
    return keys


def command_of(key: OwnKey, center: str, act: Act, **fields: Any) -> StaffCommand:
    """A command of now."""
    given: dict[str, Any] = {
        "id": new_id(),
        "center": center,
        "made": datetime.now(UTC),
        "by": key.public.kid,
        "why": "drill",
    }
    return StaffCommand(act=act, **(given | fields))


def signed(key: OwnKey, command: StaffCommand) -> bytes:
    """The command as it travels."""
    body = command.encoded()
    return signed_document.join(body, [key.signed(body, COMMAND)])
