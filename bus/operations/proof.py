"""What neighbours have vouched for: the receipts they have signed, so that nobody can deny what he has taken over.

A proof tells nothing of residents: ids, digests and signatures. Whoever has the county's directory can check it without
our store, and whoever has the message as well can see by its digest that it is the one.
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
    """One message of ours, and the receipt in which its recipient speaks of it."""

    message_id: UUID
    kind: Code
    recipient: CenterName
    digest: Sha256
    """Of the document that we said."""
    verdict: Verdict
    at: Moment
    """When the receipt came, by the clock of the center that shows it."""
    receipt: Annotated[str, Field(max_length=400_000)]
    """As it was signed, in base64."""


class Proof(Strict):
    """All that neighbours have vouched for in one case."""

    center: CenterName
    """Who shows it."""
    case_id: UUID
    said: Annotated[tuple[Vouched, ...], Field(max_length=10_000)]


class Judgement(StrEnum):
    """What somebody who has the directory finds."""

    VOUCHED = "vouched"
    """The recipient has signed it, for exactly these bytes."""
    BYTES_OPEN = "bytes-not-vouched"
    """The recipient has signed that it has dealt with it, and not for which bytes."""
    NOT_THEIRS = "not-theirs"
    """No key of the recipient's that counts, or counted, has signed it."""
    OTHERWISE = "otherwise"
    """It is the recipient's word, and says something else of this message, or nothing."""


def of_case(tx: Tx, me: str, case_id: UUID) -> Proof:
    """What this center can prove. Messages whose receipt was not signed are not in it."""
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
    """Whether the recipient stands by it. Believes nothing of what stands beside the signed receipt."""
    try:
        signed = base64.b64decode(one.receipt, validate=True)
        signature, document = signed_document.split_message(signed)
        if signature is None or once_signed(document, signature, directory).center != one.recipient:
            return Judgement.NOT_THEIRS
        receipt = decode(signed)
    except Undecodable:
        return Judgement.OTHERWISE
    except (ValueError, Untrusted):  # no base64, no signature that counts
        return Judgement.NOT_THEIRS
    if not isinstance(receipt.data, Receipt) or receipt.source != one.recipient:
        return Judgement.OTHERWISE
    says = {
        item.digest for item in receipt.data.items if (item.message_id, item.verdict) == (one.message_id, one.verdict)
    }
    if one.digest in says:
        return Judgement.VOUCHED
    return Judgement.BYTES_OPEN if None in says else Judgement.OTHERWISE
