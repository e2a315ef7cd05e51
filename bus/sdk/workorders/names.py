"""Other systems' ways to write: names in camelCase, and times without an offset, which in China mean one time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from bus.contract.types import Moment, Strict
from bus.contract.working_days import CHINA


class CamelForm(Strict):
    """A form whose fields are written in camelCase: ``ticket_no`` is ``ticketNo`` in the other system."""

    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True)


def camel(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, with its names in camelCase, at every depth: ``{"case_id": …}`` → ``{"caseId": …}``."""
    return {to_camel(name): _camel(value) for name, value in body.items()}


def _camel(value: object) -> object:
    if isinstance(value, Mapping):
        return camel(value)
    return [_camel(one) for one in value] if isinstance(value, list | tuple) else value


def with_offset(written: object) -> object:
    """A time as it was written, with China's offset where it names none; what is no time stays as it is."""
    if isinstance(written, str):
        try:
            written = datetime.fromisoformat(written.strip().replace("/", "-"))
        except ValueError:
            return written
        return (written if written.tzinfo else written.replace(tzinfo=CHINA)).isoformat()
    return written.replace(tzinfo=CHINA) if isinstance(written, datetime) and not written.tzinfo else written


LocalMoment = Annotated[Moment, BeforeValidator(with_offset, json_schema_input_type=str)]
"""A point in time of a form whose system writes none of its offsets: ``2021-06-01 09:30``."""


def local(moment: datetime | None) -> str | None:
    """A moment as people in China write it: ``2021-06-01 09:30``."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment else None
