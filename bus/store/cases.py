"""Queries about cases: records, numbers, links to the center's own system, and the journal."""

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Integer, bindparam, func, select, update

from bus.contract.case import Case
from bus.custody import Record, Status
from bus.custody.bounds import read_record
from bus.store import files, opinions, waiting
from bus.store import tables as t
from bus.store.case_columns import derived
from bus.store.database import StoreUnavailable, Tx
from bus.store.encryption import MARK, encryption_of
from bus.store.inserts import insert, insert_new, upsert
from bus.store.rows import CaseRow, JournalLine, LinkRow
from bus.store.statements import Prepared, Row, among, as_list

_OF_CASES = select(t.cases.c.case_id, t.cases.c.record).where(among("ids", t.cases.c.case_id))
_READ = Prepared(lambda _: _OF_CASES)
_LOCK = Prepared(lambda _: _OF_CASES.order_by(t.cases.c.case_id).with_for_update())


@dataclass(frozen=True, slots=True)
class Loaded:
    """The stored records of some cases."""

    records: dict[UUID, Record]
    unreadable: frozenset[UUID] = frozenset()
    """Cases whose record cannot be read: damaged, or written by a faulty program."""


def load(tx: Tx, case_ids: Iterable[UUID]) -> dict[UUID, Record]:
    """The records of these cases, locked until the transaction ends. Locks are taken in one order, so writers never
    deadlock. Raises ``StoreUnavailable`` when one of the records cannot be read."""
    return _all(load_each(tx, case_ids))


def load_each(tx: Tx, case_ids: Iterable[UUID]) -> Loaded:
    """The same as ``load``; an unreadable record does not affect the others."""
    return _records(_LOCK, tx, case_ids)


def read(tx: Tx, case_ids: Iterable[UUID]) -> dict[UUID, Record]:
    """The records of these cases, not locked. Raises ``StoreUnavailable`` when one of them cannot be read."""
    return _all(read_each(tx, case_ids))


def read_each(tx: Tx, case_ids: Iterable[UUID]) -> Loaded:
    """The same as ``read``; an unreadable record does not affect the others."""
    return _records(_READ, tx, case_ids)


def _all(loaded: Loaded) -> dict[UUID, Record]:
    for case_id in loaded.unreadable:
        raise StoreUnavailable(
            f"the record of case {case_id} was altered, or cannot be read: compare with a backup", passing=False
        )
    return loaded.records


def _records(query: Prepared, tx: Tx, case_ids: Iterable[UUID]) -> Loaded:
    wanted = [str(case_id) for case_id in case_ids]
    if not wanted:
        return Loaded({})
    found = query.rows(tx, ids=as_list(wanted))
    records = _known(found) or _opened(tx, found)
    readable = {record.case.case_id: record for record in records}
    if len(readable) == len(found):
        return Loaded(readable)
    return Loaded(readable, frozenset(UUID(case_id) for case_id, _ in found) - readable.keys())


def _known(found: Sequence[Row]) -> list[Record]:
    """All records from the cache, if the stored text of each is unchanged."""
    known = [_LATELY.get(case_id) for case_id, _ in found]
    right = [one[1] for one, (_, text) in zip(known, found, strict=True) if one is not None and one[0] == text]
    return right if len(right) == len(found) else []


def _opened(tx: Tx, found: Sequence[Row]) -> list[Record]:
    said = encryption_of(tx).readable(tx, [(case_id, unpacked(text)) for case_id, text in found])
    parsed = (_parsed(case_id, text, plain) for (case_id, text), plain in zip(found, said, strict=True))
    return [record for record in parsed if record is not None]


SETTLED = ("number", "opened_ms", "category", "street")
"""Columns with indexes of their own that a case keeps from its registration on, but for the rare case told anew."""
PACKED = "~"
"""Prefix of an encrypted record, in base64 in its text column: no JSON begins so."""


def _packed(content: bytes) -> str:
    return PACKED + base64.b64encode(content).decode() if content.startswith(MARK) else content.decode()


