"""Messages about messages: receipts, errors, and the logs that a restored center asks for. None of them stands in a
lane; what they change is the outbox, what is parked, and a recovery.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bus.context import CenterContext
from bus.contract import signed_document
from bus.contract.envelope import Message
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, ReceiptItem, Verdict
from bus.custody import Refusal
from bus.recovery import requester, responder
from bus.store import archive, outbox, parked, vouching_peers
from bus.store.database import Tx
from bus.store.parked import parked_row, refused_row
from bus.store.timestamps import ms

OTHER_BYTES = "its recipient vouches for another document under this id; it is sent again, until the receipt is right"

DIGEST_MISSING = "its receipts said for which bytes they vouch, and do so no more: ask which program runs there"

PUT_OFF = "its recipient takes no more at once: it is sent again by itself, and this row goes with its receipt"

Control = Receipt | Failure | LogAsked | LogTold
ControlMessage = Message[Control]

RECEIPTED = "receipted"
"""How the messages are counted of which a receipt says that they are dealt with."""


def strange_rows(
    context: CenterContext, body: bytes, sender: str | None, code: str, where: str, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Bytes without a place in any lane: parked here, and told to whoever the transport says has sent them.

    The row to park, and the error owed, if there is somebody to tell."""
    row = parked_row(parked.WIRE, context, body, None, code, where, now) | {"peer": sender}
    if sender is None or sender == context.me:
        return row, []
    text = where or "not a message of the contract; it is parked at its recipient"
    return row, [outbox.error_row(sender, code, text, row["digest"], ms(now))]


def take(
    tx: Tx, context: CenterContext, messages: Sequence[tuple[Message[Any], bytes]], now: datetime
) -> tuple[Counter[str], list[Any], list[dict[str, Any]]]:
    """Do what these say; with each its bytes as signed. Returns how many ended how, rows to be parked, errors owed."""
    counts: Counter[str] = Counter()
    rows: list[Any] = []
    vouching = vouching_peers.known(
        tx, (message.source for message, _ in messages if isinstance(message.data, Receipt))
    )
    errors: list[dict[str, Any]] = []
    for message, signed in messages:
        if isinstance(message.data, Receipt):
            _take_receipt(tx, counts, rows, message, signed, context, now, vouching)
        elif isinstance(message.data, Failure):
            counts["failure-heard"] += 1
            rows.append(_failure_row(message, context, now))
        elif isinstance(message.data, LogAsked):
            counts["asked"] += 1
            responder.take_asked(tx, message, ms(now))
        else:
            _take_told(tx, counts, rows, errors, message, context, now)
    return counts, rows, errors


def _take_told(
    tx: Tx,
    counts: Counter[str],
    park: list[Any],
    errors: list[dict[str, Any]],
    message: Message[LogTold],
    context: CenterContext,
    now: datetime,
) -> None:
    try:
        counts[requester.take_told(tx, context, message, now)] += 1
    except Refusal as refusal:  # told again with every question: one row for all of them
        counts["refused"] += 1
        what = f"{message.source} {message.data.recovery} {refusal.code}".encode()
        row = parked_row(parked.WIRE, context, what, message, refusal.code, refusal.cure, now) | {"body": None}
        park.append(row)
        about = str(message.id)
        errors.append(outbox.error_row(message.source, refusal.code, refusal.cure, row["digest"], ms(now), about))


