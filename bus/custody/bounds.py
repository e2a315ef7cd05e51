"""Bounds of a record. Growth beyond a bound is refused before it is written, so everything written can be read again. A
record that an older program let grow too far is cut back on reading. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from bus.custody.record import Assist, Rating, Record, Refusal

MOST_ASSISTS = 200
"""Requests for help in one record. Beyond it the oldest answered ones are forgotten."""
MOST_RATINGS = 200
MOST_EXTENSIONS = 50
"""Requests for more time in one record, and grants. Beyond it the oldest are forgotten."""
MOST_HOLDS = 50
MOST_CENTERS = 200
"""The same bound as on the wire (``Centers``)."""
FAR_FROM_THE_END = 2**30
"""Half of the largest count that the wire allows."""
OUT_OF_BOUNDS = "out-of-bounds"


def out_of_bounds() -> Refusal:
    """The refusal for a record, or a message about it, that exceeds an honest size."""
    return Refusal(OUT_OF_BOUNDS, "the case would grow past its bounds: too many centers, requests for help or ratings")


def check_growth(before: Record | None, after: Record) -> None:
    """Refuse a record that could not be read again, or that exceeds what one case may need."""
    if after is before:
        return
    if not _is_small(after):
        try:
            Record.model_validate(after.__dict__)
        except ValidationError:
            raise out_of_bounds() from None
    known = (len(before.assists), len(before.ratings)) if before is not None else (0, 0)
    if len(after.assists) > max(MOST_ASSISTS, known[0]) or len(after.ratings) > max(MOST_RATINGS, known[1]):
        raise out_of_bounds()


def _is_small(record: Record) -> bool:
    """Whether the record is far from every bound that custody can reach. Its other fields were validated in a message
    or a command; validating them again would cost as much as the decision."""
    centers = len(record.path) + len(record.concerned)
    return centers <= MOST_CENTERS // 2 and max(record.version, record.round, record.urges) < FAR_FROM_THE_END


def with_assist(known: Sequence[Assist], asked: Assist) -> tuple[Assist, ...]:
    """The requests for help and one more; beyond the bound the oldest answered ones are forgotten."""
    surplus = len(known) + 1 - MOST_ASSISTS
    answered = [one for one in known if one.done is not None][: max(0, surplus)]
    return (*(one for one in known if one not in answered), asked)


def with_rating(known: Sequence[Rating], given: Rating) -> tuple[Rating, ...]:
    """The ratings and one more; beyond the bound the oldest are forgotten."""
    return (*known, given)[-MOST_RATINGS:]


def with_told(known: Sequence[str], *centers: str) -> tuple[str, ...]:
    """The centers that were told and more, each once; beyond the bound the oldest are forgotten."""
    return tuple(dict.fromkeys((*known, *centers)))[-MOST_CENTERS:]


def open_assists(record: Record) -> int:
    """The number of requests for help that wait for this center's answer."""
    return sum(one.done is None and one.assistant == record.me for one in record.assists)


def read_record(stored: bytes) -> Record:
    """A record from its stored form; lists beyond a bound are cut back. Raises ``ValidationError``."""
    try:
        return Record.model_validate_json(stored)
    except ValidationError as fault:
        if {error["type"] for error in fault.errors(include_input=False, include_url=False)} != {"too_long"}:
            raise
    return Record.model_validate_json(json.dumps(_cut_back(json.loads(stored))))


def _cut_back(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its lists cut to the bound: the origin, which stands first, and the newest entries."""
    cut = {name: document[name] for name in ("path", "concerned") if len(document.get(name) or ()) > MOST_CENTERS}
    return document | {name: [names[0], *names[1 - MOST_CENTERS :]] for name, names in cut.items()}
