"""The side of the restored center: ask everyone page by page, and keep what is told until all have told."""

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
"""How long to wait for a page before asking again."""
MOST_ERAS_LOST = 32
"""So many eras beyond our last one may a peer say that we have spoken in. Others accept a hundred that they have not
heard of: what one center claims must leave us where all the others still hear us."""
LONGEST_TOLD = MAX_BYTES + 1000
"""Bytes of one message that is told over several pages, its signature included."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a recovery is."""

    going_on: bool
    era: int
    told: int
    """Messages younger than the backup that were told so far."""
    peers: dict[str, str]
    """Peer → ``asked``, ``told`` or ``excused``."""


class NothingToRecover(ValueError):
    """No recovery goes on, or this center is not asked in it."""


def begin(store: Store, context: CenterContext, peers: Iterable[str], now: datetime) -> Status:
    """The store was put back to a backup: everyone in its lanes, the arbiter and ``peers`` are asked from now on.

    Also while a recovery goes on: its backup may be one that was made during a recovery, and everything said since is
    of that era. So each word of the operator begins a new one, and whoever is asked already is asked anew. Raises
    ``StoreUnavailable``."""

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
    """A recovery that a peer has pushed into an era in which nobody hears us begins anew, in one that all accept."""
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
    """How far it is. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        epoch = recovery.epoch(tx)
        peers = {asked.peer: asked.state for asked in recovery.peers(tx)}
        return Status(epoch.recovery is not None, epoch.number, recovery.told_count(tx), peers)


def going_on(store: Store) -> bool:
    """Whether this center recovers, and so takes nothing in. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        return recovery.epoch(tx).recovery is not None


def questions(tx: Tx, epoch: recovery.Epoch, now: datetime) -> list[tuple[str, LogAsked]]:
    """Whom to ask now, and what; asked again later if nothing comes."""
    due = [one for one in recovery.peers(tx) if one.state == recovery.ASKED and is_due(one.next_ms, ms(now))]
    for one in due:
        recovery.asked_again(tx, one.peer, ms(now) + ASK_AGAIN_AFTER.delay_ms(one.attempts))
    return [(one.peer, LogAsked(recovery=UUID(epoch.recovery), cursor=one.cursor)) for one in due]


def all_told(tx: Tx) -> bool:
    """Whether there is nobody left to wait for."""
    return all(one.state != recovery.ASKED for one in recovery.peers(tx))


def take_told(tx: Tx, context: CenterContext, message: Message[LogTold], now: datetime) -> str:
    """Keep a page. Returns how it ended: ``told``, or ``told-again`` for a page that is not awaited. Raises ``Refusal``
    for one that no honest center tells: its sender stays asked, until an operator excuses it."""
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
"""A message's bytes, and what was said of it."""


def _assembled(entries: Iterable[LogEntry], partial: bytes) -> tuple[list[_Whole], bytes]:
    """Whole messages, and the beginning of one that goes on on the next page."""
    whole = []
    for entry in entries:
        partial += _bytes_of(entry)
        if not entry.more:
            whole.append((partial, entry))
            partial = b""
    return whole, partial


def _bytes_of(entry: LogEntry) -> bytes:
    """What it tells; nothing where its text is no base64, which its pattern cannot say: it is passed over."""
    try:
        return base64.b64decode(entry.body)
    except ValueError:
        return b""


def _honest(
    told: Iterable[_Whole], peer: str, context: CenterContext
) -> Iterator[tuple[Message[Any], bytes, LogEntry]]:
    """What went between the two of us about a case; anything else a peer has no business telling, nor what we are to
    have said and have never signed."""
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
    """What the backup does not know: places after its marks, and what of its outbox has been heard."""
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
