"""A form of a resident's matter as a case: what forms usually call alike is found by its name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bus.contract.case import Case, Person, Place, Sensitive, Source, Urgency
from bus.contract.types import Division, Strict
from bus.sdk.center import IntakeContext
from bus.sdk.workorders.commands import attachments


class Marked(Strict):
    """A matter that says itself which of its data want stricter care; mixed into a form of the matter. Other centers
    than its holder read the stage and the answer, and no more (``docs/decisions/0048``)."""

    sensitive: Annotated[tuple[Sensitive, ...], Field(min_length=1, max_length=8, fail_fast=True)] = Field(
        title="敏感信息：minor 未成年人、medical 医疗健康、biometric 生物识别、belief 信仰、identity 特定身份、"
        "finance 金融账户、whereabouts 行踪"
    )
    home: Division | None = Field(default=None, title="户籍地区划代码；异地办理时填写")


WHO = ("phone", "id_card", "credit_code", "address", "agent")
"""What a form, and an order, may tell of the resident besides the name."""


def person_of(form: object, name: str | None) -> Person | None:
    """Who asks; None where nobody was named. Raises ``ValidationError`` for a wrong number of an identity card."""
    told: dict[str, Any] = {"name": name, **{field: getattr(form, field, None) for field in WHO}}
    anonymous: bool = getattr(form, "anonymous", False)
    return Person(**told, anonymous=anonymous) if any(told.values()) else None


def title_of(title: str | None, text: str, otherwise: str) -> str:
    """The matter's own title, else the beginning of its text, else its category in the words of the other system."""
    return title or " ".join(text.split())[:40] or otherwise


def case_of(
    context: IntakeContext,
    form: Any,  # noqa: ANN401 - any form, read by the usual names
    *,
    record: tuple[str, str],
    category: str,
    channel: str,
    name: str | None,
    title: str,
    papers: Iterable[str],
    at: datetime | None,
    text: str | None = None,
    place: str | None = None,
    due: datetime | None = None,
) -> Case:
    """The case of a form whose record is linked under ``record``: (which records they are, its id).

    From the form come ``division``, ``text``, ``place``, ``longitude``, ``latitude``, ``urgent``, ``due``, and who the
    resident is, as far as it has them and nothing else is given. Raises ``Reject`` for a file that was not uploaded."""
    system, native_id = record
    home: str | None = getattr(form, "home", None)
    told = {field: getattr(form, field, None) for field in ("longitude", "latitude")}
    return context.new_case(
        title=title,
        text=f"{text or form.text}\n户籍地：{home}" if home else text or form.text,
        category=category,
        place=Place(division=form.division, text=place or getattr(form, "place", None), **told),
        channel=channel,
        source=Source(system=system, record=native_id),
        resident=person_of(form, name),
        attachments=attachments(context, papers),
        urgency=Urgency.URGENT if form.urgent else Urgency.NORMAL,
        received_at=at,
        due=due or getattr(form, "due", None),
        sensitive=getattr(form, "sensitive", ()),
    )
