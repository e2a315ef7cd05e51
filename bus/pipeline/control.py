"""Control messages: receipts, errors, and the logs that a restored center asks for.

None of them stands in a lane. They change the outbox, the parked items and a recovery.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from bus.contract import signed_document
from bus.contract.envelope import Message
from bus.contract.epochs import epoch_of
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.custody import Refusal
from bus.pipeline.facts_refused import end_refused_facts
from bus.pipeline.inbound import Inbound, Outcome
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.operations import end_refused_operations
from bus.recovery.hooks import RECOVERY
from bus.store import archive, outbox, owed, parked, vouching_peers
from bus.store.outbox import OutboxRow
from bus.store.parked import ParkedItem, parked_row, refused_row

OTHER_BYTES = "its recipient vouches for another document under this id; it is sent again, until the receipt is right"

DIGEST_MISSING = "its receipts said for which bytes they vouch, and do so no more: ask which program runs there"

PUT_OFF = "its recipient takes no more at once: it is sent again by itself, and this row goes with its receipt"

Control = Receipt | Failure | LogAsked | LogTold


Ended = Mapping[Verdict, Sequence[tuple[str, str]]]
"""The messages that a receipt settles, by verdict: (message, code)."""


class ControlOutcome(StrEnum):
    """The outcome of a control message, or of the message that it is about."""

    RECEIPTED = "receipted"
    """An own message, settled by a receipt."""
    REFUSED_BY_PEER = "refused-by-peer"
    """An own message, refused by a receipt."""
    OTHER_BYTES = "other-bytes"
    DIGEST_MISSING = "digest-missing"
    FAILURE_HEARD = "failure-heard"


def take_control(batch: ReceiveBatch, arrived: Sequence[Inbound]) -> None:
    """Carry out control messages, except those from before their sender's restore."""
    current = [one for one in arrived if not _is_old(batch, one.message)]
    receipts = (one.message.source for one in current if isinstance(one.message.data, Receipt))
    vouching = vouching_peers.known(batch.uow.tx, receipts)
    for one in current:
        if isinstance(one.message.data, Receipt):
            take_receipt(batch, one, vouching)
        elif isinstance(one.message.data, Failure):
            take_failure(batch, one)
        else:
            take_recovery(batch, one)


def _is_old(batch: ReceiveBatch, message: Message[Any]) -> bool:
    """Whether the message is from before its sender's restore: nothing that peers have built on since."""
    epoch = batch.epochs.get(message.source, 0)
    old = epoch_of(message.sequence) < epoch and not isinstance(message.data, LogAsked)
    batch.count(Outcome.FENCED, old)
    return old


# -- receipts ------------------------------------------------------------------------------------------------------


def take_receipt(batch: ReceiveBatch, one: Inbound, vouching: set[str]) -> None:
    """Apply a receipt: the settled messages leave the outbox, or are shown to an operator as refused. ``vouching``: the
    peers whose receipts have carried digests before."""
    tx, message = batch.uow.tx, one.message
    items: Sequence[ReceiptItem] = message.data.items
    said = outbox.digests(tx, message.source, [str(item.message_id) for item in items])
    _look_at_digests(batch, one, said, vouching)
    right, others = _for_what_was_said(items, said)
    batch.count(ControlOutcome.OTHER_BYTES, len(others))
    batch.park += [_other_bytes(batch, item, message) for item in others]
    ended = _by_verdict(right)
    refused = ended[Verdict.REFUSED]
    rows = outbox.waiting(tx, [message_id for message_id, _ in refused]) if refused else []
    _end_done(batch, one, ended, proves=bool(said))
    if refused:
        _end_refused(batch, message.source, refused, rows)


def _for_what_was_said(
    items: Sequence[ReceiptItem], said: Mapping[str, bytes | None]
) -> tuple[list[ReceiptItem], list[ReceiptItem]]:
    """The receipt's items split in two: those whose digest matches our message, and those for other bytes under the
    same id."""
    right: list[ReceiptItem] = []
    others: list[ReceiptItem] = []
    for item in items:
        ours = said.get(str(item.message_id))
        same = item.digest is None or ours is None or item.digest == ours.hex()
        (right if same else others).append(item)
    return right, others


def _by_verdict(items: Sequence[ReceiptItem]) -> Ended:
    found: dict[Verdict, list[tuple[str, str]]] = {verdict: [] for verdict in Verdict}
    for item in items:
        found[item.verdict].append((str(item.message_id), item.code or "refused"))
    return found


