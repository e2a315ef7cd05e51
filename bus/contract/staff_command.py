"""What a person on duty wants of a center: one command, signed as a whole with the person's own key.

It names the center that it is for, when it was made, who gives it and why, so that it means nothing elsewhere, later,
or in another's name. Its id is used once. No field has room for a resident's data but the reason of a reading, which
the access log keeps.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bus.contract.messages import Ground
from bus.contract.types import CenterName, Code, Line, Moment, Sha256, Strict, is_absent

MOST_NAMED = 500
"""Items that one command may name. A larger set is frozen by a preview."""
MOST_NAME = 60
"""Characters of who has wanted something, as the journal has room for."""
KEY_ID = r"^[a-z0-9_-]{1,60}\.[0-9a-f]{16}$"
CODE_WORD = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"


class Act(StrEnum):
    """What can be wanted: a closed list."""

    LIST = "list"
    """What is stuck, by its labels."""
    SHOW = "show"
    """One item by its labels and the names of its fields, or how far an operation is."""
    WAITING = "waiting"
    """What waits, for whom, and for how long."""
    LOOK = "look"
    """What a console shows of the center: what is stuck in groups, what waits, operations and pauses."""
    REVEAL = "reveal"
    """The whole of one item, sealed for the one who asks; the access log notes it first."""
    REPLAY = "replay"
    """Try again."""
    DISCARD = "discard"
    """Give up for good."""
    HOLD = "hold"
    """Let nobody replay or discard it for now."""
    RELEASE = "release"
    """End a hold."""
    NOTE = "note"
    """Write a code word beside it."""
    OWNER = "owner"
    """Say who sees to it."""
    URGE = "urge"
    """Urge whoever has the case."""
    ASK_ARBITER = "ask-arbiter"
    """Ask the arbiter for a ruling on the case."""
    REDIRECT = "redirect"
    """Offer to another center what waits for one that is closed or merged."""
    PAUSE = "pause"
    """Send nothing to a peer, or nothing of a kind, and hand nothing of it to the own system."""
    RESUME = "resume"
    """End a pause."""
    RECLAIM = "reclaim"
    """Rule that a center has the case from now on. A second person must approve it."""
    APPROVE = "approve"
    """The second person's word."""
    RUN = "run"
    """Carry out what a preview has frozen."""
    STOP = "stop"
    """Leave the rest of an operation undone."""


class Matching(Strict):
    """Which parked items are meant: all that are so."""

    place: Code | None = None
    code: Code | None = None
    peer: CenterName | Literal[""] | None = None
    """Empty: what comes of nobody, or goes to nobody."""
    case: UUID | None = None


ItemName = Annotated[str, StringConstraints(pattern=r"^(o?[0-9]{1,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$")]
"""A parked item (``12``), a message without a receipt (``o12``), or a case by its id."""

PersonName = Annotated[Code, Field(max_length=60)]
"""Who sees to an item: as long as a center's name may be."""
ON_PARKED = frozenset({Act.REPLAY, Act.DISCARD, Act.HOLD, Act.RELEASE, Act.NOTE, Act.OWNER})
"""Acts on parked items."""
ON_CASES = frozenset({Act.URGE, Act.ASK_ARBITER, Act.RECLAIM})
"""Acts on cases."""
ON_OPERATIONS = frozenset({Act.RUN, Act.STOP, Act.APPROVE})

_EITHER = ("items", "matching")
_WANTS: Mapping[Act, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Act.LIST: ((), ("matching",)),
    Act.SHOW: ((), ("items", "operation")),
    Act.WAITING: ((), ()),
    Act.LOOK: ((), ()),
    Act.REVEAL: (("items",), ()),
    **dict.fromkeys(ON_PARKED, ((), _EITHER)),
    Act.OWNER: (("to",), _EITHER),
    Act.URGE: (("items",), ()),
    Act.ASK_ARBITER: (("items", "ground"), ()),
    Act.REDIRECT: (("peer", "to"), ()),
    Act.PAUSE: ((), ("peer", "kind")),
    Act.RESUME: ((), ("peer", "kind")),
    Act.RECLAIM: (("items", "to"), ()),
    Act.APPROVE: (("operation", "digest"), ()),
    Act.RUN: (("operation",), ()),
    Act.STOP: (("operation",), ()),
}
"""Act → the fields that it needs, and those of which it takes exactly one (of ``list``: one at most)."""
_FIELDS = ("items", "matching", "operation", "digest", "to", "peer", "kind", "ground")


