"""Told messages, decoded: which of them were applied here, and the rows that they become in the restored store."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.codec import Undecodable, decode, digest
from bus.contract.envelope import Message, kind_of
from bus.custody import Record
from bus.store import outbox
from bus.store.archive import ArchiveRow
from bus.store.inbox import AppliedRow
from bus.store.outbox import OutboxRow
from bus.store.recovery import ToldRow

OPENERS = (k.Offered, k.AssistRequested, k.ArbitrationRequested, k.Ruled, k.ExtensionRequested, k.Escalated)
"""Kinds that can be a center's first message about a case."""


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """One told message, decoded."""

    row: ToldRow
    message: Message[Any]
    readable: bool

    @property
    def verdict(self) -> str:
        """Its outcome here; without a told verdict it follows from our answer."""
        return self.row.verdict or k.Verdict.APPLIED.value


def read(row: ToldRow) -> ToldMessage:
    """Decode a stored row."""
    try:
        return ToldMessage(row, decode(row.body), readable=True)
    except Undecodable as error:
        if error.envelope is None:  # it was readable when it was told
            raise
        return ToldMessage(row, error.envelope, readable=False)


def read_each(rows: Iterable[ToldRow]) -> list[ToldMessage]:
    """The rows that can be decoded."""
    found = []
    for row in rows:
        with suppress(Undecodable):  # written by an older program, and unreadable for every program
            found.append(read(row))
    return found


def heard_here(before: Record | None, said: Sequence[ToldMessage], theirs: Sequence[ToldMessage]) -> list[ToldMessage]:
    """The messages that were applied here. If no known message opens the case, a message that could open it counts as
    applied."""
    words = [w.message for w in said]
    heard = applied_here(theirs, words)
    if before is None and not any(_opens(w) for w in (*said, *heard)):
        return applied_here(theirs, words, opened=bool(said or heard))
    return heard


def applied_here(
    told: Iterable[ToldMessage], said: Sequence[Message[Any]], *, opened: bool = False
) -> list[ToldMessage]:
    """The messages that were applied here: the peer has our receipt, or others have heard our answer; and everything
    before them.

    The rest is still in its sender's outbox, and comes by itself. ``opened``: the case was known here, so a message
    that opens it had been applied, though no peer heard so."""
    causes = {one.causeid for one in said}
    offers = {one.data.offer_id for one in said if isinstance(one.data, k.Accepted | k.Declined | k.Withdrawn)}
    assists = {one.data.assist_id for one in said if isinstance(one.data, k.AssistAnswered)}
    marks: dict[str, int] = {}
    listed = list(told)
    for word in listed:
        data = word.message.data
        answered = (
            word.message.id in causes
            or (isinstance(data, k.Offered) and data.offer_id in offers)
            or (isinstance(data, k.AssistRequested) and data.assist_id in assists)
            or (opened and isinstance(data, OPENERS))
        )
        if word.row.verdict is not None or answered:
            peer = word.message.source
            marks[peer] = max(marks.get(peer, 0), word.message.sequence)
    return [word for word in listed if word.message.sequence <= marks.get(word.message.source, 0)]


def _opens(told: ToldMessage) -> bool:
    return isinstance(told.message.data, OPENERS) and told.verdict == k.Verdict.APPLIED.value


def outbox_row(told: ToldMessage, now_ms: int) -> OutboxRow:
    """The outbox row of a message that its recipient has refused."""
    bare = signed_document.split_message(told.row.body)[1]  # it is signed anew each time it leaves
    trouble = told.row.code or "refused"
    return OutboxRow.of(told.message, bare, now_ms)._replace(state=outbox.REFUSED, attempts=1, trouble=trouble)


def archived(told: ToldMessage, way: str, peer: str, now_ms: int) -> ArchiveRow:
    """Its row in the archive."""
    message, body = told.message, told.row.body
    about = (str(message.id), str(message.subject), message.sequence, kind_of(message))
    return ArchiveRow(way, peer, *about, body, digest(body), told.verdict, told.row.code, now_ms)


def memory(told: ToldMessage, now_ms: int) -> AppliedRow:
    """Its row in the memory of applied messages."""
    message = told.message
    place = (message.source, str(message.subject), message.sequence)
    return AppliedRow(*place, str(message.id), told.verdict, told.row.code, now_ms, digest(told.row.body))
