"""A case: what a resident asks for, where, and who the resident is.

Everything that identifies the resident stands in ``resident``, apart from the matter itself. So it can be withheld,
masked or encrypted as one piece.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from stdnum.cn import ric

from bus.contract.types import (
    CLEAN_LINE,
    WHERE_SET,
    CenterName,
    Code,
    CreditCode,
    Division,
    IdCard,
    Line,
    MediaType,
    Moment,
    NativeId,
    Sha256,
    Strict,
    Text,
)


def _nothing_hidden(href: str) -> str:
    """Check kept out of the pattern: the pattern is published and may not change within a major version."""
    if not re.fullmatch(CLEAN_LINE[1:-1], href):
        raise ValueError("a control character or a bidirectional override stands in the address")
    return href


TAIL = 4
"""Digits of a telephone number that are shown of a masked resident."""
NUMBER_FROM = 7
"""Digits from which a telephone number has a tail: of a shorter one the tail would tell too much."""


class Urgency(StrEnum):
    """How fast the matter must be taken up."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class Sensitive(StrEnum):
    """The kinds of data that want stricter care, as the law counts them (个人信息保护法, art. 28)."""

    MINOR = "minor"
    """A child under fourteen."""
    MEDICAL = "medical"
    """Health and treatment."""
    BIOMETRIC = "biometric"
    BELIEF = "belief"
    IDENTITY = "identity"
    """A status of which others might think less (特定身份)."""
    FINANCE = "finance"
    WHEREABOUTS = "whereabouts"


class Person(Strict):
    """The resident. Personal data: never in logs, errors, metrics or labels."""

    name: Line | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")] | None = None
    id_card: IdCard | None = None
    credit_code: CreditCode | None = None
    """For an organisation that asks, instead of an identity card."""
    address: Line | None = None
    anonymous: bool = False
    """The resident asked not to be named to anyone but the center he spoke to."""
    agent: Line | None = None
    """Who speaks for the resident (代办), if somebody does."""
    masked: Annotated[bool, WHERE_SET] = False
    """Whether this is only a hint of who it is: the first character of the name, and the telephone number's tail."""
    phone_tail: Annotated[str | None, StringConstraints(pattern=r"^[0-9]{4}$"), WHERE_SET] = None
    """The last four digits of the telephone number, of a masked resident."""

    def as_masked(self) -> "Person":
        """What a center sees that may not know yet who it is; of a masked resident the same."""
        if self.masked:
            return self
        name, digits = (self.name or "").strip(), re.sub(r"[^0-9]", "", self.phone or "")
        return Person(
            name=f"{name[0]}*" if name else None,
            anonymous=self.anonymous,
            masked=True,
            phone_tail=digits[-TAIL:] if len(digits) >= NUMBER_FROM else None,
        )


CHILD_UNTIL = 14
"""Years of age from which the law speaks of a child's data no more (个人信息保护法, art. 31)."""


HEALTH = "health"
"""The category of what is about health and treatment, and the first word of those below it."""


def marks_of(category: str, resident: Person | None, when: datetime) -> set[Sensitive]:
    """The marks that follow from other fields: a child by the identity card, a patient by the category."""
    marks = {Sensitive.MEDICAL} if category.partition(".")[0] == HEALTH else set()
    return marks | {Sensitive.MINOR} if resident is not None and is_child(resident, when) else marks


def is_child(resident: Person, when: datetime) -> bool:
    """Whether the identity card shows that the resident is a child at ``when``; False without an identity card."""
    if resident.id_card is None:
        return False
    born = ric.get_birth_date(resident.id_card)
    birthday_was = (when.month, when.day) >= (born.month, born.day)
    years: int = when.year - born.year - (not birthday_was)
    return years < CHILD_UNTIL


class Place(Strict):
    """Where the matter is. The division code routes; the text never does (two 东城街道 exist in one league)."""

    division: Division
    text: Line | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None


class Attachment(Strict):
    """A photo or paper by reference: its bytes never travel in a message."""

    sha256: Sha256
    size: Annotated[int, Field(ge=1, le=20 * 1024 * 1024)]
    media_type: MediaType
    name: Line | None = None
    href: (
        Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=500), AfterValidator(_nothing_hidden)]
        | None
    ) = None
    """Where the center that has it serves it."""


class Source(Strict):
    """Which record of which system the case was made from."""

    system: Code
    record: NativeId


class Case(Strict):
    """One matter of one resident."""

    case_id: UUID
    number: Code
    """The number for people, given out only once the case is durably stored."""
    origin: CenterName
    """The center that the resident spoke to, and from which the answer comes."""
    title: Line
    text: Text
    category: Code
    place: Place
    resident: Person | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=20, fail_fast=True)] = ()
    urgency: Urgency = Urgency.NORMAL
    channel: Code
    """How the resident came: app, phone, counter, meeting, visit…"""
    source: Source
    received_at: Moment
    due: Moment | None = None
    sensitive: Annotated[tuple[Sensitive, ...], Field(max_length=8, fail_fast=True), WHERE_SET] = ()
    """Which data in it want stricter care: who the resident is, is then shown to nobody but who holds the case, and
    what is kept may be erased sooner."""

    def without_resident(self) -> Self:
        """The same case without the resident, for recipients that need no identity (an assistant, an anonymous
        request)."""
        return self.model_copy(update={"resident": None})

    def as_shown(self) -> Self:
        """The case as another center may see it: an anonymous resident's identity stays with the center that registered
        the case."""
        return self.without_resident() if self.resident is not None and self.resident.anonymous else self

    def as_masked(self) -> Self:
        """The case as it is shown before acceptance where masking is on: ``as_shown``, with a masked resident."""
        shown = self.as_shown()
        if shown.resident is None or shown.resident.masked:
            return shown
        return shown.model_copy(update={"resident": shown.resident.as_masked()})

    @property
    def awaits_resident(self) -> bool:
        """Whether only a masked resident is known."""
        return self.resident is not None and self.resident.masked

    @property
    def whole_resident(self) -> Person | None:
        """The resident as another center may know it who holds the case; None where nobody, or a masked one, is known,
        and of an anonymous one."""
        shown = self.as_shown().resident
        return None if shown is None or shown.masked else shown

    def names_resident(self, text: str) -> bool:
        """Whether ``text`` identifies the resident; such a text must not be published."""
        person = self.resident
        if person is None:
            return False
        marks = (person.name, person.phone, person.id_card, person.credit_code, person.address, person.agent)
        return any(mark is not None and mark in text for mark in marks)
