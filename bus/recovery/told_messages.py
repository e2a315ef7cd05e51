"""One message that a peer has told, read, and the rows that it becomes in the restored store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.codec import Undecodable, decode, digest, stored_columns
from bus.contract.envelope import Message, kind_of
from bus.store import outbox

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """One message that was told, read."""

    row: Row
    message: Message[Any]
    readable: bool

    @property
    def verdict(self) -> str:
        """What became of it here; what nobody was told is known by what we said to it."""
        return self.row["verdict"] or k.Verdict.APPLIED.value


def read(row: Row) -> ToldMessage:
    """Read what was kept of it."""
    try:
        return ToldMessage(row, decode(row["body"]), readable=True)
    except Undecodable as error:
        if error.envelope is None:  # it was readable when it was told
            raise
        return ToldMessage(row, error.envelope, readable=False)


def outbox_row(told: ToldMessage, now_ms: int) -> dict[str, Any]:
    """As a message that its recipient has refused."""
    return {
        "message_id": str(told.message.id),
        "recipient": told.message.recipient,
        "case_id": str(told.message.subject),
        "sequence": told.message.sequence,
        "kind": kind_of(told.message),
        **stored_columns(signed_document.split_message(told.row["body"])[1]),  # it is signed anew each time it leaves
        "state": outbox.REFUSED,
        "attempts": 1,
        "next_ms": now_ms,
        "created_ms": now_ms,
        "trouble": told.row["code"] or "refused",
    }


def archived(told: ToldMessage, now_ms: int) -> dict[str, Any]:
    """For the archive."""
    return memory(told, now_ms) | {"kind": kind_of(told.message), "body": told.row["body"]}


def memory(told: ToldMessage, now_ms: int) -> dict[str, Any]:
    """For the memory of places."""
    return {
        "case_id": str(told.message.subject),
        "sequence": told.message.sequence,
        "message_id": str(told.message.id),
        "verdict": told.verdict,
        "code": told.row["code"],
        "at_ms": now_ms,
        "digest": digest(told.row["body"]),
    }
