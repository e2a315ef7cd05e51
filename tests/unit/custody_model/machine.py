"""Hypothesis plays the town: who does what, what the network does to it, who falls over."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bus.custody import Status
from bus.custody import commands as c
from tests.unit.custody_model import invariants
from tests.unit.custody_model.cases import NOW
from tests.unit.custody_model.wishes import granted, wishes
from tests.unit.custody_model.world import Choice, town, with_clocks

pick = st.integers(0, 5039)
"""Reduced modulo the number of choices there are; 5040 divides by all of 1 to 10, so nobody is preferred."""

HONEST_REFUSALS = {("case.offered", "stale"), ("case.arbitration-requested", "stale")}
"""All that custody may ever refuse among centers that keep the protocol, each visible to its sender's operator."""


class CustodyMachine(RuleBasedStateMachine):
    """A town in which custody must hold."""

    masking = False
    """Whether residents are masked before acceptance."""

    @initialize(
        size=st.integers(4, 6), arbiter=st.sampled_from([True, True, True, False]), clocks=st.booleans(), who=pick
    )
    def found(self, size: int, arbiter: bool, clocks: bool, who: int) -> None:
        """A town with its first case, its clocks on or off."""
        bare = town(size, arbiter, self.masking)
        self.world = with_clocks(bare) if clocks else bare
        self.world.register(self.world.centers[who % size])

    @precondition(lambda self: len(self.world.ledgers) < 3)
    @rule(who=pick)
    def register(self, who: int) -> None:
        """Another resident comes."""
        self.world.register(self.world.centers[who % len(self.world.centers)])

    @rule(who=pick, turn=pick, what=pick, crash=st.sampled_from([False] * 9 + [True]))
    def act(self, who: int, turn: int, what: int, crash: bool) -> None:
        """A center does something that it may."""
        keys = list(self.world.records)
        center, case_id = keys[who % len(keys)]
        allowed = granted(self.world.records[center, case_id], self.world.centers, turn, self.world.granting)
        if allowed:
            assert self.world.does(center, allowed[what % len(allowed)], crash=crash)

    @rule(who=pick, turn=pick, what=pick)
    def try_anything(self, who: int, turn: int, what: int) -> None:
        """A center tries something, allowed or not."""
        keys = list(self.world.records)
        center, case_id = keys[who % len(keys)]
        options = wishes(self.world.records[center, case_id], self.world.centers, turn)
        self.world.does(center, options[what % len(options)])

    @precondition(lambda self: self.world.granting is not None)
    @rule(which=pick, hours=st.integers(-24, 24 * 60))
    def remind(self, which: int, hours: int) -> None:
        """The clocks of a center look at a case, at whatever time, also one that is set back."""
        keys = list(self.world.records)
        self.world.reminds(*keys[which % len(keys)], NOW + timedelta(hours=hours))

    @precondition(lambda self: self.world.waiting)
    @rule(which=pick, crash=st.sampled_from([False] * 9 + [True]))
    def deliver(self, which: int, crash: bool) -> None:
        """The next message of a lane arrives; the recipient may fall over before it commits."""
        waiting = self.world.waiting
        lane = waiting[which % len(waiting)]
        self.world.deliver(lane, self.world.lanes[lane].applied + 1, crash=crash)

    @precondition(lambda self: self.world.lanes)
    @rule(which=pick, sequence=pick)
    def deliver_any(self, which: int, sequence: int) -> None:
        """Any message of a lane arrives: a repeat, or one before its turn."""
        lanes = list(self.world.lanes)
        lane = lanes[which % len(lanes)]
        self.world.deliver(lane, 1 + sequence % len(self.world.lanes[lane].sent))

    @rule(seed=pick)
    def rest(self, seed: int) -> None:
        """The network brings everything, and all agree."""
        self.world.settle(Choice(seed))
        invariants.at_rest(self.world)

    @invariant()
    def holds(self) -> None:
        """Custody holds in every state, and honest messages are refused for known reasons only."""
        invariants.always(self.world)
        assert set(self.world.refused) <= HONEST_REFUSALS, set(self.world.refused) - HONEST_REFUSALS

    def teardown(self) -> None:
        """The town comes to rest, and every resolved case is answered and closed everywhere."""
        if not hasattr(self, "world"):
            return
        self.world.settle(Choice(1))
        invariants.at_rest(self.world)
        for case_id, ledger in self.world.ledgers.items():
            if self.world.records[ledger.origin, case_id].status is Status.RESOLVED:
                assert self.world.does(ledger.origin, c.Close(case_id=case_id, replied_at=NOW))
        self.world.settle(Choice(2))
        invariants.at_rest(self.world)
