"""Unknown fields of a form: their content is lost, so the sender must be told.

A name that is one slip away from a missing field is a misspelling for certain. Any other name may be an addition
unknown to this center: it is taken with a warning, or refused with strict settings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import AliasChoices, AliasPath, BaseModel

from bus.contract.spelling import one_slip_away

MOST = 20
"""Most unknown fields reported for one form."""
SHORTEST = 4
"""Letters of both names; shorter names resemble each other by chance: ``no``, ``to``, ``due``, ``id``."""
_NAME = re.compile(r"[A-Za-z_]{1,40}|[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class UnknownField:
    """One field that the form's model does not have."""

    path: str
    """Its place; parts that a sender may choose freely are reduced to what is fit for a log."""
    meant: str = ""
    """The missing field that it is one slip away from."""


def unknown_fields(filled: BaseModel, raw: object) -> list[UnknownField]:
    """The fields in ``raw``, the form's JSON, that its model does not have, at any depth."""
    found = []
    for one in _of(filled, raw, ()):
        found.append(one)
        if len(found) == MOST:
            break
    return found


def _of(value: object, raw: object, path: tuple[str, ...]) -> Iterator[UnknownField]:
    if isinstance(value, BaseModel) and isinstance(raw, Mapping):
        yield from _of_model(value, raw, path)
    elif isinstance(value, Mapping) and isinstance(raw, Mapping):
        for name, inner in value.items():
            yield from _of(inner, raw.get(name), (*path, str(name)))
    elif isinstance(value, Sequence) and isinstance(raw, Sequence) and not isinstance(value, str | bytes):
        for number, (inner, told) in enumerate(zip(value, raw, strict=False)):
            yield from _of(inner, told, (*path, str(number)))


def _of_model(value: BaseModel, raw: Mapping[str, object], path: tuple[str, ...]) -> Iterator[UnknownField]:
    fields = {name: _written(value, name) for name in type(value).model_fields}
    known = {written for names in fields.values() for written in names}
    if not (value.model_extra or known >= raw.keys()):
        missing = sorted(names[0] for names in fields.values() if not raw.keys() & {*names})
        for name in sorted(raw.keys() - known):
            meant = next((field for field in missing if one_slip_away(name, field, SHORTEST)), "")
            yield UnknownField(shown((*path, name)), meant)
    for name, names in fields.items():
        told = next((raw[written] for written in names if written in raw), None)
        yield from _of(getattr(value, name), told, (*path, names[0]))


def _written(value: BaseModel, name: str) -> list[str]:
    """The names that a field may have in JSON, the usual one first."""
    field, config = type(value).model_fields[name], value.model_config
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias is not None else []
    written = [str(one.path[0]) if isinstance(one, AliasPath) else one for one in choices]
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    return [*written, name] if by_name or not written else written


def shown(path: Sequence[str]) -> str:
    """The path of a field, fit for a log: the sender may have chosen its parts."""
    return ".".join(part if _NAME.fullmatch(part) else "?" for part in path)
