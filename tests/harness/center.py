"""One center: an adapter at work on the harness, or a process none of whose loops runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bus.runtime.process import CenterProcess
from bus.sdk import discovery
from bus.settings import CenterSettings
from bus.store import schema
from bus.testing.adapter_harness import AdapterHarness
from tests.harness.step import HeldTransport

ADAPTERS = [one.kind for one in discovery.known()]
"""The kinds of center that there are."""


@contextmanager
def on_harness(adapter: str, folder: Path, **more: Any) -> Iterator[AdapterHarness]:
    """The adapter at work, with its vendor's system and played peers; down at the end, whatever happens."""
    harness = AdapterHarness(discovery.find(adapter).package, folder, **more).start()
    try:
        yield harness
    finally:
        harness.stop()


def resting_process(settings: CenterSettings) -> CenterProcess:
    """A center that may write into its store, with no loop running; whoever is done with it releases its lease."""
    process = CenterProcess(settings, HeldTransport())
    process.lease.acquire()
    schema.upgrade(process.store)
    process.lease.renew()
    return process
