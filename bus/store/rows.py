"""Rows as they are written, of tables whose queries fill a file of their own."""

from typing import NamedTuple


class CaseRow(NamedTuple):
    """A record as it stands in the store, with what is looked for beside it."""

    case_id: str
    number: str
    origin: str
    holder: str
    version: int
    status: str
    opened_ms: int
    changed_ms: int
    sensitive: bool
    record: str
    offerer: str | None


class LinkRow(NamedTuple):
    """Which case belongs to a record of the center's own system."""

    system: str
    native_id: str
    case_id: str


class JournalLine(NamedTuple):
    """What happened to a case, and who held it then, as this center knew."""

    case_id: str
    at_ms: int
    way: str
    kind: str
    peer: str
    message_id: str | None
    holder: str = ""
    version: int = 0
    note: str = ""


class HeldRow(NamedTuple):
    """A message that came too early."""

    peer: str
    case_id: str
    sequence: int
    body: bytes
    at_ms: int
