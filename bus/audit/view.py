"""What a county's ledger knows of one case, as plain rows: the facts, the states, and how far each center has told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bus.audit.finding import Evidence
from bus.custody import Status

SAID = "said"
ARRIVALS = frozenset({"heard", "superseded", "refused", "fenced", "restored"})
"""The words of a recipient's journal for the end of a message."""


class FactRow(NamedTuple):
    """One fact; ``number`` is its place in the ledger: of one center, the order of its journal."""

    number: int
    center: str
    at_ms: int
    way: str
    kind: str | None
    peer: str | None
    message_id: str | None
    holder: str
    version: int
    round: int

    def shown(self) -> Evidence:
        """The fact as evidence."""
        says = f"{self.way} {self.kind}" if self.kind else self.way
        return Evidence(self.center, says, self.at_ms, self.holder, self.version, self.peer, self.message_id)


class Waiting(NamedTuple):
    """An answer that a center waits for, beside those to its offer."""

    what: str
    of: str
    since_ms: int | None = None
    due_ms: int | None = None


class StateRow(NamedTuple):
    """The case as one center's record has it."""

    center: str
    origin: str
    holder: str
    version: int
    round: int
    status: str
    offered_to: tuple[str, ...]
    offered_ms: int | None
    sign_by_ms: int | None
    told_ms: int
    waits: tuple[Waiting, ...] = ()

    @property
    def open(self) -> bool:
        """Whether the case is open there."""
        return self.status == Status.OPEN

    def shown(self) -> Evidence:
        """The state as evidence."""
        return Evidence(self.center, "state", self.told_ms, self.holder, self.version, None, None)


class Teller(NamedTuple):
    """How far a center has told: what it told before ``first`` counts as heard, but not as known to it now."""

    told_ms: int
    """When it told last, by the ledger's clock."""
    reached_ms: int
    """The moment of its latest fact, by its own clock."""
    first: int
    """The number of the first fact from which on nothing of it is missing."""
    first_ms: int
    """When that was, by the ledger's clock: of what it told before, it may have forgotten some."""
    known: bool
    """Whether the ledger has the state of all of its cases."""


@dataclass(frozen=True)
class CaseView:
    """One case, as all centers have told it."""

    case_id: str
    facts: Sequence[FactRow]
    """In the order of the ledger."""
    states: Sequence[StateRow]
    tellers: Mapping[str, Teller]

    @cached_property
    def now(self) -> dict[str, StateRow]:
        """Center → the case as it has it now. Without the states of centers that may have forgotten them."""
        there = (one for one in self.states if one.center in self.tellers)
        return {one.center: one for one in there if one.told_ms >= self.tellers[one.center].first_ms}

    @cached_property
    def standing(self) -> list[FactRow]:
        """The facts that their tellers still stand by, with a record."""
        return [one for one in self.facts if one.version and self.stands(one)]

    def stands(self, fact: FactRow) -> bool:
        """Whether its teller has not begun anew since."""
        teller = self.tellers.get(fact.center)
        return teller is not None and fact.number >= teller.first

    @cached_property
    def said(self) -> dict[tuple[str, str], FactRow]:
        """(center, message) → the first fact of its saying there, to another center."""
        found: dict[tuple[str, str], FactRow] = {}
        for one in self.facts:
            if one.way == SAID and one.message_id and one.peer and one.peer != one.center:
                found.setdefault((one.center, one.message_id), one)
        return found

    @cached_property
    def arrived(self) -> dict[tuple[str, str], FactRow]:
        """(center, message) → the first fact of its arrival there."""
        found: dict[tuple[str, str], FactRow] = {}
        for one in self.facts:
            if one.way in ARRIVALS and one.message_id:
                found.setdefault((one.center, one.message_id), one)
        return found

    @cached_property
    def under_way(self) -> list[FactRow]:
        """The sayings whose recipient has told of no arrival, and that are not given up."""
        ended = {*self.arrived, *self._given_up()}
        return [
            one
            for (center, message), one in self.said.items()
            if one.peer and (one.peer, message) not in ended and (center, message) not in ended
        ]

    def _given_up(self) -> Iterator[tuple[str, str]]:
        """(center, message): what an operator at one end has discarded or said anew, and what was said to a center that
        never was."""
        for one in self.facts:
            if one.message_id and (one.way == "discarded" or (one.way == "replayed" and one.kind == "peer")):
                yield one.center, one.message_id
            elif one.way == "ended":
                to = (said for said in self.said.values() if said.center == one.center and said.peer == one.peer)
                yield from ((one.center, said.message_id or "") for said in to if said.number < one.number)

    def between(self, center: str, peer: str) -> bool:
        """Whether something that ``center`` has said to ``peer`` is under way."""
        return any(one.center == center and one.peer == peer for one in self.under_way)

    def is_behind(self, center: str) -> bool:
        """Whether ``center`` may not know, or not have told, what others tell already: something said to it is under
        way, or others have heard what it has not told yet."""
        return center in self._behind or any(one.peer == center for one in self.under_way)

    @cached_property
    def _behind(self) -> set[str]:
        heard = ((fact.peer, message) for (_, message), fact in self.arrived.items() if fact.way == "heard")
        return {peer for peer, message in heard if peer and (peer, message) not in self.said}
