"""Relay: outbox messages go to the transport. Claim what is due, send it as one batch, record the results.

The results of one batch and the claim of the next share one transaction: one commit a batch, not two. Nothing leaves
the outbox here. A confirm of the transport only slows the resending; the recipient's receipt ends the row.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from bus.backoff import Backoff
from bus.context import CenterContext
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import epoch_start
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.pipeline.control import Control
from bus.pipeline.no_key import NoKey
from bus.pipeline.telling import tell
from bus.recovery.hooks import RECOVERY
from bus.security.errors import NoRecipientKey
from bus.store import archive, outbox, owed, parked
from bus.store.archive import OwedPage
from bus.store.database import Store, Tx
from bus.store.outbox import ClaimedMessage, Due
from bus.store.owed import OwedError, OwedReceipt
from bus.store.timestamps import ms
from bus.transports.port import Parcel, SendResult, Transport

UNREADABLE = "message-unreadable"
LEASE_MS = 30_000
"""Lease of a claimed message; after a crash it is due again when the lease ends."""
RECEIPTS_A_MESSAGE = 400


RelayResult = SendResult | NoKey
"""The result of a due message."""

RESEND_AFTER: dict[RelayResult, Backoff] = {
    SendResult.CONFIRMED: Backoff(10, 600),
    SendResult.UNROUTABLE: Backoff(5, 300),
    SendResult.NACKED: Backoff(2, 120),
    SendResult.UNKNOWN: Backoff(0.5, 30),
    NoKey.NO_KEY: Backoff(5, 300),
    NoKey.CANNOT_BE_BUILT: Backoff(5, 300),
}
"""Backoff between resendings without a receipt, by the last result."""

GONE = frozenset({SendResult.CONFIRMED, SendResult.UNROUTABLE, NoKey.NO_KEY, NoKey.CANNOT_BE_BUILT})
"""Results after which a control message is owed no more. A receipt for an absent center is of no use: the returning
sender sends again, and that makes a new one."""


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """A claimed batch: it is this process's to send, until the lease ends."""

    epoch: int
    """The center's own epoch."""
    messages: list[ClaimedMessage]
    receipts: list[OwedReceipt]
    errors: list[OwedError]
    pages: list[tuple[OwedPage, LogTold | None]]
    """Pages that peers have asked for: the owed row, and the page; None for one that cannot be made."""
    questions: list[tuple[str, LogAsked]]
    """The center's questions while it recovers."""


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A control message, and the claimed rows that it settles."""

    peer: str
    parcel: Parcel | NoKey
    receipts: Sequence[int] = ()
    errors: Sequence[int] = ()
    page: OwedPage | None = None


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A sent batch and the transport's results, to be recorded with the next claim. If the process dies, the batch is
    sent again when the lease ends."""

    messages: list[ClaimedMessage] = field(default_factory=list)
    bundles: list[_Bundle] = field(default_factory=list)
    results: list[RelayResult] = field(default_factory=list)
    """The results of the messages, then of the bundles."""

    def by_peer(self, result: RelayResult) -> Counter[str]:
        """The number of messages and control messages with this result, by recipient."""
        to = [*(one.recipient for one in self.messages), *(one.peer for one in self.bundles)]
        return Counter(peer for peer, ended in zip(to, self.results, strict=True) if ended is result)


NOTHING = SentBatch()


def claim(
    store: Store, context: CenterContext, now: datetime, before: SentBatch = NOTHING, limit: int = 500
) -> ClaimedBatch:
    """Record the results of ``before``, and claim up to ``limit`` messages and the receipts owed.

    Raises ``StoreUnavailable``: then call it again with the same arguments."""

    def change(tx: Tx) -> tuple[ClaimedBatch, list[OwedPage]]:
        _record(tx, before, ms(now))
        return _claim(tx, context, now, limit)

    load, wanted = store.write(change)
    return replace(load, pages=RECOVERY.pages(store, wanted, context.security.is_member)) if wanted else load


def send(
    transport: Transport, context: CenterContext, load: ClaimedBatch, now: datetime, timeout: float = 10
) -> SentBatch:
    """Sign and encrypt the batch, and hand it to the transport. Raises ``KeyUnusable``: then nothing was sent, and all
    of it is due again when its lease ends."""
    parcels = [_parcel(context, m.message_id, m.recipient, m.kind, m.body, now) for m in load.messages]
    bundles = _bundles(load, context, now)
    everything = parcels + [bundle.parcel for bundle in bundles]
    ready = [parcel for parcel in everything if isinstance(parcel, Parcel)]
    results = iter(transport.send(ready, timeout) if ready else ())
    return SentBatch(
        load.messages, bundles, [parcel if isinstance(parcel, NoKey) else next(results) for parcel in everything]
    )


def _parcel(
    context: CenterContext, message_id: str, recipient: str, kind: str, body: bytes, now: datetime
) -> Parcel | NoKey:
    """The message as it travels, or the reason why it does not travel; others are not held up."""
    try:
        return Parcel(message_id, recipient, kind, context.security.protect(body, recipient, now))
    except NoRecipientKey:
        return NoKey.NO_KEY


