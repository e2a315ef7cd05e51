"""A town of centers on a bad network: lanes with sequence numbers, hold-back and repeats, as delivery is designed.

The world does what a store, a relay and an in-tray do; custody is what is being tested in it. A message stays in its
sender's out-tray until it is receipted, so a loss is only a delay; a crash throws away a decision and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bus.clocks.marks import Mark, look, remember
from bus.clocks.rules import Level, Rules
from bus.clocks.words import text_of
from bus.contract import messages as k
from bus.custody import (
    EARLY,
    RETURNS_BEFORE_ARBITER,
    Decision,
    Outgoing,
    Record,
    Refusal,
    decide,
    hear_message,
    register,
)
from bus.custody import commands as c
from bus.custody.handing import ask, waits
from bus.custody.more_time import Granting
from bus.custody.record import Reads, nobody_reads
from bus.custody.reminding import remind
from tests.unit.custody_model.cases import NOW, RESIDENT, TOWN, matter
from tests.unit.custody_model.ledger import Ledger

OPENERS = (k.Offered, k.AssistRequested, k.ArbitrationRequested, k.Ruled, k.ExtensionRequested, k.Escalated)
FAR = NOW + timedelta(days=30)
"""When every term of a town with clocks ends."""
RULES = Rules()
Key = tuple[str, UUID]


@dataclass
class Lane:
    """All that one center has said to another about one case, and how far the other has come with it."""

    sent: list[k.CaseKind] = field(default_factory=list)
    applied: int = 0
    held_back: set[int] = field(default_factory=set)

    @property
    def waiting(self) -> bool:
        """Whether something said is not receipted yet."""
        return self.applied < len(self.sent)


def _escalation(record: Record, mark: Mark, text: str) -> k.Escalated:
    return k.Escalated(
        version=record.version,
        holder=record.holder,
        clock=mark.deadline.clock.value,
        due=mark.deadline.due,
        text=text,
        case=record.case.without_resident(),
        path=record.path,
        round=record.round,
    )


@dataclass
class World:
    """Everybody's records, everything under way, and the ledger of what truly happened."""

    centers: tuple[str, ...]
    arbiter: str | None
    masking: bool = False
    """Whether residents are masked before acceptance."""
    records: dict[Key, Record] = field(default_factory=dict)
    lanes: dict[tuple[str, str, UUID], Lane] = field(default_factory=dict)
    ledgers: dict[UUID, Ledger] = field(default_factory=dict)
    seen_offers: dict[Key, set[UUID]] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Kind and code of every message that custody refused."""
    reads: Reads = nobody_reads
    """Which center reads kinds that v0.1.0 does not know."""
    granting: Granting | None = None
    """How more time is granted; None: the clocks are off."""
    given: set[tuple[str, UUID, str, int]] = field(default_factory=set)
    """Every reminder: by whom, of which case and deadline, which rung."""

    def register(self, center: str) -> UUID:
        """A resident comes to ``center``."""
        case = matter(center, RESIDENT if self.masking else None)
        decision = register(c.Register(case=case), center, self.arbiter)
        self.ledgers[case.case_id] = Ledger(center, self.arbiter, {1: center})
        self._commit(center, case.case_id, None, decision)
        return case.case_id

    def does(self, center: str, command: c.Command, *, crash: bool = False) -> bool:
        """``center`` wishes something; whether custody granted it."""
        before = self.records[center, command.case_id]
        kept = before.model_dump_json()
        try:
            decision = decide(before, command, NOW, RETURNS_BEFORE_ARBITER, self.granting, masking=self.masking)
        except Refusal:
            assert before.model_dump_json() == kept, "a refused command changed the record"
            return False
        if not crash:
            self.ledgers[command.case_id].command(center, command)
            self._commit(center, command.case_id, before, decision)
        return True

    def reminds(self, center: str, case_id: UUID, now: datetime) -> None:
        """The clocks of ``center`` look at a case at any time: each mark once, and custody stays as it is."""
        before = self.records[center, case_id]
        marks = look(before, RULES, now).marks
        said = {(center, case_id, mark.deadline.key, mark.level) for mark in marks}
        assert not said & self.given, "a reminder is given twice"
        self.given |= said
        after = remember(before, marks, RULES, now)
        decision = remind(before, after, [one for mark in marks for one in self._said(before, mark)])
        assert decision.record.with_(reminded=(), told=()) == before.with_(reminded=(), told=()), "a clock moved a case"
        assert look(decision.record, RULES, now).marks == () or not marks
        self._commit(center, case_id, before, decision)

    def _said(self, record: Record, mark: Mark) -> Iterator[Outgoing]:
        for to in mark.to:
            text = text_of(mark)
            if to == record.arbiter != record.me and mark.level >= Level.ESCALATE and self.reads(to, k.Escalated.kind):
                yield Outgoing(to, _escalation(record, mark, text))
            elif to != record.me:
                yield Outgoing(to, k.Urged(version=record.version, text=text, level=int(mark.level)))

    def deliver(self, lane: tuple[str, str, UUID], sequence: int, *, crash: bool = False) -> None:
        """One copy of a message arrives: the next, a repeat, or one that must wait for an earlier one."""
        way = self.lanes[lane]
        if sequence <= way.applied:
            return
        way.held_back.add(sequence)
        while way.applied + 1 in way.held_back:
            done = self._hear(lane, way.sent[way.applied], crash=crash)
            way.held_back.discard(way.applied + 1)
            if not done:
                way.held_back.clear()
                return
            way.applied += 1

    def bring(self, sender: str, recipient: str, case_id: UUID) -> None:
        """All that one center has said to another about a case arrives."""
        lane = (sender, recipient, case_id)
        while self.lanes[lane].waiting:
            before = self.lanes[lane].applied
            self.deliver(lane, before + 1)
            assert self.lanes[lane].applied > before, "held back"

    def _hear(self, lane: tuple[str, str, UUID], data: k.CaseKind, *, crash: bool) -> bool:
        source, me, case_id = lane
        before = self.records.get((me, case_id))
        kept = before.model_dump_json() if before is not None else ""
        try:
            decision = hear_message(before, data, source, me, case_id, NOW, None, self.reads, masking=self.masking)
        except Refusal as refusal:
            assert before is None or before.model_dump_json() == kept, "a refused message changed the record"
            if refusal.code in EARLY:
                return False  # not receipted: what must be heard before is still on its way, and this comes again
            self.refused.append((data.kind, refusal.code))
            return True
        if crash:
            return False
        if decision.superseded:
            assert decision.record == before, "a superseded message changed the record"
            assert not decision.outgoing
            assert not decision.needs_handling
        if before is not None and data.version < before.version:
            after = decision.record
            assert (after.holder, after.version) == (before.holder, before.version), "an older message moved custody"
        self._commit(me, case_id, before, decision, data)
        return True

    def _commit(
        self, me: str, case_id: UUID, before: Record | None, decision: Decision, data: k.CaseKind | None = None
    ) -> None:
        record = decision.record
        assert Record.model_validate_json(record.model_dump_json()) == record, "a record that cannot be stored"
        if before is not None:
            assert record.version >= before.version, "a version went back"
            assert record.round >= before.round, "a round went back"
            assert set(before.path) <= set(record.path), "a center that held the case was forgotten"
            assert set(before.returns) <= set(record.returns), "a return was forgotten"
        ledger = self.ledgers[case_id]
        self._each_leg_once(me, case_id, before, record)
        ledger.enter(me, decision)
        if isinstance(data, k.Declined) and not decision.superseded:
            ledger.counted.add(data.offer_id)
        self.records[me, case_id] = record
        for outgoing in decision.outgoing:
            if outgoing.to != me:
                travelled = type(outgoing.data).model_validate_json(outgoing.data.model_dump_json())
                self.lanes.setdefault((me, outgoing.to, case_id), Lane()).sent.append(travelled)

    def _each_leg_once(self, me: str, case_id: UUID, before: Record | None, after: Record) -> None:
        seen = self.seen_offers.setdefault((me, case_id), set())
        had = before.offer_in if before is not None else None
        if after.offer_in is not None and (had is None or had.offer_id != after.offer_in.offer_id):
            assert after.offer_in.offer_id not in seen, "an offer that had ended came back"
            seen.add(after.offer_in.offer_id)
        out = before.offer_out if before is not None else None
        if out is not None and after.offer_out is not None and out.offer_id == after.offer_out.offer_id:
            assert set(after.offer_out.pending) < set(out.pending) or after.offer_out.withdrawing >= out.withdrawing

    def urge_for_residents(self) -> bool:
        """Whoever waits for a resident urges, as after an hour; whether anybody did."""
        waiting = [record for record in self.records.values() if waits(record)]
        for record in waiting:
            self._commit(record.me, record.case.case_id, record, Decision(record, ask(record)))
        return bool(waiting)

    @property
    def waiting(self) -> list[tuple[str, str, UUID]]:
        """Lanes with something under way."""
        return [key for key, lane in self.lanes.items() if lane.waiting]

    def settle(self, choose: "Choice") -> None:
        """Deliver everything, lane by lane in the order that ``choose`` draws, until nobody has anything to say."""
        for _ in range(5000):
            waiting = self.waiting
            if not waiting:
                return
            ready = [lane for lane in waiting if (lane[1], lane[2]) in self.records or self._opens(lane)]
            assert ready, f"said to a center that never hears of the case: {waiting}"
            lane = choose(ready)
            self.deliver(lane, self.lanes[lane].applied + 1)
        raise AssertionError("the town never comes to rest")

    def _opens(self, lane: tuple[str, str, UUID]) -> bool:
        way = self.lanes[lane]
        return isinstance(way.sent[way.applied], OPENERS)

    def of(self, case_id: UUID) -> list[Record]:
        """Every center's record of one case."""
        return [record for (_, case), record in self.records.items() if case == case_id]


class Choice:
    """Draws one of several by a seed: the network's whims, repeatable."""

    def __init__(self, seed: int) -> None:
        self.state = seed + 1

    def __call__(self, options: list[tuple[str, str, UUID]]) -> tuple[str, str, UUID]:
        """One of ``options``."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return options[(self.state >> 33) % len(options)]


def town(size: int, arbiter: bool = True, masking: bool = False) -> World:
    """``size`` centers, the last of them the county's arbiter."""
    centers = TOWN[:size]
    return World(centers, centers[-1] if arbiter else None, masking)


def with_clocks(world: World) -> World:
    """The same town with its clocks on: every center reads the new kinds, and no term ends."""
    world.reads = lambda _center, _kind: True
    world.granting = Granting(lambda _record: FAR, lambda _ends: FAR + timedelta(days=10), world.reads)
    return world
