"""Queries of a recovery: its state, the peers asked and what they have told; and this center's epoch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update

from bus.contract.epochs import MAX_EPOCHS_AHEAD, epoch_start
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.encryption import encryption_of
from bus.store.inserts import insert, insert_new, upsert
from bus.store.statements import Prepared

ASKED = "asked"
TOLD = "told"
EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The center's own epoch, and the recovery that goes on."""

    number: int = 0
    recovery: str | None = None
    """The current recovery; None: none goes on."""
    ended_ms: int | None = None
    """The end of the last recovery."""


class ToldRow(NamedTuple):
    """One message that a peer has told."""

    peer: str
    message_id: str
    way: str
    case_id: str
    sequence: int
    body: bytes
    verdict: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One peer of a recovery."""

    peer: str
    state: str
    cursor: str
    partial: bytes
    attempts: int
    next_ms: int


_R = t.recoveries.c
_EPOCH = Prepared(lambda _: select(_R.era, _R.id, _R.ended_ms).order_by(_R.era.desc()).limit(1))


def epoch(tx: Tx) -> Epoch:
    """The era of this center."""
    found = _EPOCH.rows(tx)
    if not found:
        return Epoch()
    number, recovery, ended_ms = found[0]
    return Epoch(number, recovery if ended_ms is None else None, ended_ms)


def begin(tx: Tx, recovery: str, number: int, peers: Iterable[str], now_ms: int) -> None:
    """Begin a recovery: no peer has told anything yet."""
    for table in (t.recovery_peers, t.recovery_told):
        tx.execute(delete(table))
    insert(tx, t.recoveries, [{"id": recovery, "era": number, "began_ms": now_ms, "ended_ms": None}])
    ask(tx, peers, now_ms)


def sane_epoch(tx: Tx, besides: str | None = None) -> int:
    """The last epoch, besides one recovery's own, in which all peers still hear this center; 0 for none."""
    return _sane_and_wild(tx, besides)[0]


def wild_epoch(tx: Tx) -> int | None:
    """The first own epoch that lies too far beyond the one before it: in it, and in later ones, no peer hears this
    center."""
    return _sane_and_wild(tx)[1]


def _sane_and_wild(tx: Tx, besides: str | None = None) -> tuple[int, int | None]:
    sane = 0
    for number, recovery, _ in reversed(tx.execute(select(_R.era, _R.id, _R.ended_ms).order_by(_R.era.desc())).all()):
        if number > sane + MAX_EPOCHS_AHEAD:
            return sane, number
        sane = sane if recovery == besides else number
    return sane, None


def without_wild_epochs(tx: Tx, now_ms: int) -> int:
    """Go back to the last epoch in which all peers hear this center, and return it. Nothing said in wild epochs was
    heard: its places are free."""
    sane, wild = _sane_and_wild(tx)
    if wild is not None:
        ended = func.coalesce(_R.ended_ms, now_ms)
        tx.execute(update(t.recoveries).where(_R.era >= wild).values(era=sane, ended_ms=ended))
        mark = epoch_start(sane + 1)
        tx.execute(update(t.lanes).where(t.lanes.c.sent >= epoch_start(wild)).values(sent=mark))
    return sane


def ask(tx: Tx, peers: Iterable[str], now_ms: int) -> None:
    """Add peers to ask; the progress of those already asked stays."""
    row = {"state": ASKED, "cursor": "0", "partial": b"", "attempts": 0, "next_ms": now_ms}
    insert_new(tx, t.recovery_peers, [{"peer": peer, **row} for peer in sorted(set(peers))], ["peer"])


def excuse(tx: Tx, peer: str) -> bool:
    """Go on without this peer. False if it is not being asked."""
    p = t.recovery_peers
    return tx.execute(update(p).where(p.c.peer == peer, p.c.state == ASKED).values(state=EXCUSED)).rowcount == 1


def raise_epoch(tx: Tx, recovery: str, number: int, now_ms: int) -> None:
    """Take a later epoch, because this one was used before, and ask all peers anew."""
    tx.execute(update(t.recoveries).where(t.recoveries.c.id == recovery).values(era=number))
    again = {"state": ASKED, "cursor": "0", "partial": b"", "next_ms": now_ms}
    tx.execute(update(t.recovery_peers).where(t.recovery_peers.c.state != EXCUSED).values(**again))


def peers(tx: Tx) -> list[Asked]:
    """All peers of the recovery, by name."""
    p = t.recovery_peers
    return _shown(tx, tx.execute(select(p).order_by(p.c.peer)))


