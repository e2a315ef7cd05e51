"""Harm to a center's clock."""

from tests.chaos.faults.fault import Fault, Needs, fault
from tests.chaos.scene import Scene


def _clock(name: str, zh: str, en: str, seconds: float) -> Fault:
    def strike(scene: Scene) -> None:
        clock = scene.clocks[scene.rng.choice([one for one in scene.targets if one in scene.clocks])]
        clock.set_offset(seconds)
        try:
            scene.hold(3, 20)
        finally:
            clock.set_offset(0)
        scene.hold(2, 5)

    made = fault(name, zh, f"{en} for 3 to 20 s", heals="the clock is right again", needs=(Needs.CLOCK,))
    return made(strike)


clock_back = _clock("clock-back-1h", "一个中心的时钟倒退一小时", "a center's clock is an hour slow", -3600)
clock_forward = _clock(
    "clock-forward-30d", "一个中心的时钟前进三十天", "a center's clock is thirty days fast", 30 * 86400
)
