"""Row types of tables whose queries fill a file of their own."""

from typing import NamedTuple


class CaseRow(NamedTuple):
    """A stored record with its searchable columns."""

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
    due_ms: int | None
    resolved_ms: int | None
    closed_ms: int | None
    reopened_ms: int | None
    rated_ms: int | None
    grade: int | None
    outcome: str | None
    instant: bool | None
    hand_overs: int | None
    division: str | None
    project: str | None
    claimed_ms: int | None
    taken_ms: int | None
    contacted_ms: int | None
    first_right: bool | None
    called_back_ms: int | None
    solved: bool | None
    answered_again_ms: int | None
    category: str
    street: str
    offered_ms: int | None


class LinkRow(NamedTuple):
    """The link from a record of the center's own system to a case."""

    system: str
    native_id: str
    case_id: str


class JournalLine(NamedTuple):
    """One event of a case, with its holder as known here at that time."""

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