def _take_receipt(
    tx: Tx,
    counts: Counter[str],
    park: list[Any],
    message: Message[Receipt],
    signed: bytes,
    context: CenterContext,
    now: datetime,
    vouching: set[str],
) -> None:
    peer = message.source
    said = outbox.digests(tx, peer, [str(item.message_id) for item in message.data.items])
    if peer not in vouching:
        _begins_to_vouch(tx, message, said, vouching, now)
    elif _is_silent(message.data.items, said):
        counts["digest-missing"] += 1
        park.append(_digest_missing_row(message, signed, context, now))
    items, others = _for_what_was_said(message.data.items, said)
    if others:
        counts["other-bytes"] += len(others)
    park += [_other_bytes_row(item, message, context, now) for item in others]
    by_verdict: dict[Verdict, list[str]] = {}
    for item in items:
        by_verdict.setdefault(item.verdict, []).append(str(item.message_id))
    proves = (
        bool(said) and signed_document.split_message(signed)[0] is not None
    )  # one that comes again proves nothing new
    kept = archive.keep_receipt(tx, peer, str(message.id), signed, ms(now)) if proves else None
    for verdict in (Verdict.APPLIED, Verdict.SUPERSEDED):
        archive.keep_said(tx, peer, by_verdict.get(verdict, []), verdict.value, ms(now), receipt=kept)
    done = [message_id for verdict, ids in by_verdict.items() if verdict is not Verdict.REFUSED for message_id in ids]
    refused = [(str(i.message_id), i.code or "refused") for i in items if i.verdict is Verdict.REFUSED]
    rows = {r["message_id"]: r for r in outbox.waiting(tx, [r[0] for r in refused])} if refused else {}
    parked.take_coded(tx, parked.PEER, (parked.QUOTA,), done)
    counts[RECEIPTED] += outbox.receipted(tx, peer, done, refused)
    for message_id, code in refused:
        row = rows.get(message_id)
        if row is not None and row["recipient"] == peer and row["state"] == outbox.WAITING:
            counts["refused-by-peer"] += 1
            park.append(refused_row(row, context, code, now))


def _for_what_was_said(
    items: Sequence[ReceiptItem], said: Mapping[str, bytes | None]
) -> tuple[list[ReceiptItem], list[ReceiptItem]]:
    """The items that vouch for what we have said, and those that are for other bytes under the same id."""
    right: list[ReceiptItem] = []
    others: list[ReceiptItem] = []
    for item in items:
        ours = said.get(str(item.message_id))
        same = item.digest is None or ours is None or item.digest == ours.hex()
        (right if same else others).append(item)
    return right, others


def _begins_to_vouch(
    tx: Tx, message: Message[Receipt], said: Mapping[str, bytes | None], vouching: set[str], now: datetime
) -> None:
    """Remember the peer, if it says of something of ours for which bytes it vouches."""
    if any(item.digest and str(item.message_id) in said for item in message.data.items):
        vouching.add(message.source)
        vouching_peers.remember(tx, message.source, ms(now))


def _is_silent(items: Sequence[ReceiptItem], said: Mapping[str, bytes | None]) -> bool:
    """Whether it ends something that we have said without saying which bytes."""
    return any(item.digest is None and said.get(str(item.message_id)) is not None for item in items)


def _digest_missing_row(
    message: Message[Receipt], signed: bytes, context: CenterContext, now: datetime
) -> dict[str, Any]:
    """The first of a peer's, with a count of those after it. The messages are ended, as ever: such a receipt is one."""
    what = f"digest-missing {message.source}".encode()
    row = parked_row(parked.PEER, context, what, message, "digest-missing", DIGEST_MISSING, now)
    return row | {"message_id": None, "body": signed}


def _other_bytes_row(
    item: ReceiptItem, message: Message[Receipt], context: CenterContext, now: datetime
) -> dict[str, Any]:
    what = f"{item.message_id} {item.digest}".encode()
    row = parked_row(parked.PEER, context, what, message, "other-bytes", OTHER_BYTES, now)
    return row | {"message_id": str(item.message_id), "body": None}


def _failure_row(message: Message[Failure], context: CenterContext, now: datetime) -> dict[str, Any]:
    what = (message.data.digest or str(message.data.about or message.id)).encode()
    hint = PUT_OFF if message.data.code == parked.QUOTA else "a peer could not read what we sent"
    row = parked_row(parked.PEER, context, what, message, message.data.code, hint, now)
    about = str(message.data.about) if message.data.about else None
    return row | {"message_id": about, "body": None}
