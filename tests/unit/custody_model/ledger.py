"""The reference model: one account of one case, kept from what was committed and said, never from any record's belief.

It knows only this much: every commit point gives one version to one holder; an offer belongs to the holder of its
version; each leg of an offer is answered at most once from either end; a round is resolved by a holder, then closed by
the origin, then perhaps followed by the next round.
"""

from dataclasses import dataclass, field
from uuid import UUID

from bus.contract import messages as k
from bus.custody import RULING_STEP, Decision, Outgoing
from bus.custody import commands as c


@dataclass
class Offer:
    """One offer as it was made."""

    offerer: str
    version: int
    mode: k.Mode
    asked: set[str] = field(default_factory=set)


@dataclass
class Ledger:
    """What has truly happened to one case."""

    origin: str
    arbiter: str | None
    holders: dict[int, str]
    offers: dict[UUID, Offer] = field(default_factory=dict)
    answers: dict[tuple[UUID, str], str] = field(default_factory=dict)
    """How the one asked ended his leg: accepted, declined, withdrawn."""
    verdicts: dict[tuple[UUID, str], str] = field(default_factory=dict)
    """How the offerer ended it: granted, lost."""
    bids: set[tuple[UUID, str]] = field(default_factory=set)
    counted: set[UUID] = field(default_factory=set)
    """Offers whose decline the offerer has taken in."""
    resolved: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    round: int = 1
    rulings: int = 0
    told: dict[int, set[str]] = field(default_factory=dict)
    """Who was told of each hand-over, and who made it."""
    helped: dict[UUID, str] = field(default_factory=dict)
    """Help that was given, and who had asked for it."""

    @property
    def top(self) -> int:
        """The version at which the true custodian holds the case."""
        return max(self.holders)

    @property
    def custodian(self) -> str:
        """The true custodian."""
        return self.holders[self.top]

    def overruled(self, version: int) -> bool:
        """Whether a ruling has fenced what is said at ``version``."""
        return version // RULING_STEP < self.top // RULING_STEP

    def enter(self, me: str, decision: Decision) -> None:
        """Take down what ``me`` has committed, by what it says of it."""
        for outgoing in decision.outgoing:
            _ENTRIES.get(type(outgoing.data), _nothing)(self, me, outgoing)
            if isinstance(outgoing.data, k.Accepted | k.Granted | k.Ruled):
                self.told.setdefault(outgoing.data.version, set()).update((me, outgoing.to))

    def command(self, me: str, command: c.Command) -> None:
        """Take down what only the origin does, which may be said to nobody."""
        if isinstance(command, c.Close):
            assert me == self.origin, "closed by another than the origin"
            assert self.round in self.resolved, "closed without a result"
            self.closed.add(self.round)
        elif isinstance(command, c.Reopen):
            assert me == self.origin
            assert self.round in self.resolved, "reopened without a result"
            self.round += 1

    def commit(self, version: int, holder: str) -> None:
        """One version, one holder, for ever."""
        known = self.holders.setdefault(version, holder)
        assert known == holder, f"two holders at version {version}: {known} and {holder}"

    def answer(self, offer_id: UUID, center: str, how: str) -> None:
        """The one asked ends his leg, once."""
        assert center in self.offers[offer_id].asked, "answered without being asked"
        known = self.answers.setdefault((offer_id, center), how)
        assert known == how, f"one leg was answered twice: {known}, then {how}"

    def verdict(self, offer_id: UUID, center: str, how: str) -> None:
        """The offerer ends a leg, once."""
        known = self.verdicts.setdefault((offer_id, center), how)
        assert known == how, f"one leg was decided twice: {known}, then {how}"


def _nothing(_ledger: Ledger, _me: str, _say: Outgoing) -> None:
    pass


