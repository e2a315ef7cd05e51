"""The peers' side: a page of the messages between this center and the one that asks. Only the asker's epoch is stored.

A page is limited by bytes, so that the longest message fits into several pages and no page is too long to travel.
"""

import base64
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from bus.contract.envelope import Message
from bus.contract.epochs import MAX_AHEAD, MAX_EPOCHS_AHEAD, epoch_of, epoch_start
from bus.contract.messages import LogAsked, LogEntry, LogTold, Verdict, Way
from bus.contract.types import Strict
from bus.store import archive
from bus.store.archive import Entry, OwedPage
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.recovery import lane_peers

BYTES = 120_000
"""Bytes of messages in one page: in base64, and with the rest of each entry, less than 200 KB."""
ENTRIES = 200

_CURSOR = re.compile(r"^([ao])([0-9]{1,18}):([0-9]{1,9})$")
_SOURCES = {"a": archive.since, "o": archive.unreceipted}


def enter_epochs(tx: Tx, messages: Collection[Message[Any]]) -> dict[str, int]:
    """The epochs of these messages' senders, where it is not the first. A peer in a later epoch than we knew was
    restored from a backup, though it may not have asked us."""
    heard = [(message.source, epoch_of(message.sequence)) for message in messages if _tells_epoch(message)]
    eras = {peer: era for peer, (era, _) in archive.epochs(tx, {message.source for message in messages}).items()}
    for peer, era in heard:
        known = eras.get(peer, 0)
        if known < era <= known + MAX_EPOCHS_AHEAD:
            archive.begin_epoch(tx, peer, era, "")
            eras[peer] = era
    return eras


def _tells_epoch(message: Message[Any]) -> bool:
    """Whether its sequence is one that a restored center would use first; a wild sequence must not silence its
    sender."""
    if isinstance(message.data, LogAsked) or not isinstance(message.data, Strict):
        return False  # a question begins its epoch itself; an invalid body proves nothing
    return message.sequence - epoch_start(epoch_of(message.sequence)) <= MAX_AHEAD


def take_asked(tx: Tx, message: Message[LogAsked], now_ms: int) -> None:
    """Record a peer's question: from now on only its new epoch is heard, and a page is owed to it. An epoch that is not
    later than a known one, from another recovery, was used before: ``log_page`` tells it so."""
    peer, asked, era = message.source, message.data, epoch_of(message.sequence)
    known, recovery = archive.epochs(tx, [peer]).get(peer, (0, ""))
    if known < era <= known + MAX_EPOCHS_AHEAD or (era == known and recovery == ""):
        archive.begin_epoch(tx, peer, era, str(asked.recovery))
    archive.owe_pages(tx, [OwedPage(peer, str(asked.recovery), asked.cursor, now_ms)])


def pages(
    store: Store, owed: Iterable[OwedPage], is_member: Callable[[str], bool]
) -> list[tuple[OwedPage, LogTold | None]]:
    """Each owed page with its row; None for one that cannot be made. Pages are read one by one, apart from the outbox:
    whatever a peer asks for, the outbox goes on."""
    return [(row, _page_or_none(store, row, is_member)) for row in owed]


def _page_or_none(store: Store, row: OwedPage, is_member: Callable[[str], bool]) -> LogTold | None:
    try:
        with store.reading() as tx:
            return log_page(tx, row, is_member)
    except StoreUnavailable as trouble:
        if trouble.passing:
            raise
        return None
    except ValueError:  # the owed page would violate the contract
        return None


def everybody(_center: str) -> bool:
    """True for every center: without a directory each one counts as a member of the county."""
    return True


def log_page(tx: Tx, owed: OwedPage, is_member: Callable[[str], bool] = everybody) -> LogTold:
    """The owed page. ``is_member``: whether a center is of the county; others are not mentioned."""
    peer, recovery, cursor = owed.peer, UUID(owed.recovery), owed.cursor
    era, known = archive.epochs(tx, [peer]).get(peer, (0, ""))
    if known != owed.recovery:
        return LogTold(recovery=recovery, era=era, used=True, cursor=cursor)
    entries: list[LogEntry] = []
    left, after = BYTES, None
    for place, entry, offset in _from(tx, peer, cursor):
        if left == 0 or len(entries) == ENTRIES:
            after = f"{place}{entry.row}:0"
            break
        part = entry.body[offset : offset + left]
        more = offset + len(part) < len(entry.body)
        told = _told(entry, part, more=more)
        if told is None:
            continue
        left -= len(part)
        entries.append(told)
        if more:
            after = f"{place}{entry.row}:{offset + len(part)}"
            break
    centers = tuple([one for one in lane_peers(tx) if is_member(one)][:500]) if after is None else ()
    return LogTold(recovery=recovery, era=era, cursor=cursor, next=after, entries=tuple(entries), centers=centers)


def _told(entry: Entry, part: bytes, *, more: bool) -> LogEntry | None:
    """The entry as it is told; None when there is nothing to tell. A cursor may lie behind the end of its message, and
    a row of an older program may violate the contract."""
    try:
        verdict = Verdict(entry.verdict) if entry.verdict else None
        body = base64.b64encode(part).decode()
        return LogEntry(way=Way(entry.way), body=body, more=more, verdict=verdict, code=entry.code or None)
    except ValueError:
        return None


def _from(tx: Tx, peer: str, cursor: str) -> Iterator[tuple[str, Entry, int]]:
    """The entries from the cursor on: first the archive, then the outbox."""
    found = _CURSOR.match(cursor)
    place, row, offset = (found[1], int(found[2]), int(found[3])) if found else ("a", 0, 0)
    for source in ("a", "o"):
        if source < place:
            continue
        first = row if source == place else 0
        for entry in _SOURCES[source](tx, peer, first, ENTRIES + 1):
            yield source, entry, offset if (source, entry.row) == (place, row) else 0