def record(store: Store, sent: SentBatch, now: datetime) -> None:
    """Record the results of the last batch, when no other is claimed after it. Raises ``StoreUnavailable``."""
    store.write(lambda tx: _record(tx, sent, ms(now)))


def _claim(tx: Tx, context: CenterContext, now: datetime, limit: int) -> tuple[ClaimedBatch, list[OwedPage]]:
    """The due batch, and the pages owed, which are not made yet."""
    speaking, now_ms = RECOVERY.before_claim(tx, context, now), ms(now)
    if not speaking.recovers:
        tell(tx, context, now, speaking.epoch)
    due = outbox.what_is_due(tx, now_ms)
    load = ClaimedBatch(
        epoch=speaking.epoch,
        messages=_messages(tx, context, now_ms, limit, due) if due.messages and not speaking.recovers else [],
        receipts=owed.claim_receipts(tx, now_ms, limit * 4, LEASE_MS) if due.receipts else [],
        errors=owed.claim_errors(tx, now_ms, limit, LEASE_MS) if due.errors else [],
        pages=[],
        questions=speaking.questions,
    )
    return load, archive.pages_due(tx, now_ms, LEASE_MS) if due.pages else []


def _messages(tx: Tx, context: CenterContext, now_ms: int, limit: int, due: Due) -> list[ClaimedMessage]:
    """The due messages that can be sent; one altered in the store is parked, without harm to others."""
    rows = outbox.claim(tx, now_ms, limit, LEASE_MS, some_paused=due.paused)
    for one in (row for row in rows if not row.body):
        _park_unreadable(tx, context, one, now_ms)
    return [row for row in rows if row.body]


def _park_unreadable(tx: Tx, context: CenterContext, one: ClaimedMessage, now_ms: int) -> None:
    outbox.set_aside(tx, one.row, UNREADABLE)
    item = parked.row(
        parked.PEER,
        UNREADABLE,
        "it was altered in the store: compare with a backup",
        known_by=one.message_id.encode(),
        owner=context.me,
        now_ms=now_ms,
        peer=one.recipient,
        message_id=one.message_id,
    )
    parked.park(tx, [item])


def _bundles(load: ClaimedBatch, context: CenterContext, now: datetime) -> list[_Bundle]:
    def built(peer: str, make: Callable[[], Control | None]) -> Parcel | NoKey:
        return _built(context, load.epoch, peer, make, now)

    receipts = [
        _Bundle(peer, built(peer, partial(_receipt, part)), receipts=[one.number for one in part])
        for peer, part in _by_peer(load.receipts)
    ]
    errors = [_Bundle(one.peer, built(one.peer, partial(_failure, one)), errors=[one.number]) for one in load.errors]
    pages = [
        _Bundle(wanted.peer, built(wanted.peer, partial(_as_it_is, page)), page=wanted) for wanted, page in load.pages
    ]
    questions = [_Bundle(peer, built(peer, partial(_as_it_is, data))) for peer, data in load.questions]
    return [*receipts, *errors, *pages, *questions]


def _built(
    context: CenterContext, epoch: int, peer: str, make: Callable[[], Control | None], now: datetime
) -> Parcel | NoKey:
    """A control message; one that cannot be made harms no other of the batch."""
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


def _by_peer(receipts: list[OwedReceipt]) -> Iterator[tuple[str, list[OwedReceipt]]]:
    by_peer: dict[str, list[OwedReceipt]] = {}
    for one in receipts:
        by_peer.setdefault(one.peer, []).append(one)
    for peer, rows in by_peer.items():
        for start in range(0, len(rows), RECEIPTS_A_MESSAGE):
            yield peer, rows[start : start + RECEIPTS_A_MESSAGE]


def _receipt(receipts: list[OwedReceipt]) -> Receipt:
    items = (
        ReceiptItem(
            message_id=UUID(one.message_id),
            verdict=Verdict(one.verdict),
            code=one.code,
            digest=one.digest.hex() if one.digest else None,
        )
        for one in receipts
    )
    return Receipt(items=tuple(items))


def _failure(error: OwedError) -> Failure:
    about = UUID(error.about) if error.about else None
    return Failure(code=error.code, text=error.text, about=about, digest=error.digest)


def _record(tx: Tx, sent: SentBatch, now_ms: int) -> None:
    outbox.sent(tx, [_after(m, result, now_ms) for m, result in zip(sent.messages, sent.results, strict=False)])
    of_bundles = zip(sent.bundles, sent.results[len(sent.messages) :], strict=True)
    _forget(tx, [bundle for bundle, result in of_bundles if result in GONE])


def _after(message: ClaimedMessage, result: RelayResult, now_ms: int) -> tuple[int, int, str]:
    """(row, due again at, trouble) after one result."""
    due_ms = now_ms + RESEND_AFTER[result].delay_ms(message.attempts)
    return message.row, due_ms, "" if result is SendResult.CONFIRMED else result.value


def _forget(tx: Tx, gone: Sequence[_Bundle]) -> None:
    owed.forget_receipts(tx, [number for bundle in gone for number in bundle.receipts])
    owed.forget_errors(tx, [number for bundle in gone for number in bundle.errors])
    for page in (bundle.page for bundle in gone if bundle.page is not None):
        archive.page_sent(tx, page)
