"""One simulated center: its store, which survives crashes, its own system, and its present process."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from bus import recovery
from bus.backoff import Backoff
from bus.context import CenterContext
from bus.contract.case import Attachment
from bus.pipeline.clock_guard import ClockGuard
from bus.pipeline.handle import CircuitBreaker, RetryPolicy
from bus.pipeline.intake import IntakeDeps, Submission
from bus.runtime.engine import Engine
from bus.runtime.reminding import Reminding
from bus.sdk.center import RetryLater
from bus.store import StoreUnavailable, Tx
from verification.checker import CenterEvidence as Testimony
from verification.checker import Snapshot, Told, read, text_digest
from verification.checker import Submission as Tried
from verification.simulation.backend import KINDS, Act, Backend, Matter, adapter
from verification.simulation.disk import Beside, Disk
from verification.simulation.random_source import RandomSource
from verification.simulation.virtual_transport import VirtualNetwork, VirtualTransport

TOLD = {
    "taken": Told.TAKEN, "repeated": Told.REPEATED, "refused": Told.REFUSED, "failed": Told.FAILED,
    "later": Told.UNKNOWN,
}  # fmt: skip
"""A form answered `later` is checked again once the case exists."""


class _NoRoutes:
    def find(self, category: str, division: str) -> str | None:
        """Returns None: staff name the recipient of an offer."""
        return None


def _no_attachment(_tx: Tx, _sha256: str) -> Attachment | None:
    return None


def _no_bytes(_attachment: Attachment) -> bytes:
    raise RetryLater("no-attachments-here")


class Node:
    """One center. ``engine`` is None while it is down."""

    def __init__(
        self,
        context: CenterContext,
        store: Disk,
        network: VirtualNetwork,
        chance: RandomSource,
        now: Callable[[], float],
    ) -> None:
        self.rules, self.name = context, context.me
        self.store, self._network, self._chance, self._now = store, network, chance, now
        self.backend = Backend(chance)
        self.gone = False
        self.skew = chance.draw.uniform(-1, 1) * chance.profile.skew
        self.engine: Engine | None = None
        self.reminding: Reminding | None = None
        """The clocks of the present process, where they are on."""
        self.back_at = 0.0
        self._transport: VirtualTransport | None = None
        self._adapter = adapter(self.name.partition("-")[0])
        self.unanswered: dict[str, Submission] = {}
        """Forms that the vendor's system has sent and not heard an answer to: it sends them again."""
        self.tried: list[Tried] = []
        self.forgotten: list[Snapshot] = []
        """What the store said each time before an older backup was put in its place."""
        self._forms = 0
        self._backup: tuple[sqlite3.Connection, int] | None = None
        self._answered: list[Submission] = []
        """Matters that were taken, oldest first."""
        store.chance = chance
        network.add(self.name)

    def clock(self) -> datetime:
        """The time, by this center's clock."""
        return datetime.fromtimestamp(self._now() + self.skew, UTC)

    # -- life --------------------------------------------------------------------------------------------------------

    def testimony(self) -> Testimony:
        """The evidence of this center."""
        with self.store.undisturbed():
            return Testimony(
                self.name,
                read(self.store),
                effects=self.backend.effects,
                gone=self.gone,
                forgotten=self.forgotten,
                recovered=bool(self.forgotten) and not self.recovers,
                leaves_effects=frozenset(model.kind for model in KINDS),
            )

    def start(self) -> None:
        """Start a new process on the old store. May raise ``Crash``."""
        self._transport = VirtualTransport(self.name, self._network, self._chance, lambda: self.store.commits)
        self.engine = Engine(
            self._adapter,
            self.backend,
            self.rules,
            IntakeDeps(self.rules, _NoRoutes(), _no_attachment),
            self.store,
            self._transport,
            CircuitBreaker(RetryPolicy(attempts=12, backoff=Backoff(1, 900))),
            _no_bytes,
            self.clock,
            smallest_batch=16,
            timer=self._now,
        )
        if self.rules.clocks is not None:
            guard = ClockGuard(self._now)
            self.reminding = Reminding(self.store, self.rules, self.rules.clocks, self.clock, True, guard)
        try:
            self.engine.begin()
        except StoreUnavailable:
            self.die()

    def die(self) -> None:
        """End the process; its unsettled deliveries come again."""
        if self._transport is not None:
            self._transport.close(0)
        self.engine, self._transport, self.reminding = None, None, None
        self.back_at = self._now() + self._chance.draw.choice((0.0, 1.0, 20.0, 300.0))

    def back_up(self) -> None:
        """Make a backup of the store."""
        self._backup = self.store.copied(), len(self._answered)

    def put_back(self, peers: Sequence[str]) -> bool:
        """Lose the disk: the operator restores the last backup and says so, and the center's own system resends later
        forms. Returns whether there was a backup."""
        if self._backup is None:
            return False
        self.die()
        with self.store.undisturbed():
            self.forgotten.append(read(self.store))
            self.store.put_back(self._backup[0])
            recovery.begin(self.store, self.rules, peers, self.clock())
        for one in self._answered[self._backup[1] :]:
            self.unanswered[one.key[1]] = one
        return True

    @property
    def unsettled(self) -> int:
        """Deliveries that this process has received and not settled."""
        return self._transport.unsettled if self._transport is not None else 0

    @property
    def recovers(self) -> bool:
        """Whether its recovery is unfinished."""
        return bool(self.forgotten) and recovery.going_on(self.store)

    def excuse(self, gone: str) -> None:
        """Continue a recovery without that center, if it was asked at all."""
        with self.store.undisturbed(), suppress(recovery.NothingToRecover):
            if self.recovers:
                recovery.excuse(self.store, gone, self.clock())

    # -- rounds ------------------------------------------------------------------------------------------------------

    def round(self, step: str) -> bool:
        """Run one round of a step; returns whether there was work. May raise ``Crash``."""
        if self.engine is None:
            return False
        try:
            steps = {"receive": self._receive, "send": self._send, "work": self._work, "remind": self._remind}
            return steps[step](self.engine)
        except StoreUnavailable:
            return True

    def _receive(self, engine: Engine) -> bool:
        arrives = self._network.next_due(self.name)
        there = bool(engine.unsettled) or (arrives is not None and arrives <= self._now())
        return there and engine.receive(0) > 0

    def _send(self, engine: Engine) -> bool:
        due = self.recovers or self._is_due(self.store.due())
        return due and bool(engine.relay().results)

    def _work(self, engine: Engine) -> bool:
        owed = bool(engine.unrecorded)
        if not (owed or self._is_due(self.store.desk_due())):
            return False
        engine.handle()
        return bool(engine.unrecorded) or owed

    def _remind(self, _engine: Engine) -> bool:
        return self.reminding is not None and self.reminding.round().said > 0

    def _is_due(self, due_ms: int | None) -> bool:
        return due_ms is not None and due_ms <= int((self._now() + self.skew) * 1000)

    def dues(self, gone: Sequence[str], beside: Beside | None = None) -> Iterator[float]:
        """The virtual times at which something is due here: in the outbox, in the inbox, in the network. Messages for
        ``gone`` centers are left out, because they are due again for ever; so are messages to a liar, or about a case
        in its hands."""
        for due_ms in (self.store.due(gone, beside), self.store.desk_due()):
            if due_ms is not None:
                yield due_ms / 1000 - self.skew
        due = self._network.next_due(self.name)
        if due is not None:
            yield due

    # -- the door ----------------------------------------------------------------------------------------------------

    def resident(self) -> None:
        """A resident comes to the center's own system."""
        self._forms += 1
        native_id, text = f"{self.name}-m{self._forms}", f"第{self._forms}件事 {self.name}"
        phone = f"139{self._forms:08}" if self._chance.profile.masks else None
        self._fill_in("matter", Matter(native_id=native_id, text=text, phone=phone), native_id)

    def act(self, case_id: UUID, alive: tuple[str, ...], *, calm: bool, waited: bool) -> None:
        """A staff member opens a case in the center's own system and acts on it."""
        self._forms += 1
        native_id = f"{self.name}-a{self._forms}"
        turn = self._chance.draw.getrandbits(40)
        form = Act(
            native_id=native_id,
            case_id=case_id,
            turn=turn,
            calm=calm,
            waited=waited,
            alive=alive,
            hops=self._chance.profile.hops,
        )
        self._fill_in("act", form, native_id)

    def _fill_in(self, form: str, body: Matter | Act, native_id: str) -> None:
        self.unanswered[native_id] = Submission(self._adapter.forms[form], body)

    def hand_in(self) -> bool:
        """Submit unanswered forms at the intake, now and then, all in one commit. May raise ``Crash``."""
        if self.engine is None or not self.unanswered:
            return False
        batch = list(self.unanswered.values())[:50]
        self._chance.draw.shuffle(batch)
        tried = len(self.tried)
        self.tried += [self._try(one) for one in batch]
        try:
            replies = self.engine.intake(batch)
        except StoreUnavailable:
            return True
        for place, (one, reply) in enumerate(zip(batch, replies, strict=True)):
            cases = tuple(touched["case_id"] for touched in reply.cases)
            self.tried[tried + place] = self._try(one)._replace(told=TOLD[reply.status], cases=cases, code=reply.code)
            if self._chance.happens(self._chance.profile.unknown):
                self.tried[tried + place] = self._try(one)  # the answer was lost on the way: the form is sent again
                continue
            del self.unanswered[one.key[1]]
            if isinstance(one.body, Matter):
                self._answered.append(one)
            self._learn(one, cases)
        return True

    def _try(self, one: Submission) -> Tried:
        text = text_digest(one.body.text) if isinstance(one.body, Matter) else ""
        return Tried(self.name, one.form.name, one.key[1], Told.UNKNOWN, digest=one.digest(), text=text)

    def _learn(self, one: Submission, cases: Sequence[str]) -> None:
        for case_id in map(UUID, cases):
            self.backend.known[case_id] = None
            self.backend.todo[case_id] = None
        if isinstance(one.body, Act) and not cases:
            self.backend.todo.pop(one.body.case_id, None)

    def pick(self, draw: Random, *, calm: bool) -> list[UUID]:
        """The cases that staff open now: some with news, and now and then any other."""
        todo = list(self.backend.todo)
        if calm:
            return todo[:50]
        wandering = [draw.choice(list(self.backend.known))] if self.backend.known and draw.random() < 0.1 else []
        return draw.sample(todo, min(len(todo), 8)) + wandering