class Vouched(Strict):
    """The person at a console for whom the console's own key signs. The console vouches for name and role; nothing more
    is done than both that role and the key's allow."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,33}$")]
    role: Code


class StaffCommand(Strict):
    """One command."""

    id: UUID
    center: CenterName
    made: Moment
    by: Annotated[str, StringConstraints(pattern=KEY_ID)]
    """The staff key that signs it."""
    act: Act
    why: Line
    """A code word; of a reading, words."""
    preview: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
    """Freeze the set and say how many they are; nothing else is done."""
    items: Annotated[tuple[ItemName, ...] | None, Field(min_length=1, max_length=MOST_NAMED, exclude_if=is_absent)] = (
        None
    )
    matching: Annotated[Matching | None, Field(exclude_if=is_absent)] = None
    operation: Annotated[UUID | None, Field(exclude_if=is_absent)] = None
    """A preview, or an operation that is under way: the id of the command that made it."""
    digest: Annotated[Sha256 | None, Field(exclude_if=is_absent)] = None
    """Of the command that is approved, so that nothing else is."""
    to: Annotated[CenterName | PersonName | None, Field(exclude_if=is_absent)] = None
    """The new owner of an item; the center that gets the case."""
    peer: Annotated[CenterName | None, Field(exclude_if=is_absent)] = None
    kind: Annotated[Code | None, Field(exclude_if=is_absent)] = None
    ground: Annotated[Ground | None, Field(exclude_if=is_absent)] = None
    person: Annotated[Vouched | None, Field(exclude_if=is_absent)] = None
    """Who wants it, where the key is a console's."""

    @model_validator(mode="after")
    def _says_what_its_act_needs(self) -> Self:
        needed, one_of = _WANTS[self.act]
        given = {name for name in _FIELDS if getattr(self, name) is not None}
        chosen = given & {*one_of}
        if not {*needed} <= given or given - {*needed, *one_of} or len(chosen) > 1:
            raise ValueError("the act needs other fields")
        if one_of and not chosen and self.act is not Act.LIST:
            raise ValueError("the act needs one of its fields")
        return self

    @model_validator(mode="after")
    def _frozen_before_it_runs(self) -> Self:
        whole = self.matching is not None or self.act is Act.REDIRECT
        if whole and self.act is not Act.LIST and not self.preview:
            raise ValueError("a set that is not named item by item is frozen by a preview first")
        if self.preview and self.act not in (*ON_PARKED, Act.REDIRECT):
            raise ValueError("the act has no preview")
        return self

    @model_validator(mode="after")
    def _names_nobody(self) -> Self:
        if self.act is not Act.REVEAL and re.match(CODE_WORD, self.why) is None:
            raise ValueError("the reason is a code word")
        return self

    @model_validator(mode="after")
    def _has_room_for_its_maker(self) -> Self:
        if self.person is not None and len(self.by.rpartition(".")[0]) + 1 + len(self.person.name) > MOST_NAME:
            raise ValueError("the names of key and person are too long together")
        return self

    @model_validator(mode="after")
    def _items_of_the_right_kind(self) -> Self:
        cases = [len(one) == len("00000000-0000-0000-0000-000000000000") for one in self.items or ()]
        if any(is_case is not (self.act in ON_CASES) for is_case in cases):
            raise ValueError("the act is about other items")
        if self.act in (Act.SHOW, Act.REVEAL, Act.RECLAIM) and len(cases) > 1:
            raise ValueError("the act is about one item")
        return self

    def encoded(self) -> bytes:
        """The bytes that are signed."""
        return self.model_dump_json().encode()
