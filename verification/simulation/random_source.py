"""The random source of a seed: one stream of chances, and the points at which a process may crash."""

from collections.abc import Callable
from random import Random
from uuid import UUID

from verification.simulation.fault_profile import FaultProfile


class Crash(BaseException):
    """The process crashes here. Not an ``Exception``: nothing in the product may catch it."""


class RandomSource:
    """All chances of one simulation, in one order, so that the same seed plays the same."""

    def __init__(self, seed: int, profile: FaultProfile) -> None:
        self.draw = Random(seed ^ 0x5EED)
        self.profile = profile
        self.crashes = 0

    def happens(self, chance: float) -> bool:
        """Draw whether an event of this chance happens now."""
        return chance > 0 and self.draw.random() < chance

    def trip(self) -> None:
        """A point at which the process may crash. Raises ``Crash``."""
        if self.profile.crash > 0 and self.draw.random() < self.profile.crash:
            self.crashes += 1
            raise Crash


def identities(draw: Random, now: Callable[[], float]) -> Callable[[], UUID]:
    """UUIDv7 (RFC 9562) of the virtual time: 48 bits of milliseconds, version, variant, and 74 drawn bits."""

    def deal() -> UUID:
        chance = draw.getrandbits(74)
        high, low = chance >> 62, chance & (2**62 - 1)
        return UUID(int=(int(now() * 1000) << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)

    return deal
