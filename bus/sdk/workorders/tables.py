"""Tables between the words of a center's own system and the names of the bus, total in both directions."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Generic, TypeVar, cast

from bus.contract.labels import LABELS

WordT = TypeVar("WordT", bound=Enum)


class Table(Generic[WordT]):
    """Word ↔ name. A name that the other system has no word for becomes ``otherwise``; no word is without a name."""

    def __init__(self, names: Mapping[WordT, str], otherwise: WordT) -> None:
        """Raises ``ValueError`` where a word has no name, or two words have one name: then the way back is lost."""
        missing = [word.name for word in type(otherwise) if word not in names]
        if missing:
            raise ValueError(f"no name for {', '.join(missing)}: give each word of {type(otherwise).__name__} one")
        self._names = dict(names)
        self._words = {_plain(name): word for word, name in names.items()}
        self._otherwise = otherwise
        if len(self._words) != len(self._names):
            raise ValueError(f"two words of {type(otherwise).__name__} have one name: the way back would be lost")

    def name(self, word: WordT) -> str:
        """The name of the bus for a word of the other system."""
        return self._names[word]

    def word(self, name: str) -> WordT:
        """The word of the other system for a name of the bus."""
        return self._words.get(_plain(name), self._otherwise)


def by_name(otherwise: WordT) -> Table[WordT]:
    """The table of a list whose members are called as the bus calls them: ``REAL_ESTATE`` is ``real-estate``."""
    return Table({word: _plain(word.name) for word in type(otherwise)}, otherwise)


def chinese(names: type[Enum], title: str, doc: str) -> type[StrEnum]:
    """A closed list of the contract in its Chinese labels, as a form of the other system shows it.

    Its members are called as those of the contract, so that ``Reason[word.name]`` is the way back."""
    made = StrEnum(title, {member.name: text.zh for member, text in LABELS[names].items()})  # type: ignore[misc]  # made from the labels, so that no word stands twice
    made.__doc__ = doc
    return cast(type[StrEnum], made)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
