"""A form of a resident's matter as a case: what forms usually call alike is found by its name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bus.contract.case import Case, Person, Place, Source, Urgency
from bus.sdk.center import IntakeContext
from bus.sdk.workorders.commands import attachments

WHO = ("phone", "id_card", "credit_code", "address", "agent")
"""What a form, and an order, may tell of the resident besides the name."""


def person_of(form: object, name: str | None) -> Person | None:
    """Who asks; None where nobody was named. Raises ``ValidationError`` for a wrong number of an identity card."""
    told = {"name": name, **{field: getattr(form, field, None) for field in WHO}}
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
    told = {field: getattr(form, field, None) for field in ("longitude", "latitude")}
    return context.new_case(
        title=title,
        text=text or form.text,
        category=category,
        place=Place(division=form.division, text=place or getattr(form, "place", None), **told),
        channel=channel,
        source=Source(system=system, record=native_id),
        resident=person_of(form, name),
        attachments=attachments(context, papers),
        urgency=Urgency.URGENT if form.urgent else Urgency.NORMAL,
        received_at=at,
        due=due or getattr(form, "due", None),
    )
