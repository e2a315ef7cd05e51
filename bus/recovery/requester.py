"""The side of the restored center: ask everyone page by page, and keep what is told until all have told."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.backoff import Pauses
from bus.context import Rules
from bus.contract.envelope import Message, Undecodable, decode
from bus.contract.ids import new_id
from bus.contract.messages import LogAsked, LogEntry, LogTold, Way
from bus.store import archive, outbox, recovery
from bus.store.database import Store, Tx
from bus.store.due import is_due
from bus.store.timestamps import ms

PAUSES = Pauses(2, 120)
"""How long to wait for a page before asking again."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a recovery is."""

    going_on: bool
    era: int
    told: int
    """Messages younger than the backup that were told so far."""
    peers: dict[str, str]
    """Peer → ``asked``, ``told`` or ``excused``."""


class Nothing(ValueError):
    """No recovery goes on, or this center is not asked in it."""


def begin(store: Store, rules: Rules, peers: Iterable[str], now: datetime) -> Status:
    """The store was put back to a backup: everyone in its lanes, the arbiter and ``peers`` are asked from now on.

    Also while a recovery goes on: its backup may be one that was made during a recovery, and everything said since is
    of that era. So each word of the operator begins a new one, and whoever is asked already is asked anew. Raises
    ``StoreTrouble``."""

    def change(tx: Tx) -> None:
        era, arbiter = recovery.era(tx), [rules.arbiter] if rules.arbiter else []
        asked = [one.peer for one in recovery.peers(tx)] if era.recovery else []
        known = {*recovery.lane_peers(tx), *peers, *arbiter, *asked} - {rules.me}
        recovery.begin(tx, str(new_id()), era.number + 1, known, ms(now))

    store.write(change)
    return status(store)


def excuse(store: Store, peer: str, now: datetime) -> Status:
    """Go on without ``peer``: what only it has heard is then lost. Raises ``Nothing`` or ``StoreTrouble``."""

    def change(tx: Tx) -> None:
        if recovery.era(tx).recovery is None or not recovery.excuse(tx, peer):
            raise Nothing(peer)

    store.write(change)
    return status(store)


def status(store: Store) -> Status:
    """How far it is. Raises ``StoreTrouble``."""
    with store.reading() as tx:
        era = recovery.era(tx)
        peers = {asked.peer: asked.state for asked in recovery.peers(tx)}
        return Status(era.recovery is not None, era.number, recovery.told_count(tx), peers)


def going_on(store: Store) -> bool:
    """Whether this center recovers, and so takes nothing in. Raises ``StoreTrouble``."""
    with store.reading() as tx:
        return recovery.era(tx).recovery is not None


def questions(tx: Tx, era: recovery.Era, now: datetime) -> list[tuple[str, LogAsked]]:
    """Whom to ask now, and what; asked again later if nothing comes."""
    due = [one for one in recovery.peers(tx) if one.state == recovery.ASKED and is_due(one.next_ms, ms(now))]
    for one in due:
        recovery.asked_again(tx, one.peer, ms(now) + PAUSES.after_ms(one.attempts))
    return [(one.peer, LogAsked(recovery=UUID(era.recovery), cursor=one.cursor)) for one in due]


def all_told(tx: Tx) -> bool:
    """Whether there is nobody left to wait for."""
    return all(one.state != recovery.ASKED for one in recovery.peers(tx))


def take_told(tx: Tx, rules: Rules, message: Message[LogTold], now: datetime) -> str:
    """Keep a page. Returns how it ended: ``told``, or ``told-again`` for a page that is not awaited."""
    peer, told, era = message.source, message.data, recovery.era(tx)
    asked = recovery.asking(tx, peer)
    if asked is None or era.recovery != str(told.recovery) or asked.state != recovery.ASKED:
        return "told-again"
    if told.used and told.era >= era.number:
        recovery.raise_era(tx, era.recovery, told.era + 1, ms(now))
        return "told"
    if told.used or told.cursor != asked.cursor or told.era != era.number:
        return "told-again"
    heard, partial = _assembled(told.entries, asked.partial)
    recovery.keep_told(tx, _younger(tx, peer, _honest(heard, peer, rules)))
    recovery.ask(tx, {*told.centers} - {rules.me}, ms(now))
    state = recovery.ASKED if told.next else recovery.TOLD
    recovery.heard_page(tx, peer, told.next or asked.cursor, partial, state, ms(now))
    return "told"


_Whole = tuple[bytes, LogEntry]
"""A message's bytes, and what was said of it."""


def _assembled(entries: Iterable[LogEntry], partial: bytes) -> tuple[list[_Whole], bytes]:
    """Whole messages, and the beginning of one that goes on on the next page."""
    whole = []
    for entry in entries:
        partial += base64.b64decode(entry.body)
        if not entry.more:
            whole.append((partial, entry))
            partial = b""
    return whole, partial


def _honest(told: Iterable[_Whole], peer: str, rules: Rules) -> Iterator[tuple[Message[Any], bytes, LogEntry]]:
    """What went between the two of us about a case; anything else a peer has no business telling, nor what we are to
    have said and have never signed."""
    for body, entry in told:
        try:
            message = decode(body)
        except Undecodable as error:
            if error.envelope is None:
                continue
            message = error.envelope
        ends = (peer, rules.me) if entry.way is Way.SAID else (rules.me, peer)
        if entry.way is Way.HEARD and not rules.notary.has_said(rules.me, body):
            continue
        if (message.source, message.recipient) == ends and message.subject is not None and message.sequence:
            yield message, body, entry


def _younger(tx: Tx, peer: str, messages: Iterable[tuple[Message[Any], bytes, LogEntry]]) -> list[dict[str, Any]]:
    """What the backup does not know: places after its marks, and what of its outbox has been heard."""
    kept = []
    for message, body, entry in messages:
        sent, applied = recovery.lane(tx, peer, str(message.subject))
        ours = entry.way is Way.HEARD
        if message.sequence <= (sent if ours else applied) and not (ours and _waits(tx, message)):
            continue
        kept.append(
            {
                "peer": peer,
                "message_id": str(message.id),
                "way": archive.SAID if ours else archive.HEARD,
                "case_id": str(message.subject),
                "sequence": message.sequence,
                "body": body,
                "verdict": entry.verdict.value if entry.verdict else None,
                "code": entry.code,
            }
        )
    return kept


def _waits(tx: Tx, message: Message[Any]) -> bool:
    return any(row["state"] == outbox.WAITING for row in outbox.waiting(tx, [str(message.id)]))