def unpacked(text: str) -> bytes:
    """The bytes of an encrypted record's column; empty where it is damaged."""
    if not text.startswith(PACKED):
        return text.encode()
    with suppress(binascii.Error):
        return base64.b64decode(text.removeprefix(PACKED))
    return b""


_LATELY: dict[str, tuple[str, Record]] = {}
"""Cache of decoded records, keyed by case and compared by stored text. Records are immutable, and the steps read the
same one repeatedly between two changes. A change by another process has another text."""
_SO_MANY = 1000


def _parsed(case_id: str, text: str, plain: bytes | None) -> Record | None:
    lately = _LATELY.get(case_id)
    if lately is not None and lately[0] == text:
        return lately[1]
    try:
        record = read_record(plain or b"")
    except ValidationError:
        return None
    if str(record.case.case_id) != case_id:
        return None
    _remember(case_id, text, record)
    return record


def _remember(case_id: str, text: str, record: Record) -> None:
    if len(_LATELY) >= _SO_MANY:
        _LATELY.clear()
    _LATELY[case_id] = text, record


def keep(tx: Tx, records: Iterable[Record], now_ms: int) -> None:
    """Write these records, new or changed."""
    ordered = sorted(records, key=lambda r: r.case.case_id)
    said = [(str(record.case.case_id), record.model_dump_json().encode()) for record in ordered]
    settled: list[CaseRow] = []
    others: list[CaseRow] = []
    for record, (case_id, _), hidden in zip(ordered, said, encryption_of(tx).hidden(tx, said), strict=True):
        case, text = record.case, _packed(hidden)
        offerer = record.offer_in.offerer if record.offer_in is not None else None
        custody = (record.holder, record.version, record.status.value)
        times = (int(case.received_at.timestamp() * 1000), now_ms)
        kept = (*custody, *times, bool(case.sensitive), text, offerer)
        before = _LATELY.get(case_id)  # what this transaction has read of it
        is_settled = before is not None and _found_by(before[1].case) == _found_by(case)
        (settled if is_settled else others).append(CaseRow(case_id, case.number, case.origin, *kept, *derived(record)))
        _remember(case_id, text, record)
    upsert(tx, t.cases, others)
    upsert(tx, t.cases, settled, SETTLED)
    opinions.keep_rated(tx, ordered)
    files.named_in(tx, ordered)


def _found_by(case: Case) -> tuple[object, ...]:
    return case.number, case.received_at, case.category, case.place.division


def by_number(tx: Tx, number: str) -> UUID | None:
    """The case with this number for people."""
    found = tx.execute(select(t.cases.c.case_id).where(t.cases.c.number == number)).scalar()
    return UUID(found) if found else None


_OPEN_OFFERS = Prepared(
    lambda _: select(func.count()).select_from(
        select(t.cases.c.case_id)
        .where(t.cases.c.offerer == bindparam("peer"))
        .limit(bindparam("most", type_=Integer))
        .subquery("found")
    )
)


def open_offers(tx: Tx, peer: str, most: int) -> int:
    """The number of ``peer``'s offers that wait for this center's answer, counted up to ``most``."""
    return int(_OPEN_OFFERS.rows(tx, peer=peer, most=most)[0][0])


_NEXT = Prepared(
    lambda _: (
        update(t.counters)
        .where(t.counters.c.name == bindparam("counter"))
        .values(value=t.counters.c.value + 1)
        .returning(t.counters.c.value)
    )
)


_NUMBERED = Prepared(
    lambda _: (
        update(t.counters)
        .where(t.counters.c.name == bindparam("counter"), t.counters.c.value < bindparam("last"))
        .values(value=bindparam("last"))
    )
)


def next_number(tx: Tx, counter: str) -> int:
    """The next value of a running number, from 1, reserved until the transaction ends."""
    found = _NEXT.rows(tx, counter=counter)
    if not found:
        insert_new(tx, t.counters, [{"name": counter, "value": 0}], ["name"])
        found = _NEXT.rows(tx, counter=counter)
    return int(found[0][0])


