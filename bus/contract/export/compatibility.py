"""The fields that were added to schemas after their publication.

Only optional fields may be added: readers ignore unknown fields, so an optional one breaks nobody. A published schema
without its additions equals the published schema, byte for byte.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

_OF_CASE = (
    "$defs/Case/properties/sensitive",  # which data in it want stricter care
    "$defs/Sensitive",
    "$defs/Person/properties/masked",  # that it is only a hint of who it is
    "$defs/Person/properties/phone_tail",
)
ADDITIONS: dict[str, tuple[str, ...]] = {
    "receipt.v1.json": ("$defs/ReceiptItem/properties/digest",),  # what exactly a recipient vouches for
    "case.progressed.v1.json": (
        "$defs/Progressed/properties/at",  # when a hold began, or ended; when somebody will come
        "$defs/Progressed/properties/term",  # what was granted
    ),
    "case.urged.v1.json": tuple(f"$defs/Urged/properties/{name}" for name in ("level", "clock", "due")),  # of clocks
    "case.offered.v1.json": (*_OF_CASE, "$defs/Offered/properties/sign_by"),  # by when the answer is asked for
    "case.assist-requested.v1.json": _OF_CASE,
    "case.arbitration-requested.v1.json": _OF_CASE,
    "case.ruled.v1.json": (*_OF_CASE, "$defs/Ruled/properties/due"),  # by when it must be resolved from now on
}
"""Schema → the places of the fields that were added."""

Json = dict[str, Any]


def added(name: str, schema: Json) -> Iterator[tuple[str, object]]:
    """Every addition of this schema: its place and its text. Raises ``KeyError`` where an addition is missing."""
    for place in ADDITIONS.get(name, ()):
        yield place, _parent(schema, place)[_last(place)]


def without(name: str, schema: Json) -> Json:
    """The schema as it was published."""
    before = deepcopy(schema)
    for place in ADDITIONS.get(name, ()):
        del _parent(before, place)[_last(place)]
    return before


def demanded(name: str, schema: Json) -> list[str]:
    """The additions that are required; it must be empty."""
    return [place for place in ADDITIONS.get(name, ()) if _last(place) in _owner(schema, place).get("required", ())]


def _last(place: str) -> str:
    return place.rpartition("/")[2]


def _parent(schema: Json, place: str) -> Json:
    for step in place.split("/")[:-1]:
        schema = schema[step]
    return schema


def _owner(schema: Json, place: str) -> Json:
    """The object that owns the field, two steps up: ``properties`` stands between them."""
    return _parent(schema, place.rpartition("/")[0])
