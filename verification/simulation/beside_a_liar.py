"""The honest side of a county with one lying member: the liar's turns, the staff's trust, the operators' acts, and
stopped loops.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from uuid import UUID

from bus import recovery
from bus.operations import lanes
from verification.simulation.disk import Beside
from verification.simulation.fault_profile import FaultProfile
from verification.simulation.keys import LEDGER, MOST, name_of, notary
from verification.simulation.liar import Liar
from verification.simulation.lies import ABOUT_FACTS, LIES, Matter, a_case
from verification.simulation.node import Node
from verification.simulation.virtual_transport import VirtualNetwork

LIES_A_TURN = 3
ONE_IN = 2
"""Staff would hand one in this many cases to the liar; the others must get their answer."""
INTO_THE_CALM = 10
"""Ticks of the calm during which the liar goes on."""
ENOUGH = 30
"""A loop that was stopped this often counts as dead."""
OVERHEARS = 0.5
"""The share of seeds in which the liar knows of cases that were never handed to it."""


class BesideALiar:
    """The liar, and the honest centers of ``seats`` beside it."""

    def __init__(
        self, seed: int, profile: FaultProfile, network: VirtualNetwork, now: Callable[[], float], seats: list[Node]
    ) -> None:
        name = name_of(MOST - 1)
        security = notary(name, signs=profile.signs, masks=profile.masks, ledger=profile.ledger)
        lies = (*LIES, *ABOUT_FACTS) if profile.ledger else LIES
        self.liar = Liar(name, seed, profile.lies, security, network, now, lies)
        self.name = name
        self._seats, self._signs = seats, profile.signs
        # a restored store has forgotten cases, and without a known arbiter any center may be it: then a center must
        # believe the first message
        knows_better = profile.arbiter and not profile.restores
        self._overhears = knows_better and Random(seed ^ 0x0E).random() < OVERHEARS
        self._registered: dict[UUID, None] = {}
        self._handed: set[UUID] = set()
        self._ticks_of_calm = 0
        self.over = False
        """The liar speaks no more."""
        self.ghosts = 0
        """Centers that never were, and for which a recovery has waited though a directory says who is."""
        self.stopped: Counter[str] = Counter()
        """Center, step and fault → how often a round ended with it."""

    @property
    def _here(self) -> list[Node]:
        return [node for node in self._seats if not node.gone]

    @property
    def beaten(self) -> bool:
        """Whether some loop counts as dead."""
        return sum(self.stopped.values()) >= ENOUGH

    def turn(self, *, calm: bool) -> list[str]:
        """The liar's turn. Returns the lies told."""
        self._ticks_of_calm += calm
        self.over = self.over or self.liar.silent or self._ticks_of_calm > INTO_THE_CALM
        if self.over:
            return []
        centers = [node.name for node in self._here]
        owed = [message for node in self._here for message in node.store.owed()]
        return self.liar.turn(LIES_A_TURN, centers, self._overheard(), owed)

    def _overheard(self) -> list[Matter]:
        """Residents' cases, each with the centers that have held it. Other centers are told of no ruling, so they
        cannot reject what is said of the case to them."""
        if not self._overhears:
            return []
        knowers: dict[UUID, list[str]] = {}
        for node in self._here:
            for case_id in node.store.held_by(node.name):
                knowers.setdefault(case_id, []).append(node.name)
        found = []
        for node in self._here:
            for case_id in node.store.registered():
                if case_id in knowers and not self.partners(case_id, calm=False):
                    case = a_case(case_id, node.name, node.clock(), "偷听到的")
                    found.append(Matter(case_id, case, tuple(knowers[case_id]), overheard=True))
        return found

    def partners(self, case_id: UUID, *, calm: bool) -> tuple[str, ...]:
        """The liar, if staff would hand this case to it; at last never."""
        return () if calm or case_id.int % ONE_IN else (self.name,)

    def owed(self) -> Beside:
        """The residents' cases that were never handed to the liar. Messages of other cases may wait for ever: for a
        center that never existed, or for one that will never know the case."""
        self.remember()
        return Beside(self.name, [case_id for case_id in self._registered if case_id not in self._handed])

    def remember(self) -> None:
        """Look which cases residents have brought, and which were handed to the liar. A store that is put back to a
        backup forgets both."""
        for node in self._here:
            self._registered.update(dict.fromkeys(node.store.registered()))
        self._handed.update(case_id for node in self._seats for case_id in node.store.handed_to(self.name))

    def excuse(self) -> None:
        """The operators of restored centers continue without the liar, once it is known, and without centers that never
        existed."""
        names = {LEDGER, *(node.name for node in self._seats)}
        for node in self._here:
            if self.over and node.recovers:
                asked = set(recovery.status(node.store).peers) - names
                self.ghosts += len(asked - {self.name}) if self._signs else 0
                for peer in sorted(asked):
                    node.excuse(peer)

    def record_last_sendings(self) -> None:
        """Let every center send once more, and write the results, also where nothing else is due."""
        for node in self._here:
            with node.store.undisturbed():
                for _ in range(2):  # the next round writes the result of a sending
                    if node.engine is not None:
                        node.engine.relay()

    def end_lanes(self) -> None:
        """The operators end the lanes to centers that never existed: the transport has reported each as unroutable."""
        for node in self._here:
            with node.store.undisturbed(), guarded(self, node, "operator"):
                for center in lanes.strangers(node.store, node.rules):
                    lanes.end_lanes(node.store, node.rules, center, "never-was", node.clock())


@contextmanager
def guarded(beside: BesideALiar | None, node: Node, step: str) -> Iterator[None]:
    """With a liar in the county, record a fault of a round, and restart the process."""
    try:
        yield
    except Exception as fault:  # whatever the fault, the loop has not come round
        if beside is None:
            raise
        beside.stopped[f"{node.name} {step}: {type(fault).__name__}"] += 1
        node.die()
