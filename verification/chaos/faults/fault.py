"""One fault: its name, its description, how it heals, and the function that strikes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from verification.chaos.scene import Scene


class Needs(Enum):
    """Resources that must be prepared before the centers start."""

    PROXY = "proxy"
    CLUSTER = "cluster"
    NETWORK = "network"
    SQLITE = "sqlite"
    POSTGRES = "postgres"
    CLOCK = "clock"
    SMALL_DISK = "small-disk"
    OLD_CODE = "old-code"
    """A center of the release before: its county has neither keys nor a ledger."""
    LEDGER = "ledger"


Deed = Callable[[Scene], None]
"""One strike with its healing. It is called again and again until the scene's window closes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that ``make chaos`` can choose."""

    name: str
    zh: str
    en: str
    """Its description and duration."""
    heals: str
    strike: Deed
    needs: frozenset[Needs]
    whole_broker: bool
    """Whether it strikes the whole broker, so that no other fault would be seen beside it."""
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
    """Make a fault of the decorated function."""
    return lambda deed: Fault(name, zh, en, heals, deed, frozenset(needs), whole, excuses)
