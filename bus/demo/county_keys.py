"""The keys of a county for a test or a demo: the operator's key, a key for each center and its store, and the
directory.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bus.contract.facts import is_ledger
from bus.ledger.handlers import READS
from bus.security import directory, key_request
from bus.security.directory import Directory, Mark
from bus.security.keyring import Keyring, new_keyring, write_keyring
from bus.security.master_key import new_master_key
from bus.security.private_file import write_private


def listed(
    known: Directory, keyring: Keyring, now: datetime, url: str | None = None, reads: tuple[str, ...] | None = None
) -> Directory:
    """The next directory, which lists the center's newest key, and what it reads."""
    return key_request.listed(known, key_request.read(key_request.new_request(keyring, url, reads)), now)


def county_keys(
    folder: Path, centers: Mapping[str, str | None], arbiter: str | None = None, reads: tuple[str, ...] | None = None
) -> Mapping[str, Mapping[str, Any]]:
    """Make the keys in ``folder``, for each center and the URL where it serves its files, and mark the ``arbiter``.
    ``reads``: what each center reads that v0.1.0 did not have. Returns the ``trust`` settings of each center."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    operator, known = new_keyring("operator", now), directory.empty(now)
    settings = {}
    for center, url in centers.items():
        keyring, path = new_keyring(center, now), folder / f"{center}.keys.json"
        write_keyring(path, keyring)
        known = listed(known, keyring, now, url, READS if is_ledger(center) else reads)
        settings[center] = {
            "keys": str(path),
            "directory": str(folder / "county.directory"),
            "operator": str(folder / "operator.pub"),
        }
    if arbiter is not None:
        known = known.with_marks({arbiter: (Mark.ARBITER,)}, now)
    write_keyring(folder / "operator.keys.json", operator)
    (folder / "operator.pub").write_text(operator.keys[-1].public.model_dump_json())
    (folder / "county.directory").write_bytes(directory.written(known, operator.keys[-1]))
    return settings


def store_keys(folder: Path, centers: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Make a master key for each center's store, in ``folder``. Returns the ``at_rest`` settings of each center."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {}
    for center in centers:
        path = folder / f"{center}.master"
        write_private(path, new_master_key())
        settings[center] = {"key": str(path)}
    return settings


def keys_of_county(
    folder: Path, centers: Mapping[str, str | None], arbiter: str | None = None, reads: tuple[str, ...] | None = None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """All keys of a county. Returns the ``trust`` and the ``at_rest`` settings of each center."""
    return county_keys(folder, centers, arbiter, reads), store_keys(folder, centers)
