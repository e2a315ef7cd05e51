"""Several hands at the desk: calls into the center's own system, side by side."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from bus.pipeline.handle import Claimed, HandlerResult


class WorkerPool:
    """As many threads as calls may run at once; whoever gives out the work is one of them."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=f"{name}-hand")

    def run(self, task: Callable[[Claimed], HandlerResult], assignments: Sequence[Claimed]) -> list[HandlerResult]:
        """Each hand takes the next one until none is left. What came of each, in order."""
        waiting = deque(enumerate(assignments))
        performed: dict[int, HandlerResult] = {}

        def take_on() -> None:
            with suppress(IndexError):
                while True:
                    place, claimed = waiting.popleft()
                    performed[place] = task(claimed)

        helping = [self._pool.submit(take_on) for _ in range(min(self._count, len(assignments)) - 1)]
        take_on()
        for hand in helping:
            hand.result()
        return [performed[place] for place in range(len(assignments))]

    def shutdown(self, *, wait: bool) -> None:
        """Nothing more is begun; ``wait`` for what is under way."""
        self._pool.shutdown(wait=wait, cancel_futures=True)
