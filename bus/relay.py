"""Relay: from the out-tray to the road. Claim what is due, send it as one batch, write down what became of it.

Nothing leaves the outbox here. A confirm of the transport only stops the hurry; the recipient's receipt ends the row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.kinds import Failure, Receipt, ReceiptItem, Verdict
from bus.message import compose, encode
from bus.page import Rules, ms
from bus.pauses import Pauses
from bus.port import Fate, Parcel, Transport
from bus.store import outbox
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
    messages: list[outbox.Owed]
    receipts: list[Any]
    errors: list[Any]


def relay(
    store: Store, transport: Transport, rules: Rules, now: datetime, *, limit: int = 500, timeout: float = 10
) -> Relayed:
    """One round: up to ``limit`` messages and the receipts owed. Raises ``StoreTrouble``; nothing is lost by it."""
    load = store.write(lambda tx: _claim(tx, ms(now), limit))
    parcels = [Parcel(m.message_id, m.recipient, m.kind, m.body) for m in load.messages]
    bundles = [*_receipt_parcels(load.receipts, rules, now), *_error_parcels(load.errors, rules, now)]
    everything = parcels + [parcel for parcel, _ in bundles]
    if not everything:
        return Relayed()
    fates = transport.send(everything, timeout)
    store.write(lambda tx: _write_down(tx, load, fates, bundles, ms(now)))
    return Relayed(len(fates), fates.count(Fate.TAKEN), fates.count(Fate.NOBODY), fates.count(Fate.UNKNOWN))


def _claim(tx: Tx, now_ms: int, limit: int) -> _Load:
    return _Load(
        outbox.claim(tx, now_ms, limit, LEASE_MS),
        list(outbox.claim_receipts(tx, now_ms, limit * 4, LEASE_MS)),
        list(outbox.claim_errors(tx, now_ms, limit, LEASE_MS)),
    )


def _receipt_parcels(owed: list[Any], rules: Rules, now: datetime) -> list[tuple[Parcel, tuple[str, list[int]]]]:
    by_peer: dict[str, list[Any]] = {}
    for row in owed:
        by_peer.setdefault(row["peer"], []).append(row)
    parcels = []
    for peer, rows in by_peer.items():
        for start in range(0, len(rows), RECEIPTS_A_MESSAGE):
            part = rows[start : start + RECEIPTS_A_MESSAGE]
            items = tuple(
                ReceiptItem(message_id=UUID(r["message_id"]), verdict=Verdict(r["verdict"]), code=r["code"])
                for r in part
            )
            parcels.append((_parcel(Receipt(items=items), peer, rules, now), ("receipt", [r["id"] for r in part])))
    return parcels


def _error_parcels(owed: list[Any], rules: Rules, now: datetime) -> list[tuple[Parcel, tuple[str, list[int]]]]:
    parcels = []
    for row in owed:
        about = UUID(row["about"]) if row["about"] else None
        failure = Failure(code=row["code"], text=row["text"], about=about, digest=row["digest"])
        parcels.append((_parcel(failure, row["peer"], rules, now), ("error", [row["id"]])))
    return parcels


def _parcel(data: Receipt | Failure, peer: str, rules: Rules, now: datetime) -> Parcel:
    message = compose(data, source=rules.me, recipient=peer, now=now)
    return Parcel(str(message.id), peer, data.kind, encode(message))


def _write_down(
    tx: Tx, load: _Load, fates: list[Fate], bundles: list[tuple[Parcel, tuple[str, list[int]]]], now_ms: int
) -> None:
    outbox.sent(
        tx,
        [
            (m.row, now_ms + PAUSES[fate].after_ms(m.attempts), "" if fate is Fate.TAKEN else fate.value)
            for m, fate in zip(load.messages, fates, strict=False)
        ],
    )
    gone: dict[str, list[int]] = {"receipt": [], "error": []}
    for (_, (what, rows)), fate in zip(bundles, fates[len(load.messages) :], strict=True):
        # a receipt for nobody is of no use: when the sender is back it sends again, and that makes a new one
        if fate in (Fate.TAKEN, Fate.NOBODY):
            gone[what] += rows
    outbox.forget_receipts(tx, gone["receipt"])
    outbox.forget_errors(tx, gone["error"])
