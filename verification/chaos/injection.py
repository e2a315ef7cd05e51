"""Injection of faults for a while: the same faults again and again, or a random one now and then."""

import random
import threading
import time
from collections.abc import Sequence

from verification.chaos.faults import Fault
from verification.chaos.over import OVER
from verification.chaos.scene import Scene

Deeds = Sequence[tuple[Fault, Scene]]
REST = (5.0, 40.0)
"""Seconds between the beginnings of two faults of a soak."""


def at_once(deeds: Deeds) -> tuple[int, list[str]]:
    """Run all faults side by side, each again and again until its window closes; each heals its own damage.

    Returns the number of strikes, and the strikes that failed."""
    counts, troubles = [0] * len(deeds), list[str]()

    def strike(number: int, fault: Fault, scene: Scene) -> None:
        scene.begin()
        try:
            while scene.left > 0 and not OVER.is_set():
                fault(scene)
                counts[number] += 1
        except Exception as trouble:
            troubles.append(_not_done(fault, trouble))

    threads = [threading.Thread(target=strike, args=(number, *deed), daemon=True) for number, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), troubles


def in_turn(deeds: Deeds) -> tuple[int, list[str]]:
    """Run one fault after the other, each for its whole window. Returns as ``at_once``."""
    results = [at_once([deed]) for deed in deeds]
    return sum(count for count, _ in results), [trouble for _, found in results for trouble in found]


def undisturbed(seconds: float) -> tuple[int, list[str]]:
    """Let time pass without a fault. Returns as ``at_once``."""
    OVER.wait(seconds)
    return 0, []


def now_and_then(deeds: Deeds, seconds: float, seed: int) -> tuple[int, list[str]]:
    """Run one random fault every 5 to 40 s. Returns as ``at_once``."""
    rng = random.Random(f"soak {seed}")  # noqa: S311 - no secret
    count, troubles, ends = 0, list[str](), time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and not OVER.is_set():
        began, rest = time.monotonic(), rng.uniform(*REST)
        fault, scene = rng.choice(deeds)
        scene.seconds = min(left, REST[1])
        scene.begin()
        try:
            fault(scene)
            count += 1
        except Exception as trouble:
            troubles.append(_not_done(fault, trouble))
        OVER.wait(max(1.0, min(ends, began + rest) - time.monotonic()))
    return count, troubles


def _not_done(fault: Fault, trouble: Exception) -> str:
    return f"{fault.name} could not be done: {type(trouble).__name__}: {trouble}"
