"""The restored center's side: ask every peer page by page, and keep what is told until all have told."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.backoff import Backoff
from bus.context import CenterContext
from bus.contract.codec import MAX_BYTES, Undecodable, decode
from bus.contract.envelope import Message
from bus.contract.ids import new_id
from bus.contract.messages import LogAsked, LogEntry, LogTold, Way
from bus.custody import Refusal
from bus.store import archive, outbox, recovery
from bus.store.database import Store, Tx
from bus.store.due import is_due
from bus.store.timestamps import ms

ASK_AGAIN_AFTER = Backoff(2, 120)
"""Backoff before a page is asked for again."""
MOST_ERAS_LOST = 32
"""Most epochs beyond our last one that a peer may claim for us. Peers accept a hundred unheard ones, so one center's
claim must leave us where all the others still hear us."""
LONGEST_TOLD = MAX_BYTES + 1000
"""Bytes of one message that is told over several pages, its signature included."""


@dataclass(frozen=True, slots=True)
class Status:
    """The progress of a recovery."""

    going_on: bool
    era: int
    told: int
    """Messages younger than the backup that were told so far."""
    peers: dict[str, str]
    """Peer → ``asked``, ``told`` or ``excused``."""


class NothingToRecover(ValueError):
    """No recovery goes on, or this center is not asked in it."""


def begin(store: Store, context: CenterContext, peers: Iterable[str], now: datetime) -> Status:
    """Begin a recovery: every peer in the lanes, the arbiter and ``peers`` are asked from now on.

    It also works during a recovery: the backup may have been made then, and everything said since is of that epoch. So
    each call begins a new recovery, and peers already asked are asked anew. Raises ``StoreUnavailable``."""

    def change(tx: Tx) -> None:
        _begin(tx, context, peers, now)

    store.write(change)
    return status(store)


def _begin(tx: Tx, context: CenterContext, peers: Iterable[str], now: datetime) -> None:
    arbiter = [context.arbiter] if context.arbiter else []
    asked = [one.peer for one in recovery.peers(tx)] if recovery.epoch(tx).recovery else []
    heard = {one for one in (*recovery.lane_peers(tx), *asked) if context.security.is_member(one)}
    number = recovery.without_wild_epochs(tx, ms(now)) + 1
    recovery.begin(tx, str(new_id()), number, {*heard, *peers, *arbiter} - {context.me}, ms(now))


def begin_anew_if_wild(tx: Tx, context: CenterContext, now: datetime) -> None:
    """Begin a recovery anew, in an epoch that all accept, if a peer has pushed it into one in which no peer hears
    us."""
    if recovery.epoch(tx).recovery is not None and recovery.wild_epoch(tx) is not None:
        _begin(tx, context, (), now)


def excuse(store: Store, peer: str, now: datetime) -> Status:
    """Go on without ``peer``: what only it has heard is then lost. Raises ``Nothing`` or ``StoreUnavailable``."""

    def change(tx: Tx) -> None:
        if recovery.epoch(tx).recovery is None or not recovery.excuse(tx, peer):
            raise NothingToRecover(peer)

    store.write(change)
    return status(store)


def status(store: Store) -> Status:
    """The progress of the recovery. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        epoch = recovery.epoch(tx)
        peers = {asked.peer: asked.state for asked in recovery.peers(tx)}
        return Status(epoch.recovery is not None, epoch.number, recovery.told_count(tx), peers)


