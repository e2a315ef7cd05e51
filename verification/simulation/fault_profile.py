"""What a seed has in store for a county: how many centers, how much work, and how bad everything is to them."""

from dataclasses import dataclass, replace
from random import Random


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """Drawn once from the seed. Chances are per event, 0 to 1; times are virtual seconds."""

    centers: int
    cases: int
    hops: int
    """To how many centers a case wants to go before it is resolved: to at least two, at most to so many."""
    storm: int
    """Ticks before everything calms down."""
    stride: float
    """Longest virtual time between two ticks."""
    arbiter: bool
    joins: int
    """Centers that are added to the county while it works."""
    leaves: int
    """Centers that are taken away for good, with everything they hold."""
    restores: int
    """How often one center's store is put back to an older backup."""
    skew: float
    """By how much a center's clock may be wrong."""
    lose: float
    """A parcel that the road vouched for is lost all the same."""
    repeat: float
    delay: float
    """Longest time on the road."""
    corrupt: float
    unknown: float
    """The road says nothing about a parcel in time."""
    crash: float
    """At each commit, publish, ack and vendor call, before and after it."""
    kill: float
    """Between two rounds of a center."""
    away: float
    """The center's own system does not answer."""
    store: float
    """A transaction cannot be written (disk full, store locked)."""
    lazy: float
    """A step that could run does not get its turn."""
    signs: bool = False
    """The centers sign what they say, and believe nobody without."""
    nobody: float = 0.0
    """The road says that nobody is there, though somebody is: an inbox is deleted and made again. Never drawn."""
    lies: int = 0
    """How many words a faulty member may say; 0: there is none. See ``with_a_liar``."""

    def calm(self) -> "FaultProfile":
        """The same county when nothing goes wrong any more."""
        still = replace(self, lose=0, repeat=0, corrupt=0, unknown=0, nobody=0, away=0, store=0, lazy=0)
        return replace(still, delay=1.0, crash=0, kill=0)


WHOLE, SMALL, TINY = 270, 50, 16
"""How many changes of custody a seed asks for; some are declined for good. A whole county makes a little more than 200,
and some ten messages for each; a small one makes more than 200 messages that are handed over from store to store, and a
tiny one a third of that."""


AGAIN = 0.4
"""How often the center that has lost its store loses it once more."""

SIGNS = 0.1
"""How often a county signs: such a seed takes a third longer."""
SIGNS_BESIDE_A_LIAR = 0.4
"""How often it signs where a member lies: only with a directory does anybody know who is of the county."""


LIES = {"whole": 600, "small": 200, "tiny": 70}
"""By the size of the county: so many words a liar may say."""


FEW = 5
"""Centers of a tiny county, at most."""


def tiny(seed: int) -> FaultProfile:
    """A weather for few centers with little to do: a gate can afford many of them."""
    profile = drawn(seed, TINY)
    return replace(profile, centers=min(profile.centers, FEW), hops=min(profile.hops, FEW - 1))


def with_a_liar(seed: int, profile: FaultProfile, lies: int) -> FaultProfile:
    """The same weather with a faulty member in the county. Nobody leaves: who waits for the liar must not be excused
    by another that is gone."""
    return replace(profile, lies=lies, leaves=0, signs=Random(~seed ^ 2).random() < SIGNS_BESIDE_A_LIAR)


def drawn(seed: int, wanted: int = WHOLE) -> FaultProfile:
    """The weather of this seed, for a county with about so many changes of custody."""
    draw = Random(seed)
    rough = draw.choice((0.0, 0.3, 1.0, 1.0, 3.0))

    def chance(most: float) -> float:
        return draw.choice((0.0, 0.5, 1.0)) * most * rough

    centers = draw.choice((4, 5, 6, 7, 8, 10, 12))
    hops = min(centers - 1, draw.choice((4, 5, 6)))
    # one loss at a time: what only two knew, and both have lost, nobody can bring back
    leaves, restores = draw.choice(((0, 0), (0, 0), (0, 1), (0, 1), (1, 0)))
    if restores and Random(~seed).random() < AGAIN:  # of its own luck: the other seeds stay what they were
        restores = 2
    return FaultProfile(
        centers=centers,
        cases=wanted * 2 // (hops + 2),
        hops=hops,
        storm=draw.choice((12, 18, 24) if wanted > 100 else (6, 9, 12)),
        stride=draw.choice((2.0, 10.0, 60.0) if wanted > 100 else (10.0, 60.0)),
        arbiter=leaves > 0 or draw.random() < 0.8,  # what a center has that is gone only a ruling brings back
        joins=draw.choice((0, 0, 1)),
        leaves=leaves,
        restores=restores,
        skew=draw.choice((0.0, 0.0, 60.0, 3600.0)),
        lose=chance(0.10),
        repeat=chance(0.10),
        delay=draw.choice((0.5, 5.0, 60.0)),
        corrupt=chance(0.02),
        unknown=chance(0.10),
        crash=chance(0.004),
        kill=chance(0.01),
        away=chance(0.10),
        store=chance(0.01),
        lazy=draw.choice((0.0, 0.3, 0.6)),
        signs=Random(~seed ^ 1).random() < SIGNS,  # of its own luck, too
    )
