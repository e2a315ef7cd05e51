"""An adapter's own words for an act: which action it is, what its fields are called, what stands beside them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, GetCoreSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from bus.sdk.workorders.acts import Act

ActT = TypeVar("ActT", bound=Act)


@dataclass(frozen=True, slots=True)
class As:
    """How an adapter writes one field of an act: its name, type and title, where they are not the usual ones."""

    name: str = ""
    type: Any = None
    title: str = ""


def act(
    usual: type[ActT],
    doc: str,
    /,
    *,
    said: str = "",
    of: tuple[str, ...] = (),
    spell: Callable[[str], str] = str,
    **fields: str | As,
) -> type[ActT]:
    """The usual act in an adapter's words: ``act(Accepting, "接单", promise="承诺")``.

    ``said`` is the action's own word, ``of`` its fields in the order of the form, where they are not all or not in the
    usual order, ``spell`` how the other system writes names (``to_camel``); of each field a title is given, or ``As``
    for its name and type. Raises ``ValueError`` for a field that the act does not have."""
    unknown = {*fields, *of} - usual.model_fields.keys()
    if unknown:
        raise ValueError(f"{usual.__name__} has no field {', '.join(sorted(unknown))}")
    written: dict[str, Any] = {
        name: _written(field, fields.get(name, ""), spell(name))
        for name, field in usual.model_fields.items()
        if name in fields or spell(name) != name
    }
    written["action"] = (Literal[said or usual.said], ...)
    made: type[ActT] = create_model(usual.__name__, __base__=usual, __doc__=doc, __module__=usual.__module__, **written)
    names = of or tuple(name for name in usual.model_fields if name not in usual.rare or name in fields)
    return _with(made, ("action", *(name for name in names if name != "action")))


def _written(field: FieldInfo, words: str | As, spelt: str) -> tuple[Any, Any]:
    told = As(title=words) if isinstance(words, str) else words
    default = field.default
    if isinstance(default, Enum) and isinstance(told.type, type) and issubclass(told.type, Enum):
        default = told.type[default.name]
    usual = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    more: dict[str, Any] = {"title": told.title or field.title, "alias": told.name or spelt}
    if told.type is None:  # a type that is given may have a description of its own
        more["description"] = field.description
    return told.type or usual, Field(default=default, **more)


def _with(made: type[ActT], names: tuple[str, ...]) -> type[ActT]:
    """The same act with these fields alone, in this order; what it does not have is always as by default."""
    for left in made.model_fields.keys() - {*names}:
        if made.model_fields[left].is_required():
            raise ValueError(f"{made.__name__} cannot do without {left}: name it in of")
        setattr(made, left, made.model_fields[left].default)
    made.__pydantic_fields__ = {name: made.model_fields[name] for name in names}
    made.model_rebuild(force=True)
    return made


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks the field of a form that holds one of these acts, told apart by ``action``."""

    acts: tuple[type[Act], ...]

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        union = reduce(or_, self.acts)
        return handler.generate_schema(Annotated[union, Field(discriminator="action")])


def one_of(*acts: type[Act] | Iterable[type[Act]]) -> OneOf:
    """Which acts a form may tell, as single ones or in tables; stands beside the type of its field ``event``."""
    return OneOf(tuple(one for some in acts for one in (some if isinstance(some, Iterable) else (some,))))
