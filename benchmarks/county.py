"""Two centers on one broker, as processes of their own: a giver and a taker."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.ground import Ground, folder
from benchmarks.process import Process, process
from benchmarks.runners.ours import GIVER, TAKER
from bus.contract.facts import FactsTold
from bus.demo.county_keys import county_keys, store_keys
from bus.settings import fresh_secret

LEDGER = "ledger-150402"
LedgerIs = Literal["none", "running", "away"]
Secrecy = Literal["none", "signed", "sealed", "at rest"]
"""Levels of secrecy; each includes the ones before it."""
TEXT = 105
"""Characters of a case's text: they make the offer 1,300 bytes long."""


@dataclass(slots=True)
class County:
    """Two running centers."""

    giver: Process
    taker: Process
    intake: str
    """The giver's URL for forms."""
    secret: str
    given: dict[str, tuple[object, ...]]
    """Center → arguments of its process: with the same, another process may be started beside it."""
    ready_after: float
    """Seconds from the giver's start until it was ready."""

    def hand_over(self, count: int) -> float:
        """Hand over ``count`` cases, from form to receipt. Returns the seconds."""
        self.giver.say(f"hand-in {count}")
        begun: float = self.giver.hear("begun")["at"]
        ended: float = self.giver.hear("ended")["at"]
        return ended - begun


@contextmanager
def county(
    ground: Ground,
    *,
    letters: int = TEXT,
    stores: Sequence[str] = (),
    watched: bool = False,
    warm: bool = True,
    secrecy: Secrecy = "none",
    clocks: bool = False,
    ledger: LedgerIs = "none",
) -> Iterator[County]:
    """``stores``: URLs of the giver's and the taker's store; by default SQLite in a folder of their own. ``secrecy``:
    whether messages are signed, also sealed, and the stores also encrypted. ``clocks``: whether both have them on.
    ``ledger``: the county's ledger, which both tell; it needs keys."""
    secret = fresh_secret()
    with folder() as path, ground.county([GIVER, TAKER, LEDGER]) as urls, ExitStack() as stack:
        stores = stores or [f"sqlite:///{path}/{center}.db" for center in (GIVER, TAKER)]
        more = ("watched",) if watched else ()
        settings = _settings(path / "keys", secrecy, clocks=clocks, ledger=ledger != "none")
        given: dict[str, tuple[object, ...]] = {
            center: (center, urls[center], store, path, secret, letters, json.dumps(settings[center]), *more)
            for center, store in zip((GIVER, TAKER), stores, strict=True)
        }
        if ledger == "running":
            store, told = f"sqlite:///{path}/{LEDGER}.db", json.dumps(settings[LEDGER])
            kept = stack.enter_context(process("ours", LEDGER, urls[LEDGER], store, path, secret, letters, told))
            kept.hear("ready")
        taker = stack.enter_context(process("ours", *given[TAKER]))
        taker.hear("ready")
        began = time.monotonic()
        giver = stack.enter_context(process("ours", *given[GIVER]))
        told = giver.hear("ready")
        both = County(giver, taker, f"{told['url']}/intake/matter", secret, given, told["at"] - began)
        if warm:
            both.hand_over(200)
        yield both


def _settings(keys: Path, secrecy: Secrecy, *, clocks: bool, ledger: bool) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = {GIVER: {}, TAKER: {}, LEDGER: {}}
    if secrecy != "none":
        members: dict[str, str | None] = dict.fromkeys((GIVER, TAKER, LEDGER) if ledger else (GIVER, TAKER))
        reads = (FactsTold.kind,) if ledger else None
        for center, files in county_keys(keys, members, reads=reads).items():
            settings[center]["trust"] = {**files, "required": secrecy != "signed"}
    if secrecy == "at rest":
        for center, hidden in store_keys(keys, (GIVER, TAKER)).items():
            settings[center]["at_rest"] = hidden
    if clocks:
        for told in settings.values():
            told["clocks"] = {"enabled": True}
    if ledger:
        for center in (GIVER, TAKER):
            settings[center]["facts"] = {"ledger": LEDGER}
    return settings
