"""What centers answer a console, checked before a page shows it: a center may be older, newer, or lying."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bus.http.operations import OperationTold
from bus.store.paused import Pause
from bus.store.stuck import StuckGroup, StuckItem

Text = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0, lt=1 << 60)]


class _Told(BaseModel):
    """A part of an answer; what a newer program says beside is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Group(_Told):
    place: Text
    code: Text
    peer: Text
    size: Count
    cases: Count
    oldest_ms: Count
    owners: Count
    owner: Text


class Load(_Told):
    """What waits at a place, for a peer or of it."""

    place: Text
    peer: Text
    count: Count
    oldest_ms: Count


class Overdue(_Told):
    """Open cases after their date."""

    count: Count
    oldest_ms: Count


class _Paused(_Told):
    what: Text
    name: Text
    paused_by: Text
    why: Text
    at_ms: Count


class _Operation(OperationTold):
    """As the door tells it; its id is one."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class _Item(_Told):
    id: int | Text
    place: Text
    code: Text
    peer: Text | None = None
    case_id: UUID | None = None
    owner: Text
    times: Count
    first_ms: Count
    last_ms: Count = 0
    held_by: Text | None = None
    note: Text | None = None


class ItemLabels(_Told):
    """One parked item by its labels."""

    id: Count
    place: Text
    code: Text
    hint: str = ""
    peer: Text | None = None
    case_id: UUID | None = None
    owner: Text
    times: Count
    bytes: Count
    envelope: dict[str, Any]
    fields: Any


class _Looked(_Told):
    groups: list[_Group]
    waiting: list[Load]
    overdue: Overdue
    operations: list[_Operation]
    paused: list[_Paused]


class DoorLook(NamedTuple):
    """What one look at a center has told."""

    groups: Sequence[StuckGroup]
    waiting: Sequence[Load]
    overdue: Overdue
    operations: Sequence[Mapping[str, Any]]
    paused: Sequence[Pause]


def looked(answer: Mapping[str, Any]) -> DoorLook:
    """An answer to ``look``. Raises ``ValueError``."""
    told = _Looked.model_validate(answer)
    return DoorLook(
        [StuckGroup(**one.model_dump()) for one in told.groups],
        told.waiting,
        told.overdue,
        [one.model_dump() for one in told.operations],
        [Pause(**one.model_dump()) for one in told.paused],
    )


def items_of(answer: Mapping[str, Any]) -> list[StuckItem]:
    """The items of an answer to ``list``. Raises ``ValueError``."""
    rows = [_Item.model_validate(one) for one in answer["items"]]
    return [
        StuckItem(
            str(one.id), one.place, one.code, one.peer or "", str(one.case_id) if one.case_id else None, one.owner,
            one.times, one.first_ms, one.last_ms, one.held_by, one.note,
        )
        for one in rows
    ]  # fmt: skip


def item_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The item of an answer to ``show``. Raises ``ValueError``."""
    return ItemLabels.model_validate(answer["item"]).model_dump()


def operation_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The operation of an answer. Raises ``ValueError``."""
    return _Operation.model_validate(answer["operation"]).model_dump()
