"""A center and the console beside it, served over HTTP, for tests and for a look at its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from bus.cli.console_slow import SlowAsking
from bus.console import people
from bus.console.center_look import AskBroker, Away, BrokerLook, Look, Node, Queue, QueueKind, look
from bus.console.county_look import with_county
from bus.console.county_scope import CountyScope
from bus.console.doors import Doors
from bus.console.proxy_login import ProxyLogin
from bus.console.record_chain import ChainWatch
from bus.console.scope import CenterScope
from bus.console.visit import Console
from bus.console.watch import Watch
from bus.context import CenterContext
from bus.figures.period import Reckoning
from bus.runtime.console_process import ConsoleProcess
from bus.security.staff import Role
from bus.settings import Backend, CenterSettings
from bus.store import Store, parked, schema
from tests.harness.cases_of_each_state import cases_of_each_state
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter

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

    def renew_slowly(self) -> None:
        """Let it look at what it asks once a minute, too."""
        self.process.console.watch.renew(slowly=True)


@contextmanager
def consoled(
    center: Shown,
    folder: Path,
    broker: AskBroker | None = None,
    doors: Doors | None = None,
    proxy: ProxyLogin | None = None,
    **settings: Any,
) -> Iterator[ConsoledCenter]:
    """The console of this center, with a person of each role; with doors that of a county's ledger. ``settings``:
    others than the usual of the center."""
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
        chain = ChainWatch(center.store, own)
        usual: dict[str, Any] = {"backend": Backend(url="http://127.0.0.1:9"), "intake_secret": "a" * 64}
        said = CenterSettings(center=center.context.me, store="sqlite:///store.db", **(usual | settings))

        def looked() -> Look:
            own_look = look(center.context.me, center.store, datetime.now(UTC), broker, ask_center)
            return with_county(own_look, center.store, doors) if doors is not None else own_look

        watch = Watch(looked, SlowAsking(said, center.store, center.context, chain=chain))
        return Console(own, scope, watch, origin, doors=doors, chain=chain, proxy=proxy)

    process = ConsoleProcess(made, "127.0.0.1", 0)
    thread = Thread(target=process.run, daemon=True)
    thread.start()
    try:
        yield ConsoledCenter(center, own, process, health)
    finally:
        process.stop()
        thread.join(10)
        own.close()


@contextmanager
def filled_center(folder: Path, **settings: Any) -> Iterator[ConsoledCenter]:
    """The media center with cases in each state, something parked, and its console."""
    here, party = BareCenter(MEDIA, folder), BareCenter(PARTY, folder)
    cases_of_each_state(here, party, NOW - timedelta(days=40))
    for digest in (b"one", b"two"):
        here.store.write(
            lambda tx, digest=digest: parked.park(  # type: ignore[misc]  # mypy: a lambda with a default
                tx, [parked.row("wire", "internal", "", known_by=digest, owner=MEDIA, now_ms=1, peer=PARTY)]
            )
        )
    queues = {
        f"inbox.{one}": Queue(f"inbox.{one}", QueueKind.INBOX, one, 0, 0, 1, "running", 0.2, 0.2)
        for one in (MEDIA, PARTY)
    }
    broker = BrokerLook(queues, [Node("rabbit@here", True, False, False, 50 * 1024**3)])
    with consoled(here, folder, lambda: broker, **settings) as found:
        yield found
    here.close()
    party.close()
