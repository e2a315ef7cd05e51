"""Relay: from the out-tray to the road. Claim what is due, send it as one batch, write down what became of it.

Writing down what became of one batch and claiming the next is one transaction: a commit for each batch, not two.
Nothing leaves the outbox here. A confirm of the transport only stops the hurry; the recipient's receipt ends the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.backoff import Pauses
from bus.context import Rules
from bus.contract.envelope import compose, encode
from bus.contract.epochs import before_first
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.recovery import complete, requester, responder
from bus.security.errors import Keyless
from bus.store import archive, outbox, recovery
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.transports.port import Fate, Parcel, Transport

LEASE_MS = 30_000
"""For so long no other relay takes a claimed message; after a crash it is due again."""
RECEIPTS_A_MESSAGE = 400

PAUSES: dict[Fate, Pauses] = {
    Fate.TAKEN: Pauses(10, 600),
    Fate.NOBODY: Pauses(5, 300),
    Fate.REFUSED: Pauses(2, 120),
    Fate.UNKNOWN: Pauses(0.5, 30),
    Fate.KEYLESS: Pauses(5, 300),
}
"""How long to wait for a receipt before sending again, by what became of the last sending."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was claimed: it is this process's to send, until the lease ends."""

    era: int
    """In which this center speaks."""
    messages: list[outbox.Owed]
    receipts: list[Any]
    errors: list[Any]
    pages: list[tuple[Any, LogTold]]
    """What peers have asked for: the row that is owed, and the page."""
    questions: list[tuple[str, LogAsked]]
    """What this center asks while it recovers."""


_Bundle = tuple[Parcel | None, tuple[str, list[Any]]]
"""A message about messages, and which rows it settles: of what, and which."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was handed to the transport and what it said of it, to be written down with the next claim. Lost with its
    process, it is sent once more when the lease ends."""

    messages: list[outbox.Owed] = field(default_factory=list)
    bundles: list[_Bundle] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    """Of the messages, then of the bundles."""

    def count(self, fate: Fate) -> int:
        """How many parcels ended so."""
        return self.fates.count(fate)


NOTHING = Sent()


def claim(store: Store, rules: Rules, now: datetime, before: Sent = NOTHING, limit: int = 500) -> Load:
    """Write down what became of ``before``, and take up to ``limit`` messages and the receipts owed.

    Raises ``StoreTrouble``: then call it again with the same."""

    def change(tx: Tx) -> Load:
        _write_down(tx, before, ms(now))
        return _claim(tx, rules, now, limit)

    return store.write(change)


def send(transport: Transport, rules: Rules, load: Load, now: datetime, timeout: float = 10) -> Sent:
    """Sign and seal all of it, and hand it to the transport as one batch. Raises ``KeyTrouble``: then nothing was sent,
    and all of it is due again when its lease ends."""
    parcels = [_parcel(rules, m.message_id, m.recipient, m.kind, m.body, now) for m in load.messages]
    bundles = _bundles(load, rules, now)
    everything = parcels + [parcel for parcel, _ in bundles]
    ready = [parcel for parcel in everything if parcel is not None]
    fates = iter(transport.send(ready, timeout) if ready else ())
    return Sent(load.messages, bundles, [Fate.KEYLESS if parcel is None else next(fates) for parcel in everything])


def _parcel(rules: Rules, message_id: str, recipient: str, kind: str, body: bytes, now: datetime) -> Parcel | None:
    """As it travels; None when it cannot be sealed for its recipient, which holds up nobody else's."""
    try:
        return Parcel(message_id, recipient, kind, rules.notary.leaving(body, recipient, now))
    except Keyless:
        return None


def write_down(store: Store, sent: Sent, now: datetime) -> None:
    """What became of the last batch, when no other is claimed after it. Raises ``StoreTrouble``."""
    store.write(lambda tx: _write_down(tx, sent, ms(now)))


def _claim(tx: Tx, rules: Rules, now: datetime, limit: int) -> Load:
    era, now_ms = recovery.era(tx), ms(now)
    if era.recovery is not None and requester.all_told(tx):
        complete.finish(tx, rules, now)
        era = recovery.era(tx)
    recovers, due = era.recovery is not None, outbox.look(tx, now_ms)
    return Load(
        era.number,
        outbox.claim(tx, now_ms, limit, LEASE_MS) if due.messages and not recovers else [],
        outbox.claim_receipts(tx, now_ms, limit * 4, LEASE_MS) if due.receipts else [],
        outbox.claim_errors(tx, now_ms, limit, LEASE_MS) if due.errors else [],
        [(row, responder.page(tx, row)) for row in archive.pages_due(tx, now_ms, LEASE_MS)] if due.pages else [],
        requester.questions(tx, era, now) if recovers else [],
    )


def _bundles(load: Load, rules: Rules, now: datetime) -> list[_Bundle]:
    def parcel(data: Receipt | Failure | LogAsked | LogTold, peer: str) -> Parcel | None:
        message = compose(data, source=rules.me, recipient=peer, now=now, sequence=before_first(load.era))
        return _parcel(rules, str(message.id), peer, data.kind, encode(message), now)

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
                ReceiptItem(
                    message_id=UUID(r["message_id"]),
                    verdict=Verdict(r["verdict"]),
                    code=r["code"],
                    digest=r["digest"].hex() if r["digest"] else None,
                )
                for r in part
            )
            yield peer, Receipt(items=items), [r["id"] for r in part]


def _failure(row: Any) -> Failure:  # noqa: ANN401 - a row of the store
    about = UUID(row["about"]) if row["about"] else None
    return Failure(code=row["code"], text=row["text"], about=about, digest=row["digest"])


def _write_down(tx: Tx, sent: Sent, now_ms: int) -> None:
    outbox.sent(
        tx,
        [
            (m.row, now_ms + PAUSES[fate].after_ms(m.attempts), "" if fate is Fate.TAKEN else fate.value)
            for m, fate in zip(sent.messages, sent.fates, strict=False)
        ],
    )
    gone: dict[str, list[Any]] = {"receipt": [], "error": [], "page": [], "question": []}
    for (_, (what, rows)), fate in zip(sent.bundles, sent.fates[len(sent.messages) :], strict=True):
        # a receipt for nobody is of no use: when the sender is back it sends again, and that makes a new one
        if fate in (Fate.TAKEN, Fate.NOBODY, Fate.KEYLESS):
            gone[what] += rows
    outbox.forget_receipts(tx, gone["receipt"])
    outbox.forget_errors(tx, gone["error"])
    for page in gone["page"]:
        archive.page_sent(tx, page)
