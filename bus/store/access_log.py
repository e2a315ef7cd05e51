"""The access log, as a hash chain: who has read residents' data, and what persons on duty have done. Each entry holds
the digest of the one before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from bus.store import tables as t
from bus.store.database import Tx

START = b"\0" * 32
"""The digest before the first entry."""
_TOLD = ("at_ms", "who", "what", "case_id", "why")
_A = t.accesses.c
_ENTRIES = select(_A.id, *(_A[name] for name in _TOLD), _A.before, _A.digest)


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of the access log."""

    number: int
    at_ms: int
    who: str
    what: str
    case_id: str
    why: str
    before: bytes
    digest: bytes

    @property
    def whole(self) -> bool:
        """Whether the entry's digest matches its content."""
        return self.digest == _digest(self.before, {name: getattr(self, name) for name in _TOLD})


def _entry(row: Any) -> Access:  # noqa: ANN401 - a row of the table
    return Access(*(*row[:6], bytes(row[6]), bytes(row[7])))


def note(tx: Tx, *, at_ms: int, who: str, what: str, case_id: str, why: str) -> bytes:
    """Write an access down, before anything is shown. Returns the chain's new head. Of two written at the same moment
    one fails: two entries may not have the same predecessor."""
    before = head(tx)
    told = {"at_ms": at_ms, "who": who[:64], "what": what, "case_id": case_id, "why": why[:200]}
    digest = _digest(before, told)
    tx.execute(insert(t.accesses).values(**told, before=before, digest=digest))
    return digest


def head(tx: Tx) -> bytes:
    """The digest of the newest entry."""
    found = tx.execute(select(t.accesses.c.digest).order_by(t.accesses.c.id.desc()).limit(1)).scalar()
    return START if found is None else bytes(found)


def entries(tx: Tx, case_id: str | None = None) -> Iterator[Access]:
    """All entries, or those of one case, oldest first."""
    query = _ENTRIES.order_by(_A.id)
    for row in tx.execute(query if case_id is None else query.where(_A.case_id == case_id)):
        yield _entry(row)


def page(tx: Tx, before: int, limit: int) -> list[Access]:
    """The entries before this number, the newest first; 0: the newest of all."""
    query = _ENTRIES.order_by(_A.id.desc()).limit(limit)
    return [_entry(row) for row in tx.execute(query.where(_A.id < before) if before else query)]


class Mark(NamedTuple):
    """How far the chain was checked: the entry's number and digest."""

    number: int = 0
    digest: bytes = START


class Checked(NamedTuple):
    """What a check of the next entries has found."""

    mark: Mark
    """Where the next check goes on."""
    broken: Sequence[int]
    """The numbers of entries that were altered, or that follow a missing one."""
    more: bool
    """Whether there are entries after these."""


def stands(tx: Tx, mark: Mark) -> bool:
    """Whether the entry of a mark is still there as it was."""
    if mark == Mark():
        return True
    found = tx.execute(select(_A.digest).where(_A.id == mark.number)).scalar()
    return found is not None and bytes(found) == mark.digest


def check(tx: Tx, after: Mark, limit: int) -> Checked:
    """Check the next entries after a mark, so that a long log is not read from its beginning each time."""
    rows = [_entry(row) for row in tx.execute(_ENTRIES.where(_A.id > after.number).order_by(_A.id).limit(limit))]
    before, found = after.digest, []
    for one in rows:
        if one.before != before or not one.whole:
            found.append(one.number)
        before = one.digest
    mark = Mark(rows[-1].number, before) if rows else after
    return Checked(mark, found, len(rows) == limit)


def broken(tx: Tx, known: bytes | None = None) -> list[int]:
    """The numbers of entries that were altered or that follow a missing one. 0 stands for a lost head: ``known`` is no
    longer in the chain, so its end was cut off or all of it was rewritten."""
    found, before, seen = [], START, {START}
    for one in entries(tx):
        if one.before != before or not one.whole:
            found.append(one.number)
        before = one.digest
        seen.add(before)
    return found if known is None or known in seen else [*found, 0]


def _digest(before: bytes, told: Mapping[str, Any]) -> bytes:
    line = json.dumps([told[name] for name in _TOLD], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + line.encode()).digest()
