"""The whole county of one seed: turns, time, crashes, restarts, and the end."""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Self
from uuid import UUID

from bus.contract.ids import draw_from
from verification.simulation.beside_a_liar import BesideALiar, guarded
from verification.simulation.center_context import context_of
from verification.simulation.fault_profile import PAUSE, FaultProfile
from verification.simulation.keys import LEDGER, master, name_of
from verification.simulation.ledger_seat import LedgerSeat
from verification.simulation.node import Node
from verification.simulation.operator import Operator
from verification.simulation.random_source import Crash, RandomSource, identities
from verification.simulation.virtual_transport import VirtualNetwork
from verification.simulation.workspace import Workspace

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC).timestamp()
STEPS = ("receive", "work", "send", "hand_in")
COMPLAINTS = 5
"""Checks by people whether a resting case is closed, before the run gives up."""
CALM_TICKS = 400
"""Ticks without any fault within which every case must be closed."""
WAITING_TICKS = 1200
"""The same where residents are masked: a center waits a day for the resident, quarter of an hour by quarter."""


class County:
    """One county: run it with ``play``; look at ``seats`` afterwards. A context: until its end all ids of this process
    come from the seed."""

    def __init__(self, seed: int, profile: FaultProfile, land: Workspace) -> None:
        self.seed, self.profile = seed, profile
        self.chance = RandomSource(seed, profile)
        self.now = MORNING
        self.ticks = 0
        self.happened: Counter[str] = Counter()
        self.trace: list[str] | None = None
        """Filled in line by line where somebody wants to read it."""
        self.look: Callable[[], object] = lambda: None
        """Called between storm and calm, while nothing moves and nothing has healed yet."""
        self._digest = hashlib.sha256()
        self._calm = False
        self._waited = 0
        self._overdue: set[tuple[str, UUID]] = set()
        """(center, case): nothing has moved for so long that the center complains, once."""
        self._unlucky: Node | None = None
        self._ids_before = draw_from(identities(Random(seed ^ 0x1D), lambda: self.now))
        self.road = VirtualNetwork(self.chance, lambda: self.now)
        self._free = land.disks(profile.centers + profile.joins + profile.ledger)
        names = [name_of(number) for number in range(profile.centers + profile.joins)]
        self._names = iter(names)
        self._arbiter = names[0] if profile.arbiter else None
        self.seats: list[Node] = []
        self.beside = BesideALiar(seed, profile, self.road, lambda: self.now, self.seats) if profile.lies else None
        """Set where one member of the county lies."""
        self.operators: dict[str, Operator] = {}
        self.cases = 0
        for _ in range(profile.centers):
            self._add()
        self.ledger = self._with_ledger() if profile.ledger else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        draw_from(self._ids_before)

    def _add(self) -> None:
        name = next(self._names)
        context = context_of(name, self._arbiter, self.profile)
        disk = self._free[len(self.seats)]
        disk.encryption.master = master(signs=self.profile.signs)
        node = Node(context, disk, self.road, self.chance, lambda: self.now)
        self.seats.append(node)
        self.operators[node.name] = Operator(node)
        self._tell("join", name)

    def _with_ledger(self) -> LedgerSeat:
        context, disk = context_of(LEDGER, None, self.profile), self._free[-1]
        disk.encryption.master = master(signs=self.profile.signs)
        return LedgerSeat(Node(context, disk, self.road, self.chance, lambda: self.now), disk, lambda: self.now)

    @property
    def alive(self) -> tuple[str, ...]:
        """The centers of the county, as all of them have been told."""
        return tuple(node.name for node in self.seats if not node.gone)

    @property
    def digest(self) -> str:
        """SHA-256 of all events: the same seed gives the same."""
        return self._digest.hexdigest()

    def _tell(self, what: str, name: str, more: object = "") -> None:
        self.happened[what] += 1
        line = f"{self.now:.3f} {name} {what} {more}\n"
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    # -- playing -----------------------------------------------------------------------------------------------------

    def play(self) -> bool:
        """Play the storm, then the calm. Returns whether everything came to rest."""
        plan = self._plan()
        for tick in range(self.profile.storm):
            for event in plan.get(tick, ()):
                event()
            if not self._tick() and self.profile.quiet and self._at_rest():
                self.now += PAUSE
        self.look()
        self._calm = True
        self.chance.profile = self.profile.calm()
        for tick in range(WAITING_TICKS if self.profile.masks else CALM_TICKS):
            if not self._tick() or (tick > self._heap_after and self._at_rest()):
                if self._at_rest() and not self._mend() and not self._complain():
                    return True
                self._leap()
            if tick % 20 == 19:
                self._look_again()
                self._mend()
            if self.beside is not None and self.beside.beaten:
                break
        return False

    @property
    def _heap_after(self) -> int:
        """The tick of the calm from which waiting messages to removed or fictitious centers are ignored: they are sent
        again and again, and look like work for ever."""
        return CALM_TICKS // 2 if self.beside is None or not self.beside.over else 0

    def _plan(self) -> dict[int, list[Callable[[], object]]]:
        """Tick → its events: residents come, centers join and leave."""
        draw, storm = self.chance.draw, self.profile.storm
        plan: dict[int, list[Callable[[], object]]] = {}

        def at(tick: int, event: Callable[[], object]) -> None:
            plan.setdefault(tick, []).append(event)

        for _ in range(self.profile.cases):
            at(draw.randrange(max(1, storm * 2 // 3)), self._resident)
        for _ in range(self.profile.joins):
            at(draw.randrange(storm), self._add)
        if self.profile.restores:
            node, saved = draw.choice(self.seats), draw.randrange(storm - 2)
            at(saved, node.back_up)
            at(draw.randrange(saved + 1, storm), partial(self._restore, node))
        for _ in range(self.profile.leaves):
            at(draw.randrange(storm // 2, storm), self._leave)
        return plan

    def _resident(self) -> None:
        here = [node for node in self.seats if not node.gone]
        self.chance.draw.choice(here).resident()
        self.cases += 1

    def _leave(self) -> None:
        """Remove a center for good, without notice; never the arbiter."""
        here = [node for node in self.seats if not node.gone and node.name != self._arbiter]
        node = self.chance.draw.choice(here)
        node.die()
        node.gone = True
        self.road.remove(node.name)
        self._tell("leave", node.name)

    def _restore(self, node: Node) -> None:
        if self.beside is not None:
            self.beside.remember()
        others = [one.name for one in (self.beside, self.ledger) if one is not None]
        if node.gone or not node.put_back((*self.alive, *others)):
            return
        self._tell("restore", node.name)
        if self.happened["restore"] < self.profile.restores:
            self._unlucky = node
            if self.chance.draw.random() < 0.5:  # a backup is made during the recovery
                node.back_up()

    def _lose_again(self) -> None:
        """Perhaps lose the store of a recovered center once more."""
        node = self._unlucky
        if node is not None and not node.recovers and self.chance.draw.random() < 0.3:
            self._unlucky = None
            self._restore(node)

    def _tick(self) -> bool:
        """Give every center a turn, in a drawn order. Returns whether any had work."""
        self.ticks += 1
        draw = self.chance.draw
        self.now += draw.uniform(0.05, self.profile.stride)
        busy = False
        for node in draw.sample(self.seats, len(self.seats)):
            if not node.gone:
                busy |= self._turn(node)
        if self.ledger is not None:
            busy |= self.ledger.turn(calm=self._calm)
        self._lose_again()
        return self._lie() or busy

    def _lie(self) -> bool:
        """The liar's turn, if there is one. Returns whether it goes on."""
        if self.beside is None:
            return False
        for lie in self.beside.turn(calm=self._calm):
            self._tell(f"lie: {lie}", self.beside.name)
        return not self.beside.over

    def _turn(self, node: Node) -> bool:
        with guarded(self.beside, node, "start"):
            return self._steps(node)
        return True

    def _steps(self, node: Node) -> bool:
        draw, busy = self.chance.draw, False
        try:
            if node.engine is None:
                if node.back_at > self.now and not self._calm:
                    return True
                busy = True
                self._tell("start", node.name)
                node.start()
            self._staff(node)
            steps = (*STEPS, "remind") if self.profile.clocks else STEPS
            for step in draw.sample(steps, len(steps)):
                if self.chance.happens(self.chance.profile.lazy):
                    continue
                if self.chance.happens(self.chance.profile.kill):
                    raise Crash  # noqa: TRY301 - the same end as at a point inside a step
                did = False
                with guarded(self.beside, node, step):
                    did = node.hand_in() if step == "hand_in" else node.round(step)
                if did:
                    busy = True
                    self._tell(step, node.name)
        except Crash:
            node.die()
            self._tell("crash", node.name)
            return True
        return busy

    def _staff(self, node: Node) -> None:
        if node.engine is None or len(node.unanswered) > 20:
            return
        for case_id in node.pick(self.chance.draw, calm=self._calm):
            trusted = self.beside.partners(case_id, calm=self._calm) if self.beside else ()
            waited = (node.name, case_id) in self._overdue
            self._overdue.discard((node.name, case_id))
            node.act(case_id, (*self.alive, *trusted), calm=self._calm, waited=waited)

    # -- rest --------------------------------------------------------------------------------------------------------

    def _at_rest(self) -> bool:
        here = [node for node in self.seats if not node.gone]
        idle = all(not node.unanswered and not node.backend.todo and not node.recovers for node in here)
        return idle and self._next() is None

    def _next(self) -> float | None:
        """The time of the next due item anywhere."""
        gone = [node.name for node in self.seats if node.gone]
        beside = self.beside.owed() if self.beside else None
        here = [*(node for node in self.seats if not node.gone), *((self.ledger.node,) if self.ledger else ())]
        return min((due for node in here for due in node.dues(gone, beside)), default=None)

    def _leap(self) -> None:
        """Nothing is due now: advance the time to the next due item."""
        due = self._next()
        if due is not None:
            self.now = max(self.now, due)

    def _mend(self) -> bool:
        """The operators handle parked items, and tell recovering centers which peers will not answer. Returns whether
        there was work."""
        here = [node for node in self.seats if not node.gone]
        for gone in (node.name for node in self.seats if node.gone):
            for node in here:
                node.excuse(gone)
        if self.beside is not None:
            self.beside.excuse()
            if self.beside.over:
                self.beside.end_lanes()
        there = False
        for node in here:  # all of them, not only the first
            with guarded(self.beside, node, "operator"):
                there |= self.operators[node.name].round()
        return (self.ledger is not None and self.ledger.operator.round()) or there

    def _complain(self) -> bool:
        """Everything rests, and some case is not closed: complain about a message that will never come. Returns whether
        any center could."""
        self._waited += 1
        for node in self.seats:
            if not node.gone:
                unanswered = dict.fromkeys(node.store.unanswered())
                node.backend.todo.update(unanswered)
                self._overdue |= {(node.name, case_id) for case_id in unanswered}
        return self._waited <= COMPLAINTS and any(node.backend.todo for node in self.seats if not node.gone)

    def _look_again(self) -> None:
        """Staff check all their cases, and find changes that came without a task."""
        for node in self.seats:
            if not node.gone:
                node.backend.todo.update(node.backend.known)
