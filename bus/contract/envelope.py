"""The envelope: CloudEvents 1.0, one document per message."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints

from bus.contract.ids import new_id
from bus.contract.messages import Kind
from bus.contract.types import CenterName, Count, Moment, Strict, is_absent

CONTENT_TYPE = "application/cloudevents+json"
DataT_co = TypeVar("DataT_co", covariant=True)


class Message(Strict, Generic[DataT_co]):
    """One message: who tells whom what about which case, and in which order."""

    specversion: Literal["1.0"]
    id: UUID
    source: CenterName
    recipient: CenterName
    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z.-]{0,60}\.v[1-9][0-9]?$")]
    """Kind and major version, ``case.offered.v1``."""
    subject: UUID | None = Field(None, exclude_if=is_absent)  # CloudEvents has no null
    """The case; absent for receipts, errors and logs, which speak of messages."""
    time: Moment
    sequence: Count
    """Per sender, recipient and case, from 1 without gaps; a sender whose store was put back to a backup goes on at the
    next million (its next era). What stands in no order (receipts, errors, logs) has 0, or its era's million."""
    causeid: UUID | None = Field(None, exclude_if=is_absent)
    """The message that this one answers or follows from."""
    traceparent: (
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None
    ) = Field(None, exclude_if=is_absent)
    """W3C Trace Context, handed on unchanged."""
    datacontenttype: Literal["application/json"] = "application/json"
    data: DataT_co


def compose(
    data: Kind,
    *,
    source: str,
    recipient: str,
    now: datetime,
    subject: UUID | None = None,
    sequence: int = 0,
    cause: UUID | None = None,
    traceparent: str | None = None,
) -> Message[Any]:
    """A new envelope around ``data``, with an id of its own (UUIDv7)."""
    return Message(
        specversion="1.0",
        id=new_id(),
        source=source,
        recipient=recipient,
        type=f"{data.kind}.v{data.major}",
        subject=subject,
        time=now,
        sequence=sequence,
        causeid=cause,
        traceparent=traceparent,
        data=data,
    )


def kind_of(message: Message[Any]) -> str:
    """The kind without its major version, also where the body could not be read."""
    return message.type.rpartition(".v")[0]
