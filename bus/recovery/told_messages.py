"""One message that a peer has told, read, and the rows that it becomes in the restored store."""

from dataclasses import dataclass
from typing import Any

from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.codec import Undecodable, decode, digest
from bus.contract.envelope import Message, kind_of
from bus.store import outbox
from bus.store.archive import ArchiveRow
from bus.store.inbox import AppliedRow
from bus.store.outbox import OutboxRow
from bus.store.recovery import ToldRow


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """One message that was told, read."""

    row: ToldRow
    message: Message[Any]
    readable: bool

    @property
    def verdict(self) -> str:
        """What became of it here; what nobody was told is known by what we said to it."""
        return self.row.verdict or k.Verdict.APPLIED.value


def read(row: ToldRow) -> ToldMessage:
    """Read what was kept of it."""
    try:
        return ToldMessage(row, decode(row.body), readable=True)
    except Undecodable as error:
        if error.envelope is None:  # it was readable when it was told
            raise
        return ToldMessage(row, error.envelope, readable=False)


def outbox_row(told: ToldMessage, now_ms: int) -> OutboxRow:
    """As a message that its recipient has refused."""
    bare = signed_document.split_message(told.row.body)[1]  # it is signed anew each time it leaves
    trouble = told.row.code or "refused"
    return OutboxRow.of(told.message, bare, now_ms)._replace(state=outbox.REFUSED, attempts=1, trouble=trouble)


def archived(told: ToldMessage, way: str, peer: str, now_ms: int) -> ArchiveRow:
    """For the archive."""
    message, body = told.message, told.row.body
    about = (str(message.id), str(message.subject), message.sequence, kind_of(message))
    return ArchiveRow(way, peer, *about, body, digest(body), told.verdict, told.row.code, now_ms)


def memory(told: ToldMessage, now_ms: int) -> AppliedRow:
    """For the memory of places."""
    message = told.message
    place = (message.source, str(message.subject), message.sequence)
    return AppliedRow(*place, str(message.id), told.verdict, told.row.code, now_ms, digest(told.row.body))
