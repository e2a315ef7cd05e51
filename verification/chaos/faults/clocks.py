"""Faults of a center's clock."""

from verification.chaos.faults.fault import Fault, Needs, fault
from verification.chaos.over import OVER
from verification.chaos.scene import Scene
from verification.faults import FakeClock


def _clock(name: str, zh: str, en: str, seconds: float) -> Fault:
    def strike(scene: Scene) -> None:
        center = scene.rng.choice([one for one in scene.targets if one in scene.clocks])
        clock = scene.clocks[center]
        clock.set_offset(seconds)
        try:
            scene.last(center, 3, 20)
        finally:
            _heal(scene, clock)
        scene.hold(2, 5)

    made = fault(name, zh, f"{en} for 3 to 20 s", heals="the clock is right again", needs=(Needs.CLOCK,))
    return made(strike)


def _heal(scene: Scene, clock: FakeClock) -> None:
    """Pause the other centers while the clock jumps back, so that the pending waits were timed by the wrong clock."""
    others = [center for name, center in scene.county.centers.items() if name not in scene.clocks]
    for center in others:
        center.freeze()
    try:
        OVER.wait(1.5)
        clock.set_offset(0)
        OVER.wait(1.5)
    finally:
        for center in others:
            center.thaw()


clock_back = _clock("clock-back-1h", "一个中心的时钟倒退一小时", "a center's clock is an hour slow", -3600)
clock_forward = _clock(
    "clock-forward-30d", "一个中心的时钟前进三十天", "a center's clock is thirty days fast", 30 * 86400
)
