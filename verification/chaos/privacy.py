"""The leak scan after a run: residents' data in places where they must not be."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from verification.chaos.journal import Journal
from verification.chaos.stage import Stage
from verification.checker.canaries import Canary
from verification.checker.columns import HOLD_RESIDENTS, clean_columns
from verification.checker.leak_scan import STORES, Place, scan

_CARRIED_IN_CLEAR: set[Path] = set()
"""Folders of brokers that have carried a run without keys: residents' data in them are no fault of this run."""
PAGES = ("/metrics", "/health/ready", "/health/flow", "/openapi.json")


def pages(on: Stage) -> list[Place]:
    """The pages that centers and ledger serve; read while they run."""
    shown: list[Place] = []
    with httpx.Client(timeout=10, trust_env=False) as http:
        for center in on.county.participants:
            for page in PAGES:
                try:
                    shown.append((f"{center} {page}", http.get(on.county.door(center) + page).content))
                except httpx.HTTPError:
                    shown.append((f"{center} {page}", b""))
    return shown


def leaks(on: Stage, people: Sequence[Canary], journal: Journal, shown: Sequence[Place]) -> list[str]:
    """Every mark of a resident in logs, temporary files, pages, headers, encrypted bodies, stores, and all files of the
    broker. If the centers have no keys: only in the broker's logs and in those columns of the stores that must be clean
    even then."""
    places: list[Place] = [*shown, *_places(on), ("headers of the journal", journal.outside)]
    hits = [*scan(people, places, {} if on.county.seals else STORES), *journal.inside]
    return [f"leak: {hit.mark} of a resident, {hit.spelling}, in {hit.place}" for hit in hits]


def _places(on: Stage) -> Iterator[Place]:
    yield "town", on.county.folder
    for node in on.links.nodes:
        folder = getattr(node.server, "folder", None)  # a broker in a container keeps its log there
        if isinstance(folder, Path):
            if not on.county.seals:
                _CARRIED_IN_CLEAR.add(folder)
            if folder not in _CARRIED_IN_CLEAR:
                yield "broker's files", folder
            else:
                yield "broker's log", folder / "log"
                yield "broker's output", folder / "output.log"
    for center in on.county.participants:
        store = on.county.store(center)
        try:
            yield from clean_columns(center, store, {} if on.county.seals else HOLD_RESIDENTS)
        finally:
            store.close()
