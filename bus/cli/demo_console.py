"""The console of the demo: that of one center, while its stories are told and afterwards."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bus.cli.console import looking
from bus.cli.console_slow import SlowAsking
from bus.cli.lookups import context_of
from bus.console import people
from bus.console.record_chain import ChainWatch
from bus.console.scope import CenterScope
from bus.console.visit import Console
from bus.console.watch import Watch
from bus.demo.local_county import LocalCounty
from bus.runtime.console_process import ConsoleProcess
from bus.security.passwords import new_password
from bus.security.staff import Role
from bus.settings import CenterSettings
from bus.store import schema
from bus.store.database import Store

PERSON = "zhang"


@contextmanager
def demo_console(county: LocalCounty, center: str) -> Iterator[tuple[str, str]]:
    """Serve the console of one center. Yields its address, and the password of the one person."""
    settings = CenterSettings(**county.settings_of(center))
    own, password = Store(f"sqlite:///{county.folder / 'console.db'}"), new_password()
    schema.upgrade(own)
    people.keep(own, PERSON, Role.ADMINISTRATOR, password, datetime.now(UTC))
    store = county.store(center)

    def made(origin: str) -> Console:
        scope = CenterScope(center, store, context_of(settings, store), settings.figures.reckoning())
        chain = ChainWatch(store, own)
        slow = SlowAsking(settings, store, scope.context, chain=chain)
        return Console(own, scope, Watch(looking(settings, store, None), slow), origin, chain=chain)

    process = ConsoleProcess(made, "127.0.0.1", 0)
    thread = threading.Thread(target=process.run, name="console", daemon=True)
    thread.start()
    try:
        yield process.url, password
    finally:
        process.stop()
        thread.join(10)
        own.close()
