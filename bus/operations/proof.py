"""Proof of delivery: the receipts that peers have signed, so that no peer can deny what it has taken over.

A proof contains ids, digests and signatures, and nothing of residents. Anyone with the county's directory can check it
without our store. Anyone with the message too can compare its digest.
"""

import base64
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from bus.contract import signed_document
from bus.contract.codec import Undecodable, decode
from bus.contract.messages import Receipt, Verdict
from bus.contract.types import CenterName, Code, Moment, Sha256, Strict
from bus.security.directory import Directory
from bus.security.errors import Untrusted
from bus.security.signature import once_signed
from bus.store import archive
from bus.store.database import Tx


class Vouched(Strict):
    """One message of this center, and its recipient's signed receipt for it."""

    message_id: UUID
    kind: Code
    recipient: CenterName
    digest: Sha256
    """The digest of the document that we sent."""
    verdict: Verdict
    at: Moment
    """The arrival of the receipt, by the clock of the center that made the proof."""
    receipt: Annotated[str, Field(max_length=400_000)]
    """The signed receipt in base64."""


class Proof(Strict):
    """All signed receipts for one case."""

    center: CenterName
    """The center that made the proof."""
    case_id: UUID
    said: Annotated[tuple[Vouched, ...], Field(max_length=10_000)]


class Judgement(StrEnum):
    """The verdict of a check against the directory."""

    VOUCHED = "vouched"
    """The recipient has signed the receipt for exactly these bytes."""
    BYTES_OPEN = "bytes-not-vouched"
    """The recipient has signed that the message is settled, but not for which bytes."""
    NOT_THEIRS = "not-theirs"
    """No key that the directory lists or listed for the recipient has signed the receipt."""
    OTHERWISE = "otherwise"
    """The recipient has signed the receipt, but it says something else about this message, or nothing."""


def of_case(tx: Tx, me: str, case_id: UUID) -> Proof:
    """What this center can prove about a case. Messages with an unsigned receipt are not included."""
    said = tuple(
        Vouched(
            message_id=UUID(row["message_id"]),
            kind=row["kind"],
            recipient=row["peer"],
            digest=bytes(row["digest"]).hex(),
            verdict=Verdict(row["verdict"]),
            at=datetime.fromtimestamp(row["at_ms"] / 1000, UTC),
            receipt=base64.b64encode(row["body"]).decode(),
        )
        for row in archive.vouched(tx, str(case_id))
    )
    return Proof(center=me, case_id=case_id, said=said)


def judge(one: Vouched, directory: Directory) -> Judgement:
    """Check one receipt against the directory. Trusts only the signed receipt, not the fields beside it."""
    try:
        signed = base64.b64decode(one.receipt, validate=True)
        signature, document = signed_document.split_message(signed)
        if signature is None or once_signed(document, signature, directory).center != one.recipient:
            return Judgement.NOT_THEIRS
        receipt = decode(signed)
    except Undecodable:
        return Judgement.OTHERWISE
    except (ValueError, Untrusted):  # no base64, or no valid signature
        return Judgement.NOT_THEIRS
    if not isinstance(receipt.data, Receipt) or receipt.source != one.recipient:
        return Judgement.OTHERWISE
    says = {
        item.digest for item in receipt.data.items if (item.message_id, item.verdict) == (one.message_id, one.verdict)
    }
    if one.digest in says:
        return Judgement.VOUCHED
    return Judgement.BYTES_OPEN if None in says else Judgement.OTHERWISE
