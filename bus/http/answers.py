"""The HTTP answers: the shapes of their JSON, and the meaning of each status."""

from typing import Any

from pydantic import BaseModel


class FieldFault(BaseModel):
    """One field that is wrong: where it is and how, never its value."""

    field: str
    problem: str
    meant: str | None = None
    """The field that the name is one slip away from."""


class ErrorBody(BaseModel):
    """Every refusal of every door: a code from a closed list, and the cure where there is one."""

    code: str
    cure: str | None = None
    faults: list[FieldFault] | None = None


class TouchedCase(BaseModel):
    """A case that a form has made or changed."""

    case_id: str
    number: str


class FormTaken(BaseModel):
    """A form that is durably taken, now or before."""

    status: str
    cases: list[TouchedCase]
    unknown_fields: list[str] | None = None
    """Fields that the form does not have: what they said is lost. From 0.3 on such a form is refused."""


STATUSES: dict[int, str] = {
    400: "The body is not one JSON object within the bounds",
    401: "The signature is missing or wrong",
    403: "The key, or its role, does not allow it",
    404: "There is nothing here",
    408: "The body came too slowly",
    409: "The form is right, and cannot be taken: its id was used, or custody refuses",
    413: "The body is larger than may be",
    415: "Not a kind of file that is kept, or compressed",
    422: "The form is wrong; its faults are named",
    429: "This address asks more often than it may: come again after `Retry-After` seconds",
    500: "Nothing was taken: a fault of the adapter; tell the operator, then send it again",
    503: "Not taken, or not known whether it was: send it again later under the same id",
}
"""The description of a refusal with this status."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These refusals, as FastAPI describes them in the OpenAPI document."""
    return {status: {"model": ErrorBody, "description": STATUSES[status]} for status in statuses}
