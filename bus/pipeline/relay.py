"""Relay: from the out-tray to the road. Claim what is due, send it as one batch, write down what became of it.

Writing down what became of one batch and claiming the next is one transaction: a commit for each batch, not two.
Nothing leaves the outbox here. A confirm of the transport only stops the hurry; the recipient's receipt ends the row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from bus.backoff import Backoff
from bus.context import CenterContext
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import epoch_start
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.pipeline.control import Control
from bus.pipeline.no_key import NoKey
from bus.recovery import complete, requester, responder
from bus.security.errors import NoRecipientKey
from bus.store import archive, outbox, parked, recovery
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.transports.port import Parcel, SendResult, Transport

UNREADABLE = "message-unreadable"
LEASE_MS = 30_000
"""For so long no other relay takes a claimed message; after a crash it is due again."""
RECEIPTS_A_MESSAGE = 400


RelayResult = SendResult | NoKey
"""What became of a message that was due."""

RESEND_AFTER: dict[RelayResult, Backoff] = {
    SendResult.CONFIRMED: Backoff(10, 600),
    SendResult.UNROUTABLE: Backoff(5, 300),
    SendResult.NACKED: Backoff(2, 120),
    SendResult.UNKNOWN: Backoff(0.5, 30),
    NoKey.NO_KEY: Backoff(5, 300),
    NoKey.CANNOT_BE_BUILT: Backoff(5, 300),
}
"""How long to wait for a receipt before sending again, by what became of the last sending."""


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """What was claimed: it is this process's to send, until the lease ends."""

    epoch: int
    """In which this center speaks."""
    messages: list[outbox.OutboxRow]
    receipts: list[Any]
    errors: list[Any]
    pages: list[tuple[Any, LogTold | None]]
    """What peers have asked for: the row that is owed, and the page; None for one that cannot be made."""
    questions: list[tuple[str, LogAsked]]
    """What this center asks while it recovers."""


_Bundle = tuple[Parcel | NoKey, tuple[str, list[Any]]]
"""A message about messages, and which rows it settles: of what, and which."""


@dataclass(frozen=True, slots=True)
class SentBatch:
    """What was handed to the transport and what it said of it, to be written down with the next claim. Lost with its
    process, it is sent once more when the lease ends."""

    messages: list[outbox.OutboxRow] = field(default_factory=list)
    bundles: list[_Bundle] = field(default_factory=list)
    results: list[RelayResult] = field(default_factory=list)
    """Of the messages, then of the bundles."""

    def count(self, result: RelayResult) -> int:
        """How many parcels ended so."""
        return self.results.count(result)


NOTHING = SentBatch()


def claim(
    store: Store, context: CenterContext, now: datetime, before: SentBatch = NOTHING, limit: int = 500
) -> ClaimedBatch:
    """Write down what became of ``before``, and take up to ``limit`` messages and the receipts owed.

    Raises ``StoreUnavailable``: then call it again with the same."""

    def change(tx: Tx) -> tuple[ClaimedBatch, list[Any]]:
        _record(tx, before, ms(now))
        return _claim(tx, context, now, limit)

    load, owed = store.write(change)
    return replace(load, pages=responder.pages(store, owed, context.security.is_member)) if owed else load


def send(
    transport: Transport, context: CenterContext, load: ClaimedBatch, now: datetime, timeout: float = 10
) -> SentBatch:
    """Sign and seal all of it, and hand it to the transport as one batch. Raises ``KeyUnusable``: then nothing was
    sent, and all of it is due again when its lease ends."""
    parcels = [_parcel(context, m.message_id, m.recipient, m.kind, m.body, now) for m in load.messages]
    bundles = _bundles(load, context, now)
    everything = parcels + [parcel for parcel, _ in bundles]
    ready = [parcel for parcel in everything if isinstance(parcel, Parcel)]
    results = iter(transport.send(ready, timeout) if ready else ())
    return SentBatch(
        load.messages, bundles, [parcel if isinstance(parcel, NoKey) else next(results) for parcel in everything]
    )


def _parcel(
    context: CenterContext, message_id: str, recipient: str, kind: str, body: bytes, now: datetime
) -> Parcel | NoKey:
    """As it travels; or why it does not, which holds up nobody else's."""
    try:
        return Parcel(message_id, recipient, kind, context.security.protect(body, recipient, now))
    except NoRecipientKey:
        return NoKey.NO_KEY


def record(store: Store, sent: SentBatch, now: datetime) -> None:
    """What became of the last batch, when no other is claimed after it. Raises ``StoreUnavailable``."""
    store.write(lambda tx: _record(tx, sent, ms(now)))