def _shown(tx: Tx, rows: Iterable[Any]) -> list[Asked]:
    asked = [Asked(*row) for row in rows]
    partial = encryption_of(tx).decrypted(tx, [(None, bytes(one.partial)) for one in asked])
    return [replace(one, partial=part) for one, part in zip(asked, partial, strict=True)]


def asking(tx: Tx, peer: str) -> Asked | None:
    """One peer of the recovery, locked until the transaction ends."""
    p = t.recovery_peers
    found = _shown(tx, tx.execute(select(p).where(p.c.peer == peer).with_for_update()))
    return found[0] if found else None


def asked_again(tx: Tx, peer: str, next_ms: int) -> None:
    """Record that the peer was asked; it is asked again at ``next_ms`` unless a page comes."""
    p = t.recovery_peers
    tx.execute(update(p).where(p.c.peer == peer).values(attempts=p.c.attempts + 1, next_ms=next_ms))


def heard_page(tx: Tx, peer: str, cursor: str, partial: bytes, state: str, now_ms: int) -> None:
    """Record a page, and how far the peer has told."""
    p = t.recovery_peers
    (hidden,) = encryption_of(tx).hidden(tx, [(None, partial)])
    values = {"cursor": cursor, "partial": hidden, "state": state, "attempts": 0, "next_ms": now_ms}
    tx.execute(update(p).where(p.c.peer == peer).values(**values))


def keep_told(tx: Tx, rows: Sequence[ToldRow]) -> None:
    """Store told messages; of a repeat the later version counts."""
    upsert(tx, t.recovery_told, encryption_of(tx).encrypted(tx, rows))


def cases_told(tx: Tx) -> list[str]:
    """Every case with a told message."""
    return list(tx.execute(select(t.recovery_told.c.case_id).distinct().order_by(t.recovery_told.c.case_id)).scalars())


def told(tx: Tx, case_id: str) -> list[ToldRow]:
    """The told messages of one case, by lane and sequence; those altered in the store are left out."""
    r = t.recovery_told.c
    of_case = select(*(r[name] for name in ToldRow._fields)).where(r.case_id == case_id)
    rows = [ToldRow(*row) for row in tx.execute(of_case.order_by(r.way, r.peer, r.sequence))]
    bodies = encryption_of(tx).readable(tx, [(row.case_id, bytes(row.body)) for row in rows])
    return [row._replace(body=body) for row, body in zip(rows, bodies, strict=True) if body]


def told_count(tx: Tx) -> int:
    """The number of told messages."""
    return int(tx.execute(select(func.count()).select_from(t.recovery_told)).scalar_one())


def end(tx: Tx, recovery: str, now_ms: int) -> None:
    """End the recovery; the list of peers asked stays on record."""
    tx.execute(update(t.recoveries).where(t.recoveries.c.id == recovery).values(ended_ms=now_ms))
    tx.execute(delete(t.recovery_told))


# -- marks and counters of the backup, raised when a recovery ends ------------------------------------------------


def lane_peers(tx: Tx) -> list[str]:
    """Every peer with which this center has ever exchanged messages about a case."""
    return list(tx.execute(select(t.lanes.c.peer).distinct().order_by(t.lanes.c.peer)).scalars())


def lane(tx: Tx, peer: str, case_id: str) -> tuple[int, int]:
    """(sent, applied) of one lane."""
    c = t.lanes.c
    row = tx.execute(select(c.sent, c.applied).where(c.peer == peer, c.case_id == case_id)).one_or_none()
    return (row.sent, row.applied) if row else (0, 0)


def lift_sent(tx: Tx, mark: int) -> None:
    """Raise the sent mark of every lane to ``mark``: later messages come after it, and earlier ones count as told."""
    tx.execute(update(t.lanes).where(t.lanes.c.sent < mark).values(sent=mark))


def lift_counters(tx: Tx, values: Mapping[str, int]) -> None:
    """Raise the running numbers, so that none is given twice."""
    insert_new(tx, t.counters, [{"name": name, "value": 0} for name in values], ["name"])
    for name, value in values.items():
        tx.execute(update(t.counters).where(t.counters.c.name == name, t.counters.c.value < value).values(value=value))


def forget_held(tx: Tx) -> None:
    """Delete all held-back messages: their senders send them again."""
    tx.execute(delete(t.held))


def mark_said(tx: Tx, message_ids: Sequence[str], now_ms: int) -> None:
    """Mark these tasks as missing only their links; a parked one becomes due again."""
    if message_ids:
        w = t.work
        again = {"said": True, "state": "waiting", "next_ms": now_ms}
        tx.execute(update(w).where(w.c.message_id.in_(message_ids)).values(**again))
