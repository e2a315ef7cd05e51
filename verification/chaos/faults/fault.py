"""One fault: its name, what it does for how long, how it heals, and the deed itself."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from verification.chaos.scene import Scene


class Needs(Enum):
    """What must be prepared before the centers start, since it cannot be had later."""

    PROXY = "proxy"
    CLUSTER = "cluster"
    NETWORK = "network"
    SQLITE = "sqlite"
    POSTGRES = "postgres"
    CLOCK = "clock"
    SMALL_DISK = "small-disk"
    OLD_CODE = "old-code"


Deed = Callable[[Scene], None]
"""One strike with its healing. It is called again and again until the scene's window closes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch of ``make chaos``."""

    name: str
    zh: str
    en: str
    """What it does and for how long."""
    heals: str
    strike: Deed
    needs: frozenset[Needs]
    whole_broker: bool
    """It strikes everybody at once, so that beside it no other fault would be seen."""
    excuses: tuple[str, ...] = ()
    """Excuses of the checker that may count after it; see ``verification.checker.wrong``."""

    def __call__(self, scene: Scene) -> None:
        """Strike once."""
        scene.say(self.name)
        self.strike(scene)
        scene.say(f"{self.name}: over")


def fault(
    name: str,
    zh: str,
    en: str,
    *,
    heals: str,
    needs: tuple[Needs, ...] = (),
    whole: bool = False,
    excuses: tuple[str, ...] = (),
) -> Callable[[Deed], Fault]:
    """Make a fault of the function below."""
    return lambda deed: Fault(name, zh, en, heals, deed, frozenset(needs), whole, excuses)