def numbered(tx: Tx, last: Mapping[str, int]) -> None:
    """Mark these numbers, and all before them, as given."""
    _NUMBERED.each(tx, ({"counter": name, "last": value} for name, value in last.items()))


def link(tx: Tx, links: Sequence[LinkRow]) -> None:
    """Link native records to cases; an existing link stays."""
    insert_new(tx, t.links, links, ["system", "native_id"])


_FIND = Prepared(
    lambda _: select(t.links.c.case_id).where(
        t.links.c.system == bindparam("system"), t.links.c.native_id == bindparam("native_id")
    )
)


def find(tx: Tx, system: str, native_id: str) -> UUID | None:
    """The case of a native record."""
    found = _FIND.rows(tx, system=system, native_id=native_id)
    return UUID(found[0][0]) if found else None


_LINKED = Prepared(
    lambda _: select(t.links.c.case_id).where(among("records", t.links.c.system, t.links.c.native_id)).limit(1)
)


def any_linked(tx: Tx, records: Collection[tuple[str, str]]) -> bool:
    """Whether any of these records (system, native id) is linked to a case."""
    return bool(records) and bool(_LINKED.rows(tx, records=as_list(records)))


_NATIVES = Prepared(
    lambda _: select(t.links.c.case_id, t.links.c.system, t.links.c.native_id).where(among("ids", t.links.c.case_id))
)


def natives(tx: Tx, case_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """The native records of these cases: case → system → the id of the newest."""
    wanted = [str(case_id) for case_id in case_ids]
    found: dict[UUID, dict[str, str]] = {}
    for case_id, system, native_id in _NATIVES.rows(tx, ids=as_list(wanted)) if wanted else ():
        found.setdefault(UUID(case_id), {})[system] = native_id
    return found


def note(tx: Tx, lines: Sequence[JournalLine]) -> None:
    """Write lines into the journal."""
    insert(tx, t.journal, lines)


def journal(tx: Tx, case_id: UUID) -> list[Mapping[str, Any]]:
    """A case's journal here, oldest first."""
    query = select(t.journal).where(t.journal.c.case_id == str(case_id)).order_by(t.journal.c.id)
    return [dict(row._mapping) for row in tx.execute(query)]


def ids(tx: Tx) -> list[UUID]:
    """Every case that is known here."""
    return [UUID(case_id) for case_id in tx.execute(select(t.cases.c.case_id)).scalars()]


def changed_ms(tx: Tx, case_id: UUID) -> int:
    """The time of a case's last change."""
    found: int = tx.execute(select(t.cases.c.changed_ms).where(t.cases.c.case_id == str(case_id))).scalar_one()
    return found


def erasable(tx: Tx, before_ms: int, limit: int, *, sensitive: bool) -> list[UUID]:
    """Closed cases, unchanged since ``before_ms`` and not yet erased, oldest first. Cases with waiting or parked work
    are left out. ``sensitive``: only cases that need stricter care."""
    c, k = t.cases.c, t.case_keys.c
    closed = select(c.case_id).join(t.case_keys, k.case_id == c.case_id)
    not_yet = k.erased_ms.is_(None) | (k.erased_ms < c.changed_ms)  # or mentioned again since
    settled = ~waiting.under_way(c.case_id)
    closed = closed.where(c.status == Status.CLOSED.value, c.changed_ms < before_ms, not_yet, settled)
    if sensitive:
        closed = closed.where(c.sensitive)
    found = tx.execute(closed.order_by(c.changed_ms).limit(limit)).scalars()
    return [UUID(case_id) for case_id in found]


def commands_since(tx: Tx, row: int) -> list[Mapping[str, Any]]:
    """The center's own commands on its cases, from the journal, after one of its rows."""
    j = t.journal.c
    query = select(t.journal).where(j.id > row, j.way == "did").order_by(j.id)
    return [dict(line._mapping) for line in tx.execute(query)]