def _claim(tx: Tx, context: CenterContext, now: datetime, limit: int) -> tuple[ClaimedBatch, list[Any]]:
    """What is due, and the pages owed, of which none is made yet."""
    epoch, now_ms = recovery.epoch(tx), ms(now)
    if epoch.recovery is not None and requester.all_told(tx):
        complete.complete(tx, context, now)
        epoch = recovery.epoch(tx)
    recovers, due = epoch.recovery is not None, outbox.what_is_due(tx, now_ms)
    load = ClaimedBatch(
        epoch.number,
        _readable(tx, context, outbox.claim(tx, now_ms, limit, LEASE_MS), now_ms)
        if due.messages and not recovers
        else [],
        outbox.claim_receipts(tx, now_ms, limit * 4, LEASE_MS) if due.receipts else [],
        outbox.claim_errors(tx, now_ms, limit, LEASE_MS) if due.errors else [],
        [],
        requester.questions(tx, epoch, now) if recovers else [],
    )
    return load, archive.pages_due(tx, now_ms, LEASE_MS) if due.pages else []


def _readable(tx: Tx, context: CenterContext, rows: list[outbox.OutboxRow], now_ms: int) -> list[outbox.OutboxRow]:
    """Those that can be sent; what was altered in the store is parked, and harms no other."""
    for one in (row for row in rows if not row.body):
        outbox.set_aside(tx, one.row, UNREADABLE)
        hint = "it was altered in the store: compare with a backup"
        told = {"peer": one.recipient, "message_id": one.message_id}
        parked.park(tx, [parked.row(parked.PEER, UNREADABLE, hint, known_by=one.message_id.encode(), owner=context.me,
                                    now_ms=now_ms) | told])  # fmt: skip
    return [row for row in rows if row.body]


def _bundles(load: ClaimedBatch, context: CenterContext, now: datetime) -> list[_Bundle]:
    def bundle(peer: str, make: Callable[[], Control | None], what: str, rows: list[Any]) -> _Bundle:
        return _built(context, load.epoch, peer, make, now), (what, rows)

    receipts = [bundle(peer, partial(_receipt, part), "receipt", [r["id"] for r in part])
                for peer, part in _by_peer(load.receipts)]  # fmt: skip
    errors = [bundle(row["peer"], partial(_failure, row), "error", [row["id"]]) for row in load.errors]
    pages = [bundle(row["peer"], partial(_as_it_is, page), "page", [row]) for row, page in load.pages]
    questions = [bundle(peer, partial(_as_it_is, data), "question", []) for peer, data in load.questions]
    return [*receipts, *errors, *pages, *questions]


def _built(
    context: CenterContext, epoch: int, peer: str, make: Callable[[], Control | None], now: datetime
) -> Parcel | NoKey:
    """A message about messages; what cannot be one harms no other that was claimed with it."""
    try:
        data = make()
        if data is None:
            return NoKey.CANNOT_BE_BUILT
        message = compose(data, source=context.me, recipient=peer, now=now, sequence=epoch_start(epoch))
        body = encode(message)
    except ValueError:
        return NoKey.CANNOT_BE_BUILT
    return _parcel(context, str(message.id), peer, data.kind, body, now)


def _as_it_is(made: Control | None) -> Control | None:
    return made


def _by_peer(owed: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    by_peer: dict[str, list[Any]] = {}
    for row in owed:
        by_peer.setdefault(row["peer"], []).append(row)
    for peer, rows in by_peer.items():
        for start in range(0, len(rows), RECEIPTS_A_MESSAGE):
            yield peer, rows[start : start + RECEIPTS_A_MESSAGE]


def _receipt(rows: list[Any]) -> Receipt:
    items = (
        ReceiptItem(
            message_id=UUID(r["message_id"]),
            verdict=Verdict(r["verdict"]),
            code=r["code"],
            digest=r["digest"].hex() if r["digest"] else None,
        )
        for r in rows
    )
    return Receipt(items=tuple(items))


def _failure(row: Any) -> Failure:  # noqa: ANN401 - a row of the store
    about = UUID(row["about"]) if row["about"] else None
    return Failure(code=row["code"], text=row["text"], about=about, digest=row["digest"])


def _record(tx: Tx, sent: SentBatch, now_ms: int) -> None:
    outbox.sent(
        tx,
        [
            (
                m.row,
                now_ms + RESEND_AFTER[result].delay_ms(m.attempts),
                "" if result is SendResult.CONFIRMED else result.value,
            )
            for m, result in zip(sent.messages, sent.results, strict=False)
        ],
    )
    gone: dict[str, list[Any]] = {"receipt": [], "error": [], "page": [], "question": []}
    for (_, (what, rows)), result in zip(sent.bundles, sent.results[len(sent.messages) :], strict=True):
        # a receipt for nobody is of no use: when the sender is back it sends again, and that makes a new one
        if result in (SendResult.CONFIRMED, SendResult.UNROUTABLE, NoKey.NO_KEY, NoKey.CANNOT_BE_BUILT):
            gone[what] += rows
    outbox.forget_receipts(tx, gone["receipt"])
    outbox.forget_errors(tx, gone["error"])
    for page in gone["page"]:
        archive.page_sent(tx, page)
