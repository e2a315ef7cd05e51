"""Relay: from the out-tray to the road. Claim what is due, send it as one batch, write down what became of it.

Nothing leaves the outbox here. A confirm of the transport only stops the hurry; the recipient's receipt ends the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.eras import before_first
from bus.kinds import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.message import compose, encode
from bus.page import Rules, ms
from bus.pauses import Pauses
from bus.port import Fate, Parcel, Transport
from bus.recovery import asking, finishing, telling
from bus.store import archive, outbox, recovery
from bus.store.database import Store, Tx

LEASE_MS = 30_000
"""For so long no other relay takes a claimed message; after a crash it is due again."""
RECEIPTS_A_MESSAGE = 400

PAUSES: dict[Fate, Pauses] = {
    Fate.TAKEN: Pauses(10, 600),
    Fate.NOBODY: Pauses(5, 300),
    Fate.REFUSED: Pauses(2, 120),
    Fate.UNKNOWN: Pauses(0.5, 30),
}
"""How long to wait for a receipt before sending again, by what became of the last sending."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What one round has done."""

    sent: int = 0
    """Parcels handed to the transport."""
    taken: int = 0
    nobody: int = 0
    """Parcels whose recipient the transport does not know."""
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class _Load:
    era: int
    """In which this center speaks."""
    messages: list[outbox.Owed]
    receipts: list[Any]
    errors: list[Any]
    pages: list[tuple[Any, LogTold]]
    """What peers have asked for: the row that is owed, and the page."""
    questions: list[tuple[str, LogAsked]]
    """What this center asks while it recovers."""


_Bundle = tuple[Parcel, tuple[str, list[Any]]]
"""A message about messages, and which rows it settles: of what, and which."""


def relay(
    store: Store, transport: Transport, rules: Rules, now: datetime, *, limit: int = 500, timeout: float = 10
) -> Relayed:
    """One round: up to ``limit`` messages and the receipts owed. Raises ``StoreTrouble``; nothing is lost by it."""
    load = store.write(lambda tx: _claim(tx, rules, now, limit))
    parcels = [Parcel(m.message_id, m.recipient, m.kind, m.body) for m in load.messages]
    bundles = _bundles(load, rules, now)
    everything = parcels + [parcel for parcel, _ in bundles]
    if not everything:
        return Relayed()
    fates = transport.send(everything, timeout)
    store.write(lambda tx: _write_down(tx, load, fates, bundles, ms(now)))
    return Relayed(len(fates), fates.count(Fate.TAKEN), fates.count(Fate.NOBODY), fates.count(Fate.UNKNOWN))


def _claim(tx: Tx, rules: Rules, now: datetime, limit: int) -> _Load:
    era, now_ms = recovery.era(tx), ms(now)
    if era.recovery is not None and asking.all_told(tx):
        finishing.finish(tx, rules, now)
        era = recovery.era(tx)
    recovers = era.recovery is not None
    return _Load(
        era.number,
        [] if recovers else outbox.claim(tx, now_ms, limit, LEASE_MS),
        list(outbox.claim_receipts(tx, now_ms, limit * 4, LEASE_MS)),
        list(outbox.claim_errors(tx, now_ms, limit, LEASE_MS)),
        [(row, telling.page(tx, row)) for row in archive.pages_due(tx, now_ms, LEASE_MS)],
        asking.questions(tx, era, now) if recovers else [],
    )


def _bundles(load: _Load, rules: Rules, now: datetime) -> list[_Bundle]:
    def parcel(data: Receipt | Failure | LogAsked | LogTold, peer: str) -> Parcel:
        message = compose(data, source=rules.me, recipient=peer, now=now, sequence=before_first(load.era))
        return Parcel(str(message.id), peer, data.kind, encode(message))

    receipts = [(parcel(data, peer), ("receipt", rows)) for peer, data, rows in _receipts(load.receipts)]
    errors = [(parcel(_failure(row), row["peer"]), ("error", [row["id"]])) for row in load.errors]
    pages = [(parcel(page, row["peer"]), ("page", [row])) for row, page in load.pages]
    questions: list[_Bundle] = [(parcel(data, peer), ("question", [])) for peer, data in load.questions]
    return [*receipts, *errors, *pages, *questions]


def _receipts(owed: list[Any]) -> Iterator[tuple[str, Receipt, list[int]]]:
    by_peer: dict[str, list[Any]] = {}
    for row in owed:
        by_peer.setdefault(row["peer"], []).append(row)
    for peer, rows in by_peer.items():
        for start in range(0, len(rows), RECEIPTS_A_MESSAGE):
            part = rows[start : start + RECEIPTS_A_MESSAGE]
            items = tuple(
                ReceiptItem(message_id=UUID(r["message_id"]), verdict=Verdict(r["verdict"]), code=r["code"])
                for r in part
            )
            yield peer, Receipt(items=items), [r["id"] for r in part]


def _failure(row: Any) -> Failure:  # noqa: ANN401 - a row of the store
    about = UUID(row["about"]) if row["about"] else None
    return Failure(code=row["code"], text=row["text"], about=about, digest=row["digest"])


def _write_down(tx: Tx, load: _Load, fates: list[Fate], bundles: list[_Bundle], now_ms: int) -> None:
    outbox.sent(
        tx,
        [
            (m.row, now_ms + PAUSES[fate].after_ms(m.attempts), "" if fate is Fate.TAKEN else fate.value)
            for m, fate in zip(load.messages, fates, strict=False)
        ],
    )
    gone: dict[str, list[Any]] = {"receipt": [], "error": [], "page": [], "question": []}
    for (_, (what, rows)), fate in zip(bundles, fates[len(load.messages) :], strict=True):
        # a receipt for nobody is of no use: when the sender is back it sends again, and that makes a new one
        if fate in (Fate.TAKEN, Fate.NOBODY):
            gone[what] += rows
    outbox.forget_receipts(tx, gone["receipt"])
    outbox.forget_errors(tx, gone["error"])
    for page in gone["page"]:
        archive.page_sent(tx, page)
