"""A snapshot of one center's store as plain rows, with the views that rules share.

Only ``Known.record``, the bodies and the archive hold residents' data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from pydantic_core import from_json

from bus.store import parked


class Line(NamedTuple):
    """One line of a center's journal; see ``bus.store.tables.journal``."""

    case: str
    at_ms: int
    way: str
    kind: str
    peer: str
    message: str | None
    holder: str
    version: int
    note: str


class Known(NamedTuple):
    """One case as a center knows it; ``record`` is the custody record's JSON."""

    case: str
    origin: str
    holder: str
    version: int
    status: str
    record: str


class Owed(NamedTuple):
    """A message in the outbox."""

    message: str
    recipient: str
    case: str
    sequence: int
    kind: str
    state: str
    body: bytes


class Applied(NamedTuple):
    """The inbox's row of one message."""

    peer: str
    case: str
    sequence: int
    message: str
    verdict: str
    code: str | None


class Kept(NamedTuple):
    """A message in the archive, as it travelled: ``way`` is ``said`` or ``heard``."""

    way: str
    message: str
    peer: str
    case: str
    kind: str
    body: bytes


class Held(NamedTuple):
    """A message held back because an earlier message is missing."""

    peer: str
    case: str
    sequence: int
    body: bytes


class Task(NamedTuple):
    """A task in the inbox."""

    message: str
    case: str
    source: str
    kind: str
    state: str
    body: bytes


class Parked(NamedTuple):
    """A parked item."""

    place: str
    code: str
    digest: str
    peer: str | None
    case: str | None
    message: str | None
    body: bytes = b""
    """Empty where the bytes are kept elsewhere, or nowhere."""


class Taken(NamedTuple):
    """A form that was taken; ``answer`` is the JSON answer to its sender."""

    form: str
    native_id: str
    digest: str
    answer: str


class Lane(NamedTuple):
    """The marks of one lane, both ways."""

    peer: str
    case: str
    sent: int
    applied: int


@dataclass(frozen=True)
class Snapshot:
    """One center's store at one moment. Journal lines are in the order in which they were written."""

    journal: Sequence[Line] = ()
    cases: Sequence[Known] = ()
    outbox: Sequence[Owed] = ()
    applied: Sequence[Applied] = ()
    held: Sequence[Held] = ()
    work: Sequence[Task] = ()
    parked: Sequence[Parked] = ()
    taken: Sequence[Taken] = ()
    lanes: Sequence[Lane] = ()
    archive: Sequence[Kept] = ()
    owed: int = 0
    """Receipts and errors that have not left."""
    counted: int | None = None
    """How many cases the store says it has, without looking at each; None of a store that keeps no count."""

    @cached_property
    def by_case(self) -> dict[str, Known]:
        """Case → its row here."""
        return {known.case: known for known in self.cases}

    def record(self, case: str) -> dict[str, Any]:
        """A case's custody record, as parsed JSON. Raises KeyError for an unknown case."""
        return _parsed(self.by_case[case].record)

    @cached_property
    def beliefs(self) -> set[tuple[str, int, str]]:
        """(case, version, holder): every holder that this center has ever believed in."""
        found = {(line.case, line.version, line.holder) for line in self.journal if line.version}
        return found | {(known.case, known.version, known.holder) for known in self.cases}

    @cached_property
    def said(self) -> dict[str, Line]:
        """Message → the line of its sending."""
        return {line.message: line for line in self.journal if line.way == "said" and line.message}

    @cached_property
    def arrived(self) -> dict[str, Line]:
        """Message → the line of its first arrival, in order: heard, superseded or refused."""
        found: dict[str, Line] = {}
        for line in self.journal:
            if line.way in ARRIVALS and line.message:
                found.setdefault(line.message, line)
        return found

    @cached_property
    def in_outbox(self) -> dict[str, Owed]:
        """Message → its row in the outbox."""
        return {owed.message: owed for owed in self.outbox}

    @cached_property
    def remembered(self) -> dict[str, Applied]:
        """Message → its row in the inbox."""
        return {row.message: row for row in self.applied}

    @cached_property
    def by_form(self) -> dict[tuple[str, str], Taken]:
        """(form, native id) → the taken form."""
        return {(row.form, row.native_id): row for row in self.taken}

    @cached_property
    def given_up(self) -> set[str]:
        """Messages that an operator has discarded, or has sent anew under another id after a refusal."""
        return {
            line.message
            for line in self.journal
            if line.message and (line.way == "discarded" or (line.way == "replayed" and line.kind == parked.PEER))
        }

    @cached_property
    def parked_cases(self) -> set[str]:
        """Cases with a parked item here."""
        return {row.case for row in self.parked if row.case}


@lru_cache(maxsize=10_000)
def _parsed(record: str) -> dict[str, Any]:
    """Not cached for all: parsed, the records of an hour's soak would fill 10 GB."""
    parsed: dict[str, Any] = from_json(record, cache_strings="keys")
    return parsed


ARRIVALS = frozenset({"heard", "superseded", "refused"})
"""The journal's words for the arrival of a message."""
