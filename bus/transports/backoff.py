"""How long to pause before the next try: quick at first, then doubling with jitter up to a ceiling, for ever."""

from tenacity import RetryCallState, Retrying, wait_exponential, wait_random

_PATIENCE = wait_exponential(multiplier=0.1, max=5) + wait_random(0, 0.3)
"""Seconds. The jitter keeps four centers from coming back to a restarted broker in the same instant."""


class Backoff:
    """Counts tries since the last success; one owner, one thread."""

    def __init__(self) -> None:
        self._tries = 0

    def pause(self) -> float:
        """Seconds to wait before the next try."""
        self._tries = min(self._tries + 1, 64)  # 2 ** 64 is far beyond the ceiling; more would only overflow
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = self._tries
        return _PATIENCE(state)

    def reset(self) -> None:
        """It worked: the next trouble is met quickly again."""
        self._tries = 0
