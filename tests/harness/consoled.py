"""A center and the console beside it, served over HTTP, for tests and for a look at its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from bus.console import people
from bus.console.center_look import AskBroker, Away, Look, look
from bus.console.county_look import with_county
from bus.console.county_scope import CountyScope
from bus.console.doors import Doors
from bus.console.scope import CenterScope
from bus.console.visit import Console
from bus.console.watch import Watch
from bus.context import CenterContext
from bus.figures.period import Reckoning
from bus.runtime.console_process import ConsoleProcess
from bus.security.staff import Role
from bus.store import Store, schema

PASSWORD = "correct-Horse-battery-7-staple"
PEOPLE = {"wang": Role.VIEWER, "li": Role.OPERATOR, "zhao": Role.ADMINISTRATOR}


class Shown(Protocol):
    """A center that a console shows."""

    @property
    def context(self) -> CenterContext:
        """The county's rules for it."""

    @property
    def store(self) -> Store:
        """Its store."""


@dataclass
class OfCounty:
    """One center of a county at work."""

    context: CenterContext
    store: Store


@dataclass
class ConsoledCenter:
    """A center, its console, and where that is served."""

    center: Any
    """Whatever the test has given: a ``Shown``."""
    own: Store
    process: ConsoleProcess
    health: dict[str, Any]
    """What the center's process says of itself; empty: it is away."""

    @property
    def url(self) -> str:
        """Where the console is served."""
        return self.process.url

    def renew(self) -> None:
        """Let the console look now."""
        self.process.console.watch.renew()


@contextmanager
def consoled(
    center: Shown, folder: Path, broker: AskBroker | None = None, doors: Doors | None = None
) -> Iterator[ConsoledCenter]:
    """The console of this center, with a person of each role; with doors that of a county's ledger."""
    own = Store(f"sqlite:///{folder / 'console.db'}")
    schema.upgrade(own)
    for name, role in PEOPLE.items():
        people.keep(own, name, role, PASSWORD, datetime.now(UTC))
    health = {"ready": True, "flow": True, "vendor": "ok", "broker": True, "faults": []}

    def ask_center() -> dict[str, Any]:
        if not health:
            raise Away("the center's process")
        return health

    def made(origin: str) -> Console:
        given = (center.context.me, center.store, center.context, Reckoning())
        scope = CountyScope(*given, doors) if doors is not None else CenterScope(*given)

        def looked() -> Look:
            own_look = look(center.context.me, center.store, datetime.now(UTC), broker, ask_center)
            return with_county(own_look, center.store, doors) if doors is not None else own_look

        return Console(own, scope, Watch(looked), origin, doors=doors)

    process = ConsoleProcess(made, "127.0.0.1", 0)
    thread = Thread(target=process.run, daemon=True)
    thread.start()
    try:
        yield ConsoledCenter(center, own, process, health)
    finally:
        process.stop()
        thread.join(10)
        own.close()
