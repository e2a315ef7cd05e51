"""Backoff: exponential, bounded, and with jitter, so that many clients do not return at once.

Every backoff is computed here by the waits of tenacity, also those that are kept in the store.
"""

from dataclasses import dataclass
from functools import cache

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
    wait_random,
    wait_random_exponential,
)
from tenacity.wait import wait_base

_NO_CALL = Retrying()
_ANY_CALL = RetryCallState(_NO_CALL, None, (), {})
"""For waits that ignore the attempt: the relay adds jitter to the delay of every message."""
_SPREAD = wait_random(0.75, 1.25)
"""Jitter of a quarter around the plain doubling."""


def _computed(wait: wait_base, attempt: int) -> float:
    """The delay in seconds before the attempt after this one; attempts count from 1."""
    state = RetryCallState(_NO_CALL, None, (), {})
    state.attempt_number = attempt
    return wait(state)


@cache
def _doubled(first: float, longest: float, attempts: int) -> float:
    return _computed(wait_exponential(multiplier=first, max=longest), attempts + 1)


@dataclass(frozen=True, slots=True)
class Backoff:
    """An exponential backoff from ``first`` to ``longest`` seconds."""

    first: float
    longest: float

    def delay_ms(self, attempts: int) -> int:
        """The delay after this many attempts (from 0), in milliseconds, with a quarter of jitter."""
        return int(_doubled(self.first, self.longest, min(attempts, 30)) * 1000 * _SPREAD(_ANY_CALL))


_RECONNECTING = wait_exponential(multiplier=0.1, max=5) + wait_random(0, 0.3)
"""Seconds. The jitter keeps four centers from reconnecting to a restarted broker in the same instant."""


class ReconnectBackoff:
    """The backoff of reconnects since the last success: quick at first, up to a ceiling, for ever. One owner, one
    thread."""

    def __init__(self) -> None:
        self._tries = 0

    def next_delay(self) -> float:
        """Seconds to wait before the next try."""
        self._tries = min(self._tries + 1, 64)  # 2 ** 64 is far beyond the ceiling; more would only overflow
        return _computed(_RECONNECTING, self._tries)

    def reset(self) -> None:
        """Note a success: the next backoff begins anew."""
        self._tries = 0


def retrying(on: type[Exception], seconds: float) -> Retrying:
    """A retry loop: repeats what raises ``on`` for this many seconds, and then raises it."""
    return Retrying(
        retry=retry_if_exception_type(on),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(seconds),
        reraise=True,
    )
