"""How long to wait before trying again: doubling, bounded, and spread so that a crowd does not come back at once."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses grow from ``first`` to ``longest`` seconds."""

    first: float
    longest: float

    def after_ms(self, attempts: int) -> int:
        """The pause after this many attempts (from 0), in milliseconds, within a quarter around the plain doubling."""
        plain = min(self.longest, self.first * 2.0 ** min(attempts, 30))
        return int(plain * 1000 * random.uniform(0.75, 1.25))  # noqa: S311 - spreading a crowd, not keeping a secret
