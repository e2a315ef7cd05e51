"""The integrity of an installed plug-in: the hash of its RECORD, and the files that differ from it."""

import csv
import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A distribution that offers an adapter."""

    name: str
    version: str
    digest: str
    """SHA-256 of its RECORD, which lists the hash of each file; empty if it has no RECORD."""
    altered: tuple[str, ...]
    """Files that are missing or changed since the installation."""


def plug_in(installed: Distribution) -> PlugIn:
    """Inspect an installed distribution and its files."""
    record = installed.read_text("RECORD")
    if not record:
        return PlugIn(installed.name, installed.version, "", ())
    altered = tuple(
        name
        for name, told, *_ in csv.reader(record.splitlines())
        if told and not _is(Path(str(installed.locate_file(name))), told)
    )
    return PlugIn(installed.name, installed.version, hashlib.sha256(record.encode()).hexdigest(), altered)


def _is(path: Path, told: str) -> bool:
    """Whether a file has the hash in RECORD: ``sha256=…`` in base64 without padding."""
    method, _, wanted = told.partition("=")
    try:
        digest = hashlib.new(method, path.read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return urlsafe_b64encode(digest).rstrip(b"=").decode() == wanted
