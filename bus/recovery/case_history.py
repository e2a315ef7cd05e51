"""The history of one case as the peers have told it, sorted for ``rebuild``. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record
from bus.recovery.order import in_order

T = TypeVar("T", bound=k.CaseMessage)


@dataclass(frozen=True)
class CaseHistory:
    """One case: the backup's record, and the messages between this center and others since."""

    me: str
    before: Record | None
    """The record in the backup."""
    said: Sequence[Message[Any]]
    """Messages of this center since, heard by their recipients."""
    heard: Sequence[Message[Any]]
    """Messages of peers since, applied here."""

    @cached_property
    def messages(self) -> list[Message[Any]]:
        """Both kinds, by custody version and then in their order."""
        return sorted(in_order((*self.said, *self.heard)), key=lambda one: one.data.version)

    @cached_property
    def causes(self) -> dict[UUID, list[Message[Any]]]:
        """Answers of this center to each message."""
        answers: dict[UUID, list[Message[Any]]] = {}
        for one in self.said:
            if one.causeid is not None:
                answers.setdefault(one.causeid, []).append(one)
        return answers

    def ours(self, kind: type[T]) -> Iterator[Message[T]]:
        """Messages of this kind from this center."""
        return (one for one in self.messages if one.source == self.me and isinstance(one.data, kind))

    def theirs(self, kind: type[T]) -> Iterator[Message[T]]:
        """The peers' messages of this kind."""
        return (one for one in self.messages if one.source != self.me and isinstance(one.data, kind))

    def all(self, kind: type[T]) -> Iterator[Message[T]]:
        """All messages of this kind."""
        return (one for one in self.messages if isinstance(one.data, kind))

    def answered_by(self, offer_id: UUID) -> set[str]:
        """The centers that have ended their part of this center's offer."""
        kinds: tuple[type[Any], ...] = (k.Declined, k.Withdrawn, k.Accepted)
        over = [one for kind in kinds for one in self.theirs(kind)]
        return {one.source for one in over if one.data.offer_id == offer_id}

    def told(self, kind: type[k.Lost | k.Granted], offer_id: UUID) -> set[str]:
        """The centers that were sent this kind about the offer."""
        return {one.recipient for one in self.ours(kind) if one.data.offer_id == offer_id}


def claim(message: Message[Any]) -> tuple[int, str] | None:
    """The holder and the version that this message claims; None if it makes no claim."""
    data, source = message.data, message.source
    if isinstance(data, k.Granted):
        return data.version, data.to
    if isinstance(data, k.Ruled):
        return data.version, data.holder
    if isinstance(data, k.ArbitrationRequested):
        # a complaint about a silent holder names the holder last (bus/custody/initiating.py)
        complains = data.ground is k.Ground.SILENT and not data.offered_to and data.path
        return data.version, data.path[-1] if complains else source
    if isinstance(data, k.Accepted):
        return None if data.bid else (data.version, source)
    if isinstance(data, k.Offered | k.Progressed | k.Resolved | k.AssistRequested | k.ExtensionRequested):
        return data.version, source
    return None


def path_until(history: CaseHistory, start: tuple[str, ...], version: int) -> tuple[str, ...]:
    """Every holder up to ``version``, ``start`` first, each once."""
    path = list(start)
    for one in history.messages:
        if one.data.version > version:
            break
        if not isinstance(one.data, k.AssistRequested):
            path += getattr(one.data, "path", ())
        found = claim(one)
        if found is not None:
            path += [one.source, found[1]] if isinstance(one.data, k.Granted) else [found[1]]
    return tuple(dict.fromkeys(path))
