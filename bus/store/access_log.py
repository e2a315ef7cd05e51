"""The access log of residents' data, as a hash chain: each entry holds the digest of the one before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from bus.store import tables as t
from bus.store.database import Tx

START = b"\0" * 32
"""The digest before the first entry."""
_TOLD = ("at_ms", "who", "what", "case_id", "why")


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
    a = t.accesses.c
    query = select(a.id, *(a[name] for name in _TOLD), a.before, a.digest).order_by(a.id)
    for row in tx.execute(query if case_id is None else query.where(a.case_id == case_id)):
        yield Access(*row[:6], bytes(row[6]), bytes(row[7]))


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
