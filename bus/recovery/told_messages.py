"""One message that a peer has told, read, and the rows that it becomes in the restored store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.envelope import Message, Undecodable, decode, digest, kept, kind_of
from bus.store import outbox

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """One message that was told, read."""

    row: Row
    message: Message[Any]
    readable: bool

    @property
    def verdict(self) -> str:
        """What became of it here; what nobody was told is known by what we said to it."""
        return self.row["verdict"] or k.Verdict.APPLIED.value


def read(row: Row) -> Word:
    """Read what was kept of it."""
    try:
        return Word(row, decode(row["body"]), readable=True)
    except Undecodable as error:
        if error.envelope is None:  # it was readable when it was told
            raise
        return Word(row, error.envelope, readable=False)


def outbox_row(word: Word, now_ms: int) -> dict[str, Any]:
    """As a message that its recipient has refused."""
    return {
        "message_id": str(word.message.id),
        "recipient": word.message.recipient,
        "case_id": str(word.message.subject),
        "sequence": word.message.sequence,
        "kind": kind_of(word.message),
        **kept(signed_document.message(word.row["body"])[1]),  # it is signed anew each time it leaves
        "state": outbox.REFUSED,
        "attempts": 1,
        "next_ms": now_ms,
        "created_ms": now_ms,
        "trouble": word.row["code"] or "refused",
    }


def archived(word: Word, now_ms: int) -> dict[str, Any]:
    """For the archive."""
    return memory(word, now_ms) | {"kind": kind_of(word.message), "body": word.row["body"]}


def memory(word: Word, now_ms: int) -> dict[str, Any]:
    """For the memory of places."""
    return {
        "case_id": str(word.message.subject),
        "sequence": word.message.sequence,
        "message_id": str(word.message.id),
        "verdict": word.verdict,
        "code": word.row["code"],
        "at_ms": now_ms,
        "digest": digest(word.row["body"]),
    }
