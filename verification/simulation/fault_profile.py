"""The fault profile of a seed: the number of centers, the amount of work, and the rate of every fault."""

from dataclasses import dataclass, replace
from random import Random


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """Drawn once from the seed. Chances are per event, 0 to 1; times are virtual seconds."""

    centers: int
    cases: int
    hops: int
    """Most hand-overs that a case wants before it is resolved; at least two."""
    storm: int
    """Ticks before all faults end."""
    stride: float
    """Longest virtual time between two ticks."""
    arbiter: bool
    joins: int
    """Centers that join the county while it works."""
    leaves: int
    """Centers that are removed for good, with everything they hold."""
    restores: int
    """How often one center's store is restored from an older backup."""
    skew: float
    """Largest error of a center's clock."""
    lose: float
    """A confirmed parcel is lost all the same."""
    repeat: float
    delay: float
    """Longest delay of the network."""
    corrupt: float
    unknown: float
    """The send result of a parcel is unknown within its time."""
    crash: float
    """At each commit, publish, ack and vendor call, before and after it."""
    kill: float
    """Between two rounds of a center."""
    away: float
    """The center's own system does not answer."""
    store: float
    """A transaction cannot be written (disk full, store locked)."""
    lazy: float
    """A step with work does not get its turn."""
    signs: bool = False
    """The centers sign their messages, and accept no unsigned ones."""
    nobody: float = 0.0
    """A parcel is unroutable although its center exists: an inbox is deleted and made again. Never drawn."""
    clocks: bool = False
    """The centers' clocks are on, with terms of minutes. Never drawn. See ``with_clocks``."""
    masks: bool = False
    """Residents are masked before acceptance. Never drawn. See ``with_masks``."""
    ledger: bool = False
    """The county has a ledger, with the auditor on it. Never drawn. See ``with_ledger``."""
    quiet: bool = False
    """A virtual day without any fault: where all rests, time goes on by ``PAUSE``. Never drawn. See ``quiet``."""
    lies: int = 0
    """Most messages of a lying member; 0: there is none. See ``with_a_liar``."""

    def calm(self) -> "FaultProfile":
        """The same county without any fault."""
        still = replace(self, lose=0, repeat=0, corrupt=0, unknown=0, nobody=0, away=0, store=0, lazy=0)
        return replace(still, delay=1.0, crash=0, kill=0)


WHOLE, SMALL, TINY = 270, 50, 16
"""Wanted changes of custody of a seed; some are declined for good. A whole county makes a little more than 200, with
some ten messages each; a small one makes more than 200 messages between stores, and a tiny one a third of that."""


AGAIN = 0.4
"""The chance that a center with a lost store loses it once more."""

SIGNS = 0.1
"""The share of counties that sign: such a seed takes a third longer."""
SIGNS_BESIDE_A_LIAR = 0.4
"""The share of counties with a liar that sign: only a directory lists the county's members."""


LIES = {"whole": 600, "small": 200, "tiny": 70}
"""Most messages of a liar, by the size of the county."""


FEW = 5
"""Most centers of a tiny county."""


def tiny(seed: int) -> FaultProfile:
    """A profile for few centers with little work: a gate can afford many of them."""
    profile = drawn(seed, TINY)
    return replace(profile, centers=min(profile.centers, FEW), hops=min(profile.hops, FEW - 1))


def with_a_liar(seed: int, profile: FaultProfile, lies: int) -> FaultProfile:
    """The same profile with a lying member in the county. No center leaves: waiting for the liar must not be excused by
    a removed center."""
    return replace(profile, lies=lies, leaves=0, signs=Random(~seed ^ 2).random() < SIGNS_BESIDE_A_LIAR)


def drawn(seed: int, wanted: int = WHOLE) -> FaultProfile:
    """The profile of this seed, for a county with about so many changes of custody."""
    draw = Random(seed)
    rough = draw.choice((0.0, 0.3, 1.0, 1.0, 3.0))

    def chance(most: float) -> float:
        return draw.choice((0.0, 0.5, 1.0)) * most * rough

    centers = draw.choice((4, 5, 6, 7, 8, 10, 12))
    hops = min(centers - 1, draw.choice((4, 5, 6)))
    # one loss at a time: what only two centers knew, and both have lost, cannot be restored
    leaves, restores = draw.choice(((0, 0), (0, 0), (0, 1), (0, 1), (1, 0)))
    if restores and Random(~seed).random() < AGAIN:  # drawn separately: the other seeds stay as they were
        restores = 2
    return FaultProfile(
        centers=centers,
        cases=wanted * 2 // (hops + 2),
        hops=hops,
        storm=draw.choice((12, 18, 24) if wanted > 100 else (6, 9, 12)),
        stride=draw.choice((2.0, 10.0, 60.0) if wanted > 100 else (10.0, 60.0)),
        arbiter=leaves > 0 or draw.random() < 0.8,  # only a ruling recovers the cases of a removed center
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
        signs=Random(~seed ^ 1).random() < SIGNS,  # drawn separately, too
    )


def with_clocks(profile: FaultProfile) -> FaultProfile:
    """The same profile with the clocks on, and longer pauses between what people do: so that terms end meanwhile."""
    return replace(profile, clocks=True, stride=max(profile.stride, 60.0))


def with_masks(profile: FaultProfile) -> FaultProfile:
    """The same profile in a county that masks residents: only a signed directory tells that every center reads what
    masking needs."""
    return replace(profile, masks=True, signs=True)


def with_ledger(profile: FaultProfile) -> FaultProfile:
    """The same profile in a county whose centers tell their facts to a ledger."""
    return replace(profile, ledger=True)


PAUSE = 1200.0
"""Seconds that pass at once on a quiet day where nothing moves."""
QUIET_TICKS = 480
"""More than a day of such pauses, and the turns in which something moves."""


def quiet(profile: FaultProfile) -> FaultProfile:
    """A day with this profile's centers, and nothing goes wrong. Everybody has a turn every few seconds, as processes
    do."""
    day = replace(profile.calm(), stride=2.0, storm=QUIET_TICKS, joins=0, leaves=0, restores=0, skew=0, arbiter=True)
    return replace(day, ledger=True, quiet=True)
