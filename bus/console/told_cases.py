"""Cases as a ledger knows them: what centers have told, without title, text or number."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

from bus.console.case_sentence import Standing, offer_awaited, resolving_awaited
from bus.contract.messages import Closed, Resolved
from bus.contract.short_number import WrongShortNumber, id_ending
from bus.custody import Status
from bus.store import ledger_lists
from bus.store.database import Store
from bus.store.ledger_lists import ToldFact, ToldState

_STATUSES = {one.value: one for one in Status}
"""A word that we do not know, of a newer program or of a liar, counts as open: its holder is named then."""


class ToldCase(NamedTuple):
    """One case."""

    states: Sequence[ToldState]
    """As each center has it, the origin first."""
    facts: Sequence[ToldFact]

    @property
    def latest(self) -> ToldState | None:
        """As the center has it that has heard most: the highest version of custody, and of these the holder's own."""
        return max(self.states, key=lambda one: (one.version, one.round, one.center == one.holder), default=None)

    @property
    def standing(self) -> Standing | None:
        """Where it stands."""
        if (last := self.latest) is None:
            return None
        awaited = offer_awaited(last.offered_to) if last.offered_to else resolving_awaited(last.holder)
        status = _STATUSES.get(last.status, Status.OPEN)
        return Standing(status, last.holder, last.origin, _since(self.facts, last), last.due_ms, awaited)

    @property
    def centers(self) -> list[str]:
        """The centers that know it."""
        return [one.center for one in self.states]


def case(store: Store, case_id: UUID) -> ToldCase:
    """One case. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        return ToldCase(ledger_lists.states(tx, str(case_id)), ledger_lists.facts(tx, str(case_id)))


def named(store: Store, text: str) -> UUID | None:
    """The case with this id or short number; None: it is unknown, or several have that short number. Raises
    ``StoreUnavailable``."""
    with suppress(ValueError):
        return UUID(text)
    with suppress(WrongShortNumber), store.reading() as tx:
        end = id_ending(text)
        found = ledger_lists.ending(tx, end) if end is not None else []
        return UUID(found[0]) if len(found) == 1 else None
    return None


def _since(facts: Sequence[ToldFact], last: ToldState) -> int | None:
    """Since when it is at its stage, as far as the facts of it are kept."""
    kind = {Status.RESOLVED.value: Resolved.kind, Status.CLOSED.value: Closed.kind}.get(last.status)
    return min(
        (
            one.at_ms
            for one in facts
            if one.round == last.round and (one.kind == kind if kind else one.version == last.version)
        ),
        default=None,
    )


def way(facts: Sequence[ToldFact]) -> list[Mapping[str, Any]]:
    """The facts as the lines of one journal, for the drawing: a message that both its ends have told is one arrow, and
    the holder is the one of the highest version that was told until then."""
    return list(_way(facts))


def _way(facts: Sequence[ToldFact]) -> Iterator[Mapping[str, Any]]:
    said = {(one.center, one.message_id) for one in facts if one.way == "said"}
    version, holder = -1, ""
    for one in facts:
        if one.version > version:
            version, holder = one.version, one.holder
        if one.way == "heard" and (one.peer, one.message_id) in said:
            continue
        yield one._asdict() | {"peer": one.peer or "", "kind": one.kind or "", "holder": holder}