def _end_done(batch: ReceiveBatch, one: Inbound, ended: Ended, *, proves: bool) -> None:
    """Move settled messages from the outbox to the archive, with the receipt if it is signed and proves anything."""
    peer, tx, now_ms = one.message.source, batch.uow.tx, batch.uow.now_ms
    signed = proves and signed_document.split_message(one.body)[0] is not None
    kept = archive.keep_receipt(tx, peer, str(one.message.id), one.body, now_ms) if signed else None
    done: list[str] = []
    for verdict in (Verdict.APPLIED, Verdict.SUPERSEDED):
        ids = [message_id for message_id, _ in ended[verdict]]
        archive.keep_said(tx, peer, ids, verdict.value, now_ms, receipt=kept)
        done += ids
    parked.take_coded(tx, parked.PEER, (parked.QUOTA,), done)
    batch.count(ControlOutcome.RECEIPTED, outbox.receipted(tx, peer, done, []))


def _end_refused(batch: ReceiveBatch, peer: str, refused: Sequence[tuple[str, str]], rows: Sequence[OutboxRow]) -> None:
    """Keep refused messages in the outbox, and park each that was still waiting for an operator."""
    uow, waited = batch.uow, {row.message_id: row for row in rows}
    batch.count(ControlOutcome.RECEIPTED, outbox.receipted(uow.tx, peer, [], refused))
    ended = [(waited[message_id], code) for message_id, code in refused if message_id in waited]
    ended = [(row, code) for row, code in ended if (row.recipient, row.state) == (peer, outbox.WAITING)]
    batch.count(ControlOutcome.REFUSED_BY_PEER, len(ended))
    others = end_refused_operations(batch, peer, end_refused_facts(batch, peer, ended))
    batch.park += [refused_row(row, uow.context, code, uow.now) for row, code in others]


# -- digests in receipts -------------------------------------------------------------------------------------------


def _look_at_digests(batch: ReceiveBatch, one: Inbound, said: Mapping[str, bytes | None], vouching: set[str]) -> None:
    """Record a peer that begins to send digests, and park a notice about one that stops. The messages are settled
    either way."""
    peer, items = one.message.source, one.message.data.items
    if peer in vouching:
        if _is_silent(items, said):
            batch.count(ControlOutcome.DIGEST_MISSING)
            batch.park.append(_digest_missing(batch, one))
    elif any(item.digest and str(item.message_id) in said for item in items):
        vouching.add(peer)
        vouching_peers.remember(batch.uow.tx, peer, batch.uow.now_ms)


def _is_silent(items: Sequence[ReceiptItem], said: Mapping[str, bytes | None]) -> bool:
    """Whether an item settles one of our messages without a digest."""
    return any(item.digest is None and said.get(str(item.message_id)) is not None for item in items)


def _digest_missing(batch: ReceiveBatch, one: Inbound) -> ParkedItem:
    """The notice about a peer's first receipt without digests; later ones are counted."""
    what = f"digest-missing {one.message.source}".encode()
    item = _from_a_peer(batch, what, one.message, ControlOutcome.DIGEST_MISSING, DIGEST_MISSING)
    return item._replace(message_id=None, body=one.body)


def _other_bytes(batch: ReceiveBatch, item: ReceiptItem, message: Message[Any]) -> ParkedItem:
    what = f"{item.message_id} {item.digest}".encode()
    found = _from_a_peer(batch, what, message, ControlOutcome.OTHER_BYTES, OTHER_BYTES)
    return found._replace(message_id=str(item.message_id), body=None)


def _from_a_peer(batch: ReceiveBatch, known_by: bytes, message: Message[Any], code: str, hint: str) -> ParkedItem:
    return parked_row(parked.PEER, batch.uow.context, known_by, message, code, hint, batch.uow.now)


# -- errors, and the logs of a recovery ----------------------------------------------------------------------------


def take_failure(batch: ReceiveBatch, one: Inbound) -> None:
    """Show an operator that a peer could not read a message of ours, or takes no more at once."""
    batch.count(ControlOutcome.FAILURE_HEARD)
    said: Failure = one.message.data
    what = (said.digest or str(said.about or one.message.id)).encode()
    hint = PUT_OFF if said.code == parked.QUOTA else "a peer could not read what we sent"
    about = str(said.about) if said.about else None
    batch.park.append(_from_a_peer(batch, what, one.message, said.code, hint)._replace(message_id=about, body=None))


def take_recovery(batch: ReceiveBatch, one: Inbound) -> None:
    """Handle a peer's question for our log, or a page of its log. A refused page is told again with every question, so
    all of them share one parked row."""
    uow, message = batch.uow, one.message
    try:
        batch.count(RECOVERY.hear(uow.tx, uow.context, message, uow.now))
    except Refusal as refusal:
        batch.count(Outcome.REFUSED)
        what = f"{message.source} {message.data.recovery} {refusal.code}".encode()
        item = parked_row(parked.WIRE, uow.context, what, message, refusal.code, refusal.cure, uow.now)
        batch.park.append(item._replace(body=None))
        about = str(message.id)
        batch.errors.append(owed.error(message.source, refusal.code, refusal.cure, item.digest, uow.now_ms, about))