def _offered(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    data = outgoing.data
    assert isinstance(data, k.Offered)
    assert ledger.holders.get(data.version) == me, "offered by one who does not hold it at that version"
    made = Offer(me, data.version, data.mode)
    ledger.offers.setdefault(data.offer_id, made).asked.add(outgoing.to)
    others = [o for key, o in ledger.offers.items() if key != data.offer_id and o.version == data.version]
    assert all(_ended(ledger, o) for o in others), "two offers of one version at a time"
    if not ledger.rulings:
        assert len(ledger.counted) < 2, "a third round without the arbiter"
        assert outgoing.to not in set(ledger.holders.values()), "offered to a center that had it"


def _ended(ledger: Ledger, offer: Offer) -> bool:
    offer_id = next(key for key, value in ledger.offers.items() if value is offer)
    return all((offer_id, center) in ledger.answers for center in offer.asked)


def _accepted(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    data = outgoing.data
    assert isinstance(data, k.Accepted)
    offer = ledger.offers[data.offer_id]
    if data.bid:
        assert offer.mode is k.Mode.OPEN
        ledger.bids.add((data.offer_id, me))
        return
    assert offer.mode is k.Mode.EXCLUSIVE, "an open offer is decided by the offerer"
    assert data.version == offer.version + 1, "a hand-over is one version up"
    ledger.answer(data.offer_id, me, "accepted")
    ledger.commit(data.version, me)


def _declined(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Declined)
    ledger.answer(outgoing.data.offer_id, me, "declined")


def _withdrawn(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Withdrawn)
    ledger.answer(outgoing.data.offer_id, me, "withdrawn")


def _granted(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    data = outgoing.data
    assert isinstance(data, k.Granted)
    offer = ledger.offers[data.offer_id]
    assert offer.offerer == me
    assert (data.offer_id, data.to) in ledger.bids, "granted to one who did not bid"
    assert data.version == offer.version + 1, "a hand-over is one version up"
    ledger.verdict(data.offer_id, data.to, "granted")
    ledger.counted.discard(data.offer_id)  # an open offer that found a taker was not sent back
    ledger.commit(data.version, data.to)


def _lost(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Lost)
    assert ledger.offers[outgoing.data.offer_id].offerer == me
    ledger.verdict(outgoing.data.offer_id, outgoing.to, "lost")


def _resolved(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Resolved)
    assert ledger.holders.get(outgoing.data.version) == me, "resolved by one who does not hold it"
    ledger.resolved.add(outgoing.data.round)


def _closed(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Closed)
    assert me == ledger.origin or outgoing.to == ledger.arbiter, "closed by another than the origin"
    assert outgoing.data.round in ledger.closed, "told of an answer that was not given"


def _reopened(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.Reopened)
    assert me == ledger.origin or outgoing.to == ledger.arbiter
    assert 1 < outgoing.data.round <= ledger.round, "told of a round that never began"


def _ruled(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    data = outgoing.data
    assert isinstance(data, k.Ruled)
    if me == ledger.arbiter and data.version not in ledger.holders:
        assert data.version % RULING_STEP == 0, "a ruling begins a new thousand"
        assert data.version > ledger.top, "a ruling is above all that was said"
        ledger.rulings += 1
        ledger.commit(data.version, data.holder)
    assert ledger.holders.get(data.version) == data.holder, "a ruling was passed on wrong"


def _helped(ledger: Ledger, me: str, outgoing: Outgoing) -> None:
    assert isinstance(outgoing.data, k.AssistAnswered)
    ledger.helped.setdefault(outgoing.data.assist_id, outgoing.to)


_ENTRIES = {
    k.Offered: _offered,
    k.Accepted: _accepted,
    k.Declined: _declined,
    k.Withdrawn: _withdrawn,
    k.Granted: _granted,
    k.Lost: _lost,
    k.Resolved: _resolved,
    k.Closed: _closed,
    k.Reopened: _reopened,
    k.Ruled: _ruled,
    k.AssistAnswered: _helped,
}