def going_on(store: Store) -> bool:
    """Whether this center recovers, and so takes nothing in. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        return recovery.epoch(tx).recovery is not None


def questions(tx: Tx, epoch: recovery.Epoch, now: datetime) -> list[tuple[str, LogAsked]]:
    """The questions to ask now; each is repeated later if no page comes."""
    due = [one for one in recovery.peers(tx) if one.state == recovery.ASKED and is_due(one.next_ms, ms(now))]
    for one in due:
        recovery.asked_again(tx, one.peer, ms(now) + ASK_AGAIN_AFTER.delay_ms(one.attempts))
    return [(one.peer, LogAsked(recovery=UUID(epoch.recovery), cursor=one.cursor)) for one in due]


def all_told(tx: Tx) -> bool:
    """Whether no peer is left to wait for."""
    return all(one.state != recovery.ASKED for one in recovery.peers(tx))


def take_told(tx: Tx, context: CenterContext, message: Message[LogTold], now: datetime) -> str:
    """Keep a page. Returns its outcome: ``told``, or ``told-again`` for a page that is not awaited. Raises ``Refusal``
    for a page that no honest center tells: its sender stays asked, until an operator excuses it."""
    peer, told, epoch = message.source, message.data, recovery.epoch(tx)
    asked = recovery.asking(tx, peer)
    if asked is None or epoch.recovery != str(told.recovery) or asked.state != recovery.ASKED:
        return "told-again"
    if told.used and told.era >= epoch.number:
        if told.era >= recovery.sane_epoch(tx, besides=epoch.recovery) + MOST_ERAS_LOST:
            raise Refusal("wild-era", "no center has lost its store so often since its backup")
        recovery.raise_epoch(tx, epoch.recovery, told.era + 1, ms(now))
        return "told"
    if told.used or told.cursor != asked.cursor or told.era != epoch.number:
        return "told-again"
    heard, partial = _assembled(told.entries, asked.partial)
    if len(partial) > LONGEST_TOLD:
        raise Refusal("told-too-long", "no message of the contract is so long")
    recovery.keep_told(tx, _younger(tx, peer, _honest(heard, peer, context)))
    recovery.ask(tx, {one for one in told.centers if context.security.is_member(one)} - {context.me}, ms(now))
    state = recovery.ASKED if told.next else recovery.TOLD
    recovery.heard_page(tx, peer, told.next or asked.cursor, partial, state, ms(now))
    return "told"


_Whole = tuple[bytes, LogEntry]
"""A complete message's bytes, and its entry."""


def _assembled(entries: Iterable[LogEntry], partial: bytes) -> tuple[list[_Whole], bytes]:
    """The complete messages, and the beginning of one that goes on on the next page."""
    whole = []
    for entry in entries:
        partial += _bytes_of(entry)
        if not entry.more:
            whole.append((partial, entry))
            partial = b""
    return whole, partial


def _bytes_of(entry: LogEntry) -> bytes:
    """The decoded bytes; empty where the text is invalid base64, which a pattern cannot exclude: the entry is
    skipped."""
    try:
        return base64.b64decode(entry.body)
    except ValueError:
        return b""


def _honest(
    told: Iterable[_Whole], peer: str, context: CenterContext
) -> Iterator[tuple[Message[Any], bytes, LogEntry]]:
    """The messages about a case that went between the two centers. Others are skipped: a peer may not tell them. So are
    alleged messages of ours that we have never signed."""
    for body, entry in told:
        try:
            message = decode(body)
        except Undecodable as error:
            if error.envelope is None:
                continue
            message = error.envelope
        ends = (peer, context.me) if entry.way is Way.SAID else (context.me, peer)
        if entry.way is Way.HEARD and not context.security.has_said(context.me, body):
            continue
        if (message.source, message.recipient) == ends and message.subject is not None and message.sequence:
            yield message, body, entry


def _younger(tx: Tx, peer: str, messages: Iterable[tuple[Message[Any], bytes, LogEntry]]) -> list[recovery.ToldRow]:
    """What the backup does not know: sequences after its marks, and receipts of messages in its outbox."""
    kept = []
    for message, body, entry in messages:
        sent, applied = recovery.lane(tx, peer, str(message.subject))
        ours = entry.way is Way.HEARD
        if message.sequence <= (sent if ours else applied) and not (ours and _waits(tx, message)):
            continue
        way, verdict = (archive.SAID if ours else archive.HEARD), (entry.verdict.value if entry.verdict else None)
        place = (way, str(message.subject), message.sequence)
        kept.append(recovery.ToldRow(peer, str(message.id), *place, body, verdict, entry.code))
    return kept


def _waits(tx: Tx, message: Message[Any]) -> bool:
    return any(row.state == outbox.WAITING for row in outbox.waiting(tx, [str(message.id)]))
